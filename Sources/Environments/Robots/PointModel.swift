import MuJoCo

/// The Point: a ball that slides in the plane and turns, with a pointer that shows its heading. It
/// has no actuators: its environment moves it.
enum PointModel {
  /// The Point on a floor.
  static let document = XMLElement(
    "mujoco",
    children: [
      XMLElement("compiler", ["angle": "degree", "inertiafromgeom": "true"]),
      XMLElement("option", ["timestep": "0.02", "integrator": "RK4"]),
      XMLElement(
        "default",
        children: [
          XMLElement("joint", ["limited": "false", "armature": "0", "damping": "0"]),
          XMLElement(
            "geom",
            [
              "condim": "3", "conaffinity": "0", "margin": "0", "friction": "1 0.5 0.5",
              "density": "100", "material": "robot",
            ]),
        ]),
      XMLElement(
        "worldbody",
        children: [
          Floor.geom,
          XMLElement(
            "body", ["name": "torso", "pos": "0 0 0"],
            children: [
              XMLElement(
                "geom", ["name": "ball", "type": "sphere", "pos": "0 0 0.5", "size": "0.5"]),
              XMLElement(
                "geom",
                [
                  "name": "pointer", "type": "box", "pos": "0.6 0 0.5", "size": "0.5 0.1 0.1",
                  "material": "robot_tip",
                ]),
              XMLElement("joint", ["name": "x", "type": "slide", "axis": "1 0 0"]),
              XMLElement("joint", ["name": "y", "type": "slide", "axis": "0 1 0"]),
              XMLElement("joint", ["name": "heading", "type": "hinge", "axis": "0 0 1"]),
            ]),
        ]),
    ])
}
