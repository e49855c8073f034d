import Foundation
import MuJoCo
import Testing

@Suite struct SiteAndTendonTests {
  @Test("A pendulum's site is where trigonometry has it", arguments: [0, 0.3, -1.2, 2.9])
  func site(angle: Double) throws {
    let simulation = try Apparatus.makePendulum()
    let tip = try simulation.model.id(of: .site, named: "tip")
    simulation.qpos[0] = angle
    try simulation.forward()
    let position = simulation.sitePosition(tip)
    #expect(distance(position, [-0.7 * sin(angle), 0, 1 - 0.7 * cos(angle)]) < 1e-12)
    // The rotation is about y: the z axis leans towards x.
    let axes = simulation.siteAxes(tip)
    #expect(distance(axes.x, [cos(angle), 0, -sin(angle)]) < 1e-12)
    #expect(distance(axes.y, [0, 1, 0]) < 1e-12)
    #expect(distance(axes.z, [sin(angle), 0, cos(angle)]) < 1e-12)
    let sensed = try simulation.sensorValues(named: "tip")
    #expect(distance(position, [sensed[0], sensed[1], sensed[2]]) < 1e-12)
  }

  @Test("A site reads as it was written")
  func description() throws {
    let model = try Apparatus.makePendulum().model
    let tip = model.site(try model.id(of: .site, named: "tip"))
    #expect(tip.name == "tip" && tip.body == 1 && tip.shape == .box)
    #expect(tip.size == [0.01, 0.02, 0.03] && tip.position == [0, 0, -0.7])
  }

  @Test("A thread is as long as its ends are apart, and its velocity is the derivative of that")
  func thread() throws {
    let simulation = try Apparatus.makePendulum()
    let (angle, speed) = (0.4, 1.2)
    (simulation.qpos[0], simulation.qvel[0]) = (angle, speed)
    try simulation.forward()
    let span = SIMD3(-0.7 * sin(angle) - 1, 0, -0.7 * cos(angle))
    let length = distance(span, [0, 0, 0])
    let motion = SIMD3(-0.7 * cos(angle), 0, 0.7 * sin(angle)) * speed
    #expect(abs(simulation.tendonLengths[0] - length) < 1e-12)
    #expect(abs(simulation.tendonVelocities[0] - (span * motion).sum() / length) < 1e-12)
    // The length of the other tendon is twice the angle.
    #expect(abs(simulation.tendonLengths[1] - 2 * angle) < 1e-12)
    #expect(abs(simulation.tendonVelocities[1] - 2 * speed) < 1e-12)
  }

  @Test("A tendon reads as it was written")
  func tendon() throws {
    let model = try Apparatus.makePendulum().model
    let thread = model.tendon(0)
    #expect(thread.name == "thread" && thread.isLimited && thread.range == 0...3)
    #expect(abs(thread.initialLength - (1 + 0.7 * 0.7).squareRoot()) < 1e-12)
    #expect(!model.tendon(1).isLimited && model.tendon(1).initialLength == 0)
  }

  private func distance(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
    ((a - b) * (a - b)).sum().squareRoot()
  }
}
