import MuJoCo

/// The Ant of the paper as an MJCF document: a torso of radius 0.25 m on four legs of two joints,
/// driven by eight torques.
///
/// What counts for the physics stands in the paper's published models; every other line is looks.
enum AntModel {
  /// The solver's impedance for geoms where nothing can be moved.
  static let solimp = "0.8 0.8 0.01"
  /// The same, stiffer, where there is a block to push.
  static let stiffSolimp = "0.995 0.995 0.01"

  /// The Ant on a floor, standing `groundHeight` (m) above it.
  static func document(solimp: String, groundHeight: Double = 0) -> XMLElement {
    XMLElement(
      "mujoco",
      children: [
        XMLElement("compiler", ["angle": "degree", "inertiafromgeom": "true"]),
        XMLElement("option", ["timestep": "0.02", "integrator": "RK4"]),
        XMLElement(
          "default",
          children: [
            XMLElement("joint", ["limited": "true", "armature": "1", "damping": "1"]),
            XMLElement(
              "geom",
              [
                "condim": "3", "conaffinity": "0", "margin": "0.01", "friction": "1 0.5 0.5",
                "solref": "0.02 1", "solimp": solimp, "density": "5", "material": "robot",
              ]),
          ]),
        XMLElement("worldbody", children: [Floor.geom, torso(groundHeight: groundHeight)]),
        XMLElement("actuator", children: motors),
      ])
  }

  /// The Ant without a maze and its materials: a robot file like those that users bring.
  static var documentAlone: XMLElement {
    var document = document(solimp: solimp)
    document["model"] = "ant"
    document.removeAttribute("material")
    return document
  }

  private static func torso(groundHeight: Double) -> XMLElement {
    let head: [XMLElement] = [
      XMLElement("geom", ["name": "torso", "type": "sphere", "size": "0.25"]),
      XMLElement(
        "joint",
        [
          "name": "root", "type": "free", "limited": "false", "armature": "0", "damping": "0",
          "margin": "0.01",
        ]),
    ]
    return XMLElement(
      "body", ["name": "torso", "pos": decimals(0, 0, 0.75 + groundHeight)],
      children: head + legs.map(\.bodies))
  }

  /// A leg: where it points, and how its ankle bends (degrees).
  private struct Leg {
    var number: Int
    var x: Double
    var y: Double
    var ankleAxis: String
    var ankleRange: String

    /// Three bodies in a chain: the hip's stump, the thigh and the shin.
    var bodies: XMLElement {
      let thigh = decimals(0, 0, 0, 0.2 * x, 0.2 * y, 0)
      let shin = decimals(0, 0, 0, 0.4 * x, 0.4 * y, 0)
      let joint = decimals(0.2 * x, 0.2 * y, 0)
      return XMLElement(
        "body", ["name": "leg_\(number)", "pos": "0 0 0"],
        children: [
          capsule("stump_\(number)", thigh),
          XMLElement(
            "body", ["name": "thigh_\(number)", "pos": joint],
            children: [
              hinge("hip_\(number)", axis: "0 0 1", range: "-30 30"),
              capsule("thigh_\(number)", thigh),
              XMLElement(
                "body", ["name": "shin_\(number)", "pos": joint],
                children: [
                  hinge("ankle_\(number)", axis: ankleAxis, range: ankleRange),
                  capsule("shin_\(number)", shin, material: "robot_tip"),
                ]),
            ]),
        ])
    }

    private func capsule(
      _ name: String, _ fromTo: String, material: String = "robot"
    ) -> XMLElement {
      var geom = XMLElement(
        "geom", ["name": name, "type": "capsule", "fromto": fromTo, "size": "0.08"])
      if material != "robot" { geom["material"] = material }
      return geom
    }

    private func hinge(_ name: String, axis: String, range: String) -> XMLElement {
      XMLElement(
        "joint",
        ["name": name, "type": "hinge", "pos": "0 0 0", "axis": axis, "range": range])
    }
  }

  /// Front left, front right, back left, back right.
  private static let legs = [
    Leg(number: 1, x: 1, y: 1, ankleAxis: "-1 1 0", ankleRange: "30 70"),
    Leg(number: 2, x: -1, y: 1, ankleAxis: "1 1 0", ankleRange: "-70 -30"),
    Leg(number: 3, x: -1, y: -1, ankleAxis: "-1 1 0", ankleRange: "-70 -30"),
    Leg(number: 4, x: 1, y: -1, ankleAxis: "1 1 0", ankleRange: "30 70"),
  ]

  /// The published order of the torques begins with the last leg.
  private static let motors: [XMLElement] =
    [4, 1, 2, 3].flatMap { leg in
      ["hip_\(leg)", "ankle_\(leg)"].map { joint in
        XMLElement(
          "motor",
          [
            "name": joint, "joint": joint, "gear": "1", "ctrllimited": "true",
            "ctrlrange": "-30 30",
          ])
      }
    }
}
