import Randomness

/// One episode of a policy in an environment, without exploration noise, step by step.
public struct Rollout {
  /// The environment in which the policy acts.
  public let environment: any Environment
  /// The policy that acts.
  public let policy: HierarchicalPolicy
  /// The sum of the rewards so far.
  public private(set) var episodeReturn = 0.0
  /// Environment steps so far.
  public private(set) var steps = 0
  /// Whether the simulation has become unstable.
  public private(set) var isDiverged = false
  /// Whether any state so far would have been a success at the end.
  public private(set) var hasSucceeded = false
  private var isOver = false

  /// Begins an episode with `target` (m; empty in a task without targets); the start state is drawn
  /// from `stream`.
  public init(
    environment: any Environment, policy: HierarchicalPolicy, target: [Double],
    stream: RandomStream
  ) throws {
    self.environment = environment
    self.policy = policy
    var stream = stream
    try environment.reset(
      using: &stream, target: target.isEmpty ? .training : .fixed(target))
    policy.beginEpisode()
  }

  /// Makes one step; returns `false` once the episode is over.
  public mutating func step() throws -> Bool {
    if isOver { return false }
    let action = policy.action(observation: environment.observation, target: environment.target)
    let outcome = try environment.step(action)
    steps += 1
    isDiverged = outcome.isDiverged
    isOver = outcome.isEnd
    if !isDiverged { episodeReturn += Double(outcome.reward) }
    hasSucceeded = hasSucceeded || (environment.isSuccess == true && !isDiverged)
    return !isOver
  }

  /// The result of the episode so far, as number `number` of the episodes with target `target`.
  package func episode(target: Int, number: Int) -> Evaluation.Episode {
    Evaluation.Episode(
      target: target, number: number, isSuccess: environment.isSuccess.map { $0 && !isDiverged },
      isSuccessAtAnyTime: environment.isSuccess.map { _ in hasSucceeded },
      finalDistance: isDiverged ? nil : environment.distanceToTarget, episodeReturn: episodeReturn,
      steps: steps,
      isOverturned: policy.shape.isOverturned(environment.observation),
      isDiverged: isDiverged)
  }
}
