import Foundation

/// Bounds everything in MJCF that says how many or how large, before MuJoCo reads the text, and
/// checks the files that the text refers to. A few characters of MJCF can ask for more memory or
/// time than any computer has, and MuJoCo's compiler multiplies such numbers without checking, so
/// that some products overflow and it overwrites its memory. The bounds are far above what a robot
/// or a world needs.
struct ModelLimits {
  /// The largest value of each such attribute, in whatever element.
  private static let largest: [String: Double] = [
    "njmax": 16_384, "nconmax": 16_384, "nstack": 16_777_216, "nuserdata": 65_536,
    "nkey": 1_024, "nuser_": 64, "nrow": 4_096, "ncol": 4_096, "count": 1_024,
    "cellcount": 1_024, "subgrid": largestSubgrid, "offwidth": 8_192, "offheight": 8_192,
    "resolution": 16_777_216, "shadowsize": 8_192, "offsamples": 64, "numslices": 256,
    "numstacks": 256, "numquads": 256, "iterations": 1_024, "ls_iterations": 1_024,
    "noslip_iterations": 1_024, "mpr_iterations": 1_024, "ccd_iterations": 1_024,
    "sdf_iterations": 1_024, "sdf_initpoints": 1_024, "nsample": 4_096, "dim": 1_024,
    "num": 1_024, "actdim": 64, "memory": 4_294_967_296,
  ]

  /// The same for attributes that mean something else in other elements.
  private static let largestWithin: [String: [String: Double]] = [
    "texture": ["width": 8_192, "height": 8_192, "nchannel": 4],
    "numeric": ["size": Double(largestNumeric)], "mesh": ["params": 1_024],
  ]

  /// The most points that a composite's skin has between two of its bodies.
  private static let largestSubgrid = 64.0

  /// The most numbers in a `<numeric>`, for which MuJoCo has a place of fixed size before version 4.
  private static let largestNumeric = 500

  /// The memory that textures, height fields and composites may ask for together (bytes).
  private static let budget = 268_435_456.0

  /// The memory that meshes, textures and height fields from files may take together (bytes). With
  /// the other budget it is less than MuJoCo 2 can count.
  private static let assetBudget = 1_073_741_824.0

  /// The largest number of sensor readings, activations and recorded samples together, with a
  /// margin: MuJoCo adds them up in 32 bits.
  private static let maximumReadings = 67_108_864.0

  /// The largest product of the counts of all `<replicate>`: the copies if all of them were nested.
  private static let largestReplication = 4_096.0

  /// The largest size of a model's text together with its includes (bytes).
  private static let maximumSize = 64 << 20

  /// The largest number of folders in which a model may look for its files.
  private static let maximumFolders = 64

  /// The attributes of `compiler` that set where MuJoCo searches for files.
  private static let folderAttributes: Set<String> = ["meshdir", "texturedir", "assetdir"]

  private let name: String
  /// The folder of the main file.
  private let folder: String
  /// The files of a model in memory, by their plain names.
  private let files: [String: [(key: String, value: [UInt8])]]
  private var spent = 0.0
  private var replication = 1.0
  private var readings = 0.0
  /// The number of sensors that measure as many distances as a camera has pixels.
  private var cameraSensors = 0.0
  /// The number of pixels of the largest camera.
  private var pixels = 1.0
  private var size = 0
  /// The documents that were read.
  private var seen: Set<String> = []
  /// The documents that are being read: each is part of the one before it.
  private var open: [String] = []
  /// The folders in which meshes and textures may be.
  private var folders: Set<String> = [""]
  private var references: [Reference] = []
  private var costs: [Source: Double] = [:]

  /// A mesh, a texture or a height field to which a document in the folder `own` refers, and how
  /// many times as much memory as for the file alone MuJoCo needs for it.
  private struct Reference {
    var file: String
    var format: AssetFormat
    var copies: Double
    var own: String
  }

  /// A file as MuJoCo reads it.
  private struct Source: Hashable {
    var file: String
    var format: AssetFormat
  }

  /// Checks the file at `path` and everything that it includes or refers to.
  static func check(path: String, name: String) throws(MuJoCoError) {
    var limits = ModelLimits(name: name, folder: parent(of: path), files: [])
    try limits.check(file: path)
    try limits.checkAssets()
  }

  /// Checks the first of `files`, which is the text of a model, and everything that it includes or
  /// refers to. MuJoCo looks for a file among `files`, and only then on the disk.
  static func check(
    files: [(key: String, value: [UInt8])], name: String
  ) throws(MuJoCoError) {
    guard let (document, text) = files.first else { return }
    var limits = ModelLimits(name: name, folder: ".", files: files)
    let key = memoryKey(document)
    limits.seen.insert(key)
    try limits.check(text, source: name, key: key, folder: ".")
    try limits.checkAssets()
  }

