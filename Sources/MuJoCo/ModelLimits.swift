import Foundation

/// MJCF can ask in a few characters for more memory or time than any computer has, and MuJoCo's
/// compiler multiplies such numbers without looking, so that some overflow and overwrite its memory.
/// Everything that says how many or how large is therefore bounded before MuJoCo sees the text, far
/// above what a robot or a world needs.
struct ModelLimits {
  /// The largest value of each such attribute, whatever its element.
  private static let largest: [String: Double] = [
    "njmax": 16_384, "nconmax": 16_384, "nstack": 16_777_216, "nuserdata": 65_536,
    "nkey": 1_024, "nuser_": 64, "width": 8_192, "height": 8_192, "nrow": 4_096,
    "ncol": 4_096, "count": 1_024, "offwidth": 8_192, "offheight": 8_192,
    "shadowsize": 8_192, "offsamples": 64, "numslices": 256, "numstacks": 256,
    "numquads": 256, "iterations": 1_024, "ls_iterations": 1_024,
    "noslip_iterations": 1_024, "mpr_iterations": 1_024, "ccd_iterations": 1_024,
    "sdf_iterations": 1_024, "sdf_initpoints": 1_024, "nsample": 4_096,
    "memory": 4_294_967_296,
  ]

  /// What one unit of an extent costs (bytes): a pixel, a height, a body.
  private static let cost: [String: Double] = [
    "width": 3, "height": 1, "nrow": 8, "ncol": 1, "count": 16_384,
  ]

  /// What all extents of a model may cost together (bytes).
  private static let budget = Double(268_435_456)

  /// How many copies all `<replicate>` may make if each stood in all others.
  private static let largestReplication = 4_096.0

  /// The most that is read of a model and its includes (bytes).
  private static let maximumSize = 64 << 20

  private let name: String
  private var spent = 0.0
  private var replication = 1.0
  private var size = 0
  private var files: Set<String> = []

  /// Checks the file at `path` and everything it includes.
  static func check(path: String, name: String) throws(MuJoCoError) {
    var limits = ModelLimits(name: name)
    let folder = (path as NSString).deletingLastPathComponent
    try limits.check(file: path, folder: folder.isEmpty ? "." : folder)
  }

  /// Checks the text of a model, which has no folder to include from.
  static func check(text: String, name: String) throws(MuJoCoError) {
    var limits = ModelLimits(name: name)
    var text = text
    _ = try limits.includes(in: text.withUTF8(Array.init))
  }

  private init(name: String) {
    self.name = name
  }

  private mutating func check(file: String, folder: String) throws(MuJoCoError) {
    guard files.insert(file).inserted else { return }
    // Where it can't be read, MuJoCo says so.
    guard let handle = FileHandle(forReadingAtPath: file) else { return }
    defer { try? handle.close() }
    let bytes = (try? handle.read(upToCount: Self.maximumSize - size + 1)) ?? Data()
    size += bytes.count
    guard size <= Self.maximumSize else { throw failure("more than 64 MiB of XML") }
    for include in try includes(in: Array(bytes)) {
      try check(file: include.hasPrefix("/") ? include : "\(folder)/\(include)", folder: folder)
    }
  }

  /// Checks each attribute of each tag in `bytes` and gives the files that are included.
  private mutating func includes(in bytes: [UInt8]) throws(MuJoCoError) -> [String] {
    var result: [String] = []
    var index = 0
    // Quotes mean something in tags alone, not in comments and not between tags.
    while let start = bytes[index...].firstIndex(of: UInt8(ascii: "<")) {
      if Self.stands("<!--", in: bytes, at: start) {
        index = Self.end(of: "-->", in: bytes, from: start + 4)
      } else if Self.stands("<?", in: bytes, at: start) {
        index = Self.end(of: "?>", in: bytes, from: start + 2)
      } else if Self.stands("<!", in: bytes, at: start) {
        throw failure("document types and CDATA are not read: remove this")
      } else {
        index = try checkTag(in: bytes, from: start + 1, includes: &result)
      }
    }
    return result
  }

