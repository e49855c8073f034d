import MuJoCo

/// Builds a maze or an arena around a robot. The robot and the resulting world are MJCF documents.
enum WorldModel {
  /// The contact parameters of a maze's geoms.
  struct Contacts {
    /// The distance between geoms at which MuJoCo makes a contact (m).
    var margin: Double
    /// The solver's impedance; `nil` to use the robot's default.
    var solimp: String?
  }

  /// The Ant in a maze. The Ant's geoms get the same stiffness (`solimp`) as those of the maze.
  static func antMaze(named name: String, map: MazeMap) -> XMLElement {
    let contacts = Contacts(in: map)
    let ant = BuiltInRobot.ant.standing(on: map.groundHeight, solimp: contacts.solimp)
    return maze(named: name, map: map, robot: ant, contacts: contacts)
  }

  /// A robot in a maze. The maze's geoms come after the robot in the world.
  static func maze(
    named name: String, map: MazeMap, robot: XMLElement, contacts: Contacts
  ) -> XMLElement {
    maze(
      named: name, map: map, robot: robot, contacts: contacts, weight: .init(),
      rename: { (element: XMLElement) in element })
  }

  /// A user's own robot in a maze. Robot and maze don't affect each other: each has its defaults in
  /// a class of its own, and a name that both use is changed in the maze.
  static func maze(
    named name: String, map: MazeMap, robot: RobotFile, contacts: Contacts
  ) -> XMLElement {
    let names = robot.document.names
    var document = robot.document
    let rename = { (element: XMLElement) in element.renamed(avoiding: names) }
    if robot.needsFloor {
      document.prepend(rename(Floor.mazeGeom), toSection: "worldbody")
    }
    // The robot's `settotalmass` scales all masses of a model by one factor, which must stay what
    // it is for the robot alone.
    let weight = Weight(factor: 1 / robot.massScale, isStated: robot.needsStatedInertia)
    for index in document.children.indices {
      if let total = document.children[index]["settotalmass"].flatMap(Double.init), total > 0 {
        document.children[index]["settotalmass"] = decimals(
          total + map.cells.joined().reduce(0) { $0 + (mass(of: $1) ?? 0) })
      }
    }
    return maze(
      named: name, map: map, robot: document, contacts: contacts, weight: weight,
      rename: rename)
  }

  private static func maze(
    named name: String, map: MazeMap, robot: XMLElement, contacts: Contacts, weight: Weight,
    rename: (XMLElement) -> XMLElement
  ) -> XMLElement {
    let (lower, upper) = map.bounds
    let center = (x: (lower.x + upper.x) / 2, y: (lower.y + upper.y) / 2)
    let extent = (max(upper.x - lower.x, upper.y - lower.y) * 0.7).rounded()
    var document = dressed(
      robot, name: name, center: center, extent: extent, gridSpacing: map.cellSize, rename: rename)
    document.append(contentsOf: [rename(mazeDefaults(contacts))], toSection: "default")
    document.append(
      contentsOf: cells(of: map, weight).map(rename), toSection: "worldbody")
    return document
  }

  /// How the mass of a block is written, so that MuJoCo's compiler arrives at the intended mass.
  private struct Weight {
    /// A factor on the written mass that cancels the compiler's scaling.
    var factor = 1.0
    /// Whether the body needs an explicit `<inertial>`, because the compiler ignores the geom's
    /// mass.
    var isStated = false
  }

  /// The mass of a block (kg); `nil` for a cell without a movable block.
  private static func mass(of cell: MazeMap.Cell) -> Double? {
    switch cell {
    case .blockXY: 0.0002
    case .blockYZ: 0.001
    default: nil
    }
  }

  /// A robot in the square arena of Ant Gather: four low walls, 11 m from the origin.
  static func arena(named name: String, robot: XMLElement) -> XMLElement {
    var document = dressed(
      robot, name: name, center: (0, 0), extent: 16, gridSpacing: 4, rename: { $0 })
    let walls = [("0 -11 0", true), ("0 11 0", true), ("-11 0 0", false), ("11 0 0", false)]
    document.append(
      contentsOf: walls.enumerated().map { number, wall in
        XMLElement(
          "geom",
          [
            "name": "wall_\(number + 1)", "type": "box", "pos": wall.0,
            "size": wall.1 ? "11.5 0.5 1" : "0.5 11.5 1", "conaffinity": "1", "condim": "3",
            "material": "maze_wall",
          ])
      }, toSection: "worldbody")
    return document
  }

  /// The robot's document with a new model name, sky, light and materials.
  private static func dressed(
    _ robot: XMLElement, name: String, center: (x: Double, y: Double), extent: Double,
    gridSpacing: Double, rename: (XMLElement) -> XMLElement
  ) -> XMLElement {
    var document = robot
    document["model"] = name
    document.insert(
      [
        Appearance.visual, Appearance.statistic(center: center, extent: extent),
        rename(Appearance.asset(gridSpacing: gridSpacing)),
      ], beforeSection: "worldbody")
    document.prepend(rename(Appearance.sun(over: center)), toSection: "worldbody")
    return document
  }

  /// The default class of walls and blocks. It sets their contact parameters, so that the robot's
  /// own defaults don't apply to them.
  private static func mazeDefaults(_ contacts: Contacts) -> XMLElement {
    var geom = XMLElement(
      "geom",
      [
        "contype": "1", "conaffinity": "1", "condim": "3", "margin": decimals(contacts.margin),
        "friction": "1 0.5 0.5",
      ])
    if let solimp = contacts.solimp {
      geom["solref"] = "0.02 1"
      geom["solimp"] = solimp
    }
    return XMLElement(
      "default", ["class": "maze"],
      children: [
        geom,
        XMLElement(
          "joint", ["limited": "false", "armature": "0", "damping": "0", "margin": "0.01"]),
      ])
  }

