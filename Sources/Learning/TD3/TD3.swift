import NeuralNetworks
import Parallel
import Randomness

/// Twin delayed deep deterministic policy gradient (Fujimoto et al. 2018, algorithm 1).
///
/// An actor μ(x) and two critics Qₖ(x, a), each with a target network that follows it slowly. Each
/// update moves the critics towards y = r + γ·v, where v = minₖ Qₖ′(x′, μ′(x′) + ε) with clipped
/// noise ε (with `targetValue: mean`, the mean over k), limited to the batch's `bounds`. Every
/// `policyDelay`-th update also moves the actor towards larger Q₁(x, μ(x)), and the target networks
/// towards the learned ones.
///
/// The critics' loss is the Huber loss, averaged over both critics and the batch.
///
/// The target networks do not change between two updates of the actor. So all updates up to the
/// next one of the actor may be made in one call: their targets are computed together, and each
/// critic then makes its updates in turn, without waiting for the other critic.
public final class TD3: Learner, @unchecked Sendable {
  /// The constants.
  public let configuration: LevelConfiguration

  /// Numbers in an input of the actor.
  public let inputCount: Int

  /// The largest magnitude of each number of an action.
  public let actionLimits: [Float]

  /// The unit of the target policy's noise, for each number of an action.
  private let noiseUnits: [Float]

  /// The critics see each action multiplied by these factors; nil if they see the action itself.
  private let criticActionScale: [Float]?

  /// μ, with its target μ′.
  package let actorLearner: LearnedNetwork

  /// Q₁ and Q₂, with their targets.
  package let critics: [Critic]

  /// The transitions to learn from: the batches of all updates of one call, one after another. An
  /// update scales the actions in it in place, if the critics see scaled actions.
  public let batch: Batch

  /// Critic updates made so far.
  public package(set) var updates = 0

  /// The statistics of the updates since this property was last reset.
  public var statistics = LearningStatistics()

  private let targetActorActivations: Activations
  private let targetCriticInput: Matrix
  private let noise: FloatBuffer
  private let targets: FloatBuffer
  private let policy: PolicyGradient

  /// μ.
  public var actor: Perceptron { actorLearner.network }

  /// The actor to evaluate and to save: the running average of μ if there is one, otherwise μ.
  public var steadyActor: Perceptron { actorLearner.average ?? actorLearner.network }

  /// Makes the networks with the published initial weights.
  public convenience init(
    inputCount: Int, actionLimits: [Float], configuration: LevelConfiguration,
    using generator: inout RandomStream
  ) {
    self.init(
      LevelSizes(name: "", inputCount: inputCount, limits: actionLimits),
      configuration: configuration, using: &generator)
  }

  /// Makes the networks of a level.
  package init(
    _ sizes: LevelSizes, configuration: LevelConfiguration, using generator: inout RandomStream
  ) {
    self.configuration = configuration
    (inputCount, actionLimits) = (sizes.inputCount, sizes.limits)
    noiseUnits = configuration.noiseUnits(limits: actionLimits)
    criticActionScale =
      configuration.criticActions == .limits ? actionLimits.map { 1 / $0 } : nil
    let batch = configuration.batchSize
    let actorShape = sizes.actor(hidden: configuration.hiddenUnits)
    let criticShape = sizes.critic(configuration)

    actorLearner = LearnedNetwork(
      Perceptron(shape: actorShape, outputScale: actionLimits, using: &generator),
      configuration: configuration, learningRate: configuration.actorLearningRate, parts: 2,
      averagingRate: configuration.averagingRate)
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
    policy = PolicyGradient(
      actor: actorLearner, critic: critics[0], rows: batch,
      outputPenalty: configuration.outputPenalty, criticActionScale: criticActionScale)
    noise = FloatBuffer(count: capacity * actionLimits.count)
    targets = FloatBuffer(count: capacity)
  }

  /// Makes the learner of a level: a ``MakeLearner``.
  package static func make(
    _ level: LevelSizes, _ configuration: LevelConfiguration, _ generator: inout RandomStream
  ) -> any Learner {
    TD3(level, configuration: configuration, using: &generator)
  }

  /// The largest number of updates that one call of ``update(_:pool:noise:)`` can make now.
  public var updatesAtOnce: Int {
    let untilActor = configuration.policyDelay - updates % configuration.policyDelay
    return min(untilActor, batch.capacity / configuration.batchSize)
  }

  /// Makes `count` updates, at most ``updatesAtOnce``, each from its part of ``batch``; `noise`
  /// draws the smoothing noise of the target policy.
  public func update(_ count: Int, pool: WorkerPool, noise generator: inout RandomStream) {
    noise.fillNormal(
      count * configuration.batchSize * actionLimits.count,
      standardDeviation: Float(configuration.targetNoise), using: &generator)
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
      if let criticActionScale {
        batch.inputsAndActions.scaleColumns(from: inputCount, by: criticActionScale, rows: rows)
      }
      pool.forHalves(of: rows) { chooseTargetActions($0) }
      pool.forEach(critics) { $0.evaluateTargets(count) }
      computeTargets(count)
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
        statistics.actorUpdates += 1
        statistics.actorLoss += policy.loss
        statistics.saturation += policy.saturation
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
        chosen[index] = action[index] + noiseUnits[index] * min(max(epsilon, -bound), bound)
      }
    }
    if let criticActionScale {
      targetCriticInput.scaleColumns(from: inputCount, by: criticActionScale, rows: rows)
    }
  }

  private func computeTargets(_ count: Int) {
    for index in 0..<count {
      let values = critics.map { $0.targetValues(index) }
      for row in 0..<configuration.batchSize {
        let place = index * configuration.batchSize + row
        let (first, second) = (values[0].row(row)[0], values[1].row(row)[0])
        let value =
          configuration.targetValue == .minimum ? min(first, second) : (first + second) / 2
        targets.pointer[place] =
          batch.rewards[place] + batch.discounts[place] * min(value, batch.bounds[place])
      }
    }
  }
}

extension LevelConfiguration {
  /// The factor for the size of noise, for each number of an action.
  func noiseUnits(limits: [Float]) -> [Float] {
    noiseUnits == .limits ? limits : Array(repeating: 1, count: limits.count)
  }
}

extension TD3 {
  /// The statistics since the last call.
  package func takeStatistics() -> LearningStatistics {
    defer { statistics = LearningStatistics() }
    return statistics
  }

  package var networks: [(name: String, network: LearnedNetwork)] {
    [("actor", actorLearner), ("critic1", critics[0].learner), ("critic2", critics[1].learner)]
  }

  package var progress: LearnerProgress {
    get {
      LearnerProgress(
        updates: updates, optimizerSteps: networks.map(\.network.optimizer.steps),
        statistics: statistics)
    }
    set {
      updates = newValue.updates
      statistics = newValue.statistics
      for (one, steps) in zip(networks, newValue.optimizerSteps) {
        one.network.optimizer.steps = steps
      }
    }
  }
}

extension TD3 {
  /// Floating-point operations of the matrix products of one update, averaged over updates with and
  /// without an update of the actor.
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