  /// Checks the tag whose name begins at `start`, and gives the place behind it.
  private mutating func checkTag(
    in bytes: [UInt8], from start: Int, includes: inout [String]
  ) throws(MuJoCoError) -> Int {
    let element = Self.word(in: bytes, at: start)
    var extent: Double?
    var index = start
    while index < bytes.count, bytes[index] != UInt8(ascii: ">") {
      let quote = bytes[index]
      if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
        let end = bytes[(index + 1)...].firstIndex(of: quote) ?? bytes.count
        let attribute = Self.attribute(in: bytes, before: index)
        let value = bytes[(index + 1)..<end]
        if element == "include", attribute == "file" {
          includes.append(String(decoding: value, as: UTF8.self))
        } else if let limit = Self.limit(of: attribute) {
          let product = try number(value, attribute, limit)
          if element == "replicate" { replication *= max(product, 1) }
          if let cost = Self.cost[attribute] { extent = (extent ?? 1) * max(product, 1) * cost }
        }
        index = end
      }
      index += 1
    }
    spent += extent ?? 0
    guard replication <= Self.largestReplication else { throw failure("too many replicates") }
    guard spent <= Self.budget else {
      throw failure("its textures, height fields and composites are too large together")
    }
    return min(index + 1, bytes.count)
  }

  private static func stands(_ text: StaticString, in bytes: [UInt8], at index: Int) -> Bool {
    text.withUTF8Buffer { bytes[index...].starts(with: $0) }
  }

  /// Behind the next `text`; the end where there is none.
  private static func end(of text: StaticString, in bytes: [UInt8], from start: Int) -> Int {
    var index = start
    while index < bytes.count, !stands(text, in: bytes, at: index) { index += 1 }
    return min(index + text.utf8CodeUnitCount, bytes.count)
  }

  private static func limit(of attribute: String) -> Double? {
    largest[attribute.hasPrefix("nuser_") ? "nuser_" : attribute]
  }

  /// The product of the numbers in `value`.
  private func number(
    _ value: ArraySlice<UInt8>, _ attribute: String, _ limit: Double
  ) throws(MuJoCoError) -> Double {
    var product = 1.0
    for word in value.split(whereSeparator: { $0 <= 0x20 }) {
      guard let number = Self.number(word, attribute), number >= -1,
        case let next = product * max(number, 1), next <= limit
      else {
        throw failure("\(attribute): expected a number, at most \(Int(limit))")
      }
      product = next
    }
    return product
  }

  /// A number; one of memory (bytes) may end with a unit, `16M`.
  private static func number(_ word: ArraySlice<UInt8>, _ attribute: String) -> Double? {
    var digits = word
    var unit = 1.0
    let letters = Array("KMGTPE".utf8)
    if attribute == "memory", let letter = word.last,
      let power = letters.firstIndex(of: letter & 0xdf)
    {
      digits = word.dropLast()
      unit = pow(1024, Double(power + 1))
    }
    return Double(String(decoding: digits, as: UTF8.self)).map { $0 * unit }
  }

  /// The name before the equals sign that comes before `index`.
  private static func attribute(in bytes: [UInt8], before index: Int) -> String {
    var end = index
    while end > 0, bytes[end - 1] <= 0x20 { end -= 1 }
    guard end > 0, bytes[end - 1] == UInt8(ascii: "=") else { return "" }
    end -= 1
    while end > 0, bytes[end - 1] <= 0x20 { end -= 1 }
    var start = end
    while start > 0, end - start < 64, isNameByte(bytes[start - 1]) { start -= 1 }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  private static func word(in bytes: [UInt8], at start: Int) -> String {
    String(decoding: bytes[start...].prefix(64).prefix(while: isNameByte), as: UTF8.self)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || byte == UInt8(ascii: "_")
      || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  private func failure(_ message: String) -> MuJoCoError {
    .invalidModel(name: name, message: message)
  }
}
