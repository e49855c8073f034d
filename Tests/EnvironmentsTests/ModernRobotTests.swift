import Environments
import Foundation
import Learning
import MuJoCo
import Randomness
import TestSupport
import Testing

/// The robots under `models/robots` that are written for MuJoCo 3.
@Suite("Robots of today")
struct ModernRobotTests {
  static let isModern = Model.libraryVersion >= 330

  static func path(_ name: String) -> String {
    CustomTaskTests.models.appendingPathComponent("robots/\(name).xml").path
  }

  static func makeEnvironment(_ name: String, map: String = "u") throws -> RobotEnvironment {
    let map = try #require(MazeMap.builtIn.first { $0.name == map })
    return try TaskDefinition(map: map, robot: path(name)).makeEnvironment()
  }

  static func reset(_ environment: RobotEnvironment) throws {
    var generator = RandomStream(seed: 1, name: "environment")
    try environment.reset(using: &generator, target: .evaluation(0))
  }

  @Test(
    "Without an action they stay as their keyframe has them", .enabled(if: isModern),
    arguments: [("quadruped", 0.29, "u"), ("drone", 1.0, "u"), ("drone", 5.0, "fall")])
  func rest(name: String, height: Double, map: String) throws {
    let environment = try Self.makeEnvironment(name, map: map)
    let simulation = environment.simulation
    try Self.reset(environment)
    let start =
      [0, 0, height, 1, 0, 0, 0] + [0, 0.8, -1.6, 0, 0.8, -1.6, 0, 0.8, -1.6, 0, 0.8, -1.6]
    for index in 0..<(name == "drone" ? 7 : 19) {
      #expect(abs(simulation.qpos[index] - start[index]) <= 0.1, "qpos[\(index)]")
      // Removes the noise of the reset, because the test is about the pose.
      simulation.qpos[index] = start[index]
    }
    for index in 0..<simulation.qvel.count { simulation.qvel[index] = 0 }
    try simulation.forward()
    for _ in 0..<20 {
      #expect(!(try environment.step(environment.task.actionLimits.map { _ in 0 })).isDiverged)
    }
    #expect(abs(environment.robotPosition.z - height) < 0.02)
    #expect(simulation.bodyAxes(environment.robotBody).z.z > 0.99)
  }

  @Test(
    "A position servo reaches what its joint reaches, from where it starts", .enabled(if: isModern))
  func positions() throws {
    let environment = try Self.makeEnvironment("quadruped")
    let (task, ctrl) = (environment.task, environment.simulation.ctrl)
    #expect(task.actionCount == 12 && task.observationCount == 19 + 18 + 1)
    #expect(task.actionLimits.prefix(3).elementsEqual([0.8, 1.5, 0.9]) { abs($0 - $1) < 1e-6 })
    try Self.reset(environment)
    func controls(_ action: [Float]) throws -> [Double] {
      _ = try environment.step(action)
      return Array(ctrl.prefix(3))
    }
    func near(_ a: [Double], _ b: [Double]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 } }
    #expect(near(try controls(task.actionLimits.map { _ in 0 }), [0, 0.8, -1.6]))
    #expect(near(try controls(task.actionLimits), [0.8, 2.4, -0.8]))
    #expect(near(try controls(task.actionLimits.map { -$0 }), [-0.8, -0.6, -2.6]))
    #expect(near(try controls(task.actionLimits.map { $0 / 2 }), [0.4, 1.6, -1.2]))
  }

  @Test("Servos that don't say how far they go get it from their joints", .enabled(if: isModern))
  func ranges() throws {
    let environment = try Self.makeEnvironment("humanoid")
    let (task, model) = (environment.task, environment.simulation.model)
    #expect(task.actionCount == 19 && model.controlRange(0) == nil)
    let degree = Float.pi / 180
    // Waist: half the range of its joints; ankle: half its own control range; arms: twice the width
    // of their joints' range per second.
    for (index, limit) in [
      (0, 45 * degree), (1, 50 * degree), (3, 32.5 * degree), (7, 0.55), (8, 25 * degree),
      (15, 360 * degree), (16, 260 * degree),
    ] {
      #expect(abs(task.actionLimits[index] - limit) < 1e-5, "control \(index)")
    }
    try Self.reset(environment)
    _ = try environment.step(task.actionLimits.map { _ in 0 })
    // With a zero action a position servo holds the keyframe, and an arm's velocity servo does not
    // move.
    let expected = [(5, -0.25), (6, 0.5), (7, -0.25), (15, 0), (16, 0)]
    for (index, control) in expected {
      #expect(abs(environment.simulation.ctrl[index] - control) < 1e-9, "control \(index)")
    }
    #expect(model.actuator(0).kind == .position && model.actuator(15).kind == .velocity)
  }

  @Test("A motor without a range of its own may do what its joint bears", .enabled(if: isModern))
  func motors() throws {
    let folder = try TemporaryFolder()
    let robot = try folder.file(
      "robot.xml",
      """
      <mujoco><worldbody><body name="b" pos="0 0 1"><freejoint/><geom size="0.2"/>
      <body><joint name="j" axis="0 1 0" actuatorfrcrange="-6 12"/>
      <geom size="0.1" pos="0 0 0.3"/></body></body></worldbody>
      <actuator><motor joint="j" gear="3"/></actuator></mujoco>
      """)
    let map = try #require(MazeMap.builtIn.first)
    let environment = try TaskDefinition(map: map, robot: robot).makeEnvironment()
    #expect(environment.task.actionLimits == [3])
    try Self.reset(environment)
    _ = try environment.step([3])
    #expect(environment.simulation.ctrl[0] == 4)
  }

  @Test(
    "A state goes on to the same bits, histories of delayed actuators included",
    .enabled(if: Model.libraryVersion >= 4_000_000, "libmujoco delays actuators since version 4"))
  func state() throws {
    let xml = """
      <mujoco><option gravity="0 0 0"/>
      <worldbody><body><joint name="j" type="slide"/><geom size="0.1"/></body></worldbody>
      <actuator><motor joint="j" delay="0.02" nsample="16"/></actuator></mujoco>
      """
    let model = try Model(xml: xml, name: "delayed")
    let (one, two) = (try Simulation(model: model), try Simulation(model: model))
    one.ctrl[0] = 1
    try one.step(count: 7)
    let saved = one.saveState()
    #expect((saved.other ?? []).count > 0)
    try two.restore(JSONDecoder().decode(SimulationState.self, from: JSONEncoder().encode(saved)))
    for simulation in [one, two] {
      simulation.ctrl[0] = 0
      try simulation.step(count: 20)
    }
    #expect(one.saveState() == two.saveState() && one.qvel[0] > 0)
  }

  @Test(
    "An older libmujoco refuses them in one line that names its version and the remedy",
    .enabled(if: Model.libraryVersion < 300), arguments: ["quadruped", "humanoid", "drone"])
  func refused(name: String) throws {
    let error = #expect(throws: SourceError.self) { try Self.makeEnvironment(name) }
    let text = "\(error!)"
    #expect(text.contains("libmujoco \(Model.libraryVersionName) is linked"), "\(text)")
    #expect(text.contains("docs/mujoco.md") && text.contains("\(name).xml"), "\(text)")
    #expect(!text.contains("\n"))
  }

  @Test("An error that no other version would mend names none")
  func otherErrors() throws {
    let error = #expect(throws: MuJoCoError.self) {
      try Model(xml: "<mujoco><worldbody><body/></mujoco>", name: "broken")
    }
    #expect(!"\(error!)".contains("is linked"), "\(error!)")
  }
}
