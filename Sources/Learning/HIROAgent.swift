import NeuralNetworks
import Randomness

/// HIRO (Nachum et al. 2018): a higher level that sets subgoals and a lower level that reaches
/// them, each a ``TD3`` on its own view of one ``Experience``.
public final class HIROAgent: Agent, @unchecked Sendable {
  /// The sizes and ranges of the task.
  public let shape: AgentShape

  /// Every constant.
  public let configuration: HIROConfiguration

  /// The level that drives the joints: input `[observation without place, subgoal]`.
  public let lower: TD3

  /// The level that sets subgoals: input `[observation, target]`.
  public let higher: TD3

  /// Everything remembered.
  public let experience: Experience

  package let correction: OffPolicyCorrection
  let collector: Collector
  private let subgoals: Subgoals

  private var transitions: [Int]
  private let hindsightSubgoal: FloatBuffer
  private let hindsightNextSubgoal: FloatBuffer

  /// The networks that act, where these are not the learned ones themselves.
  private let lowerSnapshot: Perceptron?
  private let higherSnapshot: Perceptron?

  // The levels learn at the same time: each has streams of its own, and shares no structure.
  var lowerStreams: LowerStreams
  var higherStreams: HigherStreams

  /// Environment steps committed.
  public internal(set) var steps = 0
  var lowerUpdatesOwed = 0
  var higherUpdatesOwed = 0

  /// Makes an untrained agent; everything random in it derives from `seed`.
  ///
  /// - Throws: ``AgentShapeError`` where the subgoal configuration does not fit the task.
  public init(
    shape taskShape: AgentShape, configuration: HIROConfiguration, seed: UInt64
  ) throws(AgentShapeError) {
    let shape = try taskShape.adapted(to: configuration.subgoals)
    self.shape = shape
    self.configuration = configuration
    subgoals = Subgoals(count: shape.subgoalCount, semantics: configuration.subgoals.semantics)
    lowerStreams = LowerStreams(seed: seed)
    higherStreams = HigherStreams(seed: seed)

    var initialisation = RandomStream(seed: seed, name: "initialisation of the lower level")
    lower = TD3(
      inputCount: shape.lowerInputCount, actionLimits: shape.actionLimits,
      configuration: configuration.lower, using: &initialisation)
    initialisation = RandomStream(seed: seed, name: "initialisation of the higher level")
    higher = TD3(
      inputCount: shape.higherInputCount, actionLimits: shape.subgoalHalfRange,
      configuration: configuration.higher, using: &initialisation)

    experience = Experience(
      shape: shape, lowerCapacity: configuration.lower.replayCapacity,
      higherCapacity: configuration.higher.replayCapacity,
      interval: configuration.subgoals.interval)
    correction = OffPolicyCorrection(
      shape: shape, semantics: configuration.subgoals.semantics,
      configuration: configuration.correction, interval: configuration.subgoals.interval,
      batchSize: configuration.higher.batchSize, hiddenUnits: configuration.lower.hiddenUnits)
    transitions = Array(repeating: 0, count: configuration.higher.batchSize)
    hindsightSubgoal = FloatBuffer(count: shape.subgoalCount)
    hindsightNextSubgoal = FloatBuffer(count: shape.subgoalCount)

    let usesSnapshots = configuration.schedule == .pipelined
    lowerSnapshot = usesSnapshots ? lower.actor.copy() : nil
    higherSnapshot = usesSnapshots ? higher.actor.copy() : nil
    collector = Collector(
      shape: shape, configuration: configuration, lower: lowerSnapshot ?? lower.actor,
      higher: higherSnapshot ?? higher.actor, seed: seed)
  }

  // MARK: Collecting

  /// Begins to act in a new episode of which `observation` is the first state.
  public func beginEpisode(observation: [Float], target: [Float]) {
    collector.isPretraining = steps < configuration.pretrainingSteps
    collector.beginEpisode(observation: observation, target: target)
  }

