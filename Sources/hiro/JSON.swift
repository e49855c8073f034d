import Foundation

/// Prints `value` as JSON in the one style of all commands, which `docs/json.md` describes: keys in
/// lower case with underscores, sorted, numbers in SI units, nothing that a run does not have.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
