import Foundation
import MuJoCo

/// A robot with all files that its MJCF refers to, held in memory: once read, it works without
/// these files, in another folder and on another machine.
///
/// Included files are merged into one document. Meshes, textures and height fields are kept beside
/// it under plain file names. The document is MJCF that any program with MuJoCo can read.
public struct Robot: Sendable, Equatable {
  /// The robot's name: the name of its file without folders and extensions.
  public let name: String
  /// The contents of meshes, textures, height fields, skins and nested models, by the file names
  /// that the document uses.
  public let assets: [String: [UInt8]]

  /// The document; each element knows from which file and line it came.
  let root: XMLElement

  /// The largest size of a robot's MJCF together with all files that it includes (bytes).
  public static let maximumSize = 16 << 20
  /// The largest size of all of a robot's meshes, textures and height fields together (bytes).
  public static let maximumAssetSize = 256 << 20
  /// The largest number of meshes, textures and height fields of a robot.
  public static let maximumAssetCount = 1_000

  /// The robot as one MJCF document, which refers to the ``assets`` by name.
  public var document: String { root.text }

  /// Reads a robot's MJCF file and everything that it refers to.
  ///
  /// - Throws: ``SourceError`` with the file, which may be an included one, and the line of the
  ///   fault.
  public init(path: String) throws(SourceError) {
    name = SourceText.stem(of: path)
    var reader = RobotReader(path: path, reserved: "\(name).xml")
    root = try reader.read()
    assets = reader.assets
  }

  /// Creates a robot from the saved document and assets of another.
  ///
  /// - Parameters:
  ///   - name: The robot's name.
  ///   - document: MJCF, as ``document`` gives it.
  ///   - assets: The files that the document refers to, as ``assets`` gives them.
  ///   - source: The name of the document in errors.
  /// - Throws: ``SourceError`` if the document isn't MJCF or refers to a file that is not in
  ///   `assets`: a robot from an untrusted source must not read files.
  public init(
    name: String, document: [UInt8], assets: [String: [UInt8]], source: String
  ) throws(SourceError) {
    func failure(_ line: Int, _ message: String) -> SourceError {
      SourceError(source: source, line: line, column: 0, message: message)
    }
    guard document.count <= Self.maximumSize, assets.count <= Self.maximumAssetCount,
      assets.values.reduce(0, { $0 + $1.count }) <= Self.maximumAssetSize
    else { throw failure(0, "the robot is too large to be read") }
    self.name = name
    self.assets = assets
    root = try RobotReader.document(document, source: source)
    var documents = [root]
    var seen: Set<String> = []
    while let document = documents.popLast() {
      try document.forEachFile { element, attribute, file throws(SourceError) in
        guard attribute != "include", let bytes = assets[file] else {
          throw failure(
            element.place?.line ?? 0, "its robot refers to a file that is not saved with it")
        }
        // A nested model refers to files of its own.
        if element.isCalled("model"), seen.insert(file).inserted {
          documents.append(try RobotReader.document(bytes, source: source))
        }
      }
    }
  }
}

extension XMLElement {
  /// Calls `body` for every file that this element or a descendant names: a mesh, a texture, an
  /// included file or a folder (for the last two, `attribute` is `include`).
  fileprivate func forEachFile(
    _ body: (XMLElement, _ attribute: String, _ file: String) throws(SourceError) -> Void
  ) throws(SourceError) {
    if isCalled("include") { try body(self, "include", self["file"] ?? "") }
    for attribute in attributes {
      if attribute.name.lowercased().hasPrefix("file") {
        try body(self, attribute.name, attribute.value)
      } else if RobotReader.folders.contains(attribute.name) {
        try body(self, "include", attribute.value)
      }
    }
    for child in children { try child.forEachFile(body) }
  }
}

/// Reads a robot and the files that it refers to from the disk; finds them where MuJoCo would.
private struct RobotReader {
  /// The attributes of `compiler` that set where MuJoCo searches for files.
  static let folders: Set<String> = ["meshdir", "texturedir", "assetdir", "strippath"]

