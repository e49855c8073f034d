/// Checks meshes, textures and height fields, which may come with an untrusted policy. MuJoCo's
/// readers trust the numbers in these files: they use the vertex index of a face, for example,
/// without comparing it with the number of vertices. Such numbers are therefore checked before
/// MuJoCo reads the file.
struct AssetLimits {
  private let bytes: [UInt8]

  /// The largest number of pixels in a picture.
  private static let maximumPixels = 1 << 26

  /// Checks `bytes`, the contents of `file` of the model called `name`.
  static func check(_ bytes: [UInt8], file: String, name: String) throws(MuJoCoError) {
    let limits = AssetLimits(bytes: bytes)
    let problem: String? =
      // MuJoCo distinguishes the formats in the same way.
      switch file.suffix(3).lowercased() {
      case "msh": limits.problemOfMSH
      case "obj": limits.problemOfOBJ
      case "skn": limits.problemOfSKN
      case "png": limits.problemOfPNG
      case "stl", "jcf", "xml": nil
      default: limits.problemOfRaster
      }
    if let problem { throw .invalidModel(name: name, message: "\(file): \(problem)") }
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

  /// MuJoCo's height field or texture: rows, columns, then as many heights or colours. MuJoCo
  /// itself refuses files that are not of this form.
  private var problemOfRaster: String? {
    guard let rows = number(at: 0), let columns = number(at: 4), rows > 0, columns > 0 else {
      return nil
    }
    // MuJoCo multiplies in 32 bits, where an overflow can make a wrong size look right.
    return rows <= bytes.count && columns <= bytes.count && rows * columns <= bytes.count
      ? nil : "its size does not fit its contents"
  }

  private var problemOfPNG: String? {
    guard let width = number(at: 16, bigEndian: true),
      let height = number(at: 20, bigEndian: true)
    else { return "not a PNG picture" }
    return width > 0 && height > 0 && width <= Self.maximumPixels
      && width * height <= Self.maximumPixels ? nil : "the picture is too large"
  }

  /// Wavefront's text format (OBJ): each corner of a face names a vertex and, if the file has any,
  /// a texture coordinate and a normal.
  private var problemOfOBJ: String? {
    var counts = [0, 0, 0]  // v, vt, vn
    var corners: [Substring.UTF8View] = []
    let text = String(decoding: bytes, as: UTF8.self)
    for line in text.utf8.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
      let words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
      guard let key = words.first else { continue }
      switch String(key) {
      case "v": counts[0] += 1
      case "vt": counts[1] += 1
      case "vn": counts[2] += 1
      case "f": corners += words.dropFirst().map { Substring($0).utf8 }
      case "l", "p": return "it has lines or points, which are not a mesh"
      default: break
      }
    }
    for corner in corners {
      let indices = corner.split(
        separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
      for (kind, count) in counts.enumerated() where kind == 0 || count > 0 {
        guard kind < indices.count, let index = Int(String(indices[kind]) ?? ""),
          (1...max(count, 1)).contains(abs(index)), count > 0
        else {
          return [
            "a face refers to a vertex that does not exist",
            "a face has no texture coordinate, or one that does not exist",
            "a face has no normal, or one that does not exist",
          ][kind]
        }
      }
    }
    return nil
  }
}
