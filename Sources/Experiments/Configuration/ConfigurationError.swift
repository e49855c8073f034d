import Files

/// Why a run's configuration was refused, in one line that names the key and where it was given.
public enum ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The configuration file could not be read.
  case file(FileError)
  /// The text is not YAML, or does not have the structure of a configuration.
  case malformed(source: String, problem: String)
  /// There is no such setting.
  case unknownKey(String, source: String, nearest: String?)
  /// The setting's value has the wrong type or is out of range.
  case illTyped(key: String, source: String, expected: String, found: String)
  /// A run with these settings needs more memory than there is (both in bytes); `limit` says what
  /// limits it, as words that a size completes: "this machine has" 8 GB.
  case tooLarge(needed: Double, available: Double, limit: String)
  /// `--set` was not given `key=value`.
  case notAnAssignment(String)
  /// There is no such preset.
  case unknownPreset(String, known: [String])

  /// One line: what was found where, and what would be right.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .malformed(let source, let problem): "\(source): \(problem)"
    case .unknownKey(let key, let source, let nearest):
      "\(source): unknown setting \(quoted(key))"
        + (nearest.map { "; did you mean \($0)?" } ?? "; `hiro list settings` shows them all")
    case .illTyped(let key, let source, let expected, let found):
      "\(source): \(key): expected \(expected), found \(found)"
    case .tooLarge(let needed, let available, let limit):
      "a run with these settings needs about \(size(needed)) of memory, but \(limit) "
        + "\(size(available, .down)); reduce replayCapacity, hiddenUnits, batchSize, "
        + "subgoals.interval or correction.randomCandidates"
    case .notAnAssignment(let text):
      "--set \(quoted(text)): expected key=value, as in --set lower.discount=0.95"
    case .unknownPreset(let name, let known):
      "unknown preset \(quoted(name)); the presets are \(known.joined(separator: ", "))"
    }
  }
}

private func size(_ bytes: Double, _ rule: FloatingPointRoundingRule = .up) -> String {
  switch bytes {
  case ..<10e9: "\(Int((bytes / 1e6).rounded(rule))) MB"
  case ..<1e15: "\(Int((bytes / 1e9).rounded(rule))) GB"
  // Settings can ask for more than an integer holds.
  default: "\(bytes / 1e9) GB"
  }
}
