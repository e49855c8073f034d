import Learning

extension RegisteredTask {
  static let pointMaze = RegisteredTask(
    description: TaskDescription(
      name: "point-maze",
      summary: "drive a ball with a pointer through a small U-shaped maze; learned in minutes",
      observationCount: 7, actionLimits: [1, 0.25],
      heading: .init(kind: .angle, index: 2, velocityIndex: 3), subgoalHalfRange: [10, 10],
      trainingTarget: .uniform(lower: [-2, -2], upper: [10, 10]),
      evaluationTargets: [[0, 8], [8, 0], [8, 8]],
      evaluationTargetNames: ["far end", "first corner", "second corner"],
      successRadius: 2, stepDuration: 0.02,
      // Training begins with random subgoals: small noise around the direct way, which a wall
      // blocks, does not find the way round.
      suggestedSettings: [
        "lower.explorationNoise": "0.1", "subgoals.space": "xy", "pretrainingSteps": "25000",
        "higher.discount": "0.95",
      ]),
    worldName: "point-maze", map: .smallU, robot: .point, rules: ReachTarget()
  ) {
    WorldModel.maze(
      named: "point-maze", map: .smallU, robot: BuiltInRobot.point.standing(),
      contacts: .init(margin: 0, solimp: nil))
  }

  static let antMaze = antInMaze(
    "ant-maze", .u,
    summary: "walk through a U-shaped maze to its far end; trained on targets everywhere",
    trainingTarget: .uniform(lower: [-4, -4], upper: [20, 20]),
    evaluationTargets: [[0, 16], [16, 0], [16, 16]],
    evaluationTargetNames: ["far end", "first corner", "second corner"])

  static let antPush = antInMaze(
    "ant-push", .push,
    summary: "push the block to the side, not forward, to reach the room behind it",
    trainingTarget: .fixed([0, 19]), evaluationTargets: [[0, 19]],
    evaluationTargetNames: ["room behind"])

  static let antPushMulti = antInMaze(
    "ant-push-multi", world: "ant-push", .push, summary: "Ant Push, trained on targets everywhere",
    trainingTarget: .uniform(lower: [-16, -4], upper: [16, 20]), evaluationTargets: [[0, 19]],
    evaluationTargetNames: ["room behind"])

  static let antFall = antInMaze(
    "ant-fall", .fall, summary: "push the block into the chasm and cross over it",
    trainingTarget: .fixed([0, 27, 4.5]), evaluationTargets: [[0, 27, 4.5]],
    evaluationTargetNames: ["far side"])

  static let antFallMulti = antInMaze(
    "ant-fall-multi", world: "ant-fall", .fall, summary: "Ant Fall, trained on targets everywhere",
    trainingTarget: .uniform(lower: [-4, -4, 0], upper: [12, 28, 5]),
    evaluationTargets: [[0, 27, 4.5]], evaluationTargetNames: ["far side"])

  /// A task in which the Ant has to reach a target in a maze.
  private static func antInMaze(
    _ name: String, world: String? = nil, _ map: MazeMap, summary: String,
    trainingTarget: TargetDistribution, evaluationTargets: [[Double]],
    evaluationTargetNames: [String]
  ) -> RegisteredTask {
    let world = world ?? name
    return RegisteredTask(
      description: .ant(
        name: name, summary: summary, trainingTarget: trainingTarget,
        evaluationTargets: evaluationTargets, evaluationTargetNames: evaluationTargetNames,
        successRadius: 5),
      worldName: world, map: map, robot: .ant, rules: ReachTarget()
    ) { WorldModel.antMaze(named: world, map: map) }
  }
}

extension TaskDescription {
  /// A task of the Ant: 8 torques held for 5 physics steps of 0.02 s.
  ///
  /// - Parameter readingCount: Numbers in the observation besides the Ant's 29 and the time.
  static func ant(
    name: String, summary: String, readingCount: Int = 0, trainingTarget: TargetDistribution,
    evaluationTargets: [[Double]], evaluationTargetNames: [String], successRadius: Double?
  ) -> TaskDescription {
    TaskDescription(
      name: name, summary: summary, observationCount: 30 + readingCount,
      actionLimits: antActionLimits, placeCount: 3, heading: RobotLayout.ant.heading,
      // The relabelling of a quarter turn does not cover sensor readings.
      quarterTurn: readingCount == 0 ? .ant : nil, subgoalHalfRange: antSubgoalHalfRange,
      trainingTarget: trainingTarget, evaluationTargets: evaluationTargets,
      evaluationTargetNames: evaluationTargetNames, successRadius: successRadius,
      stepDuration: antStepDuration)
  }

  /// ±30 N·m for each of the Ant's torques.
  static let antActionLimits: [Float] = Array(repeating: 30, count: 8)

  /// The time of one step (s).
  static let antStepDuration = 0.1

  /// The bounds of a subgoal: x, y and z (m), the quaternion, then hip and ankle (rad) of each leg
  /// (the paper's appendix).
  static let antSubgoalHalfRange: [Float] =
    [10, 10, 0.5, 1, 1, 1, 1] + [0.5, 0.3, 0.5, 0.3, 0.5, 0.3, 0.5, 0.3]
}
