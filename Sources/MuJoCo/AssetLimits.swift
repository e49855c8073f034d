/// How MuJoCo reads a file to which a model refers. This depends on the element that names the file
/// and only then on the file's name.
enum AssetFormat: Hashable {
  /// A mesh or a skin in one of MuJoCo's own formats.
  case msh, skn
  /// A mesh in Wavefront's format.
  case obj(texture: TextureRule)
  /// A picture, for a texture or a height field.
  case png
  /// A compressed texture.
  case ktx
  /// MuJoCo's height field or texture: rows, columns, then `size` bytes for each of them.
  case raster(size: Int)
  /// A format whose numbers MuJoCo checks itself, or which it does not read.
  case other

  /// Which texture coordinates a mesh may have. Those of a deformable body MuJoCo copies to a place
  /// that is large enough only for triangles, and uses as if there were one for each vertex.
  enum TextureRule: Hashable {
    case any, oneForEachVertex, none
  }

  /// The names of the elements that name such files.
  static let elements: Set<String> = ["mesh", "skin", "flexcomp", "hfield", "texture"]

  /// The format in which MuJoCo reads `file` for `element`.
  init(of file: String, in element: XMLElement) {
    // As in MuJoCo, the last bytes count: some characters form one with the letter after them.
    var ending = String(decoding: file.utf8.suffix(4), as: UTF8.self).lowercased()
    // From version 3 on, this attribute counts instead of the name.
    let type = element["content_type"] ?? ""
    if !type.isEmpty { ending = "" }
    switch element.name.lowercased() {
    case "skin": self = .skn
    case "hfield": self = type == "image/png" || ending == ".png" ? .png : .raster(size: 4)
    case "texture" where type == "image/png" || ending == ".png": self = .png
    case "texture" where type == "image/ktx" || ending == ".ktx": self = .ktx
    case "texture": self = .raster(size: 3)
    // Gmsh's format, whose usual ending is that of MuJoCo's meshes.
    case "flexcomp" where element["type"] == "gmsh": self = .other
    // MuJoCo 2 looks only at the last three letters.
    case "flexcomp" where ending.hasSuffix("obj"):
      let isOfTriangles = FlexLimits.dimension(of: element) == 2
      self = .obj(texture: isOfTriangles ? .oneForEachVertex : .none)
    case _ where type == "model/obj" || ending.hasSuffix("obj"): self = .obj(texture: .any)
    case _ where type == "model/vnd.mujoco.msh" || ending.hasSuffix("msh"): self = .msh
    default: self = .other
    }
  }

  /// How many bytes from the beginning of a file are checked, if it has so many.
  var checkedCount: Int {
    switch self {
    case .msh, .skn, .obj: .max
    case .png: 24
    case .raster: 8
    case .ktx, .other: 0
    }
  }
}

/// Checks meshes, textures and height fields, which may come with an untrusted policy. MuJoCo's
/// readers trust the numbers in these files: they use the vertex index of a face, for example,
/// without comparing it with the number of vertices. Such numbers are therefore checked before
/// MuJoCo reads the file.
struct AssetLimits {
  /// The file's first bytes: all, or as many as its format needs.
  private let bytes: [UInt8]
  /// The file's length (bytes).
  private let size: Int

  /// The largest number of pixels in a picture.
  private static let maximumPixels = 1 << 26

  /// Checks `bytes`, the beginning of `file`, which the model called `name` refers to and which has
  /// `size` bytes: at least ``AssetFormat/checkedCount`` of them, or all. Returns about how much
  /// memory MuJoCo needs for the file (bytes).
  static func check(
    _ bytes: [UInt8], of size: Int, as format: AssetFormat, file: String, name: String
  ) throws(MuJoCoError) -> Double {
    let limits = AssetLimits(bytes: bytes, size: size)
    let problem: String? =
      switch format {
      case .msh: limits.problemOfMSH
      case .obj(let texture): limits.problemOfOBJ(texture)
      case .skn: limits.problemOfSKN
      case .png: limits.problemOfPNG
      case .ktx: "KTX textures are not supported: use a PNG file"
      case .raster(let size): limits.problemOfRaster(size)
      case .other: nil
      }
    if let problem { throw .invalidModel(name: name, message: "\(file): \(problem)") }
    // The colours of a texture, or the heights of a field twice.
    return format == .png ? 5 * Double(limits.pixels ?? 0) : Double(size)
  }

