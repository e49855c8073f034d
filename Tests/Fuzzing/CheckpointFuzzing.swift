import Environments
import Experiments
import Foundation
import Learning
import Parallel
import Safetensors

/// Fuzzing of checkpoints: small valid ones to start from, and the reader that `--resume` uses.
enum CheckpointFuzzing {
  /// Checkpoints of short runs, in the middle of an episode and with replay buffers that have been
  /// filled.
  static func seeds(in folder: String) throws -> [[UInt8]] {
    try [(Hierarchy.hiro, Schedule.pipelined), (.hiro, .sequential), (.flat, .pipelined)].map {
      var configuration = RunConfiguration()
      configuration.task = "point-maze"
      configuration.steps = 75
      configuration.learning.hierarchy = $0
      configuration.learning.schedule = $1
      configuration.learning.warmUpSteps = 40
      configuration.learning.subgoals.space = .xy
      for level in [\HIROConfiguration.lower.learner, \.higher.learner] {
        configuration.learning[keyPath: level].hiddenUnits = 4
        configuration.learning[keyPath: level].batchSize = 4
        configuration.learning[keyPath: level].replayCapacity = 6
      }
      let run = "\(folder)/checkpoint-seed"
      defer { try? FileManager.default.removeItem(atPath: run) }
      _ = try TrainingRun(
        configuration: configuration,
        definition: TaskRegistry.definition(named: configuration.task), folder: run, pool: pool
      ).run()
      let file = try SafetensorsFile(path: RunFolder.checkpoints(in: run)[0])
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: file.path)))
    }
  }

  /// Continues the run in the file at `path` for a few windows, as `--resume` would.
  static func read(path: String, world: FuzzTarget.World) throws {
    let file = try SafetensorsFile(path: path)
    let parts = try Checkpoint.verify(file)
    var definition = world.definition
    var model = world.model
    if parts.configuration.task != definition.description.name {
      definition = try TaskRegistry.definition(named: parts.configuration.task)
      model = try definition.makeModel()
    }
    try Checkpoint.checkSizes(
      of: file, for: parts.configuration, task: definition.description)
    let trainer = try Trainer(
      configuration: parts.configuration,
      environment: definition.makeEnvironment(model: model), pool: pool)
    try Checkpoint.restore(trainer, parts, from: file)
    for _ in 0..<3 { try trainer.advance() }
  }

  /// One thread is enough: the test is about the file.
  private static let pool = WorkerPool(threads: 1)
}
