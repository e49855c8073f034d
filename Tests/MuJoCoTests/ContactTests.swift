import Foundation
import MuJoCo
import TestSupport
import Testing

@Suite struct ContactTests {
  @Test("A ball at rest is carried with its weight, straight up, where it touches the floor")
  func weight() throws {
    let simulation = try Apparatus.makeBall()
    #expect(simulation.model.geom(1).name == "shell")
    try simulation.step(count: 5000)
    try simulation.forward()
    #expect(simulation.contacts.count == 1)
    let contact = simulation.contacts[0]
    #expect(contact.geom1 == 0 && contact.geom2 == 1 && contact.normal == [0, 0, 1])
    // A soft contact gives way a little.
    #expect(contact.distance < 0 && contact.distance > -0.01)
    #expect(abs(contact.position.z) < 0.01)
    let force = simulation.contactForce(0)
    #expect(abs(force.force.x - 2 * 9.81) < 1e-5)
    #expect(abs(force.force.y) < 1e-6 && abs(force.force.z) < 1e-6)
    #expect(distance(contact.inWorld(force.force), [0, 0, 2 * 9.81]) < 1e-5)
  }

  @Test("Friction holds a box on a slope: the contacts together are the opposite of its weight")
  func friction() throws {
    let slope = 0.3
    let gravity = 9.81 * SIMD3(sin(slope), 0, -cos(slope))
    let simulation = try Simulation(
      model: Model(
        xml: Worlds.tumbler
          .replacing("<option ", with: "<option gravity=\"\(gravity.x) 0 \(gravity.z)\" ")
          .replacing("0 0 0.6", with: "0 0 0.2"),
        name: "slope"))
    try simulation.step(count: 2000)
    try simulation.forward()
    let total = simulation.contacts.indices.reduce(SIMD3<Double>()) { sum, index in
      sum + simulation.contacts[index].inWorld(simulation.contactForce(index).force)
    }
    let mass = simulation.model.body(1).mass + simulation.model.body(2).mass
    #expect(simulation.contacts.count >= 4 && total.x < -1)
    #expect(distance(total, -mass * gravity) < 1e-3 * mass * 9.81)
  }

  @Test("A contact answers a twist with the opposite one")
  func torsion() throws {
    let simulation = try Apparatus.makeBall()
    // The torque is below the largest that friction can hold: 0.05 m times the weight.
    simulation.xfrcApplied[6 + 5] = 0.3
    try simulation.step(count: 5000)
    try simulation.forward()
    #expect(abs(simulation.contactForce(0).torque.x + 0.3) < 1e-4)
  }

  @Test("A contact's frame is one: right-handed, of unit vectors")
  func frame() throws {
    let simulation = try Apparatus.makeBall()
    try simulation.forward()
    let contact = simulation.contacts[0]
    let (x, y, z) = (contact.normal, contact.tangent1, contact.tangent2)
    let cross = SIMD3(
      x.y * y.z - x.z * y.y, x.z * y.x - x.x * y.z, x.x * y.y - x.y * y.x)
    #expect(distance(cross, z) < 1e-12 && abs((x * y).sum()) < 1e-12)
  }

  private func distance(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
    ((a - b) * (a - b)).sum().squareRoot()
  }
}
