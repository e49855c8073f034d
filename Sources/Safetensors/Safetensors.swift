import Files
import Foundation

/// Why a safetensors file was refused, in one line that names the file.
public enum SafetensorsError: Error, Equatable, CustomStringConvertible {
  /// The file could not be read or written.
  case file(FileError)
  /// The file does not follow the format.
  case malformed(path: String, problem: String)
  /// The names and texts to be written need more than ``SafetensorsFile/headerLimit`` bytes.
  case headerTooLarge(path: String, bytes: Int)
  /// The file does not hold the tensor `name`.
  case missing(path: String, name: String)
  /// The tensor `name` has another element type or shape than what is asked for.
  case mismatch(path: String, name: String, expected: String, found: String)

  /// One line: the file, what is wrong with it and, where there is one, the remedy.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .malformed(let path, let problem):
      "\(printable(path)): not a valid safetensors file: \(problem)"
    case .headerTooLarge(let path, let bytes):
      "\(printable(path)): its header would have \(bytes) bytes, but at most "
        + "\(SafetensorsFile.headerLimit) can be read; keep less in the saved state"
    case .missing(let path, let name):
      "\(printable(path)): contains no tensor \(quoted(name))"
    case .mismatch(let path, let name, let expected, let found):
      "\(printable(path)): tensor \(quoted(name)): expected \(expected), found \(found)"
    }
  }
}

/// A type of number that the tensors of a file may have.
public protocol SafetensorsElement: BitwiseCopyable {
  /// The name of the type in the format.
  static var elementType: SafetensorsElementType { get }
}

extension Float: SafetensorsElement {
  /// `Float` as the format names it.
  public static var elementType: SafetensorsElementType { .float32 }
}
extension Double: SafetensorsElement {
  /// `Double` as the format names it.
  public static var elementType: SafetensorsElementType { .float64 }
}
extension Int64: SafetensorsElement {
  /// `Int64` as the format names it.
  public static var elementType: SafetensorsElementType { .int64 }
}
extension UInt64: SafetensorsElement {
  /// `UInt64` as the format names it.
  public static var elementType: SafetensorsElementType { .uint64 }
}
extension Int32: SafetensorsElement {
  /// `Int32` as the format names it.
  public static var elementType: SafetensorsElementType { .int32 }
}
extension UInt8: SafetensorsElement {
  /// `UInt8` as the format names it.
  public static var elementType: SafetensorsElementType { .uint8 }
}

/// A safetensors file, open for reading.
///
/// Opening reads and checks the header and nothing else; each tensor is then read straight into
/// the memory that is to hold it. Nothing in the file can make the reader allocate more than the
/// file's own size plus a fixed amount: the header is limited to ``headerLimit`` bytes.
public final class SafetensorsFile {
  /// The most bytes a header may have: room for some hundred thousand tensors.
  public static let headerLimit = 1 << 24

  /// The path as it was given.
  public let path: String
  /// The names and texts that the header holds besides the tensors.
  public let metadata: [String: String]
  /// The tensors in the order of their bytes.
  public let entries: [SafetensorsEntry]

  private let file: InputFile
  private let dataStart: Int
  private let indexOfName: [String: Int]

  /// Opens the file at `path` and checks its whole header.
  public init(path: String) throws(SafetensorsError) {
    self.path = path
    do throws(FileError) { file = try InputFile(path: path) } catch { throw .file(error) }
    let header: SafetensorsHeader
    (header, dataStart) = try Self.header(of: file)
    metadata = header.metadata
    entries = header.entries
    indexOfName = Dictionary(
      uniqueKeysWithValues: entries.enumerated().map { ($0.element.name, $0.offset) })
  }

