import CKernels
import NeuralNetworks
import Randomness

/// Transitions in the form that ``TD3`` learns from, those of one update after those of another.
public final class Batch: @unchecked Sendable {
  /// Transitions that there is room for.
  public let capacity: Int

  /// Inputs and actions, `[capacity, inputs + actions]`: the input of the critics.
  package let inputsAndActions: Matrix

  /// `[capacity]`.
  public var rewards: [Float]

  /// γ of each transition, 0 where the episode terminated. `[capacity]`.
  public var discounts: [Float]

  /// Inputs at the next step, `[capacity, inputs]`: the input of the target actor.
  package let nextInputs: Matrix

  init(capacity: Int, inputCount: Int, actionCount: Int) {
    self.capacity = capacity
    inputsAndActions = Matrix(rows: capacity, columns: inputCount + actionCount, feedsLayer: true)
    rewards = Array(repeating: 0, count: capacity)
    discounts = Array(repeating: 0, count: capacity)
    nextInputs = Matrix(rows: capacity, columns: inputCount, feedsLayer: true)
  }

  /// Sets one transition from arrays of the widths that the learner has.
  public func set(
    _ row: Int, input: [Float], action: [Float], reward: Float, discount: Float,
    nextInput: [Float]
  ) {
    precondition(row >= 0 && row < capacity && input.count == nextInput.count)
    precondition(input.count == nextInputs.columns)
    precondition(input.count + action.count == inputsAndActions.columns)
    inputsAndActions.row(row).update(from: input, count: input.count)
    (inputsAndActions.row(row) + input.count).update(from: action, count: action.count)
    rewards[row] = reward
    discounts[row] = discount
    nextInputs.row(row).update(from: nextInput, count: nextInput.count)
  }
}

/// What one or more updates of a ``TD3`` measured.
public struct LearningStatistics: Codable, Equatable, Sendable {
  /// Critic updates.
  public var updates = 0
  /// Sum over the updates of the critics' loss.
  public var criticLoss = 0.0
  /// Sum over the updates of the mean over the batch of the first critic's value.
  public var value = 0.0

  /// Nothing measured yet.
  public init() {}

  /// Mean loss of the critics; NaN before the first update.
  public var meanCriticLoss: Double { criticLoss / Double(updates) }
  /// Mean value of the first critic; NaN before the first update.
  public var meanValue: Double { value / Double(updates) }
}

/// Twin delayed deep deterministic policy gradient (Fujimoto et al. 2018, algorithm 1).
///
/// An actor μ(x) and two critics Qₖ(x, a), with a slowly following target of each. Each update
/// moves the critics towards y = r + γ·minₖ Qₖ′(x′, μ′(x′) + ε), ε clipped noise; every
/// `policyDelay`-th moves the actor up Q₁(x, μ(x)) and the targets towards the learned networks.
///
/// The critics' loss is the Huber loss, in the mean over both critics and the batch.
///
/// The target networks stand still from one update of the actor to the next. So all updates up to
/// that one may be made in one call: their targets are computed together, and each critic then
/// makes them in turn, without waiting for the other.
public final class TD3: @unchecked Sendable {
  /// The constants.
  public let configuration: LevelConfiguration

  /// Numbers in an input of the actor.
  public let inputCount: Int

  /// The largest magnitude of each number of an action.
  public let actionLimits: [Float]

  /// μ, with its target μ′.
  package let actorLearner: LearnedNetwork

  /// Q₁ and Q₂, with their targets.
  package let critics: [Critic]

  /// What to learn from: the transitions of each update of a call, one batch after the other.
  public let batch: Batch

  /// Critic updates made so far.
  public package(set) var updates = 0

  /// What the updates since the last reset of this property measured.
  public var statistics = LearningStatistics()

  private let targetActorActivations: Activations
  private let targetCriticInput: Matrix
  private let noise: FloatBuffer
  private let targets: FloatBuffer
  private let policy: PolicyGradient

  /// μ.
  public var actor: Perceptron { actorLearner.network }

