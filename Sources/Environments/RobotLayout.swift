import MuJoCo

/// Where a robot is found in MuJoCo's state, and how it is driven.
struct RobotLayout: Equatable, Sendable {
  /// How the robot's first joints move it through the world.
  enum Root: Equatable, Sendable {
    /// A free joint: place and quaternion.
    case free
    /// A slide along x and one along y, at this height (m).
    case planar(height: Double)
  }

  /// How an action becomes motion.
  enum Drive: Equatable, Sendable {
    /// Controls of MuJoCo's actuators, held for so many physics steps: the middle of each
    /// actuator's range plus the action.
    case actuators(middle: [Double], physicsSteps: Int)
    /// The Point: a move along the heading, then one physics step.
    case kinematic
  }

  /// The robot's part of `qpos`, from its beginning.
  var positionCount: Int
  /// The robot's part of `qvel`, from its beginning.
  var velocityCount: Int
  /// How it moves through the world.
  var root: Root
  /// How it is driven.
  var drive: Drive
  /// The body that cameras follow.
  var bodyName: String
  /// Where a reset begins, if not at the model's own `qpos0`.
  var startPositions: [Double]?

  /// How many of the first positions are the robot's place (m).
  var placeCount: Int { root == .free ? 3 : 2 }

  /// Where an observation has what turns with the robot's heading.
  var orientation: Orientation {
    root == .free ? .quaternion(index: 3, velocityIndex: positionCount) : .none
  }

  /// The physics steps of one environment step.
  var physicsSteps: Int {
    if case .actuators(_, let physicsSteps) = drive { physicsSteps } else { 1 }
  }

  /// The Ant: a free joint and eight hinges.
  static let ant = RobotLayout(
    positionCount: 15, velocityCount: 14, root: .free,
    drive: .actuators(middle: Array(repeating: 0, count: 8), physicsSteps: 5), bodyName: "torso")

  /// The Point: x, y and heading.
  static let point = RobotLayout(
    positionCount: 3, velocityCount: 3, root: .planar(height: 0), drive: .kinematic,
    bodyName: "torso")
}
