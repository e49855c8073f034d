import NeuralNetworks
import Parallel

/// Improves an actor μ by gradient ascent on the mean of a critic's Q(x, μ(x)); moves its target.
///
/// The loss is −Q(x, μ(x)) + λ·Σ u², averaged over the batch, where u are the actor's outputs
/// before the tanh. The gradient 2λu of the second term is added before the tanh, so that it also
/// brings back outputs for which the tanh is flat and blocks the gradient of Q.
final class PolicyGradient: @unchecked Sendable {
  private let actor: LearnedNetwork
  private let critic: Perceptron
  private let activations: Activations
  private let criticActivations: Activations
  private let criticGradients: Gradients
  private let outputPenalty: Double
  /// The critic sees each action multiplied by these factors; nil if it sees the action itself.
  private let criticActionScale: [Float]?

  /// The loss of the last update, and the fraction of its outputs beyond 0.95 of their limits.
  private(set) var loss = 0.0
  private(set) var saturation = 0.0

  init(
    actor: LearnedNetwork, critic: Critic, rows: Int, outputPenalty: Double,
    criticActionScale: [Float]?
  ) {
    self.criticActionScale = criticActionScale
    self.actor = actor
    self.critic = critic.network
    self.outputPenalty = outputPenalty
    activations = Activations(
      shape: actor.network.shape, rows: rows, keepingUnboundedOutput: true)
    (criticActivations, criticGradients) = critic.makePolicyActivations()
  }

  /// Makes one step of Adam from the states in some rows of `batch`.
  func update(from batch: Batch, rows batchRows: Range<Int>, pool: WorkerPool) {
    let rows = 0..<batchRows.count
    pool.forHalves(of: rows) { evaluate(from: batch, rows: $0, offset: batchRows.lowerBound) }
    measure()
    critic.backwardToHidden(criticActivations, criticGradients, rows: rows, pool: pool)
    critic.backwardFromFirstHiddenToReentering(
      criticGradients, rows: rows, into: actor.gradients.output)
    if let criticActionScale {
      actor.gradients.output.scaleColumns(from: 0, by: criticActionScale, rows: rows)
    }
    actor.network.backwardToHidden(
      activations, actor.gradients, rows: rows,
      penalty: Float(2 * outputPenalty / Double(rows.count)), pool: pool)
    actor.step(from: activations, movesTarget: true, pool: pool)
  }

  private func measure() {
    let output = activations.output
    let unbounded = activations.unboundedOutput!
    // For |u| above this bound, |tanh u| > 0.95.
    let bound: Float = 1.831_780_8
    var (valueSum, squareSum, saturated) = (0.0, 0.0, 0)
    for row in 0..<output.rows {
      valueSum += Double(criticActivations.output.row(row)[0])
      for column in 0..<output.columns {
        let u = unbounded.row(row)[column]
        squareSum += Double(u * u)
        if abs(u) > bound { saturated += 1 }
      }
    }
    loss = (outputPenalty * squareSum - valueSum) / Double(output.rows)
    saturation = Double(saturated) / Double(output.rows * output.columns)
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
    if let criticActionScale {
      criticActivations.input.scaleColumns(from: inputs, by: criticActionScale, rows: rows)
    }
    critic.forward(criticActivations, rows: rows)
    for row in rows { criticGradients.output.row(row)[0] = -1 / Float(activations.output.rows) }
  }
}
