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

  /// One line that names the thing and the remedy.
  public var description: String {
    switch self {
    case .unknownTask(let name, let known):
      let hint = nearest(to: name, in: known).map { " (did you mean \($0)?)" } ?? ""
      return "unknown task '\(name)'\(hint); the tasks are \(known.joined(separator: ", "))"
    case .actionCount(let task, let expected, let found):
      return "\(task): an action has \(expected) entries, not \(found)"
    case .invalidTarget(let task, let reason):
      return "\(task): \(reason)"
    case .invalidState(let task, let reason):
      return "\(task): the saved state does not fit: \(reason)"
    case .invalidTrace(let task, let reason):
      return "\(task): the trace does not fit: \(reason); is it of another task?"
    }
  }
}

/// The candidate with the fewest edits from `name`, if they are few for its length.
/// Of a name longer than any candidate only the beginning counts: the time is quadratic.
package func nearest(to name: String, in candidates: [String]) -> String? {
  let scored = candidates.map { ($0, editDistance(Array(name.prefix(100)), Array($0))) }
  guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= max(2, best.0.count / 3) else {
    return nil
  }
  return best.0
}

/// Levenshtein's distance: insertions, deletions and replacements.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
