import Learning
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
    /// Controls of MuJoCo's actuators, held for so many physics steps.
    case actuators([ControlMap], physicsSteps: Int)
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
  var heading: AgentShape.Heading? {
    root == .free ? .init(kind: .quaternion, index: 3, velocityIndex: positionCount) : nil
  }

  /// The physics steps of one environment step.
  var physicsSteps: Int {
    if case .actuators(_, let physicsSteps) = drive { physicsSteps } else { 1 }
  }

  /// How one number of an action becomes a control.
  struct ControlMap: Equatable, Sendable {
    /// The control of no action.
    var rest: Double
    /// Control per unit of action below and above zero.
    var slopes: (below: Double, above: Double) = (1, 1)

    /// Spans `range` by actions of ± half its width: zero is `rest`, the ends are the ends.
    init(range: ClosedRange<Double>, rest: Double) {
      let (lower, upper) = (range.lowerBound, range.upperBound)
      self.rest = min(max(rest, lower), upper)
      let limit = (upper - lower) / 2
      slopes = ((self.rest - lower) / limit, (upper - self.rest) / limit)
    }

    /// The control of an action; one that is not a number stays so.
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
