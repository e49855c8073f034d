import Foundation

/// JSON in the one style of all that others read, which `docs/json.md` describes: keys in lower case with
/// underscores, sorted, so that the same value is the same text.
package enum SnakeCaseJSON {
  /// The text of `value`, in one line or, for people, in many.
  package static func text(_ value: some Encodable, inLines: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if inLines { encoder.outputFormatting.insert(.prettyPrinted) }
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// The value that such a text holds.
  package static func value<Value: Decodable>(_ type: Value.Type, in text: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(text.utf8))
  }
}
