import CKernels
import NeuralNetworks
import Randomness

/// A batch of transitions in the form that ``TD3`` learns from.
public final class Batch: @unchecked Sendable {
  /// Transitions that there is room for.
  public let capacity: Int

  /// Inputs and actions, `[batch, inputs + actions]`: the input of the critics.
  package let inputsAndActions: Matrix

  /// `[batch]`.
  public var rewards: [Float]

  /// γ of each transition, 0 where the episode terminated. `[batch]`.
  public var discounts: [Float]

  /// Inputs at the next step, `[batch, inputs]`: the input of the target actor.
  package let nextInputs: Matrix

  /// Makes room for `capacity` transitions.
  public init(capacity: Int, inputCount: Int, actionCount: Int) {
    self.capacity = capacity
    inputsAndActions = Matrix(rows: capacity, columns: inputCount + actionCount, feedsLayer: true)
    rewards = Array(repeating: 0, count: capacity)
    discounts = Array(repeating: 0, count: capacity)
    nextInputs = Matrix(rows: capacity, columns: inputCount, feedsLayer: true)
  }

  /// Sets one transition from arrays of the batch's own widths.
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
public final class TD3: @unchecked Sendable {
  /// The constants.
  public let configuration: LevelConfiguration

  /// Numbers in an input of the actor.
  public let inputCount: Int

  /// The largest magnitude of each number of an action.
  public let actionLimits: [Float]

  /// μ.
  public let actor: Perceptron

  /// μ′.
  public let targetActor: Perceptron

  /// Q₁ and Q₂.
  package let critics: [Critic]

  package let actorOptimizer: Adam

  /// Critic updates made so far.
  public package(set) var updates = 0

  /// What the updates since the last reset of this property measured.
  public var statistics = LearningStatistics()

  private let actorActivations: Activations
  private let actorGradients: Gradients
  private let targetActorActivations: Activations
  private let targetCriticInput: Matrix
  private let policyCriticActivations: Activations
  private let noise: FloatBuffer
  private let targets: FloatBuffer

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

    actor = Perceptron(shape: actorShape, outputScale: actionLimits, using: &generator)
    targetActor = actor.copy()
    actorOptimizer = Adam(
      count: actor.parameters.count,
      settings: configuration.adam(learningRate: configuration.actorLearningRate))
    actorActivations = Activations(shape: actorShape, rows: batch)
    actorGradients = Gradients(shape: actorShape, rows: batch)
    targetActorActivations = Activations(shape: actorShape, rows: batch)

    targetCriticInput = Matrix(rows: batch, columns: criticShape.inputs, feedsLayer: true)
    policyCriticActivations = Activations(shape: criticShape, rows: batch)
    var critics: [Critic] = []
    for _ in 0..<2 {
      critics.append(
        Critic(
          shape: criticShape, configuration: configuration, targetInput: targetCriticInput,
          using: &generator))
    }
    self.critics = critics
    noise = FloatBuffer(count: batch * actionLimits.count)
    targets = FloatBuffer(count: batch)
  }

  /// Learns from one batch; `noise` draws the smoothing noise of the target policy.
  public func update(_ batch: Batch, pool: WorkerPool, noise generator: inout RandomStream) {
    noise.withMutableValues {
      generator.fillNormal($0, standardDeviation: Float(configuration.targetNoise))
    }
    update(batch, pool: pool)
  }

  /// Learns from one batch with the given smoothing noise, `[batch, actions]`, not yet clipped.
  package func update(_ batch: Batch, pool: WorkerPool, noise values: [Float]) {
    noise.withMutableValues { _ = $0.update(from: values) }
    update(batch, pool: pool)
  }

  private func update(_ batch: Batch, pool: WorkerPool) {
    precondition(batch.capacity == configuration.batchSize)
    chooseTargetActions(batch)
    pool.concurrently({ critics[0].evaluateTarget() }, { critics[1].evaluateTarget() })
    computeTargets(batch)
    pool.concurrently(
      { critics[0].update(batch, targets: targets) },
      { critics[1].update(batch, targets: targets) })
    updates += 1
    statistics.updates += 1
    statistics.criticLoss += (critics[0].loss + critics[1].loss) / 2
    statistics.value += critics[0].meanValue
    if updates % configuration.policyDelay == 0 {
      pool.concurrently(
        { updateActor(batch) },
        {
          critics[0].updateTarget()
          critics[1].updateTarget()
        })
    }
  }

  /// a′ = μ′(x′) + clipped noise, not clipped to the action range afterwards (published code).
  private func chooseTargetActions(_ batch: Batch) {
    let rows = batch.capacity
    let width = actionLimits.count
    let bound = Float(configuration.targetNoiseClip)
    let input = targetActorActivations.input
    input.copyColumns(0, count: inputCount, of: batch.nextInputs, to: 0, rows: rows)
    targetActor.forward(targetActorActivations, rows: rows)
    targetCriticInput.copyColumns(0, count: inputCount, of: batch.nextInputs, to: 0, rows: rows)
    for row in 0..<rows {
      let action = targetActorActivations.output.row(row)
      let chosen = targetCriticInput.row(row) + inputCount
      for index in 0..<width {
        let epsilon = noise.pointer[row * width + index]
        chosen[index] = action[index] + min(max(epsilon, -bound), bound)
      }
    }
  }