  private init(name: String, folder: String, files: [(key: String, value: [UInt8])]) {
    self.name = name
    self.folder = folder
    self.files = Dictionary(grouping: files) { Self.plainName($0.key).lowercased() }
  }

  private func failure(_ message: String) -> MuJoCoError {
    .invalidModel(name: name, message: message)
  }
}

// MARK: - Documents

extension ModelLimits {
  private mutating func check(file: String) throws(MuJoCoError) {
    guard seen.insert(file).inserted else { return }
    // If the file can't be read, MuJoCo reports it.
    guard let handle = FileHandle(forReadingAtPath: file) else { return }
    defer { try? handle.close() }
    let bytes = (try? handle.read(upToCount: Self.maximumSize - size + 1)) ?? Data()
    try check(Array(bytes), source: file, key: file, folder: Self.parent(of: file))
  }

  private mutating func check(
    _ bytes: [UInt8], source: String, key: String, folder: String
  ) throws(MuJoCoError) {
    size += bytes.count
    guard size <= Self.maximumSize else { throw failure("more than 64 MiB of XML") }
    open.append(key)
    let root = try document(bytes, source: source)
    try check(root, in: folder)
    open.removeLast()
  }

  /// Checks the document `file`, which a document in the folder `own` includes, or contains as a
  /// model of its own.
  private mutating func check(
    document file: String, in own: String, isModel: Bool
  ) throws(MuJoCoError) {
    let found = files[Self.plainName(file).lowercased()] ?? []
    for (name, bytes) in found {
      let key = Self.memoryKey(name)
      try checkNesting(of: key, isModel: isModel)
      guard seen.insert(key).inserted else { continue }
      try check(bytes, source: name, key: key, folder: ".")
    }
    guard found.isEmpty else { return }
    // MuJoCo searches relative to the main file; newer versions then also relative to the including
    // file.
    let paths = file.hasPrefix("/") ? [file] : ["\(folder)/\(file)", "\(own)/\(file)"]
    for path in paths {
      try checkNesting(of: path, isModel: isModel)
      try check(file: path)
    }
  }

  /// MuJoCo itself refuses a file that includes itself, but it would read a model that contains
  /// itself without end.
  private func checkNesting(of key: String, isModel: Bool) throws(MuJoCoError) {
    if isModel, open.contains(key) { throw failure("a model contains itself") }
  }

  private func document(_ bytes: [UInt8], source: String) throws(MuJoCoError) -> XMLElement {
    do throws(XMLReader.Problem) {
      return try XMLReader.read(bytes, source: source)
    } catch {
      let place = error.line > 0 ? "line \(error.line): " : ""
      throw .invalidModel(name: source, message: place + error.message)
    }
  }

  private static func parent(of path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }

  /// The name without folders, by which MuJoCo finds a file in memory, without regard to case.
  private static func plainName(_ file: String) -> String {
    // As in MuJoCo, bytes are compared: a mark after a slash would make another character of it.
    let parts = file.utf8.split(omittingEmptySubsequences: false) {
      $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\")
    }
    return parts.last.map { String(Substring($0)) } ?? ""
  }

  /// What a document in memory is called among the documents that were read. No path begins so.
  private static func memoryKey(_ name: String) -> String { "memory: \(name)" }
}

// MARK: - Elements

extension ModelLimits {
  /// Checks each attribute of `element` and of all its descendants, and everything to which they
  /// refer. The element is from a document in the folder `own`.
  private mutating func check(_ element: XMLElement, in own: String) throws(MuJoCoError) {
    let within = Self.largestWithin[element.name]
    var values: [String: Double] = [:]
    for attribute in element.attributes {
      if let limit = Self.limit(of: attribute.name) ?? within?[attribute.name] {
        values[attribute.name] = try number(attribute.value, attribute.name, limit)
      }
      if Self.folderAttributes.contains(attribute.name) { folders.insert(attribute.value) }
    }
    try count(values, of: element)
    try checkLists(of: element)
    try takeFiles(of: element, in: own)
    for child in element.children { try check(child, in: own) }
  }

  private static func limit(of attribute: String) -> Double? {
    largest[attribute.hasPrefix("nuser_") ? "nuser_" : attribute]
  }

