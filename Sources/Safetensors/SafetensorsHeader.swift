import Files

/// One tensor of a safetensors file, as its header describes it.
public struct SafetensorsEntry: Sendable, Equatable {
  /// The tensor's name.
  public var name: String
  /// The type of the elements.
  public var elementType: SafetensorsElementType
  /// The length of each dimension, outermost first; empty for a single number.
  public var shape: [Int]
  /// The place of the tensor's bytes, counted from the end of the header.
  public var byteRange: Range<Int>
}

/// The element types that the safetensors format knows, with their names in its headers.
public enum SafetensorsElementType: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case float8e5m2 = "F8_E5M2"
  case float8e4m3 = "F8_E4M3"
  case int16 = "I16"
  case uint16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int32 = "I32"
  case uint32 = "U32"
  case float32 = "F32"
  case float64 = "F64"
  case int64 = "I64"
  case uint64 = "U64"

  /// Bytes in one element.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8, .float8e5m2, .float8e4m3: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .float64, .int64, .uint64: 8
    }
  }
}

/// A problem in a header, in words; the reader adds the file's name.
package struct SafetensorsHeaderProblem: Error {
  let text: String

  init(_ text: String) { self.text = text }
}

/// The JSON header of a safetensors file.
package struct SafetensorsHeader: Equatable {
  package var metadata: [String: String] = [:]
  /// The tensors in the order of their bytes.
  package private(set) var entries: [SafetensorsEntry] = []

  static let metadataKey = "__metadata__"

  /// Parses `json` and checks it against the `dataCount` bytes that follow it: offsets in range,
  /// lengths equal to shape × element size, no overlap and no hole, no name twice.
  package init(parsing json: [UInt8], dataCount: Int) throws(SafetensorsHeaderProblem) {
    var scanner = HeaderScanner(bytes: json)
    (metadata, entries) = try scanner.header()
    entries.sort {
      ($0.byteRange.lowerBound, $0.byteRange.upperBound)
        < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
    }
    var end = 0
    for entry in entries {
      let name = quoted(entry.name)
      guard let elements = elementCount(of: entry.shape),
        case let (bytes, overflow) = elements.multipliedReportingOverflow(
          by: entry.elementType.byteCount), !overflow
      else { throw .init("tensor \(name) has an impossible shape \(entry.shape)") }
      guard entry.byteRange.count == bytes else {
        throw .init(
          "tensor \(name) has \(entry.byteRange.count) bytes, but its shape needs \(bytes)")
      }
      guard entry.byteRange.upperBound <= dataCount else {
        throw .init(
          "tensor \(name) ends at byte \(entry.byteRange.upperBound) of only \(dataCount); "
            + "the file is incomplete")
      }
      guard entry.byteRange.lowerBound == end else {
        let fault =
          entry.byteRange.lowerBound < end ? "overlaps the one before it" : "leaves a gap before it"
        throw .init("tensor \(name) \(fault)")
      }
      end = entry.byteRange.upperBound
    }
    guard end == dataCount else {
      throw .init("\(dataCount - end) bytes after the last tensor belong to no tensor")
    }
  }

  /// Lays `descriptions` out one after the other, the widest elements first so that every tensor
  /// is aligned, then by name: the order that the format's own writer uses.
  init(
    metadata: [String: String],
    descriptions: [(name: String, elementType: SafetensorsElementType, shape: [Int])]
  ) {
    self.metadata = metadata
    var end = 0
    let sorted = descriptions.sorted {
      ($1.elementType.byteCount, $0.name) < ($0.elementType.byteCount, $1.name)
    }
    for (name, type, shape) in sorted {
      let count = shape.reduce(1, *) * type.byteCount
      entries.append(
        .init(name: name, elementType: type, shape: shape, byteRange: end..<end + count))
      end += count
    }
  }

  /// The length prefix and the header's JSON, padded with spaces to a multiple of 8 bytes.
  package func encoded() -> [UInt8] {
    var fields: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }
        .map { "\(jsonString($0.key)):\(jsonString($0.value))" }
      fields.append("\(jsonString(Self.metadataKey)):{\(pairs.joined(separator: ","))}")
    }
    for entry in entries {
      let shape = entry.shape.map(String.init).joined(separator: ",")
      let range = entry.byteRange
      fields.append(
        "\(jsonString(entry.name)):{\"dtype\":\"\(entry.elementType.rawValue)\","
          + "\"shape\":[\(shape)],\"data_offsets\":[\(range.lowerBound),\(range.upperBound)]}")
    }
    var json = Array("{\(fields.joined(separator: ","))}".utf8)
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
    return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
  }
}

/// The product of `shape`, or `nil` if it is larger than an `Int`.
private func elementCount(of shape: [Int]) -> Int? {
  if shape.contains(0) { return 0 }
  var count = 1
  for extent in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: extent)
    if overflow { return nil }
    count = product
  }
  return count
}

