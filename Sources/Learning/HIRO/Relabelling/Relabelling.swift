import NeuralNetworks
import Parallel
import Randomness

/// Replaces the subgoals of old higher-level transitions before the higher level learns from them.
///
/// To add a method of your own, write a type that conforms to this protocol, a case of
/// ``CorrectionKind``, and a line in `makeRelabelling`.
package protocol Relabelling: AnyObject, Sendable {
  /// Writes the subgoal of each transition to the columns of `result` from `column` on.
  ///
  /// - Parameters:
  ///   - transitions: Transition numbers in `experience`, one per row of `result` from the first
  ///     on.
  ///   - actor: The lower level's current actor.
  ///   - generator: The only source of random numbers.
  /// - Returns: The work that relabelling took.
  func relabel(
    _ transitions: [Int], of experience: Experience, actor: Perceptron, pool: WorkerPool,
    using generator: inout RandomStream, into result: Matrix, column: Int
  ) -> RelabellingWork

  /// Floating-point operations of the matrix products for one batch, if `rowFraction` of all rows
  /// (every step of every candidate) are scored.
  func operations(rowFraction: Double) -> Double
}

/// Numbers of rows (one per step and candidate) for the lower actor.
package struct RelabellingWork: Codable, Equatable, Sendable {
  /// Rows that went through the lower actor.
  package var rows = 0
  /// Rows that scoring every step of every candidate would have taken.
  package var rowsInFull = 0

  static func += (sum: inout RelabellingWork, more: RelabellingWork) {
    sum.rows += more.rows
    sum.rowsInFull += more.rowsInFull
  }
}

/// No relabelling: the higher level learns from the stored subgoals.
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

/// The achieved change, plus noise, as the subgoal: one of the variants that the paper measures.
final class AchievedSubgoals: Relabelling {
  private let shape: AgentShape
  private let subgoals: Subgoals
  private let noise: Float

  /// - Parameter noise: The standard deviation of the noise, in half ranges of the subgoals.
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
      shape.clipSubgoal(
        subgoal, in: experience.observation(experience.higherTransition(number).start))
    }
    return RelabellingWork()
  }

  func operations(rowFraction: Double) -> Double { 0 }
}

extension Subgoals {
  /// The subgoal that a transition achieved.
  func achieved(
    by number: Int, of experience: Experience, into subgoal: UnsafeMutablePointer<Float>
  ) {
    let transition = experience.higherTransition(number)
    achieved(
      from: experience.observation(transition.start),
      in: experience.observation(transition.start + transition.length), into: subgoal)
  }
}

extension HIROConfiguration {
  /// The relabelling that the configuration asks for.
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
