import NeuralNetworks
import Parallel
import Randomness

/// The off-policy correction: gives an old higher-level transition the subgoal that best explains
/// what the lower level did (paper, section 3.3 and its equation 5).
///
/// A candidate g̃ is scored with −½ Σᵢ ‖aᵢ − μ(sᵢ, g̃ᵢ)‖² over the stored steps, where g̃ᵢ follows
/// from g̃ by the goal transition. The candidates are the original subgoal, the change that was
/// achieved, and random draws around this change, all clipped to the subgoal range; among
/// candidates with equal scores the first wins.
///
/// Two things make it cheap without changing its result:
/// * The error only grows with each step, so a candidate is dropped as soon as its error exceeds
///   the smallest error of a candidate that has been scored in full.
/// * All candidates of a transition share its states, and g̃ᵢ = g̃ + φ(s₀) − φ(sᵢ): the first
///   layer's product is the sum of a part per step and a part per candidate (in the world's frame).
package final class OffPolicyCorrection: Relabelling, @unchecked Sendable {
  /// Transitions that are relabelled in one call.
  package let batchSize: Int

  /// Candidates per transition.
  package let candidateCount: Int

  private let shape: AgentShape
  private let subgoals: Subgoals
  private let configuration: CorrectionConfiguration
  private let chunks: [CorrectionChunk]

  /// `[batch × candidates, subgoal]`, the candidates of a transition one after the other.
  package let candidates: Matrix
  /// For each transition of the last batch, the index of the chosen candidate.
  package private(set) var choices: [Int]
  private let noise: FloatBuffer

  /// Transitions that are scored together: few enough for the second-level cache, enough for full
  /// speed of the products. Fixed, so that results do not depend on the number of threads.
  private static let chunkSize = 25

  init(
    shape: AgentShape, subgoals: Subgoals, configuration: CorrectionConfiguration,
    interval: Int, batchSize: Int, hiddenUnits: Int
  ) {
    self.shape = shape
    self.batchSize = batchSize
    self.configuration = configuration
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

  package func relabel(
    _ transitions: [Int], of experience: Experience, actor: Perceptron, pool: WorkerPool,
    using generator: inout RandomStream, into result: Matrix, column: Int
  ) -> RelabellingWork {
    makeCandidates(transitions, of: experience, using: &generator)
    let work = choose(transitions, of: experience, actor: actor, pool: pool)
    for row in transitions.indices {
      (result.row(row) + column).update(
        from: candidates.row(row * candidateCount + choices[row]), count: subgoals.count)
    }
    return work
  }

  package func operations(rowFraction: Double) -> Double {
    chunks.reduce(0) { $0 + $1.operations(rowFraction: rowFraction) }
  }

  /// The index of the achieved change among the candidates.
  static let mean = 1

  /// Makes the candidates: the original, the achieved change, and draws around it, in this order.
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
      subgoals.achieved(by: number, of: experience, into: mean)
      for index in 2..<candidateCount {
        let candidate = candidates.row(first + index)
        for dimension in 0..<subgoals.count {
          candidate[dimension] =
            mean[dimension] + draw[dimension] * shape.subgoalHalfRange[dimension]
        }
        draw += subgoals.count
      }
      let start = experience.observation(experience.higherTransition(number).start)
      for index in 0..<candidateCount {
        shape.clipSubgoal(candidates.row(first + index), in: start)
      }
    }
  }

  private func choose(
    _ transitions: [Int], of experience: Experience, actor: Perceptron, pool: WorkerPool
  ) -> RelabellingWork {
    pool.forEach(chunks) { chunk in
      holdingSignals {
        chunk.choose(transitions, of: experience, candidates: candidates, actor: actor)
      }
    }
    var work = RelabellingWork()
    for chunk in chunks {
      for (offset, row) in chunk.transitions.enumerated() {
        choices[row] = chunk.leader.pointer[offset]
      }
      work += RelabellingWork(rows: chunk.rowsScored, rowsInFull: chunk.rowsInFull)
    }
    return work
  }
}
