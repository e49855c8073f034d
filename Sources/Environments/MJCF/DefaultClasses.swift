import MuJoCo

extension XMLElement {
  /// Moves the defaults of an MJCF document into a named class, so that elements added later don't
  /// inherit them: the outermost class, which MuJoCo gives to every element that names no class, is
  /// empty afterwards.
  ///
  /// The meaning of the document does not change: every element that had the outermost class now
  /// names the new one.
  ///
  /// - Parameter name: The name of the new class; underscores are added if a class has this name
  ///   already.
  package mutating func confineDefaults(to name: String) {
    let sections = children.filter { $0.name == "default" }
    guard let first = children.firstIndex(where: { $0.name == "default" }) else { return }
    var used: Set<String> = []
    for section in sections { section.addClasses(to: &used) }
    // Older versions of MuJoCo let the outermost class have another name than `main`.
    let outermost = Set(["main"] + sections.compactMap { $0["class"] })
    // A later section changes the outermost class, but not the classes that an earlier section
    // defined. So each later section becomes a class nested in the earlier one.
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

  /// Returns `name`, with as many underscores appended as make it different from all names in
  /// `used`, and adds the result to `used`.
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

  /// Sets the class of every element in this section that can have one and does not name one.
  private mutating func giveClass(_ name: String) {
    for index in children.indices {
      switch (self.name, children[index].name) {
      case ("worldbody", "body"), ("worldbody", "frame"), ("replicate", "body"),
        ("replicate", "frame"):
        // Everything inside this body or frame inherits the class.
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
