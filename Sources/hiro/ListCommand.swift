import ArgumentParser
import Environments
import Experiments
import Foundation
import Learning

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Show the tasks, settings, maps and presets.",
    discussion: """
        hiro list                     everything
        hiro list tasks               the tasks to learn
        hiro list settings            every setting: default, allowed values, meaning
        hiro list maps                drawings of the built-in mazes
        hiro list presets             recipes and variants of HIRO
        hiro list presets flat        one preset as YAML, to copy and change
        hiro list --json              everything, for other programs
      """)

  enum Topic: String, ExpressibleByArgument, CaseIterable {
    case tasks, settings, maps, presets
  }

  @Argument(help: "What to list; by default everything.")
  var topic: Topic?

  @Argument(
    help: .init("A preset or map to print as a file, to copy and change.", valueName: "name"),
    completion: .presetOrMap)
  var name: String?

  @Flag(help: "Print as JSON.")
  var json = false

  func run() throws {
    if json {
      guard name == nil else {
        throw ValidationError("--json: prints only whole lists; leave out \"\(name ?? "")\"")
      }
      return try printJSON(Listing(topic.map { [$0] } ?? Topic.allCases))
    }
    if let name {
      switch topic {
      case .presets: print(try Preset.named(name).yaml, terminator: "")
      case .maps: print(try Self.map(named: name).text, terminator: "")
      default: throw ValidationError("only presets and maps can be printed one by one")
      }
      return
    }
    let sections = (topic.map { [$0] } ?? Topic.allCases).map { topic in
      let heading = self.topic == nil ? "\(topic.rawValue.uppercased())\n\n" : ""
      return heading + Self.text(of: topic)
    }
    print(sections.joined(separator: "\n"), terminator: "")
  }

  private static func map(named name: String) throws -> MazeMap {
    guard let map = MazeMap.builtIn.first(where: { $0.name == name }) else {
      let names = MazeMap.builtIn.map(\.name).joined(separator: ", ")
      throw ValidationError("unknown map \"\(name)\"; the maps are \(names)")
    }
    return map
  }

  private static func text(of topic: Topic) -> String {
    switch topic {
    case .tasks:
      table(
        [["task", "observation", "action", "target", "what to do"]]
          + TaskRegistry.all.map { task in
            [
              task.name, "\(task.observationCount)", "\(task.actionCount)", "\(task.targetCount)",
              task.summary,
            ]
          })
    case .settings: settings()
    case .maps:
      MazeMap.builtIn.map { map in
        let drawing = map.text.split(separator: "\n").filter { !$0.contains(":") }
        return "\(map.name)\n" + drawing.map { "  \($0)\n" }.joined()
      }.joined(separator: "\n")
    case .presets:
      table([["preset", "what it is"]] + Preset.all.map { [$0.name, $0.summary] })
    }
  }

  private static func settings() -> String {
    let defaults = ConfigurationLayers()
    let rows = Setting.all.map { setting in
      [setting.key, defaults.value(of: setting), setting.kind.allowed, setting.meaning]
    }
    let suggestions = TaskRegistry.all.flatMap { task in
      task.suggestedSettings.sorted { $0.key < $1.key }.map { "  \(task.name): \($0)=\($1)\n" }
    }
    let note = suggestions.isEmpty ? "" : "\nTasks with their own defaults:\n"
    return table([["setting", "default", "allowed", "meaning"]] + rows) + note
      + suggestions.joined()
  }
}

extension Setting.Kind {
  /// The allowed values, in few enough words for a table.
  fileprivate var allowed: String {
    switch self {
    case .integer(let range):
      range.upperBound >= 1_000_000_000_000
        ? "whole, from \(range.lowerBound)" : "whole, \(range.lowerBound) to \(range.upperBound)"
    case .number(let range): "\(Self.short(range.lowerBound)) to \(Self.short(range.upperBound))"
    case .numbers: "[] or numbers above 0"
    case .choice(let words): words.joined(separator: " | ")
    case .text: "a name"
    }
  }

  private static func short(_ number: Double) -> String { String(format: "%g", number) }
}

/// What `hiro list --json` prints.
private struct Listing: Encodable {
  struct Task: Encodable {
    struct Target: Encodable {
      let name: String
      let position: [Double]
    }

    let name: String
    let summary: String
    let observationCount: Int
    let actionLimits: [Float]
    let targetCount: Int
    let targets: [Target]
    let successRadius: Double?
    let episodeSteps: Int
    let stepDuration: Double
    let suggestedSettings: [SettingValue]
  }

  /// A setting's name is a value in the JSON and not a key, so that it is spelt as in configuration
  /// files.
  struct SettingValue: Encodable {
    let setting: String
    let value: String
  }

  struct SettingEntry: Encodable {
    let name: String
    let `default`: String
    let allowed: String
    let meaning: String
  }

  struct Map: Encodable {
    let name: String
    let text: String
  }

  struct PresetEntry: Encodable {
    let name: String
    let summary: String
    let yaml: String
  }

  var tasks: [Task]?
  var settings: [SettingEntry]?
  var maps: [Map]?
  var presets: [PresetEntry]?

  init(_ topics: [ListCommand.Topic]) {
    for topic in topics {
      switch topic {
      case .tasks: tasks = TaskRegistry.all.map(Self.task)
      case .settings:
        let defaults = ConfigurationLayers()
        settings = Setting.all.map {
          SettingEntry(
            name: $0.key, default: defaults.value(of: $0), allowed: $0.kind.description,
            meaning: $0.meaning)
        }
      case .maps: maps = MazeMap.builtIn.map { Map(name: $0.name, text: $0.text) }
      case .presets:
        presets = Preset.all.map {
          PresetEntry(name: $0.name, summary: $0.summary, yaml: $0.yaml)
        }
      }
    }
  }

  private static func task(_ task: TaskDescription) -> Task {
    Task(
      name: task.name, summary: task.summary, observationCount: task.observationCount,
      actionLimits: task.actionLimits, targetCount: task.targetCount,
      targets: zip(task.evaluationTargetNames, task.evaluationTargets).map {
        Task.Target(name: $0, position: $1)
      },
      successRadius: task.successRadius, episodeSteps: task.episodeSteps,
      stepDuration: task.stepDuration,
      suggestedSettings: task.suggestedSettings.sorted { $0.key < $1.key }.map {
        SettingValue(setting: $0.key, value: $0.value)
      })
  }
}
