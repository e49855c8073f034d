import NeuralNetworks
import Parallel
import Randomness

/// One of the two critics of a ``TD3``.
package final class Critic: @unchecked Sendable {
  package let learner: LearnedNetwork
  private let configuration: LevelConfiguration

  /// One for each update of a call. All share their hidden layers, so that these stay in the cache.
  private let activations: [Activations]
  private let targetActivations: [Activations]

  /// Sum over the updates of the last call of the mean Huber loss.
  private(set) var loss = 0.0
  /// Sum over the updates of the last call of the mean value, before the update.
  private(set) var value = 0.0

  package var network: Perceptron { learner.network }

  init(
    shape: PerceptronShape, configuration: LevelConfiguration, batch: Batch, targetInput: Matrix,
    using generator: inout RandomStream
  ) {
    self.configuration = configuration
    // One part only: the other critic keeps another thread busy, so splitting the parameters would
    // only move them from one processor's cache to another.
    learner = LearnedNetwork(
      Perceptron(shape: shape, using: &generator), configuration: configuration,
      learningRate: configuration.criticLearningRate, parts: 1)
    let scratch = Activations(shape: shape, rows: configuration.batchSize)
    func split(_ inputs: Matrix) -> [Activations] {
      stride(from: 0, to: batch.capacity, by: configuration.batchSize).map { first in
        Activations(
          shape: shape, rows: configuration.batchSize,
          sharing: Matrix(first..<first + configuration.batchSize, of: inputs),
          hiddenLayersOf: scratch)
      }
    }
    activations = split(batch.inputsAndActions)
    targetActivations = split(targetInput)
  }

  func evaluateTargets(_ count: Int) {
    holdingSignals {
      for activations in targetActivations.prefix(count) {
        learner.target.forward(activations, rows: 0..<configuration.batchSize)
      }
    }
  }

  /// Q′ at the next step, for the update with this index in the call, `[batch, 1]`.
  func targetValues(_ index: Int) -> Matrix { targetActivations[index].output }

  /// Makes `count` steps of Adam on the Huber loss against `targets`, averaged over both critics
  /// and the step's part of the batch; with `movesTarget`, the target follows after the last step.
  func update(_ count: Int, targets: FloatBuffer, movesTarget: Bool, pool: WorkerPool) {
    (loss, value) = (0, 0)
    let rows = 0..<configuration.batchSize
    holdingSignals {
      for (index, activations) in activations.prefix(count).enumerated() {
        network.forward(activations, rows: rows)
        differentiateLoss(
          activations.output, targets: targets.pointer + index * configuration.batchSize)
        network.backwardToHidden(activations, learner.gradients, rows: rows)
        learner.step(
          from: activations, movesTarget: movesTarget && index == count - 1, pool: pool)
      }
    }
  }

  private func differentiateLoss(_ values: Matrix, targets: UnsafePointer<Float>) {
    let delta = Float(configuration.huberDelta)
    var lossSum = 0.0
    var valueSum = 0.0
    for row in 0..<values.rows {
      let value = values.row(row)[0]
      let error = value - targets[row]
      let magnitude = abs(error)
      lossSum += Double(
        magnitude <= delta ? error * error / 2 : delta * (magnitude - delta / 2))
      valueSum += Double(value)
      learner.gradients.output.row(row)[0] =
        min(max(error, -delta), delta) / Float(2 * values.rows)
    }
    loss += lossSum / Double(values.rows)
    value += valueSum / Double(values.rows)
  }

  /// Buffers in which the actor's update evaluates the critic, while the critic is not learning.
  func makePolicyActivations() -> (Activations, Gradients) {
    let activations = Activations(
      shape: network.shape, rows: configuration.batchSize, hiddenLayersOf: activations[0])
    return (activations, learner.gradients)
  }
}
