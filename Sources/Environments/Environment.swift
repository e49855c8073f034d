import MuJoCo
import Randomness

/// A task to act in, in the terms of Gymnasium: reset, step, terminated, truncated.
///
/// An environment belongs to one thread at a time.
public protocol Environment: AnyObject {
  /// What the task asks and how it is shaped.
  var task: TaskDescription { get }

  /// The current observation, `task.observationCount` numbers, updated in place by ``step(_:)``.
  var observation: [Float] { get }

  /// What the higher level sees besides the observation: the place to go (m), `task.targetCount`
  /// numbers.
  var target: [Float] { get }

  /// Begins an episode.
  ///
  /// - Parameters:
  ///   - generator: The only source of chance: start state, target, objects.
  ///   - target: Which target the episode has.
  /// - Throws: ``EnvironmentError/invalidTarget(task:reason:)`` for a target the task can't have.
  func reset(using generator: inout RandomStream, target: TargetChoice) throws

  /// Applies `action` (`task.actionCount` numbers, clipped to ±`task.actionLimits`) for one step.
  ///
  /// - Throws: ``EnvironmentError/actionCount(task:expected:found:)``, or MuJoCo's own error.
  func step(_ action: [Float]) throws -> StepOutcome

  /// How far the robot is from the target (m); `nil` in a task without one.
  var distanceToTarget: Double? { get }

  /// Whether the *current* state would be a success at the last step of an episode; `nil` where the
  /// score is the episode's reward.
  var isSuccess: Bool? { get }

  /// Everything that makes the continuation exact to the bit.
  func saveState() -> EnvironmentState

  /// Continues from a saved state of the same task.
  ///
  /// - Throws: ``EnvironmentError/invalidState(task:reason:)`` if the state is another task's.
  func restore(_ state: EnvironmentState) throws
}

/// An environment whose world can be looked at.
public protocol PhysicsEnvironment: Environment {
  /// The world in motion.
  var simulation: Simulation { get }

  /// The body that stands for the robot: what a camera follows.
  var robotBody: Int { get }

  /// Where the robot is (m).
  var robotPosition: SIMD3<Double> { get }

  /// What is drawn besides the world: the target, apples and bombs.
  var markers: [Marker] { get }

  /// What is left to gather; empty except in Ant Gather.
  var objects: [GatherObject] { get }
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

/// An environment's whole state in mid-episode.
public struct EnvironmentState: Codable, Equatable, Sendable {
  /// The task the state belongs to.
  public var task: String
  /// The environment steps since the reset.
  public var stepCount: Int
  /// The episode's target (m).
  public var target: [Double]
  /// What is left to gather, in Ant Gather.
  public var objects: [GatherObject]
  /// Whether the simulation has diverged in this episode.
  public var isDiverged: Bool
  /// The observation, which is the last good one if the simulation has diverged.
  public var observation: [Float]
  /// MuJoCo's state.
  public var physics: SimulationState
}

/// Something to take in Ant Gather.
public struct GatherObject: Codable, Equatable, Sendable {
  /// What an object is.
  public enum Kind: String, Codable, Sendable {
    /// Worth +1.
    case apple
    /// Worth −1.
    case bomb
  }

  /// What it is.
  public var kind: Kind
  /// Its place (m).
  public var x: Double
  /// Its place (m).
  public var y: Double

  /// Makes an object; each parameter is the property of its name.
  public init(kind: Kind, x: Double, y: Double) {
    self.kind = kind
    self.x = x
    self.y = y
  }
}
