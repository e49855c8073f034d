import Learning
import MuJoCo

extension TaskDefinition {
  /// A task in a user's own maze: reach the target, as in Ant Maze.
  ///
  /// Without a robot the Ant is used, with stiffer contacts in a maze with a movable block. A zero
  /// action of a user's own robot gives the controls of its first keyframe, or else those that keep
  /// servos at their start, or else the middle of each control range. One step lasts about 0.1 s,
  /// but at least one physics step. Subgoals address all of the robot's `qpos`, ±10 m in the plane
  /// and ± half the range of each limited joint, unless settings say otherwise.
  ///
  /// - Parameters:
  ///   - map: The maze.
  ///   - path: The robot's MJCF file, whose root is a free joint, or slides along x and y; `nil`
  ///     for the Ant.
  /// - Throws: ``SourceError`` if the robot can't be used, with the file and the line of the fault.
  public init(map: MazeMap, robot path: String?) throws(SourceError) {
    try self.init(
      map: map, robot: path.map { path throws(SourceError) in try Robot(path: path) }, source: path)
  }

  /// A task in a user's own maze, as ``init(map:robot:)``, with a robot that was read before.
  ///
  /// - Parameters:
  ///   - map: The maze.
  ///   - robot: The robot; `nil` for the Ant.
  ///   - source: The name of the robot in errors; the robot's own name if it is left out.
  public init(map: MazeMap, robot: Robot? = nil, source: String? = nil) throws(SourceError) {
    guard let robot else {
      self.init(antIn: map)
      return
    }
    let file = try RobotFile(robot, path: source ?? robot.name, map: map)
    let name = "\(map.name)+\(robot.name)"
    let world = WorldModel.maze(
      named: name, map: map, robot: file, contacts: .init(in: map))
    let model = try file.model(of: world)
    let (layout, limits, halfRange) = try file.layout(
      in: model, blockJoints: 2 * map.blockCount, groundHeight: map.groundHeight)
    let isAnt = layout == .ant && Self.isAnt(robot)
    self.init(
      description: TaskDescription(
        name: name, summary: "\(robot.name) in the maze '\(map.name)'",
        observationCount: layout.positionCount + layout.velocityCount + 1, actionLimits: limits,
        layout: layout, isAnt: isAnt, subgoalHalfRange: halfRange, map: map,
        stepDuration: Double(layout.physicsSteps) * model.timestep,
        suggestedSettings: Self.customRobotSettings),
      modelXML: world.text, map: map, customRobot: robot, isBuiltIn: false,
      robot: layout, rules: ReachTarget())
  }

  /// The settings for a custom robot. The published noise is meant for torques of ±30: with controls
  /// of ±0.4 it would leave most actions at a limit.
  package static let customRobotSettings = [
    "lower.noiseUnits": "limits", "lower.explorationNoise": "0.1",
    "lower.targetNoise": "0.2", "lower.targetNoiseClip": "0.5",
  ]

  /// Whether a robot with the Ant's layout is the Ant: its legs may have other lengths, or its motors
  /// another order, which the layout does not tell. They are compared in a maze without blocks,
  /// because a maze with blocks changes the contacts of the built-in Ant.
  private static func isAnt(_ robot: Robot) -> Bool {
    let map = MazeMap.u
    guard let file = try? RobotFile(robot, path: robot.name, map: map),
      let model = try? file.model(
        of: WorldModel.maze(named: map.name, map: map, robot: file, contacts: .init(in: map))),
      let ant = try? TaskDefinition(antIn: map).makeModel()
    else { return false }
    return model.physicsDifference(from: ant) == nil
  }

  private init(antIn map: MazeMap) {
    let document = WorldModel.antMaze(named: map.name, map: map)
    self.init(
      description: TaskDescription(
        name: map.name, summary: "the Ant in the maze '\(map.name)'", observationCount: 30,
        actionLimits: TaskDescription.antActionLimits, layout: .ant, isAnt: true,
        subgoalHalfRange: TaskDescription.antSubgoalHalfRange, map: map,
        stepDuration: TaskDescription.antStepDuration),
      modelXML: document.text, map: map, customRobot: nil, isBuiltIn: false,
      robot: .ant, rules: ReachTarget())
  }
}

extension TaskDescription {
  /// A task that takes its targets and its episode length from a map.
  ///
  /// - Parameter isAnt: Whether the robot is the Ant, which is the same from four sides.
  fileprivate init(
    name: String, summary: String, observationCount: Int, actionLimits: [Float],
    layout: RobotLayout, isAnt: Bool, subgoalHalfRange: [Float], map: MazeMap, stepDuration: Double,
    suggestedSettings: [String: String] = [:]
  ) {
    self.init(
      name: name, summary: summary, observationCount: observationCount,
      actionLimits: actionLimits, placeCount: layout.placeCount, heading: layout.heading,
      quarterTurn: isAnt ? .ant : nil, subgoalHalfRange: subgoalHalfRange,
      trainingTarget: map.trainingTarget,
      evaluationTargets: map.targets.map(\.position),
      evaluationTargetNames: map.targets.map(\.name), successRadius: map.successRadius,
      episodeSteps: map.episodeSteps, stepDuration: stepDuration,
      suggestedSettings: suggestedSettings)
  }
}
