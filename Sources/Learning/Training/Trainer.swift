import Foundation
import Parallel
import Randomness

/// The training loop: an agent acts in an environment and learns from what happens.
///
/// In each step the agent chooses an action for the environment's observation, and the
/// environment's response is recorded. A full window of recorded steps is committed to the replay
/// buffer, from which the updates due for these steps draw their batches.
public final class Trainer {
  /// The environment in which the agent acts.
  public let environment: any Environment

  /// The agent that acts and learns.
  public let agent: any Agent

  /// How collecting and learning are interleaved.
  public let schedule: Schedule

  /// Environment steps made, including those of diverged simulations.
  public internal(set) var steps = 0

  /// The statistics of the episodes since the last ``takeStatistics()``.
  public internal(set) var statistics = EpisodeStatistics()

  /// The number of steps for which the robot has been on its back without a break, and the number
  /// after which the episode ends. The end waits for ``steps`` to be a multiple of `interval`, so
  /// that runs with other seeds are measured at the same steps.
  var stepsOverturned = 0
  private let longestOverturned: Int
  /// For how long the robot has not moved away from a place, nil if that ends no episode, and the
  /// number of steps after which it does.
  var standstill: Standstill?
  private let longestStandstill: Int
  /// The robot's height at the start of the episode (m), nil if a drop ends no episode, and how far
  /// below this height a drop ends it (m).
  var startHeight: Float?
  private let deepestDrop: Float
  private let interval: Int
  private let shape: AgentShape

  var environmentStream: RandomStream
  var isInEpisode = false
  var episodeReturn = 0.0

  private let pool: WorkerPool
  private var collectError: (any Error)?

  /// Makes a trainer at the beginning of its first episode.
  ///
  /// - Parameters:
  ///   - configuration: The settings of the agent and its training.
  ///   - seed: The seed of all random numbers.
  ///   - environment: The environment in which the agent acts.
  ///   - pool: The threads to use; results do not depend on their number.
  /// - Throws: ``AgentShapeError`` where the configuration does not fit the task.
  public init(
    configuration: HIROConfiguration, seed: UInt64, environment: any Environment,
    pool: WorkerPool = WorkerPool()
  ) throws(AgentShapeError) {
    self.environment = environment
    self.pool = pool
    schedule = configuration.schedule
    longestOverturned = configuration.overturnedSteps
    longestStandstill = configuration.standstillSteps
    deepestDrop = Float(configuration.deepestDrop)
    interval = configuration.subgoals.interval
    agent = try makeAgent(
      configuration, seed: seed, for: environment.task,
      surroundings: (environment as? any RearrangeableEnvironment)?.surroundings)
    // The task is sound: otherwise there would be no agent.
    shape = environment.task.agentShape
    environmentStream = RandomStream(seed: seed, name: "environment")
  }

  /// Collects one window of steps and makes the updates that are due.
  ///
  /// - Throws: ``TrainingError`` if an action, a reward or an observation is not finite, and
  ///   whatever the environment throws.
  public func advance() throws {
    switch schedule {
    case .sequential:
      try collect()
      agent.commit()
      agent.learn(pool: pool)
    case .pipelined:
      pool.concurrently({ agent.learn(pool: pool) }, { collectError = failure(of: collect) })
      if let collectError { throw collectError }
      agent.commit()
    }
  }

  /// Acts until the agent's window is full.
  private func collect() throws {
    if !isInEpisode {
      try environment.reset(using: &environmentStream, target: .training)
      try check("the first observation of an episode", environment.observation)
      agent.beginEpisode(observation: environment.observation, target: environment.target)
      isInEpisode = true
      episodeReturn = 0
      stepsOverturned = 0
      standstill =
        longestStandstill > 0 ? Standstill(at: shape.place(in: environment.observation)) : nil
      startHeight = deepestDrop > 0 ? shape.height(of: environment.observation) : nil
    }
    repeat {
      let action = agent.chooseAction()
      // MuJoCo would take such an action as zero, and the agent would learn from what it never did.
      try check("an action", action)
      let outcome = try environment.step(action)
      let ending = ending(of: outcome)
      if ending != .diverged {
        try check("a reward", [outcome.reward])
        try check("an observation", environment.observation)
      }
      agent.record(reward: outcome.reward, observation: environment.observation, ending: ending)
      steps += 1
      if ending != .diverged { episodeReturn += Double(outcome.reward) }
      if ending != .none { finishEpisode(ending) }
    } while !agent.windowIsFull
  }

