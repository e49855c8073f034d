import MuJoCo

/// A robot of the built-in tasks: an MJCF file in Robots/Models, like a user's own robot, that is
/// compiled into the program.
struct BuiltInRobot {
  /// The Ant: four legs, driven by eight torques.
  static let ant = BuiltInRobot(PackageResources.ant_xml, name: "ant", tips: ["shin_"])
  /// The Point: slides and turns; the environment moves it.
  static let point = BuiltInRobot(PackageResources.point_xml, name: "point", tips: ["pointer"])

  /// The robot's MJCF document alone, without materials.
  let document: XMLElement
  /// Prefixes of the names of those geoms that are painted as the robot's tips.
  private let tips: [String]

  private init(_ bytes: [UInt8], name: String, tips: [String]) {
    do {
      document = try XMLReader.read(bytes, source: "\(name).xml")
    } catch {
      preconditionFailure("the built-in \(name).xml, line \(error.line): \(error.message)")
    }
    self.tips = tips
  }

  /// The robot's document for a maze: raised by `groundHeight` (m), with the materials of mazes,
  /// and with `solimp` as the default of its geoms if it is given.
  func standing(on groundHeight: Double = 0, solimp: String? = nil) -> XMLElement {
    var document = document
    document.update("default", "geom") { geom in
      if let solimp { geom["solimp"] = solimp }
      geom["material"] = "robot"
    }
    document.update("worldbody", "geom") { $0["material"] = "maze_floor" }
    document.update("worldbody", "body") { body in
      // All built-in robots write the position as "x y z".
      let place = (body["pos"] ?? "").split(separator: " ").compactMap { Double($0) }
      precondition(place.count == 3, "a built-in robot without a place")
      body["pos"] = decimals(place[0], place[1], place[2] + groundHeight)
      body.paint(tips)
    }
    return document
  }
}

extension XMLElement {
  /// Changes the children called `name` of all sections called `section`.
  fileprivate mutating func update(
    _ section: String, _ name: String, _ change: (inout XMLElement) -> Void
  ) {
    for outer in children.indices where children[outer].name == section {
      for inner in children[outer].children.indices
      where children[outer].children[inner].name == name {
        change(&children[outer].children[inner])
      }
    }
  }

  /// Gives the tips' material to the geoms whose names begin with one of `tips`.
  fileprivate mutating func paint(_ tips: [String]) {
    if name == "geom", let own = self["name"], tips.contains(where: own.hasPrefix) {
      self["material"] = "robot_tip"
    }
    for index in children.indices { children[index].paint(tips) }
  }
}
