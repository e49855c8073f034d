import Learning
import MuJoCo

/// A task with its world: all that is needed to make environments for it.
public struct TaskDefinition: Sendable {
  /// What the task asks and how it is shaped.
  public let description: TaskDescription
  /// The MJCF of its world.
  public let modelXML: String
  /// The maze, where it is one.
  public let map: MazeMap?
  /// The robot, where it is one's own and not that of a built-in task.
  public let customRobot: Robot?

  /// Whether ``TaskRegistry`` has it, so that its name says all.
  public let isBuiltIn: Bool

  let robot: RobotLayout

  /// What a step earns and when an episode ends; every environment begins with a copy.
  let rules: any TaskRules

  /// What the robot would have sensed and earned, had the task's things lain elsewhere; `nil` in a task
  /// where they lie always the same, or move the robot.
  package var surroundings: (any Surroundings)? {
    rules.surroundings(readingsAt: robot.positionCount + robot.velocityCount)
  }

  /// Makes an environment with a world of its own. It must be reset before its first step.
  ///
  /// - Throws: `MuJoCoError` if MuJoCo refuses the world.
  public func makeEnvironment() throws -> RobotEnvironment {
    try RobotEnvironment(definition: self, model: makeModel())
  }

  /// Makes an environment in a world that others may use at the same time.
  ///
  /// - Parameter model: The result of ``makeModel()`` of the same definition.
  public func makeEnvironment(model: Model) throws -> RobotEnvironment {
    try RobotEnvironment(definition: self, model: model)
  }

  /// Compiles the world.
  ///
  /// - Throws: `MuJoCoError` if MuJoCo refuses it.
  public func makeModel() throws -> Model {
    try Model(xml: modelXML, name: description.name, files: customRobot?.assets ?? [:])
  }

  /// What makes this world move otherwise than `other`'s, in words; `nil` if there is nothing.
  /// Names and looks don't count.
  ///
  /// - Throws: `MuJoCoError` if MuJoCo refuses one of the worlds.
  public func physicsDifference(from other: TaskDefinition) throws -> String? {
    if let difference = try makeModel().physicsDifference(from: other.makeModel()) {
      return difference
    }
    guard robot.startPositions == other.robot.startPositions else {
      return "its first keyframe, where an episode begins, is another"
    }
    return robot.drive == other.robot.drive
      ? nil : "the controls of its first keyframe, which are those of no action, are others"
  }
}
