import Files

/// Why an environment could not be made or used; the description is one line with the remedy.
public enum EnvironmentError: Error, Equatable, CustomStringConvertible {
  /// No task has this name.
  case unknownTask(String, known: [String])
  /// An action has the wrong number of entries.
  case actionCount(task: String, expected: Int, found: Int)
  /// The task can't have this target.
  case invalidTarget(task: String, reason: String)
  /// A saved state does not fit the task.
  case invalidState(task: String, reason: String)
  /// A trace does not fit the task.
  case invalidTrace(task: String, reason: String)

  /// One line: what is wrong and, where there is one, the remedy.
  public var description: String {
    switch self {
    case .unknownTask(let name, let known):
      let hint = nearest(to: name, in: known).map { " (did you mean \($0)?)" } ?? ""
      return "unknown task '\(name)'\(hint); the tasks are \(known.joined(separator: ", "))"
    case .actionCount(let task, let expected, let found):
      return "\(task): an action must have \(expected) numbers, not \(found)"
    case .invalidTarget(let task, let reason):
      return "\(task): \(reason)"
    case .invalidState(let task, let reason):
      return "\(task): the saved state does not fit: \(reason)"
    case .invalidTrace(let task, let reason):
      return "\(task): the trace does not fit: \(reason); is it from another task?"
    }
  }
}
