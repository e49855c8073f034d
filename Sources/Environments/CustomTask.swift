import MuJoCo

extension TaskDefinition {
  /// A task in one's own maze: reach the target, as in Ant Maze.
  ///
  /// Without a robot the Ant is taken, with stiffer contacts where something can be moved. A robot's
  /// action is measured from the middle of each actuator's control range, one step lasts 0.1 s or
  /// one physics step, and subgoals address all of its `qpos`, ±10 m in the plane and ± half the
  /// range of each limited joint: settings may say otherwise.
  ///
  /// - Parameters:
  ///   - map: The maze.
  ///   - robot: The path of an MJCF file whose root is a free joint, or slides along x and y.
  /// - Throws: ``SourceError`` if the robot's file can't be used, or `MuJoCoError` if MuJoCo refuses
  ///   the world.
  public init(map: MazeMap, robot path: String? = nil) throws {
    guard let path else {
      self.init(antIn: map)
      return
    }
    let robot = try RobotFile(path: path, groundHeight: map.groundHeight)
    let name = "\(map.name)+\(SourceText.stem(of: path))"
    let solimp = map.hasBlock ? AntModel.stiffSolimp : AntModel.solimp
    let xml = WorldModel.maze(
      named: name, map: map, robot: robot.document,
      contacts: .init(margin: 0.01, solimp: solimp)
    ).text
    let model = try Self.compiled(xml, path)
    let (layout, limits, halfRange) = try robot.layout(
      in: model, blockJoints: 2 * map.blockCount, groundHeight: map.groundHeight)
    self.init(
      description: TaskDescription(
        name: name, summary: "\(SourceText.stem(of: path)) in the maze '\(map.name)'",
        observationCount: layout.positionCount + layout.velocityCount + 1, actionLimits: limits,
        layout: layout, subgoalHalfRange: halfRange, map: map,
        stepDuration: Double(layout.physicsSteps) * model.timestep,
        // The published noise is made for torques of ±30: where controls are ±0.4 it would leave most
        // actions at a limit.
        suggestedSettings: [
          "lower.noiseUnits": "limits", "lower.explorationNoise": "0.1",
          "lower.targetNoise": "0.2", "lower.targetNoiseClip": "0.5",
        ]),
      modelXML: xml, map: map, robot: layout)
  }

  /// Compiles the world. An error that the robot has without a maze is told with its own lines.
  private static func compiled(_ xml: String, _ path: String) throws -> Model {
    do {
      return try Model(xml: xml, name: path)
    } catch {
      _ = try Model(path: path)
      throw error
    }
  }

  private init(antIn map: MazeMap) {
    let solimp = map.hasBlock ? AntModel.stiffSolimp : AntModel.solimp
    let ant = AntModel.document(solimp: solimp, groundHeight: map.groundHeight)
    let document = WorldModel.maze(
      named: map.name, map: map, robot: ant, contacts: .init(margin: 0.01, solimp: solimp))
    self.init(
      description: TaskDescription(
        name: map.name, summary: "the Ant in the maze '\(map.name)'", observationCount: 30,
        actionLimits: TaskRegistry.antMaze.actionLimits, layout: .ant,
        subgoalHalfRange: TaskRegistry.antMaze.subgoalHalfRange, map: map,
        stepDuration: TaskRegistry.antMaze.stepDuration),
      modelXML: document.text, map: map, robot: .ant)
  }
}

extension TaskDescription {
  /// A task whose targets and length are a map's.
  fileprivate init(
    name: String, summary: String, observationCount: Int, actionLimits: [Float],
    layout: RobotLayout, subgoalHalfRange: [Float], map: MazeMap, stepDuration: Double,
    suggestedSettings: [String: String] = [:]
  ) {
    self.init(
      name: name, summary: summary, observationCount: observationCount,
      actionLimits: actionLimits, placeCount: layout.placeCount, orientation: layout.orientation,
      quarterTurn: layout == .ant ? .ant : nil, subgoalHalfRange: subgoalHalfRange,
      trainingTarget: map.trainingTarget,
      evaluationTargets: map.targets.map(\.position),
      evaluationTargetNames: map.targets.map(\.name), successRadius: map.successRadius,
      episodeSteps: map.episodeSteps, stepDuration: stepDuration,
      suggestedSettings: suggestedSettings)
  }
}
