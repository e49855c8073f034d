import Foundation
import Learning
import Randomness

/// What a task asks of a robot in its world: what a step earns, when an episode ends before its last step,
/// and what the robot senses of it. A task is its world, its ``TaskDescription`` and these.
protocol TaskRules: Sendable {
  /// How many numbers the observation has of it, between the robot's own and the time.
  var readingCount: Int { get }

  /// Begins an episode.
  ///
  /// - Parameter generator: The only source of chance.
  mutating func begin(using generator: inout RandomStream)

  /// What the step earned that led to `robot`, and whether the task is over with it.
  mutating func score(_ robot: RobotPose) -> (reward: Double, isTerminated: Bool)

  /// Writes ``readingCount`` numbers into `observation`, from `offset` on.
  func sense(_ robot: RobotPose, into observation: inout [Float], at offset: Int)

  /// What makes the continuation of an episode exact to the bit, besides the world; `nil` where there is
  /// nothing to remember.
  func saveState() -> Data?

  /// Continues from a saved state, which may stand in anyone's file.
  ///
  /// - Returns: `nil`, or what is wrong with it: then nothing has changed.
  mutating func restore(_ saved: Data?) -> String?

  /// What is drawn of it.
  var objects: [GatherObject] { get }

  /// What could have been elsewhere, with readings at an offset of the observation; `nil` where nothing could.
  func surroundings(readingsAt offset: Int) -> (any Surroundings)?
}

extension TaskRules {
  var readingCount: Int { 0 }
  mutating func begin(using generator: inout RandomStream) {}
  func sense(_ robot: RobotPose, into observation: inout [Float], at offset: Int) {}
  func saveState() -> Data? { nil }
  mutating func restore(_ saved: Data?) -> String? {
    saved == nil ? nil : "it holds something that the task does not keep"
  }
  var objects: [GatherObject] { [] }
  func surroundings(readingsAt offset: Int) -> (any Surroundings)? { nil }
}

/// Where a robot is after a step.
struct RobotPose {
  /// Its place (m).
  var position: SIMD3<Double>
  /// Its orientation, a quaternion w, x, y, z of any length.
  var orientation: SIMD4<Double>
  /// How far it is from the target (m); `nil` in a task without one.
  var distanceToTarget: Double?
  /// Whether the simulation has become unstable: then the pose means nothing.
  var isDiverged: Bool

  /// The direction of its x axis in the plane (rad).
  var heading: Double {
    let q = orientation
    return atan2(
      2 * (q[1] * q[2] + q[0] * q[3]),
      q[0] * q[0] + q[1] * q[1] - q[2] * q[2] - q[3] * q[3])
  }
}

/// Reach the target: each step earns minus the distance that is left (m). Nothing ends an episode but
/// the clock.
struct ReachTarget: TaskRules {
  func score(_ robot: RobotPose) -> (reward: Double, isTerminated: Bool) {
    (-(robot.distanceToTarget ?? 0), false)
  }
}
