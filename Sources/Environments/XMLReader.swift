/// Reads the part of XML that MJCF uses: elements, attributes, comments, the five named entities
/// and numeric ones. Text between elements is skipped.
struct XMLReader {
  /// The deepest nesting that is read.
  static let maximumDepth = 100

  private let source: String
  private let bytes: [UInt8]
  private var position = 0

  /// The document's root element.
  ///
  /// - Throws: ``SourceError`` with line and column.
  static func read(_ text: String, source: String) throws(SourceError) -> XMLElement {
    var reader = XMLReader(source: source, bytes: Array(text.utf8))
    try reader.skipToElement()
    let root = try reader.readElement(depth: 0)
    try reader.skipMisc()
    guard reader.position == reader.bytes.count else {
      throw reader.failure("something follows the root element: remove it")
    }
    return root
  }

  private init(source: String, bytes: [UInt8]) {
    self.source = source
    self.bytes = bytes
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
  }

  // MARK: Elements

  private mutating func skipToElement() throws(SourceError) {
    try skipMisc()
    guard peek("<") else { throw failure("expected an element, <mujoco>") }
  }

  private mutating func readElement(depth: Int) throws(SourceError) -> XMLElement {
    guard depth < Self.maximumDepth else {
      throw failure("elements nested more than \(Self.maximumDepth) deep")
    }
    position += 1
    var element = XMLElement(try readName())
    while true {
      skipSpace()
      if peek("/>") {
        position += 2
        return element
      }
      if peek(">") {
        position += 1
        break
      }
      let attribute = try readAttribute()
      guard element[attribute.name] == nil else {
        throw failure("the attribute '\(attribute.name.prefix(40))' is there twice: remove one")
      }
      element.attributes.append(attribute)
    }
    while true {
      try skipMisc()
      guard position < bytes.count else {
        throw failure("<\(element.name.prefix(40))> is not closed")
      }
      if peek("</") {
        position += 2
        let name = try readName()
        skipSpace()
        guard name == element.name, peek(">") else {
          throw failure(
            "</\(name.prefix(40))> where </\(element.name.prefix(40))> must stand")
        }
        position += 1
        return element
      }
      element.children.append(try readElement(depth: depth + 1))
    }
  }

  private mutating func readAttribute() throws(SourceError) -> XMLElement.Attribute {
    let name = try readName()
    skipSpace()
    guard peek("=") else { throw failure("'\(name.prefix(40))' needs a value: name=\"value\"") }
    position += 1
    skipSpace()
    guard position < bytes.count, bytes[position] == 0x22 || bytes[position] == 0x27 else {
      throw failure("a value stands in quotes")
    }
    let quote = bytes[position]
    position += 1
    var value: [UInt8] = []
    while position < bytes.count, bytes[position] != quote {
      if bytes[position] == UInt8(ascii: "<") { throw failure("'<' in a value: write &lt;") }
      if bytes[position] == UInt8(ascii: "&") {
        value += try readEntity()
      } else {
        value.append(bytes[position])
        position += 1
      }
    }
    guard position < bytes.count else { throw failure("a value is not closed with a quote") }
    position += 1
    return .init(name: name, value: String(decoding: value, as: UTF8.self))
  }

  private mutating func readName() throws(SourceError) -> String {
    let start = position
    while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
    guard position > start else { throw failure("expected a name") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func readEntity() throws(SourceError) -> [UInt8] {
    let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";"))
    guard let end else { throw failure("'&' in a value: write &amp;") }
    let name = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
    let scalar: Unicode.Scalar?
    switch name {
    case "amp": scalar = "&"
    case "lt": scalar = "<"
    case "gt": scalar = ">"
    case "quot": scalar = "\""
    case "apos": scalar = "'"
    default:
      let number =
        name.hasPrefix("#x")
        ? UInt32(name.dropFirst(2), radix: 16)
        : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
      scalar = number.flatMap { $0 == 0 ? nil : Unicode.Scalar($0) }
    }
    guard let scalar else { throw failure("unknown entity: the known ones are &amp; &lt; &gt;") }
    position = end + 1
    return Array(String(Character(scalar)).utf8)
  }

  // MARK: What lies between

  /// Skips text, comments, declarations and processing instructions.
  private mutating func skipMisc() throws(SourceError) {
    while position < bytes.count {
      if peek("<!--") {
        try skip(past: "-->", what: "a comment")
      } else if peek("<?") {
        try skip(past: "?>", what: "a declaration")
      } else if peek("<!") {
        throw failure("document types and CDATA are not read: remove this")
      } else if peek("<") {
        return
      } else {
        position += 1
      }
    }
  }

  private mutating func skip(past end: StaticString, what: String) throws(SourceError) {
    let start = position
    while position < bytes.count, !peek(end) { position += 1 }
    guard position < bytes.count else {
      position = start
      throw failure("\(what) is not closed")
    }
    position += end.utf8CodeUnitCount
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) {
      position += 1
    }
  }

  private func peek(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard position + count <= bytes.count else { return false }
    return text.withUTF8Buffer { buffer in
      (0..<count).allSatisfy { bytes[position + $0] == buffer[$0] }
    }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: ":"), 0x80...:
      true
    default: false
    }
  }

  private func failure(_ message: String) -> SourceError {
    let before = bytes[..<min(position, bytes.count)]
    let line = before.count { $0 == 0x0a } + 1
    let lineStart = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
    return SourceError(
      source: source, line: line, column: before.count - lineStart + 1, message: message)
  }
}
