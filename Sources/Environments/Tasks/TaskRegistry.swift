import Learning
import MuJoCo

/// The tasks of the paper and Point Maze, by name.
public enum TaskRegistry {
  /// A line for each task, in the order in which `hiro list` shows them.
  private static let tasks: [RegisteredTask] = [
    .pointMaze, .antMaze, .antPush, .antPushMulti, .antFall, .antFallMulti, .antGather,
  ]

  /// Every task.
  public static let all: [TaskDescription] = tasks.map(\.description)

  /// Whether a task has this name.
  package static func has(_ name: String) -> Bool {
    tasks.contains { $0.description.name == name }
  }

  /// The description of the task with this name.
  ///
  /// - Throws: `EnvironmentError.unknownTask`.
  public static func task(named name: String) throws(EnvironmentError) -> TaskDescription {
    try registered(name).description
  }

  /// The task with this name and its world.
  ///
  /// - Throws: `EnvironmentError.unknownTask`.
  public static func definition(named name: String) throws(EnvironmentError) -> TaskDefinition {
    let task = try registered(name)
    return TaskDefinition(
      description: task.description, modelXML: task.world().text, map: task.map,
      customRobot: nil, isBuiltIn: true, robot: task.robot, rules: task.rules)
  }

  /// Makes an environment for the task with this name. It must be reset before its first step.
  ///
  /// - Throws: `EnvironmentError.unknownTask`, or `MuJoCoError`.
  public static func makeEnvironment(named name: String) throws -> RobotEnvironment {
    try definition(named: name).makeEnvironment()
  }

  /// The models under `models/`: file name and text. The multi-target tasks share their world with
  /// the others, and the robots stand there by themselves.
  package static var models: [(file: String, text: String)] {
    tasks.filter { $0.worldName == $0.description.name }
      .map { ("\($0.worldName).xml", $0.world().text) }
      + [("robots/ant.xml", BuiltInRobot.ant.document.text)]
  }

  private static func registered(_ name: String) throws(EnvironmentError) -> RegisteredTask {
    guard let task = tasks.first(where: { $0.description.name == name }) else {
      throw .unknownTask(name, known: tasks.map(\.description.name))
    }
    return task
  }
}

/// A task that comes with the program.
struct RegisteredTask: Sendable {
  /// What it asks and how it is shaped.
  var description: TaskDescription
  /// What its world is called, which it may share with another task.
  var worldName: String
  /// Its maze, where it is one.
  var map: MazeMap?
  /// Where the robot is found in the world's state, and how it is driven.
  var robot: RobotLayout
  /// What a step earns and when an episode ends.
  var rules: any TaskRules
  /// The MJCF of its world.
  var world: @Sendable () -> XMLElement
}
