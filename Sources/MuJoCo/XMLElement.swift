/// One element of an XML document, with just enough of XML to read and write MJCF and to merge a
/// robot's file with a maze.
package struct XMLElement: Sendable {
  /// An attribute. An element keeps the order of its attributes, so that the text written is always
  /// the same.
  package struct Attribute: Equatable, Sendable {
    package var name: String
    package var value: String
  }

  /// The place where an element was read.
  package struct Place: Equatable, Sendable {
    /// The file.
    package var source: String
    /// The line, counted from 1.
    package var line: Int
  }

  package var name: String
  package var attributes: [Attribute]
  package var children: [XMLElement]
  /// The place where the element was read; `nil` for an element that the program created. It does
  /// not count in comparisons.
  package var place: Place?

  package init(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:],
    children: [XMLElement] = []
  ) {
    self.name = name
    self.attributes = attributes.map { Attribute(name: $0.key, value: $0.value) }
    self.children = children
  }

  /// The attribute's value; `nil` if it is absent. Setting `nil` removes the attribute.
  package subscript(attribute: String) -> String? {
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

  /// The document as text, indented by two spaces per level, with one line for each tag: see
  /// ``place(ofLine:)``.
  package var text: String {
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
      case "\n": output += "&#10;"
      case "\r": output += "&#13;"
      default: output.unicodeScalars.append(scalar)
      }
    }
    return output
  }
}

extension XMLElement: Equatable {
  /// Whether both elements have the same content, wherever they were read.
  package static func == (a: XMLElement, b: XMLElement) -> Bool {
    a.name == b.name && a.attributes == b.attributes && a.children == b.children
  }
}

extension XMLElement {
  /// The place where the element that opens in a line of ``text`` was read; `nil` if the program
  /// created it.
  package func place(ofLine line: Int) -> Place? {
    var first = 1
    return element(openingIn: line, first: &first)?.place
  }

  /// - Parameter first: The line of ``text`` in which this element opens; afterwards the line
  ///   behind the element.
  private func element(openingIn line: Int, first: inout Int) -> XMLElement? {
    if first == line { return self }
    first += 1
    for child in children {
      if let element = child.element(openingIn: line, first: &first) { return element }
    }
    if !children.isEmpty { first += 1 }
    return nil
  }

  /// Whether this element's name is `name` without regard to case, which MuJoCo ignores in some
  /// elements.
  package func isCalled(_ name: String) -> Bool { self.name.lowercased() == name }
}

/// Numbers as MJCF writes them: the shortest decimals that read back as the same doubles, `4` for
/// 4.
package func decimals(_ values: Double...) -> String { decimals(values) }

/// The same for an array.
package func decimals(_ values: [Double]) -> String {
  values.map { value in
    let text = value == 0 ? "0" : "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }.joined(separator: " ")
}
