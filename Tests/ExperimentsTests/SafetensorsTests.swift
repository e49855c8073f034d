import Experiments
import Files
import Foundation
import NeuralNetworks
import Safetensors
import TestSupport
import Testing

@Suite("Safetensors")
struct SafetensorsTests {
  let folder = try! TemporaryFolder()

  @Test("What is written is read back: every type, empty tensors, scalars and odd names")
  func roundTrip() throws {
    let path = folder.file("a.safetensors")
    let weight = Tensor(shape: [2, 3], values: [1, -2, 3.5, .infinity, 0, -0.0])
    try Safetensors.write(
      [
        .init("bytes", shape: [3], values: [1, 2, 255] as [UInt8]),
        .init("weight \"q\" \\ \u{1}\n ü 🐜", weight),
        .init("scalar", shape: [], values: [.pi] as [Double]),
        .init("empty", shape: [0, 7], values: [] as [Float]),
        .init("words", shape: [2], values: [.max, 0] as [UInt64]),
        .init("signed", shape: [1], values: [.min] as [Int64]),
      ], metadata: ["task": "ant-maze", "odd": "\u{0}\t\"\\"], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["task": "ant-maze", "odd": "\u{0}\t\"\\"])
    #expect(try file.tensor(named: "weight \"q\" \\ \u{1}\n ü 🐜") == weight)
    #expect(try file.values(named: "bytes", as: UInt8.self) == [1, 2, 255])
    #expect(try file.values(named: "scalar", as: Double.self, shape: []) == [.pi])
    #expect(try file.values(named: "empty", as: Float.self, shape: [0, 7]) == [])
    #expect(try file.values(named: "words", as: UInt64.self) == [.max, 0])
    #expect(try file.values(named: "signed", as: Int64.self) == [.min])
    #expect(try folder.contents == ["a.safetensors"])
  }

  @Test("The data and every tensor in it are aligned to their elements")
  func alignment() throws {
    let path = folder.file("a.safetensors")
    try Safetensors.write(
      [
        .init("a", shape: [3], values: [1, 2, 3] as [UInt8]),
        .init("b", shape: [1], values: [1] as [Float]),
        .init("c", shape: [1], values: [1] as [Double]),
      ], to: path)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let header = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(header % 8 == 0)
    for entry in try SafetensorsFile(path: path).entries {
      #expect(entry.byteRange.lowerBound % entry.elementType.byteCount == 0)
    }
  }

  @Test("A large tensor is streamed in pieces")
  func streaming() throws {
    let path = folder.file("a.safetensors")
    let piece = (0..<1_000).map(Float.init)
    try Safetensors.write(
      [
        SafetensorsTensor("replay", shape: [500, 1_000], of: Float.self) { file throws(FileError) in
          for _ in 0..<500 { try file.append(piece) }
        }
      ], to: path)
    let values = try SafetensorsFile(path: path).values(named: "replay", as: Float.self)
    #expect(values == Array(repeatElement(piece, count: 500).joined()))
  }

  @Test("A wrong name, type or shape is answered with what was expected and found")
  func mismatch() throws {
    let path = folder.file("a.safetensors")
    try Safetensors.write([.init("a", shape: [2], values: [1, 2] as [Float])], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(throws: SafetensorsError.missing(path: path, name: "b")) {
      try file.tensor(named: "b")
    }
    let error = #expect(throws: SafetensorsError.self) {
      try file.values(named: "a", as: Double.self)
    }
    #expect(error?.description.hasSuffix("tensor \"a\": expected F64 [2], found F32 [2]") == true)
    #expect(throws: SafetensorsError.self) {
      try file.values(named: "a", as: Float.self, shape: [1, 2])
    }
  }

  static let malformedHeaders: [(header: String, data: Int, problem: String)] = [
    ("", 0, "does not begin with {"),
    (" {}", 0, "does not begin with {"),
    ("[]", 0, "does not begin with {"),
    ("{}", 3, "3 bytes after the last tensor"),
    ("{} x", 0, "expected nothing more"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, 8, "expected }"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "incomplete"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "its shape needs 12"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "invalid data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#, 8, "invalid data_offsets"),
    (#"{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#, 8, "unknown element type"),
    (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "lacks its dtype, shape or data_offsets"),
    (#"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, "repeated"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "a whole number"),
    (#"{"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}"#, 8, "a whole number"),
    (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, "expected ]"),
    (
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8,
      "impossible shape"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, 8,
      "too large"
    ),
    (
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
        + #""b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#, 6, "overlaps"
    ),
    (
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
        + #""b":{"dtype":"U8","shape":[4],"data_offsets":[5,9]}}"#, 9, "leaves a gap"
    ),
    (
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
        + #""a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2, "appears twice"
    ),
    (#"{"__metadata__":{"a":"b","a":"c"}}"#, 0, "appears twice"),
    (#"{"__metadata__":{"a":1}}"#, 0, "expected \""),
    (#"{"__metadata__":{"a":"\ud800"}}"#, 0, "invalid escape"),
    (#"{"__metadata__":{"a":"\x"}}"#, 0, "invalid escape"),
    ("{\"__metadata__\":{\"a\":\"\n\"}}", 0, "unescaped control character"),
    (#"{"__metadata__":{"a":"b"#, 0, "ends inside a string"),
    (String(repeating: "{\"a\":", count: 10_000), 0, "unknown or repeated field"),
  ]

  @Test("A malformed header is refused with the reason", arguments: malformedHeaders)
  func malformed(header: String, data: Int, problem: String) throws {
    let path = folder.file("a.safetensors")
    var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init)
    bytes += Array(header.utf8) + [UInt8](repeating: 0, count: data)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
  }

  @Test("A file cut at any byte is refused")
  func truncation() throws {
    let path = folder.file("a.safetensors")
    try Safetensors.write(
      [.init("a", shape: [2, 2], values: [1, 2, 3, 4] as [Float])], metadata: ["k": "v"], to: path)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in 0..<whole.count {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    }
  }

  @Test("A header that claims to be huge is refused without reading it")
  func hugeHeader() throws {
    let path = folder.file("a.safetensors")
    for length in [UInt64.max, 1 << 62, 1 << 21] {
      var bytes = withUnsafeBytes(of: length.littleEndian, Array.init)
      bytes += [UInt8](repeating: UInt8(ascii: " "), count: 3 << 20)
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    }
  }

  @Test("Folders, pipes and missing files are refused, and a pipe does not block")
  func notFiles() throws {
    #expect(throws: SafetensorsError.file(.isFolder(path: folder.path, writing: false))) {
      try SafetensorsFile(path: folder.path)
    }
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: SafetensorsError.file(.notAFile(path: pipe))) {
      try SafetensorsFile(path: pipe)
    }
    let missing = folder.file("missing")
    #expect(throws: SafetensorsError.file(.notFound(path: missing))) {
      try SafetensorsFile(path: missing)
    }
  }
}
