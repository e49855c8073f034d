import Foundation

/// Bounds everything in MJCF that says how many or how large, before MuJoCo reads the text. A few
/// characters of MJCF can ask for more memory or time than any computer has, and MuJoCo's compiler
/// multiplies such numbers without checking, so that some products overflow and it overwrites its
/// memory. The bounds are far above what a robot or a world needs.
struct ModelLimits {
  /// The largest value of each such attribute, in whatever element.
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

  /// The memory for one unit of an attribute (bytes): a pixel, a height, a body.
  private static let cost: [String: Double] = [
    "width": 3, "height": 1, "nrow": 8, "ncol": 1, "count": 16_384,
  ]

  /// The memory that all these attributes of a model may ask for together (bytes).
  private static let budget = Double(268_435_456)

  /// The largest product of the counts of all `<replicate>`: the copies if all of them were nested.
  private static let largestReplication = 4_096.0

  /// The largest size of a model's text together with its includes (bytes).
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

  /// Checks the text of a model, which has no folder and so can't include files.
  static func check(text: [UInt8], name: String) throws(MuJoCoError) {
    var limits = ModelLimits(name: name)
    try limits.check(limits.document(text, source: name)) { _ throws(MuJoCoError) in }
  }

  private init(name: String) {
    self.name = name
  }

  private mutating func check(file: String, folder: String) throws(MuJoCoError) {
    guard files.insert(file).inserted else { return }
    // If the file can't be read, MuJoCo reports it.
    guard let handle = FileHandle(forReadingAtPath: file) else { return }
    defer { try? handle.close() }
    let bytes = (try? handle.read(upToCount: Self.maximumSize - size + 1)) ?? Data()
    size += bytes.count
    guard size <= Self.maximumSize else { throw failure("more than 64 MiB of XML") }
    var includes: [String] = []
    try check(document(Array(bytes), source: file)) { includes.append($0) }
    // MuJoCo searches relative to the main file; newer versions then also relative to the including
    // file.
    let own = (file as NSString).deletingLastPathComponent
    for include in includes {
      let candidates =
        include.hasPrefix("/") ? [include] : ["\(folder)/\(include)", "\(own)/\(include)"]
      for candidate in candidates { try check(file: candidate, folder: folder) }
    }
  }

  private func document(_ bytes: [UInt8], source: String) throws(MuJoCoError) -> XMLElement {
    do throws(XMLReader.Problem) {
      return try XMLReader.read(bytes, source: source)
    } catch {
      let place = error.line > 0 ? "line \(error.line): " : ""
      throw .invalidModel(name: source, message: place + error.message)
    }
  }

  /// Checks each attribute of `element` and of all its descendants; calls `include` with the name
  /// of each included file.
  private mutating func check(
    _ element: XMLElement, include: (String) throws(MuJoCoError) -> Void
  ) throws(MuJoCoError) {
    if element.isCalled("include"), let file = element["file"] { try include(file) }
    var extent: Double?
    for attribute in element.attributes {
      guard let limit = Self.limit(of: attribute.name) else { continue }
      let product = try number(attribute.value, attribute.name, limit)
      if element.isCalled("replicate") { replication *= max(product, 1) }
      if let cost = Self.cost[attribute.name] { extent = (extent ?? 1) * max(product, 1) * cost }
    }
    spent += extent ?? 0
    guard replication <= Self.largestReplication else { throw failure("too many replicates") }
    guard spent <= Self.budget else {
      throw failure("its textures, height fields and composites together are too large")
    }
    for child in element.children { try check(child, include: include) }
  }

  private static func limit(of attribute: String) -> Double? {
    largest[attribute.hasPrefix("nuser_") ? "nuser_" : attribute]
  }

  /// The product of the numbers in `value`.
  private func number(
    _ value: String, _ attribute: String, _ limit: Double
  ) throws(MuJoCoError) -> Double {
    var product = 1.0
    for word in value.utf8.split(whereSeparator: { $0 <= 0x20 }) {
      guard let number = Self.number(String(word) ?? "", attribute), number >= -1,
        case let next = product * max(number, 1), next <= limit
      else {
        throw failure("\(attribute): expected a number, at most \(Int(limit))")
      }
      product = next
    }
    return product
  }

  /// The number in `word`; in the attribute `memory` (bytes) it may end with a unit, as in `16M`.
  private static func number(_ word: String, _ attribute: String) -> Double? {
    let units = "KMGTPE"
    if attribute == "memory", let letter = word.last,
      let power = units.firstIndex(of: Character(letter.uppercased()))
    {
      let unit = pow(1024, Double(units.distance(from: units.startIndex, to: power) + 1))
      return Double(word.dropLast()).map { $0 * unit }
    }
    return Double(word)
  }

  private func failure(_ message: String) -> MuJoCoError {
    .invalidModel(name: name, message: message)
  }
}
