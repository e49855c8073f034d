import ArgumentParser
import Environments
import Experiments

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Name the tasks, settings, maps and presets.",
    discussion: """
        hiro list                     everything
        hiro list tasks               what there is to learn
        hiro list settings            every setting with its default and meaning
        hiro list maps                the built-in mazes, drawn
        hiro list presets             the paper's variants of HIRO
        hiro list presets flat        one of them as YAML, to copy and change
      """)

  enum Topic: String, ExpressibleByArgument, CaseIterable {
    case tasks, settings, maps, presets
  }

  @Argument(help: "What to list; everything if left out.")
  var topic: Topic?

  @Argument(help: .init("The preset or map to print as a file to copy.", valueName: "name"))
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
    let rows = Setting.all.map { [$0.key, defaults.value(of: $0), $0.meaning] }
    let suggestions = TaskRegistry.all.flatMap { task in
      task.suggestedSettings.sorted { $0.key < $1.key }.map { "  \(task.name): \($0)=\($1)\n" }
    }
    let note = suggestions.isEmpty ? "" : "\nTasks with defaults of their own:\n"
    return table([["setting", "default", "meaning"]] + rows) + note + suggestions.joined()
  }
}