  private let path: String
  /// The folder of the main file, with a trailing slash; empty if the path has no folder.
  private let folder: String
  private var budget = Robot.maximumSize
  private var assetBudget = Robot.maximumAssetSize
  private var included: Set<String> = []

  private(set) var assets: [String: [UInt8]] = [:]
  private var nameOfPath: [String: String] = [:]
  /// The names in lower case, because older versions of MuJoCo compare names without regard to
  /// case.
  private var usedNames: Set<String>

  init(path: String, reserved: String) {
    self.path = path
    folder = Self.folder(of: path)
    usedNames = [reserved.lowercased()]
  }

  /// Reads the whole robot: one document with plain file names.
  mutating func read() throws(SourceError) -> XMLElement {
    included.insert(path)
    var root = try document(at: path)
    root = try merged(root, folder: folder)
    try takeFiles(of: &root)
    return root
  }

  /// Parses a robot's document.
  static func document(_ bytes: [UInt8], source: String) throws(SourceError) -> XMLElement {
    let root: XMLElement
    do throws(XMLReader.Problem) {
      root = try XMLReader.read(bytes, source: source)
    } catch {
      throw SourceError(source: source, line: error.line, column: 0, message: error.message)
    }
    return root
  }

  private mutating func document(at path: String) throws(SourceError) -> XMLElement {
    let bytes = try SourceText.bytes(path, limit: budget, kind: "robot")
    budget -= bytes.count
    return try Self.document(bytes, source: path)
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  private static func isAbsolute(_ path: String) -> Bool { path.hasPrefix("/") }

  private static func failure(_ element: XMLElement, _ message: String) -> SourceError {
    SourceError(
      source: element.place?.source ?? "robot", line: element.place?.line ?? 0, column: 0,
      message: message)
  }

  // MARK: Includes

  /// The element with every `<include>` within it replaced by the children of the file it names.
  ///
  /// - Parameter folder: The folder of the file that the element is from.
  private mutating func merged(
    _ element: XMLElement, folder: String
  ) throws(SourceError) -> XMLElement {
    var result = element
    result.children = []
    for child in element.children {
      guard child.isCalled("include") else {
        result.children.append(try merged(child, folder: folder))
        continue
      }
      guard let file = child["file"] else {
        throw Self.failure(child, "an include without a file: add file=\"...\"")
      }
      // MuJoCo searches relative to the main file; newer versions then also relative to the
      // including file.
      guard let path = Self.found([self.folder + file, folder + file], file) else {
        throw Self.failure(child, "it includes '\(file)', which does not exist: check the path")
      }
      guard included.insert(path).inserted else {
        throw Self.failure(
          child,
          "it includes '\(file)' twice, or the file includes itself: include a file only once")
      }
      let root = try merged(document(at: path), folder: Self.folder(of: path))
      result.children += root.children
    }
    return result
  }

  /// The first of the candidate paths that is a file; if `name` is an absolute path, only `name` is
  /// tried.
  private static func found(_ candidates: [String], _ name: String) -> String? {
    (isAbsolute(name) ? [name] : candidates).first { candidate in
      var status = stat()
      return !candidate.utf8.contains(0) && stat(candidate, &status) == 0
        && status.st_mode & S_IFMT == S_IFREG
    }
  }

  // MARK: Meshes and textures

  /// The folders in which files are, from the attributes of `compiler`.
  private struct Folders {
    var mesh = ""
    var texture = ""
    var stripsPaths = false

    /// Reads these attributes and removes them from `compiler`: with plain file names they have no
    /// meaning.
    init(takingFrom root: inout XMLElement) {
      for index in root.children.indices where root.children[index].name == "compiler" {
        let compiler = root.children[index]
        if let folder = compiler["assetdir"] { (mesh, texture) = (folder, folder) }
        mesh = compiler["meshdir"] ?? mesh
        texture = compiler["texturedir"] ?? texture
        if let text = compiler["strippath"] { stripsPaths = text == "true" }
        for name in RobotReader.folders { root.children[index][name] = nil }
      }
      if !mesh.isEmpty, !mesh.hasSuffix("/") { mesh += "/" }
      if !texture.isEmpty, !texture.hasSuffix("/") { texture += "/" }
    }
  }

  /// Reads all files that the document names and gives them plain names.
  private mutating func takeFiles(of root: inout XMLElement) throws(SourceError) {
    let folders = Folders(takingFrom: &root)
    try takeFiles(of: &root, folders)
  }

  private mutating func takeFiles(
    of element: inout XMLElement, _ folders: Folders
  ) throws(SourceError) {
    for index in element.attributes.indices
    where element.attributes[index].name.lowercased().hasPrefix("file") {
      let file = element.attributes[index].value
      if file.isEmpty { continue }
      // MuJoCo names an asset after its file. The file gets another name, so the old one is written
      // here.
      if element.attributes[index].name == "file", element["name"] == nil,
        ["mesh", "texture", "hfield", "skin"].contains(element.name)
      {
        element["name"] = Self.stem(of: file)
      }
      element.attributes[index].value = try take(file, of: element, folders)
    }
    for index in element.children.indices { try takeFiles(of: &element.children[index], folders) }
  }

  /// Reads a file and returns its plain name.
  private mutating func take(
    _ file: String, of element: XMLElement, _ folders: Folders
  ) throws(SourceError) -> String {
    let isModel = element.isCalled("model")
    let sought = folders.stripsPaths && !isModel ? Self.lastComponent(of: file) : file
    let directory = isModel ? "" : element.name == "texture" ? folders.texture : folders.mesh
    let own = element.place.map { Self.folder(of: $0.source) } ?? folder
    func place(_ folder: String) -> String {
      Self.isAbsolute(directory) ? directory : folder + directory
    }
    // MuJoCo searches relative to the main file; newer versions, and nested models, search relative
    // to their own file.
    let candidates = [place(folder), place(own), own].map { $0 + sought }
    guard let path = Self.found(candidates, sought) else {
      throw Self.failure(
        element,
        "<\(element.name)> needs the file '\(sought)', which is not in "
          + "\(place(folder).isEmpty ? "the robot's folder" : place(folder)): check the path")
    }
    if let name = nameOfPath[path] { return name }
    guard assets.count < Robot.maximumAssetCount else {
      throw Self.failure(
        element, "more than \(Robot.maximumAssetCount) meshes and textures: use fewer")
    }
    let name = plainName(for: path)
    nameOfPath[path] = name
    if isModel {
      // A nested model, with its own includes and folders.
      var model = try merged(document(at: path), folder: Self.folder(of: path))
      try takeFiles(of: &model)
      assets[name] = Array(model.text.utf8)
    } else {
      let bytes = try SourceText.bytes(path, limit: assetBudget, kind: element.name)
      guard !bytes.isEmpty else { throw Self.failure(element, "'\(path)' is empty") }
      assetBudget -= bytes.count
      assets[name] = bytes
    }
    return name
  }

  private static func lastComponent(of file: String) -> String {
    file.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? file
  }

  private static func stem(of file: String) -> String {
    let name = lastComponent(of: file)
    return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }

  /// A name that no other asset has: the file's own name if it is still free.
  private mutating func plainName(for path: String) -> String {
    func plain(_ text: String, _ limit: Int) -> String {
      String(
        text.prefix(limit).map { character in
          character.isASCII
            && (character.isLetter || character.isNumber || "_-".contains(character))
            ? character : "_"
        })
    }
    let file = Self.lastComponent(of: path)
    let dot = file.lastIndex(of: ".")
    let stem = plain(dot.map { String(file[..<$0]) } ?? file, 40)
    let ending = dot.map { "." + plain(String(file[file.index(after: $0)...]), 10) } ?? ""
    var name = stem + ending
    var number = 2
    while !usedNames.insert(name.lowercased()).inserted {
      name = "\(stem)-\(number)\(ending)"
      number += 1
    }
    return name
  }
}
