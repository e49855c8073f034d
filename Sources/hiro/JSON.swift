import Experiments

/// Prints `value` as JSON in the style of all commands, which `docs/json.md` describes: numbers in
/// SI units, and values that do not exist are null or absent.
func printJSON(_ value: some Encodable) throws {
  print(try SnakeCaseJSON.text(value, inLines: true))
}
