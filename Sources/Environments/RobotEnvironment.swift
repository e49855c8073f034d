import Foundation
import Learning
import MuJoCo
import Randomness

/// A robot in a MuJoCo world with a task: one of ``TaskRegistry``, or one with a user's own map or
/// robot.
///
/// The observation is the robot's `qpos`, the robot's `qvel`, the task's sensor readings (20 in Ant
/// Gather), and 0.001·t, where t is the number of steps since the reset. Other things that move,
/// such as blocks, are not observed.
public final class RobotEnvironment: PhysicsEnvironment, RearrangeableEnvironment {
  /// The description of the task: its sizes, limits and targets.
  public let task: TaskDescription
  /// The simulation of the environment's world.
  public let simulation: Simulation
  /// The id of the robot's main body, which a camera follows.
  public let robotBody: Int
  /// The maze; `nil` in a world without one.
  public let map: MazeMap?
  package let surroundings: (any Surroundings)?

  /// The current observation, `task.observationCount` numbers, updated in place.
  public private(set) var observation: [Float]
  /// The target's position (m), `task.targetCount` numbers.
  public private(set) var target: [Float]

  /// The number of environment steps since the reset.
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

  /// Begins an episode: the robot in its start state plus noise, everything else at rest at its
  /// initial position.
  ///
  /// A number from U(−0.1, 0.1) is added to each of the robot's `qpos`, and each of the robot's
  /// `qvel` is set to 0.1·N(0, 1). The Point, which moves only by its actions, starts at rest.
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
      isDiverged = simulation.instabilityCount > 0 || !isStable
    }
    let pose = pose
    let (reward, isTerminated) = rules.score(pose, action: action, simulation: simulation)
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

  /// One environment step of the physics alone; the controls are used as they are, without
  /// clipping.
  func applyControls(_ values: [Double], physicsSteps: Int) throws {
    if robot.drive == .kinematic {
      try moveKinematically(forward: values[0], turn: values[1])
    } else {
      simulation.ctrl.assign(values)
      try simulation.step(count: physicsSteps)
    }
  }

  /// The number of physics steps in one environment step.
  var physicsSteps: Int { robot.physicsSteps }

  /// An action value clipped to its limits. NaN is not changed, so that MuJoCo or the check of the
  /// state notices it.
  private func clipped(_ value: Float, _ index: Int) -> Float {
    let limit = task.actionLimits[index]
    return value > limit ? limit : value < -limit ? -limit : value
  }

  /// Turns, moves along the new heading, runs one physics step, and undoes the part of the move
  /// that leads into a wall.
  ///
  /// Only the coordinate that leads into the wall is undone, so that the Point slides along the
  /// wall. The published environment undoes the whole move: the Point then stays where it is for as
  /// long as its heading points into the wall at all, and with a policy without noise it never gets
  /// free.
  ///
  /// Each step begins with zero velocity: nothing damps the Point's motion, and the push of a wall
  /// that it once touched would move it for the rest of the episode.
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

  /// Updates the observation for `pose`, the robot's current pose.
  private func observe(_ pose: RobotPose) {
    simulation.qpos.copy(first: robot.positionCount, into: &observation, at: 0)
    simulation.qvel.copy(first: robot.velocityCount, into: &observation, at: robot.positionCount)
    if robot.drive == .kinematic {
      // Headings that differ by full turns are the same heading and must look the same to the
      // agent.
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

  /// Whether MuJoCo would go on from the current state. It checks a state only at the beginning of
  /// the next physics step, so that it has not yet counted an instability of the last one.
  private var isStable: Bool {
    let (positions, velocities) = (simulation.qpos, simulation.qvel)
    let limit = Simulation.largestNumber
    // This is false for NaN, too.
    for index in 0..<positions.count where !(abs(positions[index]) <= limit) { return false }
    for index in 0..<velocities.count where !(abs(velocities[index]) <= limit) { return false }
    return true
  }

  // MARK: Target

  /// The distance from the robot to the target (m): in the plane if the target has two coordinates,
  /// in space if it has three; `nil` in a task without a target.
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

  /// The robot's position (m).
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

  /// The apples and bombs that are left, in Ant Gather.
  public var objects: [GatherObject] { rules.objects }

  /// The complete state: an episode that is restored from it continues bit-identically.
  public func saveState() -> RobotEnvironmentState {
    RobotEnvironmentState(
      task: task.name, stepCount: stepCount, target: targetPlace, rules: rules.saveState(),
      isDiverged: isDiverged, observation: observation, physics: simulation.saveState())
  }

  /// Continues from a saved state of the same task.
  ///
  /// - Throws: `EnvironmentError.invalidState`, or `MuJoCoError` if the state does not fit the
  ///   model.
  public func restore(_ state: RobotEnvironmentState) throws {
    func check(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
      if !condition {
        throw EnvironmentError.invalidState(task: task.name, reason: reason())
      }
    }
    try check(state.task == task.name, "it is of the task '\(state.task.prefix(40))'")
    try check(
      0...task.episodeSteps ~= state.stepCount,
      "its step count is not from 0 to \(task.episodeSteps)")
    try check(
      state.target.count == task.targetCount && state.target.allSatisfy(\.isFinite),
      "its target does not have \(task.targetCount) finite numbers")
    try check(
      state.observation.count == task.observationCount
        && state.observation.allSatisfy(\.isFinite),
      "its observation does not have \(task.observationCount) finite numbers")
    try check(
      state.isDiverged
        || (state.physics.qpos + state.physics.qvel).allSatisfy {
          abs($0) <= Simulation.largestNumber
        },
      "its physics are unstable")
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