  /// Adds up what the values of an element's attributes ask for.
  private mutating func count(
    _ values: [String: Double], of element: XMLElement
  ) throws(MuJoCoError) {
    let measuresAsCamera = element.name == "rangefinder" && element["camera"] != nil
    guard !values.isEmpty || measuresAsCamera else { return }
    if element.isCalled("replicate") { replication *= values["count"] ?? 1 }
    guard replication <= Self.largestReplication else { throw failure("too many replicates") }

    spent += memory(for: values, of: element)
    if let count = values["count"] {
      for skin in element.children where skin.isCalled("skin") {
        guard let text = skin["subgrid"] else { continue }
        let subgrid = try number(text, "subgrid", Self.largestSubgrid)
        spent += 512 * count * (1 + subgrid) * (1 + subgrid)
      }
    }
    guard spent <= Self.budget else {
      throw failure("its textures, height fields and composites together are too large")
    }

    let factors = ["dim", "num", "actdim", "nsample"].compactMap { values[$0] }
    // A contact has up to 17 numbers, and of each sample the time is recorded, too.
    if !factors.isEmpty { readings += factors.reduce(32.0, *) }
    if measuresAsCamera { cameraSensors += values["nsample"] ?? 1 }
    pixels = max(pixels, values["resolution"] ?? 1)
    // A measured distance comes with up to 14 numbers.
    guard (readings + 16 * cameraSensors * pixels) * replication <= Self.maximumReadings else {
      throw failure("its sensors and activations together are too large")
    }
    try checkChannels(values["nchannel"], of: element)
  }

  /// The memory for what an element makes (bytes): pixels, heights, bodies.
  private func memory(for values: [String: Double], of element: XMLElement) -> Double {
    var memory = 0.0
    if values["width"] != nil || values["height"] != nil {
      let (width, height) = (values["width"] ?? 1, values["height"] ?? 1)
      // A cube has six faces, whatever its height is said to be.
      let rows = element["type"] == "2d" ? height : max(height, 6 * width)
      memory += max(values["nchannel"] ?? 3, 3) * width * rows
    }
    if values["nrow"] != nil || values["ncol"] != nil {
      memory += 8 * (values["nrow"] ?? 1) * (values["ncol"] ?? 1)
    }
    return memory + 16_384 * (values["count"] ?? 0)
  }

  /// MuJoCo writes three numbers for each pixel, except of a picture that it reads from a PNG file.
  private func checkChannels(_ channels: Double?, of element: XMLElement) throws(MuJoCoError) {
    guard let channels, channels != 3 else { return }
    let isPicture = element["file"].map { AssetFormat(of: $0, in: element) } == .png
    guard isPicture, element["type"] == "2d", (element["builtin"] ?? "none") == "none" else {
      throw failure("nchannel: expected 3, except for a 2d texture from a PNG file")
    }
  }

  /// Checks lists that MuJoCo copies to a place of fixed size, and lists of indices that it uses
  /// without comparing them with the number of vertices.
  private func checkLists(of element: XMLElement) throws(MuJoCoError) {
    switch element.name {
    case "numeric":
      guard element["size"] == nil, let data = element["data"] else { return }
      // MuJoCo 2 takes white space at the end for one more number.
      let isContinued = data.utf8.last.map { $0 <= 0x20 } ?? false
      guard Self.words(data).count + (isContinued ? 1 : 0) <= Self.largestNumeric else {
        throw failure("numeric: expected at most \(Self.largestNumeric) numbers")
      }
    case "mesh", "skin":
      guard let face = element["face"] else { return }
      let coordinates = Self.words(element["vertex"] ?? "")
      // At the first word that is not a number, MuJoCo 2 takes the list for complete.
      guard coordinates.allSatisfy(Self.isCoordinate) else {
        throw failure("vertex: expected numbers")
      }
      let vertices = 0..<coordinates.count / 3
      guard Self.words(face).allSatisfy({ Int($0).map { vertices.contains($0) } ?? false }) else {
        throw failure("a face refers to a vertex that does not exist")
      }
    default: break
    }
  }

  private static func words(_ text: String) -> [Substring] {
    text.utf8.split(whereSeparator: { $0 <= 0x20 }).map { Substring($0) }
  }

  private static func isCoordinate(_ word: Substring) -> Bool {
    word.utf8.allSatisfy(decimals.contains) && Float(word)?.isFinite == true
  }

  private static let decimals = Set("0123456789+-.eE".utf8)

  /// The product of the numbers in `value`, each taken as at least 1; of a mesh's `params`, the
  /// largest of them.
  private func number(
    _ value: String, _ attribute: String, _ limit: Double
  ) throws(MuJoCoError) -> Double {
    var result = 1.0
    for word in Self.words(value) {
      guard let number = Self.number(word, attribute), number >= -1,
        case let next = attribute == "params" ? max(result, number) : result * max(number, 1),
        next <= limit
      else {
        throw failure("\(attribute): expected a number, at most \(Int(limit))")
      }
      result = next
    }
    return result
  }