  /// The 32-bit number at `offset`; `nil` beyond the end.
  private func number(at offset: Int, bigEndian: Bool = false) -> Int? {
    guard offset >= 0, offset + 4 <= bytes.count else { return nil }
    let value = bytes[offset..<offset + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return Int(Int32(bitPattern: bigEndian ? value.byteSwapped : value))
  }

  /// Whether all of the `count` numbers from `offset` are indices below `limit`.
  private func areIndices(at offset: Int, count: Int, below limit: Int) -> Bool {
    (0..<count).allSatisfy { index in
      number(at: offset + 4 * index).map { 0 <= $0 && $0 < limit } ?? false
    }
  }

  /// MuJoCo's binary mesh: four counts, vertices, normals, texture coordinates, faces.
  private var problemOfMSH: String? {
    let counts = (0..<4).compactMap { number(at: 4 * $0) }
    guard counts.count == 4, counts.allSatisfy({ $0 >= 0 }) else { return "not a mesh" }
    let faces = 16 + 12 * counts[0] + 12 * counts[1] + 8 * counts[2]
    guard faces + 12 * counts[3] == bytes.count else { return "its size does not fit its contents" }
    return areIndices(at: faces, count: 3 * counts[3], below: counts[0])
      ? nil : "a face refers to a vertex that does not exist"
  }

  /// MuJoCo's skin: four counts, vertices, texture coordinates, faces, then the bones.
  private var problemOfSKN: String? {
    let counts = (0..<4).compactMap { number(at: 4 * $0) }
    guard counts.count == 4, counts.allSatisfy({ $0 >= 0 }) else { return "not a skin" }
    let faces = 16 + 12 * counts[0] + 8 * counts[1]
    guard areIndices(at: faces, count: 3 * counts[2], below: counts[0]) else {
      return "a face refers to a vertex that does not exist"
    }
    var offset = faces + 12 * counts[2]
    for _ in 0..<counts[3] {
      // A bone: a name of 40 bytes, a position, an orientation, a count, indices, weights.
      guard let count = number(at: offset + 68), count >= 0,
        offset + 72 + 8 * count <= bytes.count
      else { return "a bone is incomplete" }
      guard areIndices(at: offset + 72, count: count, below: counts[0]) else {
        return "a bone refers to a vertex that does not exist"
      }
      offset += 72 + 8 * count
    }
    return offset == bytes.count ? nil : "its size does not fit its contents"
  }

  /// MuJoCo's height field or texture: rows, columns, then `size` bytes for each of them. MuJoCo
  /// itself multiplies in 32 bits, where an overflow can make a wrong size look right, and takes
  /// negative numbers for large ones in a texture.
  private func problemOfRaster(_ size: Int) -> String? {
    guard let rows = number(at: 0), let columns = number(at: 4), rows > 0, columns > 0,
      rows * columns <= self.size, 8 + size * rows * columns == self.size
    else { return "its size does not fit its contents" }
    return nil
  }

  /// The number of pixels of a PNG picture; `nil` if it is none.
  private var pixels: Int? {
    guard let width = number(at: 16, bigEndian: true),
      let height = number(at: 20, bigEndian: true), width > 0, height > 0
    else { return nil }
    return width * height
  }

  private var problemOfPNG: String? {
    guard let pixels else { return "not a PNG picture" }
    return pixels <= Self.maximumPixels ? nil : "the picture is too large"
  }

  /// Wavefront's text format (OBJ).
  private func problemOfOBJ(_ texture: AssetFormat.TextureRule) -> String? {
    let contents = OBJContents(bytes)
    if let problem = contents.problem { return problem }
    guard contents.textureCount > 0 else { return nil }
    switch texture {
    case .any: return nil
    case .oneForEachVertex:
      return contents.textureCount >= contents.vertexCount
        ? nil : "a flexcomp needs at least as many texture coordinates (vt) as vertices"
    case .none: return "texture coordinates (vt) are only for a flexcomp whose dim is 2"
    }
  }
}