  /// How the episode stands after a step. An episode also ends here if the robot stays on its back,
  /// no longer moves away from a place, or has fallen to where there is no way back.
  private func ending(of outcome: StepOutcome) -> Window.Ending {
    let ending = Window.Ending(outcome)
    guard ending == .none else { return ending }
    if longestOverturned > 0 {
      let isOverturned = shape.isOverturned(environment.observation) == true
      stepsOverturned = isOverturned ? stepsOverturned + 1 : 0
    }
    standstill?.note(shape.place(in: environment.observation))
    let isHopeless =
      longestOverturned > 0 && stepsOverturned >= longestOverturned
      || longestStandstill > 0 && (standstill?.steps ?? 0) >= longestStandstill
    guard (steps + 1).isMultiple(of: interval) else { return .none }
    if let startHeight, let height = shape.height(of: environment.observation),
      startHeight - height > deepestDrop
    {
      return .terminated
    }
    return isHopeless ? .truncated : .none
  }

  private func check(_ quantity: String, _ values: [Float]) throws(TrainingError) {
    guard values.allSatisfy(\.isFinite) else {
      throw .notFinite(quantity: quantity, step: steps, checkpoint: nil)
    }
  }

  private func finishEpisode(_ ending: Window.Ending) {
    isInEpisode = false
    statistics.episodes += 1
    if ending == .diverged {
      statistics.diverged += 1
      return
    }
    statistics.episodeReturn += episodeReturn
    statistics.finalDistance += environment.distanceToTarget ?? 0
    statistics.successes += environment.isSuccess == true ? 1 : 0
  }

  /// Returns the statistics of the episodes since the last call.
  public func takeStatistics() -> EpisodeStatistics {
    defer { statistics = EpisodeStatistics() }
    return statistics
  }
}

/// The statistics of some training episodes, which have exploration noise.
public struct EpisodeStatistics: Codable, Equatable, Sendable {
  /// Episodes that ended, including diverged ones.
  public var episodes = 0
  /// Episodes that were cut because the simulation became unstable; the sums leave them out.
  public var diverged = 0
  /// Episodes that ended in success.
  public var successes = 0
  /// Sum of the episodes' returns.
  public var episodeReturn = 0.0
  /// Sum of the distances from the target at the episodes' ends (m).
  public var finalDistance = 0.0

  /// No episode yet.
  public init() {}

  /// The number of episodes that the sums include.
  public var completed: Int { episodes - diverged }
}

extension Window.Ending {
  /// How the episode stands after a step with this outcome.
  init(_ outcome: StepOutcome) {
    if outcome.isDiverged {
      self = .diverged
    } else if outcome.isTerminated {
      self = .terminated
    } else {
      self = outcome.isTruncated ? .truncated : .none
    }
  }
}

/// Makes the agent that a configuration asks for.
///
/// - Throws: ``AgentShapeError`` if the configuration does not fit the task.
package func makeAgent(
  _ configuration: HIROConfiguration, seed: UInt64, for task: TaskDescription,
  surroundings: (any Surroundings)? = nil
) throws(AgentShapeError) -> any Agent {
  let shape = try task.soundShape
  switch configuration.hierarchy {
  case .hiro:
    return try HIROAgent(
      shape: shape, configuration: configuration, seed: seed, surroundings: surroundings,
      makeLearner: TD3.make)
  case .flat:
    try configuration.checkCounts()
    return FlatAgent(shape: shape, configuration: configuration, seed: seed)
  }
}

private func failure(of body: () throws -> Void) -> (any Error)? {
  do {
    try body()
    return nil
  } catch {
    return error
  }
}
