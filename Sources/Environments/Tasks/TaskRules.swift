import Foundation
import Learning
import MuJoCo
import Randomness

/// The rules of a task: the reward of a step, when an episode terminates before its last step, and
/// the sensor readings of the robot. A task consists of its world, its ``TaskDescription`` and its
/// rules.
protocol TaskRules: Sendable {
  /// The number of the task's sensor readings in the observation, between the robot's own numbers
  /// and the time.
  var readingCount: Int { get }

  /// Begins an episode.
  ///
  /// - Parameter generator: The only source of chance.
  mutating func begin(using generator: inout RandomStream)

  /// The reward of the step that led to `robot`, and whether the episode terminates with it.
  ///
  /// - Parameters:
  ///   - action: The action of the step, in the units of its limits and not clipped to them.
  ///   - simulation: The simulation after the step, including other things that move.
  mutating func score(
    _ robot: RobotPose, action: [Float], simulation: Simulation
  ) -> (reward: Double, isTerminated: Bool)

  /// Writes ``readingCount`` numbers into `observation`, from `offset` on.
  func sense(_ robot: RobotPose, into observation: inout [Float], at offset: Int)

  /// The task's own state, with which an episode continues bit-identically, apart from the state of
  /// the world; `nil` if the task has none.
  func saveState() -> Data?

  /// Continues from a saved state, which may come from an untrusted file.
  ///
  /// - Returns: `nil`, or what is wrong with the state; in that case nothing has changed.
  mutating func restore(_ saved: Data?) -> String?

  /// The objects of the task that are drawn.
  var objects: [GatherObject] { get }

  /// Computes what would have been sensed and earned with the task's objects at other places, with
  /// readings from index `offset` of the observation on; `nil` if the task has no such objects.
  func surroundings(readingsAt offset: Int) -> (any Surroundings)?
}

extension TaskRules {
  var readingCount: Int { 0 }
  mutating func begin(using generator: inout RandomStream) {}
  func sense(_ robot: RobotPose, into observation: inout [Float], at offset: Int) {}
  func saveState() -> Data? { nil }
  mutating func restore(_ saved: Data?) -> String? {
    saved == nil ? nil : "it contains data that the task does not save"
  }
  var objects: [GatherObject] { [] }
  func surroundings(readingsAt offset: Int) -> (any Surroundings)? { nil }
}

/// The pose of a robot after a step.
struct RobotPose {
  /// The robot's position (m).
  var position: SIMD3<Double>
  /// The robot's orientation, a quaternion w, x, y, z of any length.
  var orientation: SIMD4<Double>
  /// The distance to the target (m); `nil` in a task without a target.
  var distanceToTarget: Double?
  /// Whether the simulation has become unstable: then the pose means nothing.
  var isDiverged: Bool

  /// The direction of the robot's x axis in the plane (rad).
  var heading: Double {
    let q = orientation
    return atan2(
      2 * (q[1] * q[2] + q[0] * q[3]),
      q[0] * q[0] + q[1] * q[1] - q[2] * q[2] - q[3] * q[3])
  }
}

/// Reach the target: the reward of each step is minus the remaining distance to the target (m), or
/// 0 once the simulation is unstable. An episode never terminates; it is only truncated after its
/// last step.
struct ReachTarget: TaskRules {
  func score(
    _ robot: RobotPose, action: [Float], simulation: Simulation
  ) -> (reward: Double, isTerminated: Bool) {
    (robot.isDiverged ? 0 : -(robot.distanceToTarget ?? 0), false)
  }
}
