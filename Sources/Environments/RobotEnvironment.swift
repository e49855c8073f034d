import Foundation
import Learning
import MuJoCo
import Randomness

/// A robot in a MuJoCo world with something to do there: all tasks of ``TaskRegistry`` and those of
/// own maps and robots.
///
/// The observation is the robot's `qpos`, its `qvel`, what the task has it sense (the 20 readings of Ant
/// Gather), and 0.001·t with the number t of steps since the reset. What else moves in the world is not
/// observed.
public final class RobotEnvironment: PhysicsEnvironment, RearrangeableEnvironment {
  /// What the task asks and how it is shaped.
  public let task: TaskDescription
  /// The world in motion.
  public let simulation: Simulation
  /// The body that stands for the robot: what a camera follows.
  public let robotBody: Int
  /// The maze, where the world is one.
  public let map: MazeMap?
  package let surroundings: (any Surroundings)?

  /// The current observation, `task.observationCount` numbers, updated in place.
  public private(set) var observation: [Float]
  /// The place to go (m), `task.targetCount` numbers.
  public private(set) var target: [Float]

  /// The environment steps since the reset.
  public private(set) var stepCount = 0

  private let robot: RobotLayout
  private let startPositions: [Double]
  private var targetPlace: [Double]
  private var rules: any TaskRules
  private var isDiverged = false

  init(definition: TaskDefinition, model: Model) throws {
    task = definition.description
    map = definition.map
    robot = definition.robot
    surroundings = definition.surroundings
    simulation = try Simulation(model: model)
    robotBody = try model.id(of: .body, named: robot.bodyName)
    startPositions = robot.startPositions ?? Array(model.qpos0.prefix(robot.positionCount))
    observation = Array(repeating: 0, count: task.observationCount)
    targetPlace = Array(repeating: 0, count: task.targetCount)
    target = Array(repeating: 0, count: task.targetCount)
    rules = definition.rules
    precondition(
      task.observationCount
        == robot.positionCount + robot.velocityCount + rules.readingCount + 1,
      "the robot's numbers, what it senses and the time are the observation")
    try simulation.forward()
    observe(pose)
  }

  // MARK: Episode

  /// Begins an episode: the robot at its start with noise, everything else at rest in its place.
  ///
  /// Each of the robot's `qpos` gets U(−0.1, 0.1) added and each of its `qvel` is 0.1·N(0, 1); the Point,
  /// which moves only by its actions, starts at rest.
  ///
  /// - Throws: `EnvironmentError.invalidTarget`, or MuJoCo's own error.
  public func reset(using generator: inout RandomStream, target choice: TargetChoice) throws {
    let place = try task.place(of: choice)
    simulation.reset()
    let (positions, velocities) = (simulation.qpos, simulation.qvel)
    for index in 0..<robot.positionCount {
      positions[index] = startPositions[index] + generator.uniform(in: -0.1...0.1)
    }
    if robot.drive != .kinematic {
      for index in 0..<robot.velocityCount { velocities[index] = 0.1 * generator.normal() }
    }
    try simulation.forward()
    simulation.normalizeQuaternions()

    setTarget(place ?? task.trainingTarget.draw(using: &generator))
    rules.begin(using: &generator)
    stepCount = 0
    isDiverged = false
    observe(pose)
  }

  /// Applies an action, clipped to its limits, for one step.
  ///
  /// - Throws: `EnvironmentError.actionCount`, or MuJoCo's own error.
  public func step(_ action: [Float]) throws -> StepOutcome {
    guard action.count == task.actionCount else {
      throw EnvironmentError.actionCount(
        task: task.name, expected: task.actionCount, found: action.count)
    }
    stepCount += 1
    if !isDiverged {
      try move(action)
      isDiverged = simulation.instabilityCount > 0 || !isFinite
    }
    let pose = pose
    let (reward, isTerminated) = rules.score(pose)
    if !isDiverged { observe(pose) }
    return StepOutcome(
      reward: Float(reward), isTerminated: isTerminated,
      isTruncated: !isTerminated && stepCount >= task.episodeSteps, isDiverged: isDiverged)
  }

  // MARK: Motion

  private func move(_ action: [Float]) throws {
    switch robot.drive {
    case .actuators(let maps, let physicsSteps):
      let controls = simulation.ctrl
      for index in 0..<task.actionCount {
        controls[index] = maps[index].control(Double(clipped(action[index], index)))
      }
      try simulation.step(count: physicsSteps)
    case .kinematic:
      try moveKinematically(
        forward: Double(clipped(action[0], 0)), turn: Double(clipped(action[1], 1)))
    }
  }

  /// One environment step of the bare physics, with controls as they are.
  func applyControls(_ values: [Double], physicsSteps: Int) throws {
    if robot.drive == .kinematic {
      try moveKinematically(forward: values[0], turn: values[1])
    } else {
      simulation.ctrl.assign(values)
      try simulation.step(count: physicsSteps)
    }
  }

  /// The physics steps of one environment step.
  var physicsSteps: Int { robot.physicsSteps }

  /// Not a number stays what it is: MuJoCo, or the check of the state, must see it.
  private func clipped(_ value: Float, _ index: Int) -> Float {
    let limit = task.actionLimits[index]
    return value > limit ? limit : value < -limit ? -limit : value
  }

