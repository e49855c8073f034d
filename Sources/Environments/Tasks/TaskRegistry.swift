import Learning
import MuJoCo

/// The tasks of the paper and Point Maze, by name.
public enum TaskRegistry {
  /// All tasks, in the order in which `hiro list` shows them.
  private static let tasks: [RegisteredTask] = [
    .pointMaze, .antMaze, .antPush, .antPushMulti, .antFall, .antFallMulti, .antGather,
  ]

  /// The descriptions of all tasks.
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

  /// Creates an environment for the task with this name. It must be reset before its first step.
  ///
  /// - Throws: `EnvironmentError.unknownTask`, or `MuJoCoError`.
  public static func makeEnvironment(named name: String) throws -> RobotEnvironment {
    try definition(named: name).makeEnvironment()
  }

  /// The models under `models/`: file name and text. The multi-target tasks share their worlds with
  /// the single-target ones; the Ant is also there alone.
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
  /// The description of the task: its sizes, limits and targets.
  var description: TaskDescription
  /// The name of the task's world, which other tasks may share.
  var worldName: String
  /// The maze; `nil` in a world without one.
  var map: MazeMap?
  /// Where the world's state holds the robot, and how actions drive it.
  var robot: RobotLayout
  /// The rules of reward and termination.
  var rules: any TaskRules
  /// Makes the MJCF of the task's world.
  var world: @Sendable () -> XMLElement
}
