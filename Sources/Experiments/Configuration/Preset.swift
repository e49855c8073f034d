import Environments
import Learning

/// A named recipe, or a variant of HIRO that the paper measures, as a piece of configuration.
///
/// The group `tasks` of a preset holds settings for single tasks, by the task's name. The YAML
/// files in `Sources/Experiments/Presets` are built into the program, including their comments.
public struct Preset: Sendable {
  /// The name by which `--preset` takes it.
  public let name: String
  /// The YAML text, which begins with a comment that says what the preset is.
  public let yaml: String

  /// All presets.
  public static let all: [Preset] = [
    .init("hiro", PackageResources.hiro_yaml),
    .init("dependable", PackageResources.dependable_yaml),
    .init("no-correction", PackageResources.no_correction_yaml),
    .init("mean-correction", PackageResources.mean_correction_yaml),
    .init("xy-subgoals", PackageResources.xy_subgoals_yaml),
    .init("absolute-goals", PackageResources.absolute_goals_yaml),
    .init("hindsight", PackageResources.hindsight_yaml),
    .init("pretraining", PackageResources.pretraining_yaml),
    .init("flat", PackageResources.flat_yaml),
  ]

  /// The preset called `name`.
  public static func named(_ name: String) throws(ConfigurationError) -> Preset {
    guard let preset = all.first(where: { $0.name == name }) else {
      throw .unknownPreset(name, known: all.map(\.name))
    }
    return preset
  }

  /// What the preset is: the first paragraph of the comment at its head, as one line.
  public var summary: String {
    yaml.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("# ") }
      .map { $0.dropFirst(2) }.joined(separator: " ")
  }

  private init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    self.yaml = String(decoding: bytes, as: UTF8.self)
  }
}

extension ConfigurationLayers {
  /// Overrides the settings so far with `preset`, including its settings for `task` alone.
  public mutating func apply(
    _ preset: Preset, for task: TaskDescription
  ) throws(ConfigurationError) {
    try apply(yaml: preset.yaml, source: "preset \(preset.name)", tasks: task.presetNames)
  }
}

extension TaskDescription {
  /// The names in a preset's group `tasks` that apply to this task. A task that trains on targets
  /// everywhere (suffix `-multi`) counts as the same task without the suffix. A custom maze counts
  /// as `ant-maze`, or as `ant-fall` if its targets have three coordinates. For a task without a
  /// target, or with another reward than the distance, ``withoutTarget`` comes first and its own
  /// name second.
  var presetNames: [String] {
    let name = name.hasSuffix("-multi") ? String(name.dropLast("-multi".count)) : name
    if targetCount == 0 || !rewardIsDistance { return [Self.withoutTarget, name] }
    return [TaskRegistry.has(name) ? name : targetCount > 2 ? "ant-fall" : "ant-maze"]
  }

  /// The name in the group `tasks` that stands for all tasks without a target.
  private static let withoutTarget = "without-target"

  /// All names that a group `tasks` may contain.
  static let allPresetNames = TaskRegistry.all.map(\.name) + [withoutTarget]
}
