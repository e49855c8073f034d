import Foundation
import MuJoCo
import TestSupport
import Testing

@Suite struct SimulationTests {
  @Test("A body that falls freely follows the parabola")
  func freeFall() throws {
    let simulation = try Worlds.makeTumbler()
    simulation.qpos[2] = 100
    try simulation.step(count: 100)
    #expect(abs(simulation.time - 1) < 1e-12)
    #expect(abs(simulation.qpos[2] - (100 - 0.5 * 9.81)) < 1e-9)
  }

  @Test("Five steps in one call are five calls of one step")
  func stepCount() throws {
    let (together, apart) = (try Worlds.makeTumbler(), try Worlds.makeTumbler())
    for _ in 0..<40 {
      together.ctrl[0] = 1.5
      apart.ctrl[0] = 1.5
      try together.step(count: 5)
      for _ in 0..<5 { try apart.step() }
    }
    #expect(Array(together.qpos) == Array(apart.qpos))
    #expect(together.saveState() == apart.saveState())
  }

  @Test("Views write through, copy without loss of place and keep their simulation alive")
  func views() throws {
    var view = try Worlds.makeTumbler().qpos
    view[0] = 3
    view.swapAt(0, 1)
    #expect(Array(view) == [0, 3, 0.6, 1, 0, 0, 0, 0])
    view.assign([Double](repeating: 2, count: 8))
    var floats = [Float](repeating: -1, count: 10)
    view.copy(into: &floats, at: 1)
    #expect(floats == [-1, 2, 2, 2, 2, 2, 2, 2, 2, -1])
    view.copy(first: 2, into: &floats, at: 8)
    #expect(floats.suffix(3) == [2, 2, 2])
  }

  @Test("A restored state goes on to the same bits, also in the middle of contacts")
  func restore() throws {
    let simulation = try Worlds.makeTumbler()
    simulation.qvel[3] = 4
    simulation.ctrl[0] = 0.7
    simulation.xfrcApplied[6] = 1
    try simulation.step(count: 60)
    #expect(!simulation.contacts.isEmpty)
    let saved = simulation.saveState()

    try simulation.step(count: 50)
    let straight = simulation.saveState()
    try simulation.restore(saved)
    #expect(simulation.saveState() == saved)
    try simulation.step(count: 50)
    #expect(simulation.saveState() == straight)

    let other = try Worlds.makeTumbler()
    let decoded = try JSONDecoder().decode(
      SimulationState.self, from: JSONEncoder().encode(saved))
    try other.restore(decoded)
    try other.step(count: 50)
    #expect(other.saveState() == straight)
  }

  @Test("A state of another model is refused by field and leaves the simulation as it was")
  func foreignState() throws {
    let simulation = try Worlds.makeTumbler()
    let before = simulation.saveState()
    var state = before
    state.qvel.append(0)
    #expect(
      throws: MuJoCoError.sizeMismatch(model: "tumbler", field: "qvel", expected: 7, found: 8)
    ) { try simulation.restore(state) }
    state = before
    state.warningCounts = []
    #expect(throws: MuJoCoError.self) { try simulation.restore(state) }
    #expect(simulation.saveState() == before)
  }

  @Test("Reset goes back to the initial configuration")
  func reset() throws {
    let simulation = try Worlds.makeTumbler()
    let start = simulation.saveState()
    simulation.ctrl[0] = 1
    try simulation.step(count: 30)
    simulation.reset()
    #expect(simulation.saveState() == start)
  }

  @Test("Bodies, geoms and contacts are where the state says")
  func derived() throws {
    let simulation = try Worlds.makeTumbler()
    simulation.qpos[2] = 0.19
    simulation.qpos[7] = -.pi / 4
    try simulation.forward()
    #expect(simulation.bodyPosition(1) == [0, 0, 0.19])
    #expect(simulation.geomPosition(1) == [0, 0, 0.19])
    let x = simulation.bodyAxes(2).x
    #expect(abs(x.x - 0.5.squareRoot()) < 1e-12 && abs(x.z - 0.5.squareRoot()) < 1e-12)
    #expect(simulation.contacts.count == 4)
    for contact in simulation.contacts {
      #expect(contact.geom1 == 0 && contact.geom2 == 1)
      #expect(abs(contact.distance + 0.01) < 1e-12)
      #expect(abs(abs(contact.position.x) - 0.2) < 1e-12 && contact.normal == [0, 0, 1])
    }
  }

  @Test("A number that is not finite is counted as an instability, each time")
  func instability() throws {
    let simulation = try Worlds.makeTumbler()
    #expect(simulation.instabilityCount == 0 && simulation.warnings.isEmpty)
    for count in 1...3 {
      simulation.qvel[0] = .nan
      try simulation.step(count: 5)
      #expect(simulation.instabilityCount == count)
      let allFinite = simulation.qvel.allSatisfy(\.isFinite)
      #expect(allFinite)
    }
    let warning = try #require(simulation.warnings.first)
    #expect(simulation.warnings.count == 1)
    #expect(warning.kind == .badVelocity && warning.count == 3)
    #expect(warning.message.contains("QVEL"))
    #expect(!FileManager.default.fileExists(atPath: "MUJOCO_LOG.TXT"))
    simulation.reset()
    #expect(simulation.instabilityCount == 0)
  }

  @Test(
    "A fatal error of MuJoCo is thrown with the model and the call, and the process lives on",
    // Later versions enlarge their stack as needed.
    .enabled(if: Model.libraryVersion < 300))
  func fatalError() throws {
    let cramped = Worlds.tumbler.replacing("<worldbody>", with: "<size nstack=\"200\"/><worldbody>")
    let simulation = try Simulation(model: Model(xml: cramped, name: "cramped"))
    for _ in 0..<3 {
      // The contacts of the landing need more space than the stack has.
      let error = #expect(throws: MuJoCoError.self) { try simulation.step(count: 100) }
      let description = try #require(error?.description)
      #expect(description.contains("cramped") && description.contains("mj_step"))
      #expect(description.contains("Stack overflow"))
      simulation.reset()
    }
    let healthy = try Worlds.makeTumbler()
    try healthy.step(count: 100)
    #expect(healthy.instabilityCount == 0)
  }
}
