import Files

/// Why a run cannot go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// Something that is learned or learned from is infinite or not a number.
  case notFinite(quantity: String, step: Int, checkpoint: String?)

  /// One line: what is wrong, when it was found, and what there is to go back to.
  public var description: String {
    switch self {
    case .notFinite(let quantity, let step, let checkpoint):
      "\(quantity) is not finite at step \(step); the last good checkpoint is "
        + (checkpoint.map { printable($0) } ?? "none")
        + "; try smaller learning rates or another seed"
    }
  }
}
