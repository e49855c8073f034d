import Randomness

/// A task to act in, in the terms of Gymnasium: reset, step, terminated, truncated.
///
/// Conform to this protocol to train in an environment of your own, with MuJoCo or without;
/// ``EnvironmentChecker`` then finds mistakes. An environment belongs to one thread at a time.
public protocol Environment: AnyObject {
  /// A saved state, which continues an episode to the exact same bits; see ``saveState()``.
  associatedtype State: Codable & Sendable

  /// The description of the task.
  var task: TaskDescription { get }

  /// The current observation, `task.observationCount` numbers, updated in place by ``step(_:)``.
  ///
  /// The first numbers are those that subgoals refer to, beginning with the robot's place in the
  /// plane (m). The last number may be the time since the start of the episode, as in the paper.
  var observation: [Float] { get }

  /// The place to go to (m), `task.targetCount` numbers: what the higher level sees besides the
  /// observation.
  var target: [Float] { get }

  /// Begins an episode.
  ///
  /// - Parameters:
  ///   - generator: The only source of random numbers: for the start state, the target and objects.
  ///   - target: Which target the episode has.
  /// - Throws: Whatever the environment throws for a target that the task can't have.
  func reset(using generator: inout RandomStream, target: TargetChoice) throws

  /// Applies `action` (`task.actionCount` numbers, clipped to ±`task.actionLimits`) for one step.
  ///
  /// - Throws: Whatever the environment throws for an action of another size.
  func step(_ action: [Float]) throws -> StepOutcome

  /// How far the robot is from the target (m); `nil` in a task without one.
  ///
  /// Default: the distance of the observation's first numbers from the target.
  var distanceToTarget: Double? { get }

  /// Whether the *current* state would be a success at the last step of an episode; `nil` where the
  /// score is the episode's reward.
  ///
  /// Default: whether the distance is less than `task.successRadius`.
  var isSuccess: Bool? { get }

  /// The complete state in the middle of an episode, including the observation and the target.
  func saveState() -> State

  /// Continues from a saved state of the same task. States are read from files: whatever a file
  /// contains, this call and all later ones must be safe.
  ///
  /// - Throws: Whatever the environment throws if the state can't be one of its own.
  func restore(_ state: State) throws
}

extension Environment {
  /// The distance of the observation's first numbers from the target (m); `nil` without a target.
  public var distanceToTarget: Double? {
    target.isEmpty ? nil : observedDistance
  }

  /// How far the observation's first numbers are from the target (m).
  var observedDistance: Double {
    let squares = zip(observation, target).reduce(0) { sum, pair in
      sum + Double(pair.0 - pair.1) * Double(pair.0 - pair.1)
    }
    return squares.squareRoot()
  }

  /// Whether the distance is less than the task's radius; `nil` without a target or a radius.
  public var isSuccess: Bool? {
    guard let radius = task.successRadius, let distance = distanceToTarget else { return nil }
    return distance < radius
  }
}

/// What one step of an environment gave, besides the new observation.
public struct StepOutcome: Equatable, Sendable {
  /// The task's reward for the step.
  public var reward: Float
  /// Whether the episode terminated by the task's own rule: nothing comes after this state.
  public var isTerminated: Bool
  /// Whether the episode was truncated by its time limit: the task itself would go on.
  public var isTruncated: Bool
  /// Whether MuJoCo reported an instability in this episode, or the state is no longer finite or
  /// beyond 1e10. The observation is then the last valid one.
  public var isDiverged: Bool

  /// Whether the episode is over, for whatever reason.
  public var isEnd: Bool { isTerminated || isTruncated || isDiverged }

  /// Makes an outcome; each parameter sets the property of the same name.
  public init(
    reward: Float, isTerminated: Bool = false, isTruncated: Bool = false, isDiverged: Bool = false
  ) {
    self.reward = reward
    self.isTerminated = isTerminated
    self.isTruncated = isTruncated
    self.isDiverged = isDiverged
  }
}

/// Which target an episode has. A task without targets accepts and ignores the first two cases.
public enum TargetChoice: Equatable, Sendable {
  /// Drawn from the task's training distribution.
  case training
  /// The target with this index in the task's `evaluationTargets`.
  case evaluation(Int)
  /// This place (m), `targetCount` coordinates.
  case fixed([Double])
}
