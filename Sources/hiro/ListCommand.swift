import ArgumentParser
import Environments
import Experiments
import Foundation

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Name the tasks, settings, maps and presets.",
    discussion: """
        hiro list                     everything
        hiro list tasks               what there is to learn
        hiro list settings            every setting: its default, what is allowed, its meaning
        hiro list maps                the built-in mazes, drawn
        hiro list presets             the paper's variants of HIRO
        hiro list presets flat        one of them as YAML, to copy and change
      """)

  enum Topic: String, ExpressibleByArgument, CaseIterable {
    case tasks, settings, maps, presets
  }

  @Argument(help: "What to list; everything if left out.")
  var topic: Topic?

  @Argument(
    help: .init("The preset or map to print as a file to copy.", valueName: "name"),
    completion: .presetOrMap)
  var name: String?

  func run() throws {
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
        [["task", "observation", "action", "target", "what it asks"]]
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
    let note = suggestions.isEmpty ? "" : "\nTasks with defaults of their own:\n"
    return table([["setting", "default", "allowed", "meaning"]] + rows) + note
      + suggestions.joined()
  }
}

extension Setting.Kind {
  /// What it may be, as few words as a table has place for.
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
