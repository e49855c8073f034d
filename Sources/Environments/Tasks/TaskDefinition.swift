import Learning
import MuJoCo

/// A task with its world: everything that is needed to create environments for it.
public struct TaskDefinition: Sendable {
  /// The description of the task: its sizes, limits and targets.
  public let description: TaskDescription
  /// The MJCF of the task's world.
  public let modelXML: String
  /// The maze; `nil` in a world without one.
  public let map: MazeMap?
  /// The user's own robot; `nil` for a robot of the built-in tasks.
  public let customRobot: Robot?

  /// Whether ``TaskRegistry`` has the task, so that the task's name is enough to identify it.
  public let isBuiltIn: Bool

  let robot: RobotLayout

  /// The rules of reward and termination; every environment begins with a copy.
  let rules: any TaskRules

  /// Computes what the robot would have sensed and earned if the task's objects had lain elsewhere;
  /// `nil` in a task whose objects always lie at the same places, or affect the robot's motion.
  package var surroundings: (any Surroundings)? {
    rules.surroundings(readingsAt: robot.positionCount + robot.velocityCount)
  }

  /// Creates an environment with its own compiled world. It must be reset before its first step.
  ///
  /// - Throws: `MuJoCoError` if MuJoCo refuses the world.
  public func makeEnvironment() throws -> RobotEnvironment {
    try RobotEnvironment(definition: self, model: makeModel())
  }

  /// Creates an environment in a compiled world that others may use at the same time.
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

  /// The first difference between the physics of this world and of `other`'s, in words; `nil` if
  /// there is none. Names and appearance don't count.
  ///
  /// - Throws: `MuJoCoError` if MuJoCo refuses one of the worlds.
  public func physicsDifference(from other: TaskDefinition) throws -> String? {
    if let difference = try makeModel().physicsDifference(from: other.makeModel()) {
      return difference
    }
    guard robot.startPositions == other.robot.startPositions else {
      return "its first keyframe, where an episode begins, is different"
    }
    return robot.drive == other.robot.drive
      ? nil : "the controls of its first keyframe, which a zero action gives, are different"
  }
}
