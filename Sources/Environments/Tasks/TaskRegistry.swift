import Learning
import MuJoCo

/// The tasks of the paper and Point Maze, by name.
public enum TaskRegistry {
  /// Every task, in the order in which `hiro list` shows them.
  public static let all: [TaskDescription] = [
    pointMaze, antMaze, antPush, antPushMulti, antFall, antFallMulti, antGather,
  ]

  /// The description of the task with this name.
  ///
  /// - Throws: ``EnvironmentError/unknownTask(_:known:)``.
  public static func task(named name: String) throws(EnvironmentError) -> TaskDescription {
    guard let task = all.first(where: { $0.name == name }) else {
      throw .unknownTask(name, known: all.map(\.name))
    }
    return task
  }

  /// The task with this name and its world.
  ///
  /// - Throws: ``EnvironmentError/unknownTask(_:known:)``.
  public static func definition(named name: String) throws(EnvironmentError) -> TaskDefinition {
    let task = try task(named: name)
    let world = world(of: name)
    return TaskDefinition(
      description: task, modelXML: world.document.text, map: world.map, customRobot: nil,
      isBuiltIn: true, robot: name == pointMaze.name ? .point : .ant)
  }

  /// Makes an environment for the task with this name. It must be reset before its first step.
  ///
  /// - Throws: ``EnvironmentError/unknownTask(_:known:)``, or `MuJoCoError`.
  public static func makeEnvironment(named name: String) throws -> RobotEnvironment {
    try definition(named: name).makeEnvironment()
  }

  /// The models under `models/`: file name and text. The multi-target tasks share their world with
  /// the others, and the robots stand there by themselves.
  package static var models: [(file: String, text: String)] {
    ["point-maze", "ant-maze", "ant-push", "ant-fall", "ant-gather"].map { name in
      ("\(name).xml", world(of: name).document.text)
    } + [("robots/ant.xml", BuiltInRobot.ant.document.text)]
  }

  private static func world(of name: String) -> (document: XMLElement, map: MazeMap?) {
    switch name {
    case "point-maze":
      let world = WorldModel.maze(
        named: name, map: .smallU, robot: BuiltInRobot.point.standing(),
        contacts: .init(margin: 0, solimp: nil))
      return (world, .smallU)
    case "ant-push", "ant-push-multi":
      return antMaze("ant-push", .push)
    case "ant-fall", "ant-fall-multi":
      return antMaze("ant-fall", .fall)
    case "ant-gather":
      return (WorldModel.arena(named: name, robot: BuiltInRobot.ant.standing()), nil)
    default:
      return antMaze("ant-maze", .u)
    }
  }

  private static func antMaze(
    _ name: String, _ map: MazeMap
  ) -> (document: XMLElement, map: MazeMap?) {
    (WorldModel.antMaze(named: name, map: map), map)
  }
}

extension TaskRegistry {
  static let pointMaze = TaskDescription(
    name: "point-maze",
    summary: "a ball with a pointer in the small U: learnt in minutes",
    observationCount: 7, actionLimits: [1, 0.25],
    heading: .init(kind: .angle, index: 2, velocityIndex: 3), subgoalHalfRange: [10, 10],
    trainingTarget: .uniform(lower: [-2, -2], upper: [10, 10]),
    evaluationTargets: [[0, 8], [8, 0], [8, 8]],
    evaluationTargetNames: ["far end", "first corner", "second corner"],
    successRadius: 2, stepDuration: 0.02,
    // Random subgoals at first: the way round is not found by small noise on the way that looks short.
    suggestedSettings: [
      "lower.explorationNoise": "0.1", "subgoals.space": "xy", "pretrainingSteps": "25000",
      "higher.discount": "0.95",
    ])

  static let antMaze = antTask(
    name: "ant-maze",
    summary: "go round the U: train on targets everywhere, be judged at its far end",
    trainingTarget: .uniform(lower: [-4, -4], upper: [20, 20]),
    evaluationTargets: [[0, 16], [16, 0], [16, 16]],
    evaluationTargetNames: ["far end", "first corner", "second corner"])

  static let antPush = antTask(
    name: "ant-push",
    summary: "push the block aside, not ahead, to reach the room behind it",
    trainingTarget: .fixed([0, 19]), evaluationTargets: [[0, 19]],
    evaluationTargetNames: ["room behind"])

  static let antPushMulti = antTask(
    name: "ant-push-multi",
    summary: "Ant Push, trained on targets everywhere",
    trainingTarget: .uniform(lower: [-16, -4], upper: [16, 20]), evaluationTargets: [[0, 19]],
    evaluationTargetNames: ["room behind"])

  static let antFall = antTask(
    name: "ant-fall",
    summary: "push the block into the chasm and cross over it",
    trainingTarget: .fixed([0, 27, 4.5]), evaluationTargets: [[0, 27, 4.5]],
    evaluationTargetNames: ["far side"])

  static let antFallMulti = antTask(
    name: "ant-fall-multi",
    summary: "Ant Fall, trained on targets everywhere",
    trainingTarget: .uniform(lower: [-4, -4, 0], upper: [12, 28, 5]),
    evaluationTargets: [[0, 27, 4.5]], evaluationTargetNames: ["far side"])

  static let antGather = antTask(
    name: "ant-gather",
    summary: "take the apples (+1) and leave the bombs (-1): the score is the reward",
    observationCount: 50, trainingTarget: .none, evaluationTargets: [],
    evaluationTargetNames: [], successRadius: nil)

  /// A task of the Ant: 8 torques held for 5 physics steps of 0.02 s.
  private static func antTask(
    name: String, summary: String, observationCount: Int = 30, trainingTarget: TargetDistribution,
    evaluationTargets: [[Double]], evaluationTargetNames: [String], successRadius: Double? = 5
  ) -> TaskDescription {
    TaskDescription(
      name: name, summary: summary, observationCount: observationCount,
      actionLimits: Array(repeating: 30, count: 8), placeCount: 3,
      heading: RobotLayout.ant.heading,
      // The readings of Ant Gather do not turn by quarters.
      quarterTurn: observationCount == 30 ? .ant : nil, subgoalHalfRange: antSubgoalHalfRange,
      trainingTarget: trainingTarget, evaluationTargets: evaluationTargets,
      evaluationTargetNames: evaluationTargetNames, successRadius: successRadius,
      stepDuration: 0.1)
  }

  /// x, y and z (m), the quaternion, then hip and ankle (rad) of each leg (the paper's appendix).
  private static let antSubgoalHalfRange: [Float] =
    [10, 10, 0.5, 1, 1, 1, 1] + [0.5, 0.3, 0.5, 0.3, 0.5, 0.3, 0.5, 0.3]
}
