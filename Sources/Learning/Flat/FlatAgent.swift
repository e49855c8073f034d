import NeuralNetworks
import Parallel
import Randomness

/// The paper's baseline without hierarchy: one learner (``TD3``) that sees the observation and the target
/// and earns the environment's reward.
///
/// Its constants are those of the configuration's `lower` level; rewards are multiplied with
/// `higher.rewardScale`, as the environment's rewards always are.
public final class FlatAgent: Agent, @unchecked Sendable {
  /// The sizes and ranges of the task; it has no subgoals.
  public let shape: AgentShape

  /// Every constant.
  public let configuration: HIROConfiguration

  /// The only learner; its input is `[observation, target]`.
  package let learner: any Learner

  /// The replay buffer.
  public let experience: Experience

  /// Environment steps committed.
  public internal(set) var steps = 0

  package let window: Window
  var updatesOwed = 0
  // The thread that collects draws from one of these, the thread that learns from the other.
  package var exploration: RandomStream
  package var learning: LearningStreams

  /// The random streams that the agent learns from, each with a single consumer.
  package struct LearningStreams: Codable, Equatable, Sendable {
    package var sampling: RandomStream
    package var targetNoise: RandomStream
  }

  private let snapshot: Perceptron?
  private let acting: ActingNetwork
  private var action: [Float]

  /// Makes an untrained agent; everything random in it derives from `seed`.
  public convenience init(shape: AgentShape, configuration: HIROConfiguration, seed: UInt64) {
    self.init(
      shape: shape, configuration: configuration, seed: seed, makeLearner: TD3.make)
  }

  /// Makes an untrained agent with another learner than ``TD3``.
  package init(
    shape taskShape: AgentShape, configuration: HIROConfiguration, seed: UInt64,
    makeLearner: MakeLearner
  ) {
    var shape = taskShape
    shape.subgoalHalfRange = []
    self.shape = shape
    self.configuration = configuration
    exploration = RandomStream(seed: seed, name: "flat exploration")
    learning = LearningStreams(
      sampling: RandomStream(seed: seed, name: "flat replay sampling"),
      targetNoise: RandomStream(seed: seed, name: "flat target noise"))
    var initialisation = RandomStream(seed: seed, name: "initialisation of the flat agent")
    learner = makeLearner(shape.flatLevel, configuration.lower.learner, &initialisation)
    window = Window(capacity: configuration.subgoals.interval, shape: shape)
    experience = Experience(
      shape: shape, lowerCapacity: configuration.lower.replayCapacity, higherCapacity: 0,
      interval: configuration.subgoals.interval)
    snapshot = configuration.schedule == .pipelined ? learner.actor.copy() : nil
    acting = ActingNetwork(snapshot ?? learner.actor)
    action = Array(repeating: 0, count: shape.actionCount)
  }

  // MARK: Collecting

  /// Begins a new episode; `observation` is its first state.
  public func beginEpisode(observation: [Float], target: [Float]) {
    window.begin(observation: observation, target: target)
  }

  /// The actor's action for the current state with exploration noise, clipped to the limits.
  public func chooseAction() -> [Float] {
    let step = window.count
    let chosen = window.actions.row(step)
    if configuration.warmUpPolicy == .uniform, steps < configuration.warmUpSteps {
      drawUniformly(limits: shape.actionLimits, using: &exploration, into: chosen)
    } else {
      shape.writeFlatInput(
        window.observations.row(step), target: window.target, into: acting.input)
      configuration.lower.learner.explore(
        around: acting.forward(), limits: shape.actionLimits,
        using: &exploration, into: chosen)
    }
    for index in action.indices { action[index] = chosen[index] }
    return action
  }

  /// Records the result of the last action; the step of a diverged simulation is left out.
  public func record(reward: Float, observation: [Float], ending: Window.Ending) {
    _ = window.append(reward: reward, observation: observation, ending: ending)
  }

  /// Whether the recorded steps must be committed before the next action is chosen.
  public var windowIsFull: Bool {
    window.ending != .none || window.count == window.capacity
      || configuration.schedule == .sequential && window.count > 0
  }

  /// Steps recorded since the last commit.
  public var windowCount: Int { window.count }

  /// Adds the recorded steps to the replay buffer, and makes the learned network act.
  public func commit() {
    experience.append(window)
    for _ in 0..<window.count {
      steps += 1
      if steps > configuration.warmUpSteps { updatesOwed += 1 }
    }
    window.advance()
    refreshSnapshots()
  }

  /// Makes the learned network the one that acts.
  func refreshSnapshots() {
    snapshot?.parameters.copy(from: learner.actor.parameters)
  }

  // MARK: Learning

  /// Makes the updates that are due for the committed steps.
  public func learn(pool: WorkerPool) {
    while updatesOwed > 0, experience.lowerCount > 0 {
      let count = min(updatesOwed, learner.updatesAtOnce)
      fillBatch(rows: count * configuration.lower.batchSize)
      learner.update(count, pool: pool, noise: &learning.targetNoise)
      updatesOwed -= count
    }
  }

  private func fillBatch(rows: Int) {
    let batch = learner.batch
    for row in 0..<rows {
      let slot = experience.drawLowerSlot(using: &learning.sampling)
      let target = experience.target(slot)
      let input = batch.inputsAndActions.row(row)
      shape.writeFlatInput(experience.observation(slot), target: target, into: input)
      (input + shape.flatInputCount).update(
        from: experience.action(slot), count: shape.actionCount)
      shape.writeFlatInput(
        experience.observation(slot + 1), target: target, into: batch.nextInputs.row(row))
      batch.rewards[row] = Float(configuration.higher.rewardScale) * experience.reward(slot)
      batch.discounts[row] =
        experience.isTerminal(slot) ? 0 : Float(configuration.lower.discount)
    }
  }

  // MARK: Results

  /// A copy of the current policy without exploration noise; it shares no memory with the agent.
  public func makePolicy() -> HierarchicalPolicy {
    HierarchicalPolicy(
      shape: shape,
      settings: PolicySettings(
        hierarchy: .flat, interval: configuration.subgoals.interval,
        semantics: configuration.subgoals.semantics),
      networks: .flat(learner.steadyActor.copy()))
  }

  /// The statistics since the last call.
  public func takeStatistics() -> AgentStatistics {
    var statistics = AgentStatistics()
    statistics.lower = learner.takeStatistics()
    return statistics
  }

  /// The first network with a weight that is not finite, by name; nil if all weights are finite.
  public func firstNonFinite() -> String? {
    learner.firstNonFinite(level: "flat")
  }
}