/// `text` as a JSON string.
private func jsonString(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\u{0}"..<" ":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

/// Reads the one form of JSON that a safetensors header has.
///
/// A general JSON parser would accept names given twice, which the format forbids, recurse as
/// deep as a hostile file says, and allocate a multiple of the file; this one does none of that.
private struct HeaderScanner {
  let bytes: [UInt8]
  private var index = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func header() throws(SafetensorsHeaderProblem) -> (
    [String: String], [SafetensorsEntry]
  ) {
    // The format wants the brace in the very first byte.
    guard bytes.first == UInt8(ascii: "{") else { throw .init("its header does not begin with {") }
    var metadata: [String: String] = [:]
    var entries: [SafetensorsEntry] = []
    var names: Set<String> = []
    try object { (scanner, key) throws(SafetensorsHeaderProblem) in
      guard names.insert(key).inserted else { throw .init("\(quoted(key)) appears twice") }
      if key == SafetensorsHeader.metadataKey {
        metadata = try scanner.metadata()
      } else {
        entries.append(try scanner.entry(named: key))
      }
    }
    skipSpace()
    guard index == bytes.count else { throw unexpected("nothing more") }
    return (metadata, entries)
  }

  private mutating func metadata() throws(SafetensorsHeaderProblem) -> [String: String] {
    var metadata: [String: String] = [:]
    try object { (scanner, key) throws(SafetensorsHeaderProblem) in
      guard metadata[key] == nil else { throw .init("metadata \(quoted(key)) appears twice") }
      metadata[key] = try scanner.string()
    }
    return metadata
  }

  private mutating func entry(
    named name: String
  ) throws(SafetensorsHeaderProblem) -> SafetensorsEntry {
    var type: SafetensorsElementType?
    var shape: [Int]?
    var offsets: [Int]?
    try object { (scanner, key) throws(SafetensorsHeaderProblem) in
      switch key {
      case "dtype" where type == nil:
        let text = try scanner.string()
        type = SafetensorsElementType(rawValue: text)
        if type == nil {
          throw .init("tensor \(quoted(name)) has an unknown element type \(quoted(text))")
        }
      case "shape" where shape == nil: shape = try scanner.integers()
      case "data_offsets" where offsets == nil: offsets = try scanner.integers()
      default:
        throw .init("tensor \(quoted(name)) has an unknown or repeated field \(quoted(key))")
      }
    }
    guard let type, let shape, let offsets else {
      throw .init("tensor \(quoted(name)) lacks its dtype, shape or data_offsets")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw .init("tensor \(quoted(name)) has invalid data_offsets")
    }
    return .init(
      name: name, elementType: type, shape: shape, byteRange: offsets[0]..<offsets[1])
  }

  /// Reads `{"key": value, …}`, giving `member` each key with the scanner at its value.
  private mutating func object(
    _ member: (inout Self, String) throws(SafetensorsHeaderProblem) -> Void
  ) throws(SafetensorsHeaderProblem) {
    try expect("{")
    if accept("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try member(&self, key)
    } while accept(",")
    try expect("}")
  }

  private mutating func integers() throws(SafetensorsHeaderProblem) -> [Int] {
    try expect("[")
    var values: [Int] = []
    if accept("]") { return values }
    repeat { values.append(try integer()) } while accept(",")
    try expect("]")
    return values
  }

  private mutating func integer() throws(SafetensorsHeaderProblem) -> Int {
    skipSpace()
    let start = index
    var value = 0
    while index < bytes.count, case UInt8(ascii: "0")...UInt8(ascii: "9") = bytes[index] {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int(bytes[index] - UInt8(ascii: "0")))
      guard !overflow, !carry else { throw .init("a number in its header is too large") }
      value = sum
      index += 1
    }
    let hasLeadingZero = bytes[start..<index].first == UInt8(ascii: "0") && index - start > 1
    guard index > start, !hasLeadingZero else { throw unexpected("a whole number") }
    return value
  }

  private mutating func string() throws(SafetensorsHeaderProblem) -> String {
    try expect("\"")
    var content: [UInt8] = []
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else {
          throw .init("a string in its header is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"):
        content.append(contentsOf: String(try escape()).utf8)
      case 0..<0x20:
        throw .init("a string in its header contains an unescaped control character")
      default:
        content.append(byte)
      }
    }
    throw .init("its header ends inside a string")
  }

  /// The character after a backslash.
  private mutating func escape() throws(SafetensorsHeaderProblem) -> Unicode.Scalar {
    guard index < bytes.count else { throw .init("its header ends inside a string") }
    index += 1
    switch Unicode.Scalar(bytes[index - 1]) {
    case "\"": return "\""
    case "\\": return "\\"
    case "/": return "/"
    case "b": return "\u{8}"
    case "f": return "\u{c}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u":
      let unit = try hexadecimal()
      if let scalar = Unicode.Scalar(UInt32(unit)) { return scalar }
      // The first half of a surrogate pair: its second half must follow.
      guard unit < 0xDC00, bytes[index...].starts(with: [0x5C, 0x75]) else { break }
      index += 2
      let low = try hexadecimal()
      guard 0xDC00...0xDFFF ~= low else { break }
      return Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + UInt32(low) - 0xDC00)!
    default: break
    }
    throw .init("a string in its header has an invalid escape")
  }

  private mutating func hexadecimal() throws(SafetensorsHeaderProblem) -> UInt16 {
    guard bytes.count - index >= 4 else { throw .init("its header ends inside a string") }
    var value: UInt16 = 0
    for byte in bytes[index..<index + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw .init("a string in its header has an invalid escape")
      }
      value = value << 4 | UInt16(digit)
    }
    index += 4
    return value
  }

  private mutating func skipSpace() {
    while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsHeaderProblem) {
    guard accept(character) else { throw unexpected(String(character)) }
  }

  private func unexpected(_ wanted: String) -> SafetensorsHeaderProblem {
    .init("its header is not valid at byte \(index): expected \(wanted)")
  }
}
