import MuJoCo

extension XMLElement {
  /// Puts the defaults of an MJCF document into a class of their own, so that what is added to it
  /// afterwards doesn't inherit them: the outermost class, which MuJoCo gives to everything without
  /// another, is empty then.
  ///
  /// The document means what it meant: whatever had the outermost class now names the new one.
  ///
  /// - Parameter name: What the new class is called, unless a class is called so already.
  package mutating func confineDefaults(to name: String) {
    let sections = children.filter { $0.name == "default" }
    guard let first = children.firstIndex(where: { $0.name == "default" }) else { return }
    var used: Set<String> = []
    for section in sections { section.addClasses(to: &used) }
    // Older versions let it have another name than its usual one.
    let outermost = Set(["main"] + sections.compactMap { $0["class"] })
    // A later section adds to an earlier one, but not to the classes that were made in that: the
    // later is a class within the earlier.
    var confined: XMLElement?
    var last = name
    for (index, section) in sections.enumerated().reversed() {
      var element = section
      element["class"] = Self.unused(
        index == sections.count - 1 ? name : "\(name)-\(index + 1)", in: &used)
      if let confined { element.children.append(confined) } else { last = element["class"]! }
      confined = element
    }
    children.removeAll { $0.name == "default" }
    for index in children.indices {
      children[index].renameClass(outermost, to: last)
      children[index].giveClass(last)
    }
    children.insert(XMLElement("default", children: [confined!]), at: first)
  }

  /// A name that is not in `used`, which it then is: `name`, with underscores where it is needed.
  static func unused(_ name: String, in used: inout Set<String>) -> String {
    var name = name
    while !used.insert(name).inserted { name += "_" }
    return name
  }

  private func addClasses(to names: inout Set<String>) {
    if let name = self["class"] { names.insert(name) }
    for child in children where child.name == "default" { child.addClasses(to: &names) }
  }

  private mutating func renameClass(_ names: Set<String>, to name: String) {
    for key in ["class", "childclass"] {
      if let value = self[key], names.contains(value) { self[key] = name }
    }
    for index in children.indices { children[index].renameClass(names, to: name) }
  }

  /// Names the class in everything of this section that has one and doesn't name it.
  private mutating func giveClass(_ name: String) {
    for index in children.indices {
      switch (self.name, children[index].name) {
      case ("worldbody", "body"), ("worldbody", "frame"), ("replicate", "body"),
        ("replicate", "frame"):
        // All that is in it inherits this.
        if children[index]["childclass"] == nil { children[index]["childclass"] = name }
      case ("worldbody", "replicate"), ("replicate", "replicate"): children[index].giveClass(name)
      case ("worldbody", "geom"), ("worldbody", "site"), ("worldbody", "camera"),
        ("worldbody", "light"), ("replicate", "geom"), ("replicate", "site"),
        ("asset", "mesh"), ("asset", "material"), ("contact", "pair"), ("equality", "connect"),
        ("equality", "weld"), ("equality", "joint"), ("equality", "tendon"),
        ("equality", "distance"), ("equality", "flex"), ("equality", "flexvert"),
        ("equality", "flexstrain"), ("tendon", "spatial"), ("tendon", "fixed"),
        ("actuator", _):
        if children[index]["class"] == nil { children[index]["class"] = name }
      default: break
      }
    }
  }
}