  /// Makes the networks with the published initial weights.
  public init(
    inputCount: Int, actionLimits: [Float], configuration: LevelConfiguration,
    using generator: inout RandomStream
  ) {
    self.configuration = configuration
    self.inputCount = inputCount
    self.actionLimits = actionLimits
    let batch = configuration.batchSize
    let actorShape = PerceptronShape(
      inputs: inputCount, hidden: configuration.hiddenUnits, outputs: actionLimits.count)
    let criticShape = PerceptronShape(
      inputs: inputCount + actionLimits.count, reentering: actionLimits.count,
      hidden: configuration.hiddenUnits, outputs: 1)

    actorLearner = LearnedNetwork(
      Perceptron(shape: actorShape, outputScale: actionLimits, using: &generator),
      configuration: configuration, learningRate: configuration.actorLearningRate, rows: batch)
    // More batches at once would gain little and take memory.
    let capacity = batch * min(configuration.policyDelay, 2)
    self.batch = Batch(
      capacity: capacity, inputCount: inputCount, actionCount: actionLimits.count)
    targetActorActivations = Activations(
      shape: actorShape, rows: capacity, sharing: self.batch.nextInputs)
    targetCriticInput = Matrix(rows: capacity, columns: criticShape.inputs, feedsLayer: true)
    var critics: [Critic] = []
    for _ in 0..<2 {
      critics.append(
        Critic(
          shape: criticShape, configuration: configuration, batch: self.batch,
          targetInput: targetCriticInput, using: &generator))
    }
    self.critics = critics
    policy = PolicyGradient(actor: actorLearner, critic: critics[0].network, rows: batch)
    noise = FloatBuffer(count: capacity * actionLimits.count)
    targets = FloatBuffer(count: capacity)
  }

  /// The updates that one call of ``update(_:pool:noise:)`` can make now.
  public var updatesAtOnce: Int {
    let untilActor = configuration.policyDelay - updates % configuration.policyDelay
    return min(untilActor, batch.capacity / configuration.batchSize)
  }

  /// Makes `count` updates, at most ``updatesAtOnce``, each from its part of ``batch``; `noise`
  /// draws the smoothing noise of the target policy.
  public func update(_ count: Int, pool: WorkerPool, noise generator: inout RandomStream) {
    noise.withMutableValues {
      generator.fillNormal(
        .init(rebasing: $0.prefix(count * configuration.batchSize * actionLimits.count)),
        standardDeviation: Float(configuration.targetNoise))
    }
    update(count, pool: pool)
  }

  /// Makes `count` updates with the given smoothing noise, `[count · batch, actions]`, not yet
  /// clipped.
  package func update(_ count: Int, pool: WorkerPool, noise values: [Float]) {
    noise.withMutableValues { _ = $0.update(from: values) }
    update(count, pool: pool)
  }

  private func update(_ count: Int, pool: WorkerPool) {
    precondition(count <= updatesAtOnce, "an update of the actor lies between")
    holdingSignals {
      let rows = 0..<count * configuration.batchSize
      pool.forHalves(of: rows) { chooseTargetActions($0) }
      pool.forEach(critics) { $0.evaluateTarget(rows) }
      computeTargets(rows)
      updates += count
      let movesTargets = updates % configuration.policyDelay == 0
      pool.forEach(critics) { critic in
        critic.update(count, targets: targets, movesTarget: movesTargets, pool: pool)
      }
      statistics.updates += count
      statistics.criticLoss += (critics[0].loss + critics[1].loss) / 2
      statistics.value += critics[0].value
      if movesTargets {
        policy.update(from: batch, rows: rows.suffix(configuration.batchSize), pool: pool)
      }
    }
  }

  /// a′ = μ′(x′) + clipped noise, not clipped to the action range afterwards (published code).
  private func chooseTargetActions(_ rows: Range<Int>) {
    let width = actionLimits.count
    let bound = Float(configuration.targetNoiseClip)
    actorLearner.target.forward(targetActorActivations, rows: rows)
    targetCriticInput.copyColumns(0, count: inputCount, of: batch.nextInputs, to: 0, rows: rows)
    for row in rows {
      let action = targetActorActivations.output.row(row)
      let chosen = targetCriticInput.row(row) + inputCount
      for index in 0..<width {
        let epsilon = noise.pointer[row * width + index]
        chosen[index] = action[index] + min(max(epsilon, -bound), bound)
      }
    }
  }

  private func computeTargets(_ rows: Range<Int>) {
    for row in rows {
      let value = min(critics[0].targetValue(row), critics[1].targetValue(row))
      targets.pointer[row] = batch.rewards[row] + batch.discounts[row] * value
    }
  }
}

