import Foundation
import MuJoCo
import Testing

@Suite struct ActivationTests {
  @Test("A filter answers a step of its control as the exponential does, up and down")
  func filter() throws {
    let simulation = try Apparatus.makePendulum()
    let model = simulation.model
    let filtered = model.actuator(try model.id(of: .actuator, named: "filtered"))
    let activation = try #require(filtered.activation)
    #expect(simulation.act.count == 1 && model.na == 1)
    #expect(model.actuator(0).activation == nil)

    simulation.ctrl[filtered.firstControl] = 0.8
    for tenth in 1...5 {
      try simulation.step(count: 100)
      // The error of the fourth-order method is about (dt/τ)⁵ per step.
      #expect(abs(simulation.act[activation] - 0.8 * (1 - exp(-Double(tenth)))) < 1e-8)
    }
    simulation.ctrl[filtered.firstControl] = 0
    simulation.act[activation] = 1
    try simulation.step(count: 200)
    #expect(abs(simulation.act[activation] - exp(-2)) < 1e-8)
  }
}
