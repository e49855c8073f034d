import Environments
import Foundation
import MuJoCo
import Testing

@Suite("Ant Maze against the reference trajectory")
struct GoldenTests {
  @Test("With libmujoco 2.2.2 all 500 steps equal the reference bit for bit")
  func equalsReference() throws {
    let reference = try goldenTrace()
    let environment = try TaskRegistry.makeEnvironment(named: "ant-maze")
    let ours = try environment.replay(reference)
    #expect(reference.steps.count == 500)

    if Model.libraryVersion == 222 {
      for (index, step) in reference.steps.enumerated() {
        try #require(ours.steps[index].qpos == step.qpos, "qpos after step \(index)")
        try #require(ours.steps[index].qvel == step.qvel, "qvel after step \(index)")
      }
    } else {
      // Another version rounds differently, and contacts amplify it: only the beginning is alike.
      for index in 0..<5 {
        let (expected, found) = (reference.steps[index].qpos ?? [], ours.steps[index].qpos ?? [])
        #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-6 })
      }
    }
  }
}

/// The reference trajectory: 500 environment steps of Ant Maze under random torques.
func goldenTrace() throws -> PhysicsTrace {
  let url = try #require(
    Bundle.module.url(forResource: "ant_maze", withExtension: "json", subdirectory: "Fixtures"))
  return try JSONDecoder().decode(PhysicsTrace.self, from: Data(contentsOf: url))
}
