import Experiments

/// Prints `value` as JSON in the one style of all commands: numbers in SI units, nothing that a run does not
/// have.
func printJSON(_ value: some Encodable) throws {
  print(try SnakeCaseJSON.text(value, inLines: true))
}
