import Foundation
import MuJoCo
import Testing

@Suite struct KeyframeTests {
  @Test("Keyframes read as they were written")
  func description() throws {
    let model = try Apparatus.makePendulum().model
    #expect(model.names(of: .keyframe) == ["level", "swinging"])
    let level = model.keyframe(0)
    #expect(level.name == "level" && level.time == 2)
    #expect(level.qpos == [-.pi / 2] && level.qvel == [0] && level.ctrl == [0.5, 0])
    let swinging = model.keyframe(1)
    #expect(swinging.qpos == [0.4] && swinging.qvel == [1.2] && swinging.act == [0.3])
    #expect(swinging.mocapPositions.isEmpty && swinging.mocapOrientations.isEmpty)
  }

  @Test("A reset to a keyframe is a reset to all of it, from wherever the simulation was")
  func reset() throws {
    let simulation = try Apparatus.makePendulum()
    let tip = try simulation.model.id(of: .site, named: "tip")
    simulation.qfrcApplied[0] = 3
    try simulation.step(count: 20)
    try simulation.reset(toKeyframeNamed: "level")
    #expect(simulation.time == 2 && Array(simulation.qpos) == [-.pi / 2])
    #expect(Array(simulation.qvel) == [0] && Array(simulation.ctrl) == [0.5, 0])
    #expect(Array(simulation.qfrcApplied) == [0])
    try simulation.forward()
    #expect(abs(simulation.sitePosition(tip).x - 0.7) < 1e-12)

    simulation.reset(toKeyframe: 1)
    #expect(simulation.time == 0 && Array(simulation.ctrl) == [0, 0])
    #expect(Array(simulation.qvel) == [1.2] && Array(simulation.act) == [0.3])
  }

  @Test("A keyframe that is not there is refused by name and changes nothing")
  func unknown() throws {
    let simulation = try Apparatus.makePendulum()
    try simulation.step(count: 5)
    let before = simulation.saveState()
    let error = #expect(throws: MuJoCoError.self) {
      try simulation.reset(toKeyframeNamed: "levle")
    }
    #expect(error?.description.contains("level, swinging") == true)
    #expect(simulation.saveState() == before)
  }
}