  /// The number in `word`; in the attribute `memory` (bytes) it may end with a unit, as in `16M`.
  private static func number(_ word: Substring, _ attribute: String) -> Double? {
    let units = "KMGTPE"
    var digits = word
    var unit = 1.0
    if attribute == "memory", let letter = word.last?.uppercased(),
      let power = units.firstIndex(where: { String($0) == letter })
    {
      unit = pow(1024, Double(units.distance(from: units.startIndex, to: power) + 1))
      digits = word.dropLast()
    }
    // MuJoCo 2 reads only the digits before an exponent: for it, 4000e-3 is 4000.
    let hasExponent = digits.contains(where: { $0 == "e" || $0 == "E" })
    guard !hasExponent || attribute == "params" else { return nil }
    return Double(digits).map { $0 * unit }
  }
}

// MARK: - Files

extension ModelLimits {
  /// Checks the documents to which an element refers, and notes the other files.
  private mutating func takeFiles(
    of element: XMLElement, in own: String
  ) throws(MuJoCoError) {
    let kind = element.name.lowercased()
    if kind == "include" || kind == "model" {
      // An include may say in which folder its meshes are.
      if let folder = element["dir"] { folders.insert(folder) }
      if let file = element["file"], !file.isEmpty {
        try check(document: file, in: own, isModel: kind == "model")
      }
    }
    guard AssetFormat.elements.contains(kind) else { return }
    // MuJoCo takes a type with wrong parameters for no type at all.
    if element["content_type"]?.utf8.contains(UInt8(ascii: ";")) == true {
      throw failure("content_type: expected a type without parameters")
    }
    var isFirst = true
    for attribute in element.attributes
    where attribute.name.hasPrefix("file") && !attribute.value.isEmpty {
      // In URDF, `filename` is a mesh, but also a texture that MuJoCo doesn't read.
      if attribute.name == "filename", kind != "mesh" { continue }
      // MuJoCo 2 ends the process where such a name has no room for an extension.
      guard Self.plainName(attribute.value).utf8.count >= 4 else {
        throw failure("a file name of fewer than 4 characters")
      }
      // From its first file MuJoCo makes room for six faces.
      let isCube = kind == "texture" && element["type"] != "2d"
      references.append(
        Reference(
          file: attribute.value, format: AssetFormat(of: attribute.value, in: element),
          copies: isCube && isFirst ? 6 : 1, own: own))
      isFirst = false
    }
  }

  /// Checks the meshes, textures and height fields to which the documents refer.
  private mutating func checkAssets() throws(MuJoCoError) {
    guard folders.count <= Self.maximumFolders else {
      throw failure("more than \(Self.maximumFolders) folders")
    }
    var total = 0.0
    for reference in references {
      let found = files[Self.plainName(reference.file).lowercased()] ?? []
      var cost = 0.0
      for (name, bytes) in found {
        let source = Source(file: Self.memoryKey(name), format: reference.format)
        cost += try self.cost(of: source, called: name) { bytes }
      }
      if found.isEmpty {
        for path in places(of: reference) {
          let source = Source(file: path, format: reference.format)
          cost += try self.cost(of: source, called: path) { Self.contents(of: path) }
        }
      }
      total += cost * reference.copies
      guard total <= Self.assetBudget else {
        throw failure("its meshes, textures and height fields together are too large")
      }
    }
  }

  /// The memory that MuJoCo needs for a file (bytes); 0 if there is none.
  private mutating func cost(
    of source: Source, called file: String, _ contents: () -> [UInt8]?
  ) throws(MuJoCoError) -> Double {
    if let cost = costs[source] { return cost }
    var cost = 0.0
    if let bytes = contents(), !bytes.isEmpty {
      cost = try AssetLimits.check(
        bytes, as: source.format, file: String(file.prefix(200)), name: name)
    }
    costs[source] = cost
    return cost
  }

  /// The places on the disk where MuJoCo may look for a file; the versions differ, and in some
  /// places there may be nothing.
  private func places(of reference: Reference) -> [String] {
    let file = reference.file
    var names: Set = [file, Self.plainName(file)]
    // URDF
    if file.hasPrefix("package://") { names.insert(String(file.dropFirst("package://".count))) }
    var places: Set<String> = []
    for name in names {
      for directory in folders {
        let place = directory.isEmpty || name.hasPrefix("/") ? name : "\(directory)/\(name)"
        let bases = place.hasPrefix("/") ? [""] : ["\(folder)/", "\(reference.own)/"]
        for base in bases { places.insert(base + place) }
      }
    }
    return places.sorted()
  }

  private static func contents(of path: String) -> [UInt8]? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    return (try? handle.read(upToCount: Int(assetBudget) + 1)).map { Array($0) }
  }
}
