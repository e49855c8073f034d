import Foundation
import Parallel
import Randomness

/// The training loop: an agent acts in an environment and learns from what happens.
///
/// One observation's way: the environment shows it, the agent answers with an action, the
/// environment's answer is recorded, the recorded window is committed to the experience, and the
/// updates owed for it draw batches from there.
public final class Trainer {
  /// Where the agent acts.
  public let environment: any Environment

  /// Who acts and learns.
  public let agent: any Agent

  /// How collecting and learning are interleaved.
  public let schedule: Schedule

  /// Environment steps made, those of diverged simulations among them.
  public internal(set) var steps = 0

  /// What the episodes since the last ``takeStatistics()`` came to.
  public internal(set) var statistics = EpisodeStatistics()

  /// Steps that the robot has lain on its back without a break, and after how many the episode ends: with
  /// the next decision of the higher level, so that runs with other seeds are measured at the same steps.
  var stepsOverturned = 0
  private let longestOverturned: Int
  /// How long it has not come away from a place, where that ends an episode, and after how many steps.
  var standstill: Standstill?
  private let longestStandstill: Int
  /// The robot's height at the episode's beginning (m), where a drop ends one, and how far below it does.
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
  ///   - configuration: What is learned, and how.
  ///   - seed: Every random number derives from it.
  ///   - environment: Where the agent acts.
  ///   - pool: The threads; what is computed does not depend on their number.
  /// - Throws: ``AgentShapeError`` where the configuration does not fit the task.
  public init(
    configuration: HIROConfiguration, seed: UInt64, environment: any Environment,
    pool: WorkerPool = WorkerPool()
  ) throws(AgentShapeError) {
    self.environment = environment
    self.pool = pool
    schedule = configuration.schedule
    shape = environment.task.agentShape
    longestOverturned = configuration.overturnedSteps
    longestStandstill = configuration.standstillSteps
    deepestDrop = Float(configuration.deepestDrop)
    interval = configuration.subgoals.interval
    agent = try makeAgent(
      configuration, seed: seed, for: environment.task,
      surroundings: (environment as? any RearrangeableEnvironment)?.surroundings)
    environmentStream = RandomStream(seed: seed, name: "environment")
  }

  /// Collects one window of steps and makes the updates that are owed.
  ///
  /// - Throws: ``TrainingError`` where an action or what the environment shows is not finite, and
  ///   what the environment throws.
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
      standstill = longestStandstill > 0 ? Standstill(environment.observation) : nil
      startHeight = deepestDrop > 0 ? shape.height(of: environment.observation) : nil
    }
    repeat {
      let action = agent.chooseAction()
      // MuJoCo would take it as zero, and the agent would learn from what it never did.
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

  /// How a step leaves the episode, which ends here also where the robot lies on its back for good, goes
  /// nowhere any more, or has fallen to where no way leads back from.
  private func ending(of outcome: StepOutcome) -> Window.Ending {
    let ending = Window.Ending(outcome)
    guard ending == .none else { return ending }
    if longestOverturned > 0 {
      let isOverturned = shape.isOverturned(environment.observation) == true
      stepsOverturned = isOverturned ? stepsOverturned + 1 : 0
    }
    standstill?.note(environment.observation)
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

  /// Gives what the episodes since the last call came to.
  public func takeStatistics() -> EpisodeStatistics {
    defer { statistics = EpisodeStatistics() }
    return statistics
  }
}

/// What some noisy training episodes came to.
public struct EpisodeStatistics: Codable, Equatable, Sendable {
  /// Episodes that ended, diverged ones among them.
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

  /// Episodes that the sums are over.
  public var completed: Int { episodes - diverged }
}

extension Window.Ending {
  /// How a step left the episode.
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
/// - Throws: ``AgentShapeError`` where its subgoals do not fit the task.
package func makeAgent(
  _ configuration: HIROConfiguration, seed: UInt64, for task: TaskDescription,
  surroundings: (any Surroundings)? = nil
) throws(AgentShapeError) -> any Agent {
  switch configuration.hierarchy {
  case .hiro:
    try HIROAgent(
      shape: task.agentShape, configuration: configuration, seed: seed, surroundings: surroundings,
      makeLearner: TD3.make)
  case .flat:
    FlatAgent(shape: task.agentShape, configuration: configuration, seed: seed)
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