/// One of the two critics of a ``TD3``.
package final class Critic: @unchecked Sendable {
  package let learner: LearnedNetwork
  private let configuration: LevelConfiguration
  private let activations: Activations
  private let targetActivations: Activations

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
    learner = LearnedNetwork(
      Perceptron(shape: shape, using: &generator), configuration: configuration,
      learningRate: configuration.criticLearningRate, rows: batch.capacity)
    activations = Activations(
      shape: shape, rows: batch.capacity, sharing: batch.inputsAndActions)
    targetActivations = Activations(shape: shape, rows: batch.capacity, sharing: targetInput)
  }

  func evaluateTarget(_ rows: Range<Int>) {
    holdingSignals { learner.target.forward(targetActivations, rows: rows) }
  }

  func targetValue(_ row: Int) -> Float {
    targetActivations.output.row(row)[0]
  }

  /// Some steps of Adam, each on the Huber loss against `targets` in the mean over both critics and
  /// its part of the batch; after the last, the target may follow.
  func update(_ count: Int, targets: FloatBuffer, movesTarget: Bool, pool: WorkerPool) {
    (loss, value) = (0, 0)
    holdingSignals {
      for index in 0..<count {
        let first = index * configuration.batchSize
        let rows = first..<first + configuration.batchSize
        network.forward(activations, rows: rows)
        differentiateLoss(rows, targets: targets)
        network.backwardToHidden(activations, learner.gradients, rows: rows, pool: pool)
        learner.step(
          from: activations, rows: rows, movesTarget: movesTarget && index == count - 1,
          pool: pool)
      }
    }
  }

  private func differentiateLoss(_ rows: Range<Int>, targets: FloatBuffer) {
    let delta = Float(configuration.huberDelta)
    var lossSum = 0.0
    var valueSum = 0.0
    for row in rows {
      let value = activations.output.row(row)[0]
      let error = value - targets.pointer[row]
      let magnitude = abs(error)
      lossSum += Double(
        magnitude <= delta ? error * error / 2 : delta * (magnitude - delta / 2))
      valueSum += Double(value)
      learner.gradients.output.row(row)[0] =
        min(max(error, -delta), delta) / Float(2 * rows.count)
    }
    loss += lossSum / Double(rows.count)
    value += valueSum / Double(rows.count)
  }
}

/// Moves an actor μ up the mean of a critic's Q(x, μ(x)), and its target after it.
private final class PolicyGradient: @unchecked Sendable {
  private let actor: LearnedNetwork
  private let critic: Perceptron
  private let rows: Range<Int>
  private let activations: Activations
  private let criticActivations: Activations
  private let criticGradients: Gradients

  init(actor: LearnedNetwork, critic: Perceptron, rows: Int) {
    self.actor = actor
    self.critic = critic
    self.rows = 0..<rows
    activations = Activations(shape: actor.network.shape, rows: rows)
    criticActivations = Activations(shape: critic.shape, rows: rows)
    criticGradients = Gradients(shape: critic.shape, rows: rows)
  }

  /// One step of Adam from the states in some rows of `batch`.
  func update(from batch: Batch, rows batchRows: Range<Int>, pool: WorkerPool) {
    pool.forHalves(of: rows) { evaluate(from: batch, rows: $0, offset: batchRows.lowerBound) }
    critic.backwardToHidden(criticActivations, criticGradients, rows: rows, pool: pool)
    critic.backwardFromFirstHiddenToReentering(
      criticGradients, rows: rows, into: actor.gradients.output)
    actor.network.backwardToHidden(activations, actor.gradients, rows: rows, pool: pool)
    actor.step(from: activations, rows: rows, movesTarget: true, pool: pool)
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
    for row in rows { criticGradients.output.row(row)[0] = -1 / Float(self.rows.count) }
  }
}

extension TD3 {
  /// Gives what was measured since the last call.
  package func takeStatistics() -> LearningStatistics {
    defer { statistics = LearningStatistics() }
    return statistics
  }

  /// The first of the weights found that are not finite, by name.
  package func firstNonFinite(level: String) -> String? {
    if !actor.parameters.isFinite { return "a weight of the \(level) actor" }
    for (index, critic) in critics.enumerated() where !critic.network.parameters.isFinite {
      return "a weight of the \(level) critic \(index + 1)"
    }
    return nil
  }
}

extension TD3 {
  /// Floating-point operations of the matrix products of one update, in the mean over updates with
  /// and without one of the actor.
  package var operationsPerUpdate: Double {
    let (actor, critic) = (actor.shape, critics[0].network.shape)
    let ofCritics =
      actor.forwardOperations + 2 * critic.forwardOperations
      + 2 * (critic.forwardOperations + critic.backwardOperations)
    let ofActor =
      actor.forwardOperations + critic.forwardOperations + critic.backwardToReenteringOperations
      + actor.backwardOperations
    let perRow = Double(ofCritics) + Double(ofActor) / Double(configuration.policyDelay)
    return perRow * Double(configuration.batchSize)
  }
}
