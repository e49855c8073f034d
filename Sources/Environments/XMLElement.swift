/// One element of an XML document: just enough of XML to write MJCF and to merge a robot's file
/// with a maze.
struct XMLElement: Equatable, Sendable {
  /// An attribute; their order is kept, so that the text written is always the same.
  struct Attribute: Equatable, Sendable {
    var name: String
    var value: String
  }

  var name: String
  var attributes: [Attribute]
  var children: [XMLElement]

  init(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:],
    children: [XMLElement] = []
  ) {
    self.name = name
    self.attributes = attributes.map { Attribute(name: $0.key, value: $0.value) }
    self.children = children
  }

  /// The attribute's value; `nil` where it is absent. Setting `nil` removes it.
  subscript(attribute: String) -> String? {
    get { attributes.first { $0.name == attribute }?.value }
    set {
      let index = attributes.firstIndex { $0.name == attribute }
      switch (index, newValue) {
      case (let index?, let value?): attributes[index].value = value
      case (let index?, nil): attributes.remove(at: index)
      case (nil, let value?): attributes.append(Attribute(name: attribute, value: value))
      case (nil, nil): break
      }
    }
  }

  /// Removes an attribute here and in all descendants.
  mutating func removeAttribute(_ name: String) {
    self[name] = nil
    for index in children.indices { children[index].removeAttribute(name) }
  }

  /// The document, two spaces of indent a level.
  var text: String {
    var output = ""
    write(to: &output, indent: "")
    return output
  }

  private func write(to output: inout String, indent: String) {
    output += "\(indent)<\(name)"
    for attribute in attributes {
      output += " \(attribute.name)=\"\(Self.escaped(attribute.value))\""
    }
    if children.isEmpty {
      output += "/>\n"
    } else {
      output += ">\n"
      for child in children { child.write(to: &output, indent: indent + "  ") }
      output += "\(indent)</\(name)>\n"
    }
  }

  private static func escaped(_ value: String) -> String {
    var output = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "&": output += "&amp;"
      case "<": output += "&lt;"
      case ">": output += "&gt;"
      case "\"": output += "&quot;"
      default: output.unicodeScalars.append(scalar)
      }
    }
    return output
  }
}

/// Numbers as MJCF has them: the shortest decimals that read back as the same doubles, `4` for 4.
func decimals(_ values: Double...) -> String { decimals(values) }

/// The same for an array.
func decimals(_ values: [Double]) -> String {
  values.map { value in
    let text = value == 0 ? "0" : "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }.joined(separator: " ")
}
