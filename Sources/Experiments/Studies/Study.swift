import Environments
import Foundation
import Learning

/// Tasks × variants × seeds: one run for each combination, with all other settings equal.
package struct Study: Equatable, Sendable {
  /// Where the runs take place.
  package enum World: Equatable, Sendable {
    /// Built-in tasks by name.
    case tasks([String])
    /// A custom maze, and a custom robot for it if that is not the Ant; both are paths.
    case map(String, robot: String?)
  }

  /// A setting as `key=value`.
  package struct Assignment: Equatable, Sendable {
    /// The setting's key, such as `lower.discount`.
    package var key: String
    /// Its value as YAML.
    package var value: String

    /// The assignment as `--set` takes it.
    package var text: String { "\(key)=\(value)" }
  }

  /// One of the variants that are compared: a preset, with or without changes.
  package struct Variant: Equatable, Sendable {
    /// The name in tables and of folders.
    package var name: String
    /// The preset that the variant begins with; nil for the task's own settings.
    package var preset: String?
    /// The settings that the variant changes.
    package var assignments: [Assignment]

    /// The task's own settings, without changes.
    package static let plain = Variant(name: "default", preset: nil, assignments: [])

    /// The variant that is a preset without changes, with the preset's name.
    package init(preset: String) {
      self.init(name: preset, preset: preset, assignments: [])
    }

    /// Creates a variant; each parameter sets the property of the same name.
    package init(name: String, preset: String?, assignments: [Assignment]) {
      self.name = name
      self.preset = preset
      self.assignments = assignments
    }
  }

  /// Where the runs take place.
  package var world: World
  /// The variants that are compared; each runs in every task.
  package var variants: [Variant] = [.plain]
  /// The seeds; every variant runs with each in every task.
  package var seeds: [UInt64] = [0]
  /// Environment steps of each run; nil for the number in the settings.
  package var steps: Int?
  /// Settings of all runs.
  package var assignments: [Assignment] = []
  /// Further options of `sbatch`, such as `--account=me`.
  package var slurm: [String] = []

  /// A study of one variant and one seed.
  package init(world: World) {
    self.world = world
  }

  /// The settings that the study itself gives to each run, so that `set` must not contain them.
  static let ownKeys = ["task", "seed", "steps"]
}

/// One run of a study.
package struct StudyRun: Equatable, Sendable {
  /// The index of the run in the study, from 0.
  package let index: Int
  /// The task's name.
  package let task: String
  /// The variant's name.
  package let variant: String
  /// The seed.
  package let seed: UInt64
  /// The run's folder within the study's: `TASK/VARIANT/seed-N`.
  package let folder: String
  /// All settings of the run.
  package let configuration: RunConfiguration
  /// The arguments of `hiro train`, without the output folder and without options that do not
  /// change the result.
  package let arguments: [String]
  /// The most memory that the run takes (bytes).
  package let memory: Double

  /// The name of the run in messages.
  package var name: String { "\(task) \(variant) seed \(seed)" }
}

extension Study {
  /// All runs, ordered by seed first, so that a study that is stopped early has as many seeds of
  /// each variant.
  ///
  /// - Throws: An error if a setting, preset, task, map or robot is wrong; nothing is written.
  package func runs() throws -> [StudyRun] {
    let definitions: [(arguments: [String], definition: TaskDefinition)] =
      switch world {
      case .tasks(let names):
        try names.map { ([$0], try TaskRegistry.definition(named: $0)) }
      case .map(let map, let robot):
        [
          (
            ["--map", map] + (robot.map { ["--robot", $0] } ?? []),
            try TaskDefinition(map: MazeMap(path: map), robot: robot)
          )
        ]
      }
    var runs: [StudyRun] = []
    for seed in seeds {
      for (arguments, definition) in definitions {
        for variant in variants {
          runs.append(
            try run(
              index: runs.count, variant: variant, seed: seed, arguments: arguments,
              of: definition))
        }
      }
    }
    return runs
  }

  private func run(
    index: Int, variant: Variant, seed: UInt64, arguments: [String],
    of definition: TaskDefinition
  ) throws -> StudyRun {
    let task = definition.description
    // `hiro train` takes each setting once.
    let own = Set(variant.assignments.map(\.key))
    let settings = assignments.filter { !own.contains($0.key) } + variant.assignments
    // The layers are in the same order as in `hiro train`.
    var layers = try ConfigurationLayers(
      for: task, preset: variant.preset, settings: settings.map(\.text))
    if let steps { try layers.apply(["steps": "\(steps)"], source: "--steps") }
    try layers.apply(["seed": "\(seed)"], source: "--seeds")
    var configuration = layers.configuration
    configuration.task = task.name
    let memory: Double
    do throws(AgentShapeError) {
      memory = try configuration.memoryNeeded(for: task)
      try configuration.learning.check(definition.surroundings)
    } catch {
      throw StudyError.invalid(source: "\(task.name) \(variant.name)", problem: "\(error)")
    }
    return StudyRun(
      index: index, task: task.name, variant: variant.name, seed: seed,
      folder: "\(Self.folderName(task.name))/\(variant.name)/seed-\(seed)",
      configuration: configuration,
      arguments: arguments + (variant.preset.map { ["--preset", $0] } ?? [])
        + settings.flatMap { ["--set", $0.text] } + (steps.map { ["--steps", "\($0)"] } ?? [])
        + ["--seed", "\(seed)"],
      memory: memory)
  }

  /// `name` as the name of a folder: a map may have any name.
  static func folderName(_ name: String) -> String {
    let safe = String(name.prefix(100).map { isNameCharacter($0) ? $0 : "_" })
    return safe.allSatisfy { $0 == "." } ? "_" : safe
  }

  static func isNameCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || "-_.+".contains(character))
  }
}
