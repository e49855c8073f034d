/// `text` made safe for one line of a message, whatever a hostile file put into it: control, layout
/// and unassigned characters are escaped, and the text is cut to `limit` characters.
package func printable(_ text: String, limit: Int = 200) -> String {
  var result = ""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    if count == limit { return result + "…" }
    let isLayout =
      switch scalar.properties.generalCategory {
      case .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
      default: false
      }
    if scalar.isControl || isLayout {
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

extension Unicode.Scalar {
  /// Whether this is a control character, such as a line break or an escape.
  package var isControl: Bool { properties.generalCategory == .control }
}

/// `name` in quotation marks, safe to print.
package func quoted(_ name: String) -> String { "\"\(printable(name, limit: 80))\"" }

/// What is wrong with some JSON, in one line.
package func describe(_ error: DecodingError) -> String {
  func place(_ path: [any CodingKey]) -> String {
    path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
  }
  switch error {
  case .keyNotFound(let key, _): return "\(quoted(key.stringValue)) is missing"
  case .typeMismatch(let type, let context):
    return "\(quoted(place(context.codingPath))): expected \(type)"
  case .valueNotFound(let type, let context):
    return "\(quoted(place(context.codingPath))): expected \(type), found null"
  default: return "not valid JSON"
  }
}