  private static func cells(of map: MazeMap, _ weight: Weight) -> [XMLElement] {
    var elements: [XMLElement] = []
    for (row, line) in map.cells.enumerated() {
      for (column, cell) in line.enumerated() {
        let index = MazeMap.Index(row: row, column: column)
        if map.hasChasm, cell != .chasm {
          elements.append(box("platform", index, map, z: map.wallHeight / 2))
        }
        switch cell {
        case .free, .chasm: break
        case .wall: elements.append(box("wall", index, map, z: standingHeight(map)))
        case .blockXY, .blockYZ: elements.append(block(cell, index, map, weight))
        }
      }
    }
    return elements
  }

  /// The height of the centre of a wall or block that stands on the ground (m).
  private static func standingHeight(_ map: MazeMap) -> Double {
    map.groundHeight + map.wallHeight / 2
  }

  private static func box(
    _ kind: String, _ index: MazeMap.Index, _ map: MazeMap, z: Double
  ) -> XMLElement {
    let center = map.center(of: index)
    let half = map.cellSize / 2
    return XMLElement(
      "geom",
      [
        "name": "\(kind)_\(index.row)_\(index.column)", "class": "maze", "type": "box",
        "pos": decimals(center.x, center.y, z), "size": decimals(half, half, map.wallHeight / 2),
        "material": "maze_\(kind)",
      ])
  }

  /// A block with its two slide joints. A block that can fall (Z) is a little smaller than its
  /// cell, so that it fits between the platforms, and heavier than a block that is only pushed (X).
  private static func block(
    _ cell: MazeMap.Cell, _ index: MazeMap.Index, _ map: MazeMap, _ weight: Weight
  ) -> XMLElement {
    let name = "block_\(index.row)_\(index.column)"
    let center = map.center(of: index)
    let falls = cell == .blockYZ
    let half = map.cellSize / 2 * (falls ? 0.99 : 1)
    let mass = (mass(of: cell) ?? 0) * weight.factor
    let geom = XMLElement(
      "geom",
      [
        "name": name, "class": "maze", "type": "box",
        "size": decimals(half, half, map.wallHeight / 2),
        "mass": decimals(mass), "material": "maze_block",
      ])
    func slide(_ axis: String, _ direction: String, range: String? = nil) -> XMLElement {
      var joint = XMLElement(
        "joint",
        ["name": "\(name)_\(axis)", "class": "maze", "type": "slide", "axis": direction])
      if let range {
        joint["limited"] = "true"
        joint["range"] = range
      }
      return joint
    }
    let slides =
      falls
      ? [
        slide("y", "0 1 0", range: decimals(-map.cellSize, map.cellSize)),
        slide("z", "0 0 1", range: decimals(-map.groundHeight, 0)),
      ]
      : [slide("x", "1 0 0"), slide("y", "0 1 0")]
    return XMLElement(
      "body", ["name": name, "pos": decimals(center.x, center.y, standingHeight(map))],
      children: (weight.isStated ? [inertial(mass, half, map.wallHeight / 2)] : []) + [geom]
        + slides)
  }

  /// The `<inertial>` of a box with half side `half` and half height `height` (m); without it,
  /// MuJoCo computes the same from the geom.
  private static func inertial(_ mass: Double, _ half: Double, _ height: Double) -> XMLElement {
    let tilting = mass / 3 * (half * half + height * height)
    return XMLElement(
      "inertial",
      [
        "pos": "0 0 0", "mass": decimals(mass),
        "diaginertia": decimals(tilting, tilting, mass / 3 * 2 * half * half),
      ])
  }
}

extension WorldModel.Contacts {
  /// The contact parameters of the Ant's mazes and of users' own mazes: stiffer in a maze with a
  /// movable block than in one without.
  init(in map: MazeMap) {
    self.init(margin: 0.01, solimp: map.hasBlock ? "0.995 0.995 0.01" : "0.8 0.8 0.01")
  }
}

extension XMLElement {
  /// All names in a document, including those of classes.
  fileprivate var names: Set<String> {
    var names = Set([self["name"], self["class"]].compactMap(\.self))
    for child in children { names.formUnion(child.names) }
    return names
  }

  /// The element with underscores appended to every name, and to every reference to a name, that is
  /// in `names`.
  fileprivate func renamed(avoiding names: Set<String>) -> XMLElement {
    var result = self
    for key in ["name", "class", "material", "texture"] {
      guard var value = result[key], names.contains(value) else { continue }
      while names.contains(value) { value += "_" }
      result[key] = value
    }
    result.children = children.map { $0.renamed(avoiding: names) }
    return result
  }

  /// Adds children to the last section of this name, which is created if there is none.
  package mutating func append(contentsOf elements: [XMLElement], toSection section: String) {
    if let index = children.lastIndex(where: { $0.name == section }) {
      children[index].children += elements
    } else {
      children.append(XMLElement(section, children: elements))
    }
  }

  /// Adds `element` as the first child of the first section of this name, which is created if there
  /// is none.
  mutating func prepend(_ element: XMLElement, toSection section: String) {
    if let index = children.firstIndex(where: { $0.name == section }) {
      children[index].children.insert(element, at: 0)
    } else {
      children.append(XMLElement(section, children: [element]))
    }
  }

  /// Inserts sections before the first section of this name, or at the end if there is none.
  mutating func insert(_ elements: [XMLElement], beforeSection section: String) {
    let index = children.firstIndex { $0.name == section } ?? children.endIndex
    children.insert(contentsOf: elements, at: index)
  }
}
