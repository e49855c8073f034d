import Files

/// Why a run cannot go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// A weight, an action, a reward or an observation is infinite or not a number.
  case notFinite(quantity: String, step: Int, checkpoint: String?)

  /// One line: what is wrong, at which step it was found, and the last good checkpoint.
  public var description: String {
    switch self {
    case .notFinite(let quantity, let step, let checkpoint):
      "\(quantity) is not finite at step \(step); the last good checkpoint is "
        + (checkpoint.map { printable($0) } ?? "none")
        + "; try smaller learning rates or another seed"
    }
  }
}
