import Foundation
import MuJoCo

/// The complete state of a ``RobotEnvironment`` in the middle of an episode.
public struct RobotEnvironmentState: Codable, Equatable, Sendable {
  /// The task the state belongs to.
  public var task: String
  /// The number of environment steps since the reset.
  public var stepCount: Int
  /// The episode's target (m).
  public var target: [Double]
  /// The task's own state as JSON, which in Ant Gather is the objects that are left; `nil` if the
  /// task has none.
  public var rules: Data?
  /// Whether the simulation has diverged in this episode.
  public var isDiverged: Bool
  /// The observation, which is the last good one if the simulation has diverged.
  public var observation: [Float]
  /// MuJoCo's state.
  public var physics: SimulationState
}