  /// The actor's action for the current state with exploration noise, clipped to the limits.
  public func chooseAction() -> [Float] {
    collector.chooseAction()
  }

  /// Takes in what the action led to; the step of a diverged simulation is left out.
  public func record(reward: Float, observation: [Float], ending: Window.Ending) {
    collector.record(reward: reward, observation: observation, ending: ending)
  }

  /// Whether the recorded steps are to be committed before the next one is chosen.
  public var windowIsFull: Bool {
    collector.window.endsInterval || collector.window.ending != .none
      || configuration.schedule == .sequential && collector.window.count > 0
  }

  /// Steps recorded since the last commit.
  public var windowCount: Int { collector.window.count }

  /// Makes the recorded steps part of the experience, and the learned networks those that act.
  public func commit() {
    let higherBefore = experience.higherHead
    experience.append(collector.window)
    for _ in 0..<collector.window.count {
      steps += 1
      if steps > configuration.warmUpSteps { lowerUpdatesOwed += 1 }
    }
    let isPretraining = steps <= configuration.pretrainingSteps
    if steps > configuration.warmUpSteps, !isPretraining {
      higherUpdatesOwed += experience.higherHead - higherBefore
    }
    collector.isPretraining = steps < configuration.pretrainingSteps
    collector.window.advance()
    refreshSnapshots()
  }

  /// Makes the learned networks those that act.
  func refreshSnapshots() {
    lowerSnapshot?.parameters.copy(from: lower.actor.parameters)
    higherSnapshot?.parameters.copy(from: higher.actor.parameters)
  }

  // MARK: Learning

  /// Makes the updates owed for the steps that were committed.
  public func learn(pool: WorkerPool) {
    switch configuration.schedule {
    case .sequential:
      updateLower(pool: pool)
      updateHigher(pool: pool, lowerActor: lower.actor)
    case .pipelined:
      pool.concurrently(
        { updateLower(pool: pool) },
        { updateHigher(pool: pool, lowerActor: lowerSnapshot!) })
    }
  }

  private func updateLower(pool: WorkerPool) {
    while lowerUpdatesOwed > 0, experience.lowerCount > 0 {
      let count = min(lowerUpdatesOwed, lower.updatesAtOnce)
      fillLowerBatch(rows: count * configuration.lower.batchSize)
      lower.update(count, pool: pool, noise: &lowerStreams.targetNoise)
      lowerUpdatesOwed -= count
    }
  }

  private func updateHigher(pool: WorkerPool, lowerActor: Perceptron) {
    while higherUpdatesOwed > 0, experience.higherCount > 0 {
      fillHigherBatch(pool: pool, lowerActor: lowerActor)
      higher.update(1, pool: pool, noise: &higherStreams.targetNoise)
      higherUpdatesOwed -= 1
    }
  }

  /// Draws transitions (s, g, a, s′, g′); rewards are computed here, from equation 1. No
  /// lower-level transition is terminal.
  private func fillLowerBatch(rows: Int) {
    let batch = lower.batch
    for row in 0..<rows {
      let slot = experience.drawLowerSlot(using: &lowerStreams.sampling)
      let state = experience.observation(slot)
      let next = experience.observation(slot + 1)
      var subgoal = experience.subgoal(slot)
      var nextSubgoal = experience.subgoal(slot + 1)
      if configuration.lowerHindsight > 0,
        lowerStreams.hindsight.uniform() < configuration.lowerHindsight
      {
        replaceByReached(slot)
        subgoal = UnsafePointer(hindsightSubgoal.pointer)
        nextSubgoal = UnsafePointer(hindsightNextSubgoal.pointer)
      }
      let input = batch.inputsAndActions.row(row)
      shape.writeLowerInput(state, subgoal: subgoal, into: input)
      (input + shape.lowerInputCount).update(
        from: experience.action(slot), count: shape.actionCount)
      shape.writeLowerInput(next, subgoal: nextSubgoal, into: batch.nextInputs.row(row))
      batch.rewards[row] =
        Float(configuration.lower.rewardScale) * subgoals.reward(subgoal, from: state, to: next)
      batch.discounts[row] = Float(configuration.lower.discount)
    }
  }

