/// Checks deformable bodies, `<flex>` and `<flexcomp>`. MuJoCo copies some of their lists to places
/// whose sizes follow from other lists, and uses some as indices, without comparing them.
enum FlexLimits {
  /// What is wrong with `element`; `nil` if nothing is, or if it is another element.
  static func problem(of element: XMLElement) -> String? {
    switch element.name.lowercased() {
    case "flex": problem(ofFlex: element)
    case "flexcomp": problem(ofFlexcomp: element)
    default: nil
    }
  }

  private static func problem(ofFlex element: XMLElement) -> String? {
    guard let dimension = Self.dimension(of: element) else { return "dim: expected 1, 2 or 3" }
    guard let coordinates = Self.count(of: "vertex", in: element),
      let texture = Self.count(of: "texcoord", in: element)
    else { return "vertex and texcoord: expected numbers" }
    guard let corners = integers("element", in: element),
      let textureCorners = integers("elemtexcoord", in: element)
    else { return "element and elemtexcoord: expected whole numbers" }

    let bodies = Self.words(element["body"] ?? "").count
    let vertices = coordinates == 0 ? bodies : coordinates / 3
    // With nodes, MuJoCo writes something for the body of each vertex and reads each coordinate.
    let hasNodes = !Self.words(element["node"] ?? "").isEmpty
    guard bodies == vertices || (bodies == 1 && !hasNodes), !hasNodes || coordinates > 0 else {
      return "a flex needs one body, or one for each vertex"
    }
    guard corners.allSatisfy({ $0 >= 0 && $0 < vertices }) else {
      return "an element refers to a vertex that does not exist"
    }
    if texture == 0, textureCorners.isEmpty { return nil }
    guard dimension != 1 else { return "texcoord: expected none where dim is 1" }
    // For tetrahedra, MuJoCo 3 itself writes three numbers instead of four.
    let isWrittenByMuJoCo = dimension == 3 && textureCorners.count == corners.count / 4 * 3
    guard
      textureCorners.isEmpty || textureCorners.count == corners.count || isWrittenByMuJoCo
    else { return "elemtexcoord: expected as many numbers as in element" }
    guard textureCorners.allSatisfy({ $0 >= 0 && $0 < texture / 2 }) else {
      return "elemtexcoord refers to a texture coordinate that does not exist"
    }
    return nil
  }

  private static func problem(ofFlexcomp element: XMLElement) -> String? {
    guard let dimension = Self.dimension(of: element) else { return "dim: expected 1, 2 or 3" }
    let type = element["type"] ?? "grid"
    // MuJoCo steps from one side to the other: with one layer of points it never arrives.
    if ["box", "cylinder", "ellipsoid"].contains(type) {
      guard let counts = integers("count", in: element), counts.allSatisfy({ $0 >= 2 }) else {
        return "count: expected at least 2 in each direction"
      }
    }
    guard let texture = Self.count(of: "texcoord", in: element),
      let coordinates = Self.count(of: "point", in: element)
    else { return "point and texcoord: expected numbers" }
    guard texture > 0 else { return nil }
    guard dimension != 1 else { return "texcoord: expected none where dim is 1" }
    // A file may have another dimension, or coordinates of its own.
    guard type != "mesh", type != "gmsh" else {
      return "texcoord: expected none where the points are from a file"
    }
    guard type != "direct" || texture == coordinates / 3 * 2 else {
      return "texcoord: expected two numbers for each point"
    }
    return nil
  }

  /// Whether an element consists of lines (1), triangles (2) or tetrahedra (3); `nil` if it says
  /// something else.
  static func dimension(of element: XMLElement) -> Int? {
    let words = Self.words(element["dim"] ?? "")
    guard let word = words.first else { return 2 }
    guard words.count == 1, let dimension = Int(word), (1...3).contains(dimension) else {
      return nil
    }
    return dimension
  }

  /// How many numbers an attribute has; `nil` if there is anything else in it.
  private static func count(of attribute: String, in element: XMLElement) -> Int? {
    let words = Self.words(element[attribute] ?? "")
    return words.allSatisfy(ModelLimits.isCoordinate) ? words.count : nil
  }

  /// The numbers of an attribute; `nil` if there is anything else in it.
  private static func integers(_ attribute: String, in element: XMLElement) -> [Int]? {
    let words = Self.words(element[attribute] ?? "")
    let integers = words.compactMap { Int($0) }
    return integers.count == words.count ? integers : nil
  }

  /// The words of a list, which are separated by exactly what separates them for MuJoCo: other
  /// control characters are parts of a body's name.
  private static func words(_ text: String) -> [Substring] {
    text.utf8.split(whereSeparator: { $0 == 0x20 || (0x09...0x0d).contains($0) })
      .map { Substring($0) }
  }
}
