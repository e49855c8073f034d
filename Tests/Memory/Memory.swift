import Environments
import Experiments
import Foundation
import Learning
import MuJoCo
import MuJoCoGraphics
import Parallel
import Randomness

/// Repeats what a long run does, and reports how much the process grows; `scripts/memory` builds
/// and runs it. The first repetitions are a warm-up and are not counted, because caches fill once.
@main
struct Memory {
  /// The growth of the resident set that counts as noise (KiB): less than a kilobyte for each reset
  /// or render.
  static let bound = 1_000

  static func main() throws {
    let results = [try resets(), try renders(), try checkpoints()]
    exit(results.allSatisfy(\.self) ? 0 : 1)
  }

  /// Measures `count` calls of `body` after as many to warm up.
  static func measure(_ name: String, count: Int, _ body: () throws -> Void) rethrows -> Bool {
    for _ in 0..<count { try body() }
    let before = residentSize
    for _ in 0..<count { try body() }
    let growth = residentSize - before
    let isBounded = growth <= bound
    print(
      "\(count) \(name): \(before) KiB before, grew by \(growth) KiB"
        + (isBounded ? "" : "; FAILED: more than \(bound) KiB"))
    return isBounded
  }

  static func resets() throws -> Bool {
    let environment = try TaskRegistry.makeEnvironment(named: "ant-push")
    var stream = RandomStream(seed: 1, name: "environment")
    let action = [Float](repeating: 1, count: environment.task.actionCount)
    return try measure("resets of Ant Push, a step after each", count: 1_000) {
      try environment.reset(using: &stream, target: .training)
      _ = try environment.step(action)
    }
  }

  static func renders() throws -> Bool {
    let environment = try TaskRegistry.makeEnvironment(named: "ant-maze")
    let renderer = try Renderer(model: environment.simulation.model, width: 320, height: 240)
    return try measure("renders of Ant Maze", count: 1_000) {
      _ = try renderer.render(
        environment.simulation, camera: environment.overviewCamera, markers: environment.markers)
    }
  }

  /// Each checkpoint is written by a run that continues from the previous one, so that reading is
  /// tested too.
  static func checkpoints() throws -> Bool {
    let folder = FileManager.default.temporaryDirectory.path + "/hiro-memory-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pool = WorkerPool(threads: 2)
    var layers = ConfigurationLayers()
    for assignment in [
      "task=point-maze", "steps=3000", "warmUpSteps=100", "subgoals.space=xy",
      "lower.replayCapacity=2000", "higher.replayCapacity=200", "evaluation.interval=1000000",
    ] {
      try layers.apply(assignment: assignment)
    }
    _ = try TrainingRun(
      configuration: layers.configuration,
      definition: TaskRegistry.definition(named: "point-maze"), folder: folder, pool: pool
    ).run()
    return try measure("checkpoints, each read back and continued", count: 20) {
      let run = try TrainingRun(
        resuming: folder,
        changes: {
          var longer = $0
          longer.steps += 20
          return longer
        }, pool: pool)
      _ = try run.run()
    }
  }

  /// The resident memory of the process (KiB).
  static var residentSize: Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(getpagesize()) / 1_024
  }
}