  /// The elements of the tensor `name`, row-major; `shape`, where given, must be its shape.
  public func values<Element: SafetensorsElement>(
    named name: String, as type: Element.Type, shape: [Int]? = nil
  ) throws(SafetensorsError) -> [Element] {
    let entry = try entry(named: name)
    let count = entry.byteRange.count / entry.elementType.byteCount
    try check(entry, is: Element.elementType, shape: shape ?? entry.shape)
    if count == 0 { return [] }
    var failure: SafetensorsError?
    let values = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      let bytes = UnsafeMutableRawBufferPointer(
        UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      do throws(SafetensorsError) {
        try fill(bytes, from: entry)
        initialized = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return values
  }

  /// Reads the tensor `name` into `elements`, which must have exactly the tensor's element count.
  public func read<Element: SafetensorsElement>(
    _ name: String, into elements: UnsafeMutableBufferPointer<Element>
  ) throws(SafetensorsError) {
    let entry = try entry(named: name)
    try check(entry, is: Element.elementType, shape: entry.shape)
    let bytes = UnsafeMutableRawBufferPointer(elements)
    guard bytes.count == entry.byteRange.count else {
      throw .mismatch(
        path: path, name: name, expected: "\(elements.count) elements", found: "\(entry.shape)")
    }
    try fill(bytes, from: entry)
  }

  /// The bytes of a tensor, as they stand in the file.
  package func bytes(of entry: SafetensorsEntry) throws(SafetensorsError) -> [UInt8] {
    let count = entry.byteRange.count
    if count == 0 { return [] }
    var failure: SafetensorsError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(SafetensorsError) {
        try fill(
          UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count])),
          from: entry)
        initialized = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  package func entry(named name: String) throws(SafetensorsError) -> SafetensorsEntry {
    guard let index = indexOfName[name] else { throw .missing(path: path, name: name) }
    return entries[index]
  }

  private func check(
    _ entry: SafetensorsEntry, is type: SafetensorsElementType, shape: [Int]
  ) throws(SafetensorsError) {
    guard entry.elementType == type, entry.shape == shape else {
      throw .mismatch(
        path: path, name: entry.name, expected: "\(type.rawValue) \(shape)",
        found: "\(entry.elementType.rawValue) \(entry.shape)")
    }
  }

  private func fill(
    _ bytes: UnsafeMutableRawBufferPointer, from entry: SafetensorsEntry
  ) throws(SafetensorsError) {
    do throws(FileError) {
      try file.read(into: bytes, at: dataStart + entry.byteRange.lowerBound)
    } catch { throw .file(error) }
  }

  private static func header(
    of file: InputFile
  ) throws(SafetensorsError) -> (header: SafetensorsHeader, dataStart: Int) {
    func malformed(_ problem: String) -> SafetensorsError {
      .malformed(path: file.path, problem: problem)
    }
    guard file.count >= 8 else {
      throw malformed("it has only \(file.count) bytes; the file is incomplete")
    }
    func bytes(in range: Range<Int>) throws(SafetensorsError) -> [UInt8] {
      do throws(FileError) { return try file.bytes(in: range) } catch { throw .file(error) }
    }
    let length = try bytes(in: 0..<8).withUnsafeBytes {
      UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
    }
    guard length <= UInt64(file.count - 8) else {
      throw malformed(
        "its header should have \(length) bytes, but the file has only \(file.count): is it a "
          + "safetensors file?")
    }
    guard length <= UInt64(headerLimit) else {
      throw malformed("its header has \(length) bytes; at most \(headerLimit) are read")
    }
    let json = try bytes(in: 8..<8 + Int(length))
    do throws(SafetensorsHeaderProblem) {
      let dataStart = 8 + json.count
      return (try SafetensorsHeader(parsing: json, dataCount: file.count - dataStart), dataStart)
    } catch { throw malformed(error.text) }
  }
}

/// A tensor to be written: its description, and a closure that writes its bytes in their turn.
///
/// The bytes are asked for one tensor at a time and go straight to the file, so a replay buffer
/// of hundreds of megabytes is written without a second copy of it.
public struct SafetensorsTensor {
  /// The tensor's name.
  public let name: String
  /// The length of each dimension, outermost first.
  public let shape: [Int]
  let elementType: SafetensorsElementType
  let append: (borrowing OutputFile) throws(FileError) -> Void

  /// A tensor of `values`, row-major, as many as `shape` says.
  public init<Element: SafetensorsElement>(_ name: String, shape: [Int], values: [Element]) {
    precondition(values.count == shape.reduce(1, *), "\(name): the values do not fill the shape")
    self.init(name, shape: shape, of: Element.self) { file throws(FileError) in
      try file.append(values)
    }
  }

  /// A tensor whose row-major bytes `append` writes, in as many pieces as it likes.
  public init<Element: SafetensorsElement>(
    _ name: String, shape: [Int], of type: Element.Type,
    append: @escaping (borrowing OutputFile) throws(FileError) -> Void
  ) {
    self.name = name
    self.shape = shape
    self.elementType = Element.elementType
    self.append = append
  }
}

/// Writes safetensors files.
public enum Safetensors {
  /// Writes `tensors` and `metadata` to `path`, as a whole or not at all; the same arguments give
  /// the same bytes. The names must differ.
  ///
  /// - Throws: ``SafetensorsError/headerTooLarge(path:bytes:)`` if no reader here would read the
  ///   file, or ``SafetensorsError/file(_:)``.
  public static func write(
    _ tensors: [SafetensorsTensor], metadata: [String: String] = [:], to path: String
  ) throws(SafetensorsError) {
    let header = SafetensorsHeader(
      metadata: metadata,
      descriptions: tensors.map { ($0.name, $0.elementType, $0.shape) })
    let encoded = header.encoded()
    guard encoded.count - 8 <= SafetensorsFile.headerLimit else {
      throw .headerTooLarge(path: path, bytes: encoded.count - 8)
    }
    let tensorOfName = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    do throws(FileError) {
      try AtomicFile.write(to: path) { file throws(FileError) in
        try file.append(encoded)
        for entry in header.entries {
          let start = file.count
          try tensorOfName[entry.name]!.append(file)
          precondition(
            file.count - start == entry.byteRange.count,
            "\(entry.name): the bytes written do not fill the shape")
        }
      }
    } catch { throw .file(error) }
  }
}