  /// Turns, moves along the new heading, lets one physics step pass, and undoes what of the move
  /// leads into a wall.
  ///
  /// Only the coordinate that does so is undone, so that the Point slides along a wall: undoing the
  /// whole move, as the published environment does, holds it there for good as long as its heading
  /// leads into the wall at all, and a policy without noise never comes free.
  ///
  /// Each step begins at rest: nothing brakes the Point, and the push of a wall that it once touched
  /// would carry it off for the rest of the episode.
  private func moveKinematically(forward: Double, turn: Double) throws {
    let (positions, velocities) = (simulation.qpos, simulation.qvel)
    let (x, y) = (positions[0], positions[1])
    for index in 0..<robot.velocityCount { velocities[index] = 0 }
    positions[2] += turn
    positions[0] = x + 0.2 * forward * cos(positions[2])
    positions[1] = y + 0.2 * forward * sin(positions[2])
    try simulation.step()
    guard let map, map.isInsideWall(x: positions[0], y: positions[1]) else { return }
    if !map.isInsideWall(x: positions[0], y: y) {
      positions[1] = y
    } else if !map.isInsideWall(x: x, y: positions[1]) {
      positions[0] = x
    } else {
      positions[0] = x
      positions[1] = y
    }
  }

  // MARK: Observation

  /// Puts what is seen from `pose`, where the robot is, into the observation.
  private func observe(_ pose: RobotPose) {
    simulation.qpos.copy(first: robot.positionCount, into: &observation, at: 0)
    simulation.qvel.copy(first: robot.velocityCount, into: &observation, at: robot.positionCount)
    if robot.drive == .kinematic {
      // A turn more or less is the same heading: it must look the same to the agent.
      observation[2] = Float(remainder(simulation.qpos[2], 2 * .pi))
    }
    rules.sense(pose, into: &observation, at: robot.positionCount + robot.velocityCount)
    observation[task.observationCount - 1] = Float(0.001 * Double(stepCount))
  }

  private var pose: RobotPose {
    let q = simulation.qpos
    return RobotPose(
      position: robotPosition,
      orientation: robot.root == .free ? [q[3], q[4], q[5], q[6]] : [1, 0, 0, 0],
      distanceToTarget: distanceToTarget, isDiverged: isDiverged)
  }

  private var isFinite: Bool {
    let (positions, velocities) = (simulation.qpos, simulation.qvel)
    for index in 0..<positions.count where !positions[index].isFinite { return false }
    for index in 0..<velocities.count where !velocities[index].isFinite { return false }
    return true
  }

  // MARK: Target

  /// How far the robot is from the target (m), in the plane or in space as the target has it;
  /// `nil` in a task without one.
  public var distanceToTarget: Double? {
    guard !targetPlace.isEmpty else { return nil }
    let place = robotPosition
    let (dx, dy) = (place.x - targetPlace[0], place.y - targetPlace[1])
    let dz = targetPlace.count > 2 ? place.z - targetPlace[2] : 0
    return (dx * dx + dy * dy + dz * dz).squareRoot()
  }

  /// Whether the current state would be a success at the last step of an episode.
  public var isSuccess: Bool? {
    guard let radius = task.successRadius, let distance = distanceToTarget else { return nil }
    return !isDiverged && distance < radius
  }

  /// Where the robot is (m).
  public var robotPosition: SIMD3<Double> {
    let place = simulation.qpos
    return switch robot.root {
    case .free: [place[0], place[1], place[2]]
    case .planar(let height): [place[0], place[1], height]
    }
  }

  private func setTarget(_ place: [Double]) {
    targetPlace = place
    target = place.map { Float($0) }
  }

  // MARK: State

  /// What is left to gather, in Ant Gather.
  public var objects: [GatherObject] { rules.objects }

  /// Everything that makes the continuation exact to the bit.
  public func saveState() -> RobotEnvironmentState {
    RobotEnvironmentState(
      task: task.name, stepCount: stepCount, target: targetPlace, rules: rules.saveState(),
      isDiverged: isDiverged, observation: observation, physics: simulation.saveState())
  }

  /// Continues from a saved state of the same task.
  ///
  /// - Throws: `EnvironmentError.invalidState`, or `MuJoCoError` if it does not fit the model.
  public func restore(_ state: RobotEnvironmentState) throws {
    func check(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
      if !condition {
        throw EnvironmentError.invalidState(task: task.name, reason: reason())
      }
    }
    try check(state.task == task.name, "it is one of '\(state.task.prefix(40))'")
    try check(
      0...task.episodeSteps ~= state.stepCount, "its step count is not one of the episode")
    try check(
      state.target.count == task.targetCount && state.target.allSatisfy(\.isFinite),
      "its target is not \(task.targetCount) finite numbers")
    try check(
      state.observation.count == task.observationCount
        && state.observation.allSatisfy(\.isFinite),
      "its observation is not \(task.observationCount) finite numbers")
    try check(
      state.isDiverged
        || (state.physics.qpos.allSatisfy(\.isFinite) && state.physics.qvel.allSatisfy(\.isFinite)),
      "its physics are not finite")
    var restored = rules
    if let problem = restored.restore(state.rules) { try check(false, problem) }
    try simulation.restore(state.physics)
    rules = restored
    setTarget(state.target)
    stepCount = state.stepCount
    isDiverged = state.isDiverged
    observation = state.observation
  }
}
