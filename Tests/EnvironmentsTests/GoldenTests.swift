import Environments
import Foundation
import MuJoCo
import Testing

@Suite("Ant Maze against the reference trajectories")
struct GoldenTests {
  /// The versions of libmujoco that have a reference trajectory, with its largest difference in any
  /// `qpos` from that of 2.2.2 (m, rad) after the first and after the last of the 500 steps,
  /// rounded up.
  ///
  /// 3.3 computes the same values in another order; 4.0 computes contacts differently, and contacts
  /// amplify differences.
  static let differences: [String: (first: Double, last: Double)] = [
    "2.2.2": (0, 0), "3.3.7": (2e-16, 3e-9), "4.0.1": (3e-6, 2.7),
  ]

  @Test(
    "All 500 steps equal the reference of the linked version bit for bit",
    .enabled(
      if: differences[Model.libraryVersionName] != nil,
      "scripts/make-golden.py makes a reference for another version"))
  func equalsReference() throws {
    let version = Model.libraryVersionName
    let reference = try goldenTrace(version)
    #expect(reference.steps.count == 500 && reference.mujoco == version)
    let environment = try TaskRegistry.makeEnvironment(named: "ant-maze")
    let ours = try environment.replay(reference)
    #expect(ours.mujoco == version)
    for (index, step) in reference.steps.enumerated() {
      try #require(ours.steps[index].qpos == step.qpos, "qpos after step \(index)")
      try #require(ours.steps[index].qvel == step.qvel, "qvel after step \(index)")
    }
  }

  @Test("From one version to the next the physics differ by no more than they are known to")
  func versions() throws {
    let old = try goldenTrace()
    let environment = try TaskRegistry.makeEnvironment(named: "ant-maze")
    var traces = try Self.differences.keys.map { ($0, try goldenTrace($0)) }
    traces.append((Model.libraryVersionName, try environment.replay(old)))
    for (version, trace) in traces {
      #expect(trace.steps.map(\.ctrl) == old.steps.map(\.ctrl), "not the same torques")
      let differences = zip(trace.steps, old.steps).map { Self.difference($0, $1) }
      let first = try #require(differences.first)
      let last = try #require(differences.last)
      // For a version without a reference only the size of the first difference is known.
      let known = Self.differences[version] ?? (1e-4, .infinity)
      #expect(
        first <= known.first && last <= known.last,
        "libmujoco \(version) differs from 2.2.2 by \(first) after one step, \(last) at the end")
    }
  }

  private static func difference(_ a: PhysicsTrace.Step, _ b: PhysicsTrace.Step) -> Double {
    zip(a.qpos ?? [.nan], b.qpos ?? [.nan]).map { abs($0 - $1) }.max() ?? .nan
  }
}

/// The reference trajectory of a version of MuJoCo: 500 environment steps of Ant Maze under random
/// torques, which are the same for all versions.
func goldenTrace(_ version: String = "2.2.2") throws -> PhysicsTrace {
  let name = version == "2.2.2" ? "ant_maze" : "ant_maze-\(version)"
  let url = try #require(
    Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
  return try JSONDecoder().decode(PhysicsTrace.self, from: Data(contentsOf: url))
}