  /// Hindsight: asks for a state that the trajectory reached after `slot`, before the next
  /// decision.
  private func replaceByReached(_ slot: Int) {
    let ahead = 1 + lowerStreams.hindsight.index(below: experience.stepsUntilDecision(slot))
    subgoals.achieved(
      from: experience.observation(slot), in: experience.observation(slot + ahead),
      into: hindsightSubgoal.pointer)
    subgoals.transition(
      hindsightSubgoal.pointer, from: experience.observation(slot),
      to: experience.observation(slot + 1), into: hindsightNextSubgoal.pointer)
  }

  /// Draws transitions over whole intervals and relabels their subgoals.
  private func fillHigherBatch(pool: WorkerPool, lowerActor: Perceptron) {
    let batch = higher.batch
    for row in transitions.indices {
      let number = experience.drawHigherTransition(using: &higherStreams.sampling)
      transitions[row] = number
      let transition = experience.higherTransition(number)
      let target = experience.higherTarget(number)
      shape.writeHigherInput(
        experience.observation(transition.start), target: target,
        into: batch.inputsAndActions.row(row))
      shape.writeHigherInput(
        experience.observation(transition.start + transition.length), target: target,
        into: batch.nextInputs.row(row))
      batch.rewards[row] = Float(configuration.higher.rewardScale) * transition.reward
      batch.discounts[row] =
        transition.isTerminal ? 0 : Float(configuration.higher.discount)
    }
    correction.relabel(
      transitions, of: experience, actor: lowerActor, pool: pool, using: &higherStreams.correction,
      into: batch.inputsAndActions, column: shape.higherInputCount)
  }

  // MARK: Results

  /// The current policy without noise, sharing nothing with the agent.
  public func makePolicy() -> HierarchicalPolicy {
    HierarchicalPolicy(
      shape: shape,
      settings: PolicySettings(
        hierarchy: .hiro, interval: configuration.subgoals.interval,
        semantics: configuration.subgoals.semantics),
      networks: .levels(lower: lower.actor.copy(), higher: higher.actor.copy()))
  }

  /// What was measured since the last call.
  public func takeStatistics() -> AgentStatistics {
    var statistics = AgentStatistics()
    statistics.lower = lower.takeStatistics()
    statistics.higher = higher.takeStatistics()
    (statistics.correctionRows, statistics.correctionRowsInFull) = correction.takeRows()
    return statistics
  }

  /// The first weights found that are not finite, by name; nil while all is well.
  public func firstNonFinite() -> String? {
    lower.firstNonFinite(level: "lower") ?? higher.firstNonFinite(level: "higher")
  }
}

/// The random streams from which the lower level learns, each with a single consumer.
struct LowerStreams: Codable, Equatable, Sendable {
  var sampling: RandomStream
  var targetNoise: RandomStream
  var hindsight: RandomStream

  init(seed: UInt64) {
    sampling = RandomStream(seed: seed, name: "lower replay sampling")
    targetNoise = RandomStream(seed: seed, name: "lower target noise")
    hindsight = RandomStream(seed: seed, name: "lower hindsight")
  }
}

/// The random streams from which the higher level learns, each with a single consumer.
struct HigherStreams: Codable, Equatable, Sendable {
  var sampling: RandomStream
  var targetNoise: RandomStream
  var correction: RandomStream

  init(seed: UInt64) {
    sampling = RandomStream(seed: seed, name: "higher replay sampling")
    targetNoise = RandomStream(seed: seed, name: "higher target noise")
    correction = RandomStream(seed: seed, name: "off-policy correction")
  }
}