  private func computeTargets(_ batch: Batch) {
    for row in 0..<batch.capacity {
      let value = min(critics[0].targetValue(row), critics[1].targetValue(row))
      targets.pointer[row] = batch.rewards[row] + batch.discounts[row] * value
    }
  }

  /// Moves the actor up the mean of Q₁(x, μ(x)) over the batch.
  private func updateActor(_ batch: Batch) {
    let rows = batch.capacity
    let input = actorActivations.input
    input.copyColumns(0, count: inputCount, of: batch.inputsAndActions, to: 0, rows: rows)
    actor.forward(actorActivations, rows: rows)

    let criticInput = policyCriticActivations.input
    criticInput.copyColumns(0, count: inputCount, of: input, to: 0, rows: rows)
    criticInput.copyColumns(
      0, count: actionLimits.count, of: actorActivations.output, to: inputCount, rows: rows)
    critics[0].actionGradient(
      policyCriticActivations, rows: rows, into: actorGradients.output)

    actor.backward(actorActivations, actorGradients, rows: rows)
    actorOptimizer.step(actor.parameters, gradients: actorGradients.parameters)
    targetActor.parameters.move(towards: actor.parameters, rate: configuration.targetUpdateRate)
  }
}

/// One of the two critics of a ``TD3``, its target and its optimiser.
package final class Critic: @unchecked Sendable {
  package let network: Perceptron
  package let target: Perceptron
  package let optimizer: Adam
  private let configuration: LevelConfiguration
  private let shape: PerceptronShape
  private let targetActivations: Activations
  private let gradients: Gradients
  private var activations: Activations?

  /// Mean Huber loss of the last update.
  private(set) var loss = 0.0
  /// Mean value of the last batch, before the update.
  private(set) var meanValue = 0.0

  init(
    shape: PerceptronShape, configuration: LevelConfiguration, targetInput: Matrix,
    using generator: inout RandomStream
  ) {
    self.shape = shape
    self.configuration = configuration
    network = Perceptron(shape: shape, using: &generator)
    target = network.copy()
    optimizer = Adam(
      count: network.parameters.count,
      settings: configuration.adam(learningRate: configuration.criticLearningRate))
    targetActivations = Activations(
      shape: shape, rows: configuration.batchSize, sharing: targetInput)
    gradients = Gradients(shape: shape, rows: configuration.batchSize)
  }

  func evaluateTarget() {
    target.forward(targetActivations, rows: configuration.batchSize)
  }

  func targetValue(_ row: Int) -> Float {
    targetActivations.output.row(row)[0]
  }

  /// One step of Adam on the Huber loss against `targets`, in the mean over both critics and the
  /// batch.
  func update(_ batch: Batch, targets: FloatBuffer) {
    let rows = batch.capacity
    let activations = activations(for: batch)
    network.forward(activations, rows: rows)
    let delta = Float(configuration.huberDelta)
    var lossSum = 0.0
    var valueSum = 0.0
    for row in 0..<rows {
      let value = activations.output.row(row)[0]
      let error = value - targets.pointer[row]
      let magnitude = abs(error)
      lossSum += Double(
        magnitude <= delta ? error * error / 2 : delta * (magnitude - delta / 2))
      valueSum += Double(value)
      gradients.output.row(row)[0] = min(max(error, -delta), delta) / Float(2 * rows)
    }
    loss = lossSum / Double(rows)
    meanValue = valueSum / Double(rows)
    network.backward(activations, gradients, rows: rows)
    optimizer.step(network.parameters, gradients: gradients.parameters)
  }

  func updateTarget() {
    target.parameters.move(towards: network.parameters, rate: configuration.targetUpdateRate)
  }

  /// The gradient of −mean Q in the actions that stand in the input.
  func actionGradient(_ activations: Activations, rows: Int, into result: Matrix) {
    network.forward(activations, rows: rows)
    for row in 0..<rows { gradients.output.row(row)[0] = -1 / Float(rows) }
    network.backwardToReentering(activations, gradients, rows: rows, into: result)
  }

  /// The activations over the batch's own input matrix, made when a batch is first seen.
  private func activations(for batch: Batch) -> Activations {
    if let activations, activations.input === batch.inputsAndActions { return activations }
    let made = Activations(shape: shape, rows: batch.capacity, sharing: batch.inputsAndActions)
    activations = made
    return made
  }
}

extension LevelConfiguration {
  fileprivate func adam(learningRate: Double) -> Adam.Settings {
    Adam.Settings(
      learningRate: learningRate, beta1: adamBeta1, beta2: adamBeta2, epsilon: adamEpsilon)
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
