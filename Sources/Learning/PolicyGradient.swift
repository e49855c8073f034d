import NeuralNetworks

/// Moves an actor μ up the mean of a critic's Q(x, μ(x)), and its target after it.
final class PolicyGradient: @unchecked Sendable {
  private let actor: LearnedNetwork
  private let critic: Perceptron
  private let activations: Activations
  private let criticActivations: Activations
  private let criticGradients: Gradients

  init(actor: LearnedNetwork, critic: Critic, rows: Int) {
    self.actor = actor
    self.critic = critic.network
    activations = Activations(shape: actor.network.shape, rows: rows)
    (criticActivations, criticGradients) = critic.makePolicyActivations()
  }

  /// One step of Adam from the states in some rows of `batch`.
  func update(from batch: Batch, rows batchRows: Range<Int>, pool: WorkerPool) {
    let rows = 0..<batchRows.count
    pool.forHalves(of: rows) { evaluate(from: batch, rows: $0, offset: batchRows.lowerBound) }
    critic.backwardToHidden(criticActivations, criticGradients, rows: rows, pool: pool)
    critic.backwardFromFirstHiddenToReentering(
      criticGradients, rows: rows, into: actor.gradients.output)
    actor.network.backwardToHidden(activations, actor.gradients, rows: rows, pool: pool)
    actor.step(from: activations, movesTarget: true, pool: pool)
  }

  private func evaluate(from batch: Batch, rows: Range<Int>, offset: Int) {
    let (inputs, actions) = (actor.network.shape.inputs, actor.network.shape.outputs)
    for input in [activations.input, criticActivations.input] {
      input.copyColumns(
        0, count: inputs, of: batch.inputsAndActions, to: 0, rows: rows, offset: offset)
    }
    actor.network.forward(activations, rows: rows)
    criticActivations.input.copyColumns(
      0, count: actions, of: activations.output, to: inputs, rows: rows)
    critic.forward(criticActivations, rows: rows)
    for row in rows { criticGradients.output.row(row)[0] = -1 / Float(activations.output.rows) }
  }
}
