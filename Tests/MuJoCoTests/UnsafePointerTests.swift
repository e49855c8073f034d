import CMuJoCo
import MuJoCo
import Testing

@Suite struct UnsafePointerTests {
  @Test("MuJoCo's own functions take the pointers and see the same world")
  func pointers() throws {
    let simulation = try Apparatus.makeBall()
    #expect(simulation.model.withUnsafePointer { mj_getTotalmass($0) } == 2)
    simulation.qvel[5] = 7
    try simulation.forward()
    let momentum = simulation.withUnsafePointers { model, data in
      mj_subtreeVel(model, data)
      return data.pointee.subtree_angmom[5]
    }
    // A ball's moment of inertia is 2/5 m r².
    #expect(abs(momentum - 0.4 * 2 * 0.1 * 0.1 * 7) < 1e-12)
    simulation.withUnsafePointers { _, data in data.pointee.qvel[2] = -4 }
    #expect(simulation.qvel[2] == -4)
  }

  @Test("What the closure throws comes through")
  func failure() throws {
    struct Stop: Error {}
    let simulation = try Apparatus.makeBall()
    #expect(throws: Stop.self) { try simulation.withUnsafePointers { _, _ in throw Stop() } }
    #expect(throws: Stop.self) { try simulation.model.withUnsafePointer { _ in throw Stop() } }
  }
}
