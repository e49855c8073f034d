import NeuralNetworks
import Parallel
import Randomness

/// Gives old higher-level transitions the subgoals that they are learned from.
///
/// To add a way of your own: a type that conforms, a case of ``CorrectionKind``, and its line in
/// `makeRelabelling`.
package protocol Relabelling: AnyObject, Sendable {
  /// Writes the subgoal of each transition to the columns of `result` from `column` on.
  ///
  /// - Parameters:
  ///   - transitions: Their numbers in `experience`, one for each row of `result` from the first on.
  ///   - actor: The lower level's, as it is now.
  ///   - generator: The only source of chance.
  /// - Returns: What it took.
  func relabel(
    _ transitions: [Int], of experience: Experience, actor: Perceptron, pool: WorkerPool,
    using generator: inout RandomStream, into result: Matrix, column: Int
  ) -> RelabellingWork

  /// Floating-point operations of the matrix products for one batch, where `rowFraction` of the
  /// rows of the plain way are scored.
  func operations(rowFraction: Double) -> Double
}

/// Rows that went through the lower actor.
package struct RelabellingWork: Codable, Equatable, Sendable {
  /// Those that did.
  package var rows = 0
  /// Those that scoring every step of every candidate would have taken.
  package var rowsInFull = 0

  static func += (sum: inout RelabellingWork, more: RelabellingWork) {
    sum.rows += more.rows
    sum.rowsInFull += more.rowsInFull
  }
}

/// No relabelling: the subgoal that was set is learned from as it is.
final class StoredSubgoals: Relabelling {
  private let count: Int

  init(shape: AgentShape) { count = shape.subgoalCount }

  func relabel(
    _ transitions: [Int], of experience: Experience, actor: Perceptron, pool: WorkerPool,
    using generator: inout RandomStream, into result: Matrix, column: Int
  ) -> RelabellingWork {
    for (row, number) in transitions.enumerated() {
      (result.row(row) + column).update(from: experience.higherSubgoal(number), count: count)
    }
    return RelabellingWork()
  }

  func operations(rowFraction: Double) -> Double { 0 }
}

/// The change that was achieved, with noise: one of the variants that the paper measures.
final class AchievedSubgoals: Relabelling {
  private let shape: AgentShape
  private let subgoals: Subgoals
  private let noise: Float

  /// - Parameter noise: Its standard deviation, in half ranges of the subgoals.
  init(shape: AgentShape, subgoals: Subgoals, noise: Double) {
    self.shape = shape
    self.subgoals = subgoals
    self.noise = Float(noise)
  }

  func relabel(
    _ transitions: [Int], of experience: Experience, actor: Perceptron, pool: WorkerPool,
    using generator: inout RandomStream, into result: Matrix, column: Int
  ) -> RelabellingWork {
    for (row, number) in transitions.enumerated() {
      let subgoal = result.row(row) + column
      subgoals.achieved(by: number, of: experience, into: subgoal)
      for index in 0..<subgoals.count {
        subgoal[index] += noise * shape.subgoalHalfRange[index] * Float(generator.normal())
      }
      shape.clipSubgoal(subgoal)
    }
    return RelabellingWork()
  }

  func operations(rowFraction: Double) -> Double { 0 }
}

extension Subgoals {
  /// The subgoal that a transition reached.
  func achieved(
    by number: Int, of experience: Experience, into subgoal: UnsafeMutablePointer<Float>
  ) {
    let transition = experience.higherTransition(number)
    achieved(
      from: experience.observation(transition.start),
      in: experience.observation(transition.start + transition.length), into: subgoal)
  }
}

extension AgentShape {
  /// Cuts a subgoal to its range.
  func clipSubgoal(_ subgoal: UnsafeMutablePointer<Float>) {
    for index in 0..<subgoalCount {
      let bound = subgoalHalfRange[index]
      subgoal[index] = min(max(subgoal[index], -bound), bound)
    }
  }
}

extension HIROConfiguration {
  /// The relabelling that it asks for.
  func makeRelabelling(shape: AgentShape) -> any Relabelling {
    let subgoals = Subgoals(count: shape.subgoalCount, semantics: subgoals.semantics)
    return switch correction.kind {
    case .none: StoredSubgoals(shape: shape)
    case .mean: AchievedSubgoals(shape: shape, subgoals: subgoals, noise: correction.meanNoise)
    case .candidates:
      OffPolicyCorrection(
        shape: shape, subgoals: subgoals, configuration: correction,
        interval: self.subgoals.interval, batchSize: refreshedCount,
        hiddenUnits: lower.hiddenUnits)
    }
  }
}
