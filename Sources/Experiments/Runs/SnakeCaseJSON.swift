import Foundation

/// JSON in the style of all output for other programs, which `docs/json.md` describes: keys in
/// lower case with underscores, sorted, so that equal values give the same text.
package enum SnakeCaseJSON {
  /// The text of `value`, in one line or, with `inLines`, indented for people.
  package static func text(_ value: some Encodable, inLines: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if inLines { encoder.outputFormatting.insert(.prettyPrinted) }
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Decodes a value from `text` in this style.
  package static func value<Value: Decodable>(_ type: Value.Type, in text: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(text.utf8))
  }
}
