import Environments
import Learning
import MuJoCo
import Randomness
import Testing

/// Tests with scripted pushes: a force on the Ant's torso moves it against the block.
@Suite("Movable blocks")
struct BlockTests {
  @Test("In Ant Push an Ant drawn along y pushes the block ahead, into the way")
  func pushAhead() throws {
    let environment = try fresh("ant-push")
    try place(environment, x: 0, y: 2.5, z: 0.75)
    try draw(environment, force: [0, 12, 0], steps: 60)
    let q = environment.simulation.qpos
    #expect(q[16] > 2 && abs(q[15]) < 0.2)
    #expect(environment.robotPosition.y > 4)
    #expect(environment.simulation.warnings.isEmpty)
  }

  @Test("In Ant Push an Ant drawn along x from the left pushes the block aside and frees the way")
  func pushAside() throws {
    let environment = try fresh("ant-push")
    try place(environment, x: -7, y: 8, z: 0.75)
    try draw(environment, force: [12, 0, 0], steps: 150)
    let q = environment.simulation.qpos
    #expect(q[15] > 6 && abs(q[16]) < 0.2)
    // Then along y, to the room behind.
    try draw(environment, force: [-3, 12, 0], steps: 100)
    #expect(environment.robotPosition.y > 14)
    #expect(environment.isSuccess == true)
  }

  @Test("A block does not move by itself", arguments: ["ant-push", "ant-fall"])
  func blockRests(task: String) throws {
    let environment = try fresh(task)
    for _ in 0..<100 { _ = try environment.step(Array(repeating: 0, count: 8)) }
    // Blocks and walls are held a margin apart: 0.01 m with libmujoco 2.2.2, where the larger of
    // two margins counts, and 0.02 m with 4.0, where their sum does.
    #expect(environment.simulation.qpos.dropFirst(15).allSatisfy { abs($0) < 0.022 })
  }

  @Test("In Ant Fall the block is pushed off the ledge, falls, fills the chasm and bears an Ant")
  func blockFillsChasm() throws {
    let environment = try fresh("ant-fall")
    try pushIntoChasm(environment, blockY: 15)
    let q = environment.simulation.qpos
    #expect(q[15] > 7.9 && q[15] < 8.1, "the block has been pushed along y by its whole range")
    #expect(q[16] < -3.9, "the block has fallen by its whole range")

    // An Ant stands on the block in the chasm, at the platforms' height.
    try place(environment, x: 8, y: 16, z: 4.75)
    try draw(environment, force: .zero, steps: 50)
    #expect(environment.robotPosition.z > 4.2 && environment.robotPosition.z < 5)

    // The Ant also stands on the other side, where the task counts as a success.
    try place(environment, x: 2, y: 25, z: 4.75)
    try draw(environment, force: .zero, steps: 50)
    #expect(environment.robotPosition.z > 4.2 && environment.robotPosition.z < 5)
    #expect(environment.isSuccess == true)
    #expect(environment.simulation.warnings.isEmpty)
  }

  @Test("An Ant is borne across the filled chasm, and falls into the open one")
  func crossing() throws {
    let environment = try fresh("ant-fall")
    try place(environment, x: 0, y: 16, z: 4.75)
    try draw(environment, force: .zero, steps: 40)
    #expect(environment.robotPosition.z < 1, "nothing bears it in the open chasm")

    try pushIntoChasm(environment, blockY: 15)
    try place(environment, x: 8, y: 11, z: 4.75)
    try walk(environment, limit: 400) { environment.robotPosition.y > 22 }
    #expect(environment.robotPosition.y > 22 && environment.robotPosition.z > 4)
  }

  @Test("The example map with two blocks and a chasm works like Ant Fall")
  func twoBlocks() throws {
    let map = try #require(MazeMap.builtIn.first { $0.name == "crossing" })
    let environment = try TaskDefinition(map: map).makeEnvironment()
    var generator = RandomStream(seed: 1, name: "environment")
    try environment.reset(using: &generator, target: .evaluation(0))
    #expect(environment.simulation.model.nq == 19)
    #expect(environment.observation.count == 30 && environment.target.count == 3)
    try pushIntoChasm(environment, blockY: 17)
    let q = environment.simulation.qpos
    #expect(abs(q[15]) < 0.1 && abs(q[16]) < 0.1, "the left block stays")
    #expect(q[17] > 7.9 && q[18] < -3.9, "the right one fills its cell")
  }

  private func fresh(_ task: String) throws -> RobotEnvironment {
    let environment = try TaskRegistry.makeEnvironment(named: task)
    var generator = RandomStream(seed: 1, name: "environment")
    try environment.reset(using: &generator, target: .evaluation(0))
    return environment
  }

  /// Places the Ant at rest, with its legs as at the start; the blocks stay where they are.
  private func place(_ environment: RobotEnvironment, x: Double, y: Double, z: Double) throws {
    let (q, v) = (environment.simulation.qpos, environment.simulation.qvel)
    for (index, value) in [x, y, z, 1, 0, 0, 0].enumerated() { q[index] = value }
    for index in 7..<15 { q[index] = 0 }
    for index in 0..<14 { v[index] = 0 }
    try environment.simulation.forward()
  }

  /// Takes steps while a force (N) acts on the torso. All torques are zero.
  private func draw(
    _ environment: RobotEnvironment, force: SIMD3<Double>, steps: Int
  ) throws {
    let applied = environment.simulation.xfrcApplied
    for axis in 0..<3 { applied[6 * environment.robotBody + axis] = force[axis] }
    for _ in 0..<steps { _ = try environment.step(Array(repeating: 0, count: 8)) }
    for axis in 0..<3 { applied[6 * environment.robotBody + axis] = 0 }
  }

  /// Moves the Ant against the right block at walking speed until the block falls, then takes the
  /// Ant away.
  private func pushIntoChasm(_ environment: RobotEnvironment, blockY: Int) throws {
    let q = environment.simulation.qpos
    try place(environment, x: 8, y: 3, z: 4.75)
    try walk(environment, limit: 400) { q[blockY + 1] < -0.5 }
    try place(environment, x: 0, y: 0, z: 4.75)
    try draw(environment, force: .zero, steps: 50)
  }

  /// Pulls the torso along y at about 1 m/s, against friction, until `isDone`.
  private func walk(
    _ environment: RobotEnvironment, limit: Int, until isDone: () -> Bool
  ) throws {
    for _ in 0..<limit where !isDone() {
      let missing = 1 - environment.simulation.qvel[1]
      try draw(environment, force: [0, 7 + 4 * missing, 0], steps: 1)
    }
  }
}
