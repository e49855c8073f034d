import Learning
import MuJoCo

/// Where MuJoCo's state holds a robot, and how actions drive it.
struct RobotLayout: Equatable, Sendable {
  /// How the robot's first joints move it through the world.
  enum Root: Equatable, Sendable {
    /// A free joint: position and quaternion.
    case free
    /// A slide along x and one along y, at this height (m).
    case planar(height: Double)
  }

  /// How an action becomes motion.
  enum Drive: Equatable, Sendable {
    /// Controls of MuJoCo's actuators, held for `physicsSteps` physics steps.
    case actuators([ControlMap], physicsSteps: Int)
    /// The Point: a move along the heading, then one physics step.
    case kinematic
  }

  /// The number of the robot's `qpos`, which come first.
  var positionCount: Int
  /// The number of the robot's `qvel`, which come first.
  var velocityCount: Int
  /// How the robot's root moves through the world.
  var root: Root
  /// How actions drive the robot.
  var drive: Drive
  /// The body that cameras follow.
  var bodyName: String
  /// The positions with which an episode starts; `nil` for the model's own `qpos0`.
  var startPositions: [Double]?

  /// The number of leading positions that say where the robot is (m).
  var placeCount: Int { root == .free ? 3 : 2 }

  /// Where an observation has the numbers that turn with the robot's heading; `nil` for a robot
  /// without a free joint.
  var heading: AgentShape.Heading? {
    root == .free ? .init(kind: .quaternion, index: 3, velocityIndex: positionCount) : nil
  }

  /// The number of physics steps in one environment step.
  var physicsSteps: Int {
    if case .actuators(_, let physicsSteps) = drive { physicsSteps } else { 1 }
  }

  /// How one number of an action becomes a control.
  struct ControlMap: Equatable, Sendable {
    /// The control for a zero action.
    var rest: Double
    /// Control per unit of action below and above zero.
    var slopes: (below: Double, above: Double) = (1, 1)

    /// Maps actions of ± half the width of `range` onto `range`: zero becomes `rest`, and the
    /// limits become the ends of `range`.
    init(range: ClosedRange<Double>, rest: Double) {
      let (lower, upper) = (range.lowerBound, range.upperBound)
      self.rest = min(max(rest, lower), upper)
      let limit = (upper - lower) / 2
      slopes = ((self.rest - lower) / limit, (upper - self.rest) / limit)
    }

    /// The control for an action; NaN stays NaN.
    func control(_ action: Double) -> Double {
      rest + (action < 0 ? slopes.below : slopes.above) * action
    }

    static func == (left: Self, right: Self) -> Bool {
      left.rest == right.rest && left.slopes == right.slopes
    }
  }

  /// The Ant: a free joint and eight hinges.
  static let ant = RobotLayout(
    positionCount: 15, velocityCount: 14, root: .free,
    drive: .actuators(
      Array(repeating: ControlMap(range: -30...30, rest: 0), count: 8), physicsSteps: 5),
    bodyName: "torso")

  /// The Point: x, y and heading.
  static let point = RobotLayout(
    positionCount: 3, velocityCount: 3, root: .planar(height: 0), drive: .kinematic,
    bodyName: "torso")
}
