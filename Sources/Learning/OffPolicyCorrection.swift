import NeuralNetworks
import Randomness

/// The off-policy correction: gives an old higher-level transition the subgoal that best explains
/// what the lower level did (paper, section 3.3 and its equation 5).
///
/// A candidate g̃ is scored with −½ Σᵢ ‖aᵢ − μ(sᵢ, g̃ᵢ)‖² over the stored steps, g̃ᵢ following the
/// goal transition from g̃. The candidates are the original subgoal, the change that was achieved,
/// and draws around the latter, all clipped to the subgoal range; the first of the best wins.
///
/// Two things make it cheap without changing its result:
/// * The error only grows with each step, so a candidate is dropped as soon as its error exceeds
///   that of one that has been scored in full.
/// * All candidates of a transition share its states, and g̃ᵢ = g̃ + φ(s₀) − φ(sᵢ): the first
///   layer's product is the sum of a part per step and a part per candidate (in the world's frame).
package final class OffPolicyCorrection: @unchecked Sendable {
  /// Transitions that are relabelled in one call.
  package let batchSize: Int

  /// Candidates per transition.
  package let candidateCount: Int

  /// Rows that went through the lower actor since ``takeRows()``, and those that scoring every step
  /// of every candidate would have taken.
  package var rowsScored = 0
  package var rowsInFull = 0

  private let shape: AgentShape
  private let subgoals: Subgoals
  private let configuration: CorrectionConfiguration
  private let chunks: [CorrectionChunk]

  /// `[batch × candidates, subgoal]`, the candidates of a transition one after the other.
  package let candidates: Matrix
  /// The choice of each transition of the last batch.
  package private(set) var choices: [Int]
  private let noise: FloatBuffer

  /// Transitions that are scored together: few enough for the second-level cache, enough for full
  /// speed of the products. Fixed, so that results do not depend on the number of threads.
  private static let chunkSize = 25

  package init(
    shape: AgentShape, semantics: GoalSemantics, configuration: CorrectionConfiguration,
    interval: Int, batchSize: Int, hiddenUnits: Int
  ) {
    self.shape = shape
    self.batchSize = batchSize
    self.configuration = configuration
    let subgoals = Subgoals(count: shape.subgoalCount, semantics: semantics)
    let candidateCount = configuration.randomCandidates + 2
    self.subgoals = subgoals
    self.candidateCount = candidateCount
    candidates = Matrix(rows: batchSize * candidateCount, columns: shape.subgoalCount)
    choices = Array(repeating: 0, count: batchSize)
    noise = FloatBuffer(
      count: batchSize * max(configuration.randomCandidates, 1) * shape.subgoalCount)
    chunks = stride(from: 0, to: batchSize, by: OffPolicyCorrection.chunkSize).map { first in
      CorrectionChunk(
        transitions: first..<min(first + OffPolicyCorrection.chunkSize, batchSize), shape: shape,
        subgoals: subgoals, interval: interval, candidateCount: candidateCount,
        hiddenUnits: hiddenUnits)
    }
  }

  /// Writes the subgoal that each transition is to be learned from to the columns of `result` from
  /// `column` on.
  package func relabel(
    _ transitions: [Int], of experience: Experience, actor: Perceptron, pool: WorkerPool,
    using generator: inout RandomStream, into result: Matrix, column: Int
  ) {
    switch configuration.kind {
    case .none:
      for (row, number) in transitions.enumerated() {
        (result.row(row) + column).update(
          from: experience.higherSubgoal(number), count: subgoals.count)
      }
    case .mean:
      for (row, number) in transitions.enumerated() {
        writeNoisyMean(number, of: experience, using: &generator, into: result.row(row) + column)
      }
    case .candidates:
      makeCandidates(transitions, of: experience, using: &generator)
      choose(transitions, of: experience, actor: actor, pool: pool)
      for row in transitions.indices {
        (result.row(row) + column).update(
          from: candidates.row(row * candidateCount + choices[row]), count: subgoals.count)
      }
    }
  }

  /// Gives the rows scored, and those of the plain way, since the last call.
  package func takeRows() -> (scored: Int, inFull: Int) {
    defer { (rowsScored, rowsInFull) = (0, 0) }
    return (rowsScored, rowsInFull)
  }

  /// Floating-point operations of the matrix products for one batch, where `rowFraction` of the
  /// rows of the plain way are scored.
  package func operations(rowFraction: Double) -> Double {
    chunks.reduce(0) { $0 + $1.operations(rowFraction: rowFraction) }
  }

  private func writeNoisyMean(
    _ number: Int, of experience: Experience, using generator: inout RandomStream,
    into subgoal: UnsafeMutablePointer<Float>
  ) {
    writeAchieved(number, of: experience, into: subgoal)
    for index in 0..<subgoals.count {
      let deviation = Float(configuration.meanNoise) * shape.subgoalHalfRange[index]
      subgoal[index] += deviation * Float(generator.normal())
    }
    clip(subgoal)
  }

  private func writeAchieved(
    _ number: Int, of experience: Experience, into subgoal: UnsafeMutablePointer<Float>
  ) {
    let transition = experience.higherTransition(number)
    subgoals.achieved(
      from: experience.observation(transition.start),
      in: experience.observation(transition.start + transition.length), into: subgoal)
  }

  private func clip(_ subgoal: UnsafeMutablePointer<Float>) {
    for index in 0..<subgoals.count {
      let bound = shape.subgoalHalfRange[index]
      subgoal[index] = min(max(subgoal[index], -bound), bound)
    }
  }

  /// The place of the achieved change among the candidates.
  static let mean = 1

  /// The original, the achieved change, and draws around it, in this order.
  private func makeCandidates(
    _ transitions: [Int], of experience: Experience, using generator: inout RandomStream
  ) {
    noise.fillNormal(
      noise.count, standardDeviation: Float(configuration.candidateNoise), using: &generator)
    var draw = noise.pointer
    for (row, number) in transitions.enumerated() {
      let first = row * candidateCount
      candidates.row(first).update(from: experience.higherSubgoal(number), count: subgoals.count)
      let mean = candidates.row(first + OffPolicyCorrection.mean)
      writeAchieved(number, of: experience, into: mean)
      for index in 2..<candidateCount {
        let candidate = candidates.row(first + index)
        for dimension in 0..<subgoals.count {
          candidate[dimension] =
            mean[dimension] + draw[dimension] * shape.subgoalHalfRange[dimension]
        }
        draw += subgoals.count
      }
      for index in 0..<candidateCount { clip(candidates.row(first + index)) }
    }
  }

  private func choose(
    _ transitions: [Int], of experience: Experience, actor: Perceptron, pool: WorkerPool
  ) {
    pool.forEach(chunks) { chunk in
      holdingSignals {
        chunk.choose(transitions, of: experience, candidates: candidates, actor: actor)
      }
    }
    for chunk in chunks {
      for (offset, row) in chunk.transitions.enumerated() {
        choices[row] = chunk.leader.pointer[offset]
      }
      rowsScored += chunk.rowsScored
      rowsInFull += chunk.rowsInFull
    }
  }
}
