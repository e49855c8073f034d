import MuJoCo

/// The floor that a maze gets if the robot's file brings none.
enum Floor {
  /// A plane through the origin, which becomes the first geom of the world.
  static let geom = XMLElement(
    "geom",
    [
      "name": "floor", "type": "plane", "pos": "0 0 0", "size": "160 160 160",
      "conaffinity": "1", "condim": "3", "material": "maze_floor",
    ])

  /// The same plane in the default class `maze`, which sets its contact parameters.
  static var mazeGeom: XMLElement {
    var floor = geom
    floor["class"] = "maze"
    return floor
  }
}

/// What a world looks like: sky, light and materials. Nothing here changes its physics.
enum Appearance {
  /// Fog, headlight, clip distances (multiples of the world's extent), shadow resolution and
  /// picture size.
  static let visual = XMLElement(
    "visual",
    children: [
      XMLElement(
        "headlight",
        ["ambient": "0.32 0.32 0.34", "diffuse": "0.22 0.22 0.22", "specular": "0 0 0"]),
      XMLElement("map", ["znear": "0.005", "zfar": "60", "shadowclip": "1.1", "haze": "0.25"]),
      // Without a graphics card the drawing time grows with the number of triangles, most of which
      // are in round shapes.
      XMLElement(
        "quality",
        ["shadowsize": "4096", "offsamples": "8", "numslices": "16", "numstacks": "8"]),
      XMLElement("rgba", ["haze": "0.75 0.82 0.9 1"]),
      XMLElement("global", ["offwidth": "1920", "offheight": "1088"]),
    ])

  /// The centre and the size of the world (m): where cameras look by default, and from how far
  /// away.
  static func statistic(center: (x: Double, y: Double), extent: Double) -> XMLElement {
    XMLElement(
      "statistic", ["center": decimals(center.x, center.y, 1), "extent": decimals(extent)])
  }

  /// A sun high above the middle of the world.
  static func sun(over center: (x: Double, y: Double)) -> XMLElement {
    XMLElement(
      "light",
      [
        "name": "sun", "directional": "true", "castshadow": "true",
        "pos": decimals(center.x, center.y, 40), "dir": "0.35 0.25 -1",
        "diffuse": "0.55 0.53 0.48", "ambient": "0 0 0", "specular": "0.1 0.1 0.1",
      ])
  }

  /// Textures and materials; a grid line on the floor every `gridSpacing` (m).
  static func asset(gridSpacing: Double) -> XMLElement {
    XMLElement(
      "asset",
      children: [
        XMLElement(
          "texture",
          [
            "name": "maze_sky", "type": "skybox", "builtin": "gradient", "rgb1": "0.42 0.58 0.78",
            "rgb2": "0.86 0.91 0.95", "width": "128", "height": "768",
          ]),
        XMLElement(
          "texture",
          [
            "name": "maze_floor", "type": "2d", "builtin": "checker", "mark": "edge",
            "rgb1": "0.4 0.47 0.53", "rgb2": "0.33 0.4 0.46", "markrgb": "0.6 0.68 0.74",
            "width": "512", "height": "512",
          ]),
        boxTexture("wall", "0.72 0.69 0.63", mark: "0.5 0.48 0.44"),
        boxTexture("platform", "0.58 0.62 0.6", mark: "0.44 0.48 0.47"),
        boxTexture("block", "0.78 0.22 0.2", mark: "0.5 0.1 0.1"),
        XMLElement(
          "material",
          [
            "name": "maze_floor", "texture": "maze_floor", "texuniform": "true",
            "texrepeat": decimals(1 / gridSpacing, 1 / gridSpacing), "specular": "0.1",
            "shininess": "0.1",
          ]),
        boxMaterial("wall"),
        boxMaterial("platform"),
        boxMaterial("block"),
        XMLElement(
          "material",
          ["name": "robot", "rgba": "0.93 0.6 0.16 1", "specular": "0.4", "shininess": "0.5"]),
        XMLElement(
          "material",
          ["name": "robot_tip", "rgba": "0.3 0.24 0.2 1", "specular": "0.3", "shininess": "0.4"]),
      ])
  }

  private static func boxTexture(_ name: String, _ color: String, mark: String) -> XMLElement {
    XMLElement(
      "texture",
      [
        "name": "maze_\(name)", "type": "cube", "builtin": "flat", "mark": "edge", "rgb1": color,
        "rgb2": color, "markrgb": mark, "width": "256", "height": "1536",
      ])
  }

  private static func boxMaterial(_ name: String) -> XMLElement {
    XMLElement(
      "material",
      ["name": "maze_\(name)", "texture": "maze_\(name)", "specular": "0.1", "shininess": "0.1"])
  }
}
