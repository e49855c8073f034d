import Environments
import Foundation
import Learning

/// Tasks × variants × seeds: many runs that differ in nothing else.
package struct Study: Equatable, Sendable {
  /// Where the runs take place.
  package enum World: Equatable, Sendable {
    /// Built-in tasks by name.
    case tasks([String])
    /// A maze of one's own, and a robot for it where that is not the Ant; both are paths.
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

  /// One of the things that are compared: a preset, changed or not.
  package struct Variant: Equatable, Sendable {
    /// What tables and folders call it.
    package var name: String
    /// The preset it begins with; the task's own settings where there is none.
    package var preset: String?
    /// What it changes.
    package var assignments: [Assignment]

    /// The settings of the task, as they are.
    package static let plain = Variant(name: "default", preset: nil, assignments: [])

    /// A preset under its own name.
    package init(preset: String) {
      self.init(name: preset, preset: preset, assignments: [])
    }

    /// Describes a variant; each parameter is the property of its name.
    package init(name: String, preset: String?, assignments: [Assignment]) {
      self.name = name
      self.preset = preset
      self.assignments = assignments
    }
  }

  /// Where the runs take place.
  package var world: World
  /// What is compared; every variant runs in every task.
  package var variants: [Variant] = [.plain]
  /// The seeds; every variant runs with each in every task.
  package var seeds: [UInt64] = [0]
  /// Environment steps of each run, where not the settings' own.
  package var steps: Int?
  /// Settings of all runs.
  package var assignments: [Assignment] = []
  /// Further options of `sbatch`, such as `--account=me`.
  package var slurm: [String] = []

  /// A study of one variant and one seed.
  package init(world: World) {
    self.world = world
  }

  /// Settings that a study gives to each run itself.
  static let ownKeys = ["task", "seed", "steps"]
}

/// One run of a study.
package struct StudyRun: Equatable, Sendable {
  /// Its place in the study: from 0.
  package let index: Int
  /// The task's name.
  package let task: String
  /// The variant's name.
  package let variant: String
  /// The seed.
  package let seed: UInt64
  /// Its folder in the study's: `TASK/VARIANT/seed-N`.
  package let folder: String
  /// Every setting of it.
  package let configuration: RunConfiguration
  /// The arguments of `hiro train` without the output folder and what changes nothing.
  package let arguments: [String]
  /// The most memory that it takes (bytes).
  package let memory: Double

  /// What messages call it.
  package var name: String { "\(task) \(variant) seed \(seed)" }
}

extension Study {
  /// Every run, the first seed of all variants first: a study that is stopped early compares as many
  /// seeds of each.
  ///
  /// - Throws: What is wrong with a setting, preset, task, map or robot; nothing is written.
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
    // The order is that of `hiro train`.
    var layers = try ConfigurationLayers(
      for: task, preset: variant.preset, settings: settings.map(\.text))
    if let steps { try layers.apply(["steps": "\(steps)"], source: "--steps") }
    try layers.apply(["seed": "\(seed)"], source: "--seeds")
    var configuration = layers.configuration
    configuration.task = task.name
    try configuration.learning.check(definition.surroundings)
    try configuration.checkMemory(for: task)
    return StudyRun(
      index: index, task: task.name, variant: variant.name, seed: seed,
      folder: "\(Self.folderName(task.name))/\(variant.name)/seed-\(seed)",
      configuration: configuration,
      arguments: arguments + (variant.preset.map { ["--preset", $0] } ?? [])
        + settings.flatMap { ["--set", $0.text] } + (steps.map { ["--steps", "\($0)"] } ?? [])
        + ["--seed", "\(seed)"],
      memory: try configuration.memoryNeeded(for: task))
  }

  /// `name` as a folder's: a map may be called anything.
  static func folderName(_ name: String) -> String {
    let safe = String(name.prefix(100).map { isNameCharacter($0) ? $0 : "_" })
    return safe.allSatisfy { $0 == "." } ? "_" : safe
  }

  static func isNameCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || "-_.+".contains(character))
  }
}
