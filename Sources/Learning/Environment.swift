import Randomness

/// A task to act in, in the terms of Gymnasium: reset, step, terminated, truncated.
///
/// Conform to it to train in a world of your own, with MuJoCo or without, and let
/// ``EnvironmentChecker`` tell what is amiss. An environment belongs to one thread at a time.
public protocol Environment: AnyObject {
  /// What makes the continuation of an episode exact to the bit; see ``saveState()``.
  associatedtype State: Codable & Sendable

  /// What the task asks and how it is shaped.
  var task: TaskDescription { get }

  /// The current observation, `task.observationCount` numbers, updated in place by ``step(_:)``.
  ///
  /// The first numbers are those that subgoals speak of, the robot's place in the plane (m) before
  /// all others. The last may tell how far the episode is, as in the paper.
  var observation: [Float] { get }

  /// What the higher level sees besides the observation: the place to go (m), `task.targetCount`
  /// numbers.
  var target: [Float] { get }

  /// Begins an episode.
  ///
  /// - Parameters:
  ///   - generator: The only source of chance: start state, target, objects.
  ///   - target: Which target the episode has.
  /// - Throws: Whatever the environment throws for a target that the task can't have.
  func reset(using generator: inout RandomStream, target: TargetChoice) throws

  /// Applies `action` (`task.actionCount` numbers, clipped to ±`task.actionLimits`) for one step.
  ///
  /// - Throws: Whatever the environment throws for an action of another size.
  func step(_ action: [Float]) throws -> StepOutcome

  /// How far the robot is from the target (m); `nil` in a task without one.
  ///
  /// Unless it is implemented: the distance of the first numbers of the observation from the target.
  var distanceToTarget: Double? { get }

  /// Whether the *current* state would be a success at the last step of an episode; `nil` where the
  /// score is the episode's reward.
  ///
  /// Unless it is implemented: whether the distance is less than `task.successRadius`.
  var isSuccess: Bool? { get }

  /// The whole state in mid-episode, the observation and the target among it.
  func saveState() -> State

  /// Continues from a saved state of the same task. Files hold such states: whatever they say, what
  /// follows must be safe.
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
  /// The task has ended by its own rule: nothing comes after this state.
  public var isTerminated: Bool
  /// The episode was cut by the clock: the task itself would go on.
  public var isTruncated: Bool
  /// MuJoCo reported an instability in this episode, or the state is no longer finite. The
  /// observation is then the last good one.
  public var isDiverged: Bool

  /// Whether the episode is over, for whatever reason.
  public var isEnd: Bool { isTerminated || isTruncated || isDiverged }

  /// Makes an outcome; each parameter is the property of its name.
  public init(
    reward: Float, isTerminated: Bool = false, isTruncated: Bool = false, isDiverged: Bool = false
  ) {
    self.reward = reward
    self.isTerminated = isTerminated
    self.isTruncated = isTruncated
    self.isDiverged = isDiverged
  }
}

/// Which target an episode has. A task without targets takes the first two and ignores them.
public enum TargetChoice: Equatable, Sendable {
  /// Drawn from the task's training distribution.
  case training
  /// The one of that index in the task's `evaluationTargets`.
  case evaluation(Int)
  /// This place (m), `targetCount` coordinates.
  case fixed([Double])
}
