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

  /// The largest number of documents that are read, each as often as it is included or contained:
  /// a few documents can contain each other exponentially many times.
  private static let maximumDocuments = 512

  /// The largest depth of elements, from the main document's root through includes and models.
  private static let maximumDepth = 1_000

  /// The largest number of folders in which a model may look for its files.
  private static let maximumFolders = 64

  /// The largest number of times that meshes, textures and height fields are referred to.
  private static let maximumReferences = 16_384

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
  /// How many documents were read.
  private var documents = 0
  /// How many elements are being checked: each is inside the one before it.
  private var depth = 0
  /// The documents that are being read: each is part of the one before it.
  private var open: [Key] = []
  /// Where in ``open`` the innermost model begins.
  private var modelStart = 0
  /// The folders in which meshes and textures may be.
  private var folders: Set<String> = [""]
  private var references: [Reference] = []
  private var costs: [Source: Double] = [:]

  /// What tells one file from another: its name in memory, or what it is on the disk.
  private enum Key: Hashable {
    case memory(String)
    case disk(ModelFile.Identity)
  }

  /// Where an element is from: the folder of its model, which is not the main one if models are
  /// nested, and that of its document, which its model may include.
  private struct Place: Hashable {
    var model: String
    var own: String
  }

  /// A mesh, a texture or a height field to which an element from `place` refers, and how many
  /// times as much memory as for the file alone MuJoCo needs for it.
  private struct Reference: Hashable {
    var file: String
    var format: AssetFormat
    var copies: Double
    var place: Place
    /// Whether MuJoCo may look for it only on the disk.
    var isFlex: Bool
  }

  /// A file as MuJoCo reads it.
  private struct Source: Hashable {
    var key: Key
    var format: AssetFormat
  }

  /// Checks the file at `path` and everything that it includes or refers to.
  static func check(path: String, name: String) throws(MuJoCoError) {
    let folder = parent(of: path)
    var limits = ModelLimits(name: name, folder: folder, files: [])
    if let file = try limits.file(at: path) {
      try limits.check(file, isModel: true, in: Place(model: folder, own: folder))
    }
    try limits.checkAssets()
  }

  /// Checks the first of `files`, which is the text of a model, and everything that it includes or
  /// refers to. MuJoCo looks for a file among `files`, and only then on the disk.
  static func check(
    files: [(key: String, value: [UInt8])], name: String
  ) throws(MuJoCoError) {
    guard let (document, text) = files.first else { return }
    var limits = ModelLimits(name: name, folder: ".", files: files)
    try limits.check(
      text, source: name, key: .memory(document), isModel: true, in: Place(model: ".", own: "."))
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
  /// The file at `path`; `nil` if there is none.
  private func file(at path: String) throws(MuJoCoError) -> ModelFile? {
    do throws(ModelFile.Irregular) {
      return try ModelFile(path: path)
    } catch {
      throw failure("\(path.prefix(200)): not a regular file")
    }
  }

  private mutating func check(
    _ file: ModelFile, isModel: Bool, in place: Place
  ) throws(MuJoCoError) {
    // If the file can't be read, MuJoCo reports it.
    guard let bytes = file.bytes(Self.maximumSize - size + 1) else { return }
    try check(
      bytes, source: file.path, key: .disk(file.identity), isModel: isModel, in: place)
  }

  private mutating func check(
    _ bytes: [UInt8], source: String, key: Key, isModel: Bool, in place: Place
  ) throws(MuJoCoError) {
    size += bytes.count
    guard size <= Self.maximumSize else { throw failure("more than 64 MiB of XML") }
    documents += 1
    guard documents <= Self.maximumDocuments else {
      throw failure("more than \(Self.maximumDocuments) documents with all includes and models")
    }
    let outerStart = modelStart
    if isModel { modelStart = open.count }
    open.append(key)
    let root = try document(bytes, source: source)
    try check(root, in: place)
    open.removeLast()
    modelStart = outerStart
  }

  /// Checks the document `file`, which a document from `place` includes, or contains as a model of
  /// its own. It is read again each time, because MuJoCo makes everything in it each time.
  private mutating func check(
    document file: String, in place: Place, isModel: Bool
  ) throws(MuJoCoError) {
    let found = files[Self.plainName(file).lowercased()] ?? []
    for (name, bytes) in found {
      guard try shouldRead(.memory(name), isModel: isModel) else { continue }
      try check(
        bytes, source: name, key: .memory(name), isModel: isModel,
        in: Place(model: isModel ? "." : place.model, own: "."))
    }
    guard found.isEmpty else { return }
    // MuJoCo searches relative to the model's main file; newer versions then also relative to the
    // including file.
    let paths = Self.isAbsolute(file) ? [file] : Self.folders(for: place).map { "\($0)/\(file)" }
    var tried: Set<ModelFile.Identity> = []
    for path in paths {
      guard let document = try self.file(at: path), tried.insert(document.identity).inserted,
        try shouldRead(.disk(document.identity), isModel: isModel)
      else { continue }
      let own = Self.parent(of: path)
      try check(
        document, isModel: isModel, in: Place(model: isModel ? own : place.model, own: own))
    }
  }

  /// Whether to read a document. MuJoCo itself refuses a file that its model includes already, but
  /// it would read a model that contains itself without end.
  private func shouldRead(_ key: Key, isModel: Bool) throws(MuJoCoError) -> Bool {
    if isModel, open.contains(key) { throw failure("a model contains itself") }
    return isModel || !open[modelStart...].contains(key)
  }

  /// The folders where MuJoCo may look for what an element from `place` names.
  private static func folders(for place: Place) -> [String] {
    // MuJoCo 3 can put the model's folder before the path of a file that already begins with it.
    let joined = place.own.hasPrefix("/") ? place.own : "\(place.model)/\(place.own)"
    return place.model == place.own ? [place.own] : [place.model, place.own, joined]
  }

  /// Whether MuJoCo takes a path for one that begins at the root.
  private static func isAbsolute(_ path: String) -> Bool {
    path.hasPrefix("/") || path.hasPrefix("\\") || path.utf8.dropFirst().first == 0x3a
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
}

// MARK: - Elements

extension ModelLimits {
  /// Checks each attribute of `element` and of all its descendants, and everything to which they
  /// refer. The element is from `place`.
  private mutating func check(_ element: XMLElement, in place: Place) throws(MuJoCoError) {
    depth += 1
    guard depth <= Self.maximumDepth else { throw failure("its elements are nested too deeply") }
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
    try takeFiles(of: element, in: place)
    for child in element.children { try check(child, in: place) }
    depth -= 1
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
    default:
      if let problem = FlexLimits.problem(of: element) { throw failure(problem) }
    }
  }

  private static func words(_ text: String) -> [Substring] {
    text.utf8.split(whereSeparator: { $0 <= 0x20 }).map { Substring($0) }
  }

  /// Whether a word of a list is a number in all versions of MuJoCo.
  static func isCoordinate(_ word: Substring) -> Bool {
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
    of element: XMLElement, in place: Place
  ) throws(MuJoCoError) {
    let kind = element.name.lowercased()
    if kind == "include" || kind == "model" {
      // An include may say in which folder its meshes are.
      if let folder = element["dir"] { folders.insert(folder) }
      if let file = element["file"], !file.isEmpty {
        try check(document: file, in: place, isModel: kind == "model")
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
          copies: isCube && isFirst ? 6 : 1, place: place, isFlex: kind == "flexcomp"))
      isFirst = false
    }
  }

  /// Checks the meshes, textures and height fields to which the documents refer.
  private mutating func checkAssets() throws(MuJoCoError) {
    guard folders.count <= Self.maximumFolders else {
      throw failure("more than \(Self.maximumFolders) folders")
    }
    guard references.count <= Self.maximumReferences else {
      throw failure("more than \(Self.maximumReferences) meshes, textures and height fields")
    }
    var total = 0.0
    var known: [Reference: Double] = [:]
    for reference in references {
      if known[reference] == nil { known[reference] = try cost(of: reference) }
      total += (known[reference] ?? 0) * reference.copies
      guard total <= Self.assetBudget else {
        throw failure("its meshes, textures and height fields together are too large")
      }
    }
  }

  /// The memory that MuJoCo needs for the file of a reference (bytes); of several files with its
  /// name it reads one.
  private mutating func cost(of reference: Reference) throws(MuJoCoError) -> Double {
    var largest = 0.0
    let found = files[Self.plainName(reference.file).lowercased()] ?? []
    for (name, bytes) in found {
      let source = Source(key: .memory(name), format: reference.format)
      let cost = try self.cost(of: source, called: name, size: bytes.count) { bytes }
      largest = max(largest, cost)
    }
    // MuJoCo 3.3 reads the file of a flexcomp from the disk, even if it is in memory.
    guard found.isEmpty || reference.isFlex else { return largest }
    for path in paths(of: reference) {
      guard let file = try self.file(at: path) else { continue }
      let source = Source(key: .disk(file.identity), format: reference.format)
      let cost = try self.cost(of: source, called: path, size: file.size) {
        file.bytes(reference.format.checkedCount)
      }
      largest = max(largest, cost)
    }
    return largest
  }

  /// The memory that MuJoCo needs for a file (bytes).
  private mutating func cost(
    of source: Source, called file: String, size: Int, _ contents: () -> [UInt8]?
  ) throws(MuJoCoError) -> Double {
    if let cost = costs[source] { return cost }
    var cost = 0.0
    // What is too large anyway, or can't be read, need not be checked.
    if Double(size) > Self.assetBudget {
      cost = Double(size)
    } else if size > 0, let bytes = contents() {
      cost = try AssetLimits.check(
        bytes, of: size, as: source.format, file: String(file.prefix(200)), name: name)
    }
    costs[source] = cost
    return cost
  }

  /// The places on the disk where MuJoCo may look for a file; the versions differ, and in some
  /// places there may be nothing.
  private func paths(of reference: Reference) -> [String] {
    let file = reference.file
    var names: Set = [file, Self.plainName(file)]
    // URDF
    if file.hasPrefix("package://") { names.insert(String(file.dropFirst("package://".count))) }
    let bases = [folder] + Self.folders(for: reference.place)
    var paths: Set<String> = []
    for name in names {
      for directory in folders {
        let path =
          directory.isEmpty || Self.isAbsolute(name) ? name : "\(directory)/\(name)"
        if Self.isAbsolute(path) { paths.insert(path) }
        if !path.hasPrefix("/") { for base in bases { paths.insert("\(base)/\(path)") } }
      }
    }
    return paths.sorted()
  }
}
