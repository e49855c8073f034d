import Foundation
import MuJoCo

/// The whole state of a ``RobotEnvironment`` in mid-episode.
public struct RobotEnvironmentState: Codable, Equatable, Sendable {
  /// The task the state belongs to.
  public var task: String
  /// The environment steps since the reset.
  public var stepCount: Int
  /// The episode's target (m).
  public var target: [Double]
  /// What the task itself keeps, as JSON: what is left to gather, in Ant Gather; `nil` where that is
  /// nothing.
  public var rules: Data?
  /// Whether the simulation has diverged in this episode.
  public var isDiverged: Bool
  /// The observation, which is the last good one if the simulation has diverged.
  public var observation: [Float]
  /// MuJoCo's state.
  public var physics: SimulationState
}
