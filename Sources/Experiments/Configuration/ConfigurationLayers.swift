import Environments
import Files
import Foundation
import Learning
import Yams

/// Builds the settings of a run from layers, each of which overrides the earlier ones: the
/// published defaults, then what the task suggests, then a preset or a file, then `--set`.
public struct ConfigurationLayers {
  /// The most bytes of a configuration's text; the one that a run writes has about five kilobytes.
  public static let sizeLimit = 1 << 16

  /// The settings that result from the layers applied so far.
  public private(set) var configuration: RunConfiguration
  private var assigned: Set<String> = []

  /// Begins with `configuration`; with the published defaults if it is left out.
  public init(_ configuration: RunConfiguration = RunConfiguration()) {
    self.configuration = configuration
  }

  /// Overrides the settings so far with `settings` (key → YAML value); `source` names them in
  /// errors.
  public mutating func apply(
    _ settings: [String: String], source: String
  ) throws(ConfigurationError) {
    for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
      let node = try Self.node(of: value, source: source, isValue: true)
      try set(key, to: node, source: source)
    }
  }

  /// Overrides the settings so far with the YAML file at `path`, including its settings for `task`
  /// alone.
  public mutating func apply(
    file path: String, for task: TaskDescription? = nil
  ) throws(ConfigurationError) {
    let text: String
    do throws(FileError) {
      text = try InputFile.text(path: path, limit: Self.sizeLimit)
    } catch { throw .file(error) }
    try apply(yaml: text, source: printable(path), tasks: task?.presetNames ?? [])
  }

  /// Overrides the settings so far with the YAML `text`; `source` names it in errors. If it has a
  /// group `tasks`, the settings there for any of `names` are applied last.
  public mutating func apply(
    yaml text: String, source: String, tasks names: [String] = []
  ) throws(ConfigurationError) {
    let root = try Self.node(of: text, source: source, isValue: false)
    switch root {
    case .mapping(let mapping):
      try apply(mapping.filter { $0.key.scalar?.string != "tasks" }, source: source)
      if let tasks = root["tasks"] { try apply(tasks: tasks, of: names, source: source) }
    case .scalar(let scalar) where scalar.string.isEmpty: return
    default:
      throw .malformed(source: source, problem: "expected settings as `key: value` lines")
    }
  }

  /// Overrides one setting by an assignment as on the command line: `lower.discount=0.95`.
  public mutating func apply(assignment text: String) throws(ConfigurationError) {
    guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
      throw .notAnAssignment(text)
    }
    try apply(
      [String(text[..<sign]): String(text[text.index(after: sign)...])], source: "--set")
  }

  /// The settings that the layers have assigned, in the order of ``Setting/all``.
  var assignments: [Study.Assignment] {
    Setting.all.filter { assigned.contains($0.key) }
      .map { Study.Assignment(key: $0.key, value: value(of: $0)) }
  }

  /// The value that `setting` has now, as YAML.
  public func value(of setting: Setting) -> String {
    setting.read(configuration).yaml
  }

  /// Applies the parts of a group `tasks` whose key is one of `names`, in the order of the file.
  private mutating func apply(
    tasks: Node, of names: [String], source: String
  ) throws(ConfigurationError) {
    guard case .mapping(let mapping) = tasks else {
      throw .illTyped(
        key: "tasks", source: source, expected: "groups of settings, each under the name of a task",
        found: Self.describe(tasks))
    }
    for (keyNode, node) in mapping {
      let name = keyNode.scalar?.string ?? ""
      guard TaskDescription.allPresetNames.contains(name) else {
        throw .unknownKey(
          "tasks.\(name)", source: Self.place(keyNode, in: source),
          nearest: nearest(to: name, in: TaskDescription.allPresetNames).map { "tasks.\($0)" })
      }
      guard case .mapping(let own) = node else {
        throw .illTyped(
          key: "tasks.\(name)", source: source, expected: "a group of settings",
          found: Self.describe(node))
      }
      if names.contains(name) { try apply(own.map { $0 }, source: source) }
    }
  }

  mutating func apply(
    _ entries: [(key: Node, value: Node)], prefix: String = "", source: String
  ) throws(ConfigurationError) {
    for (keyNode, node) in entries {
      let place = Self.place(keyNode, in: source)
      guard let name = keyNode.scalar?.string else {
        throw .malformed(source: place, problem: "expected a setting's name before the colon")
      }
      let key = prefix + name
      if Setting.groups.contains(key) {
        guard case .mapping(let inner) = node else {
          throw .illTyped(
            key: key, source: place, expected: "a group of settings", found: Self.describe(node))
        }
        try apply(inner.map { $0 }, prefix: key + ".", source: source)
      } else {
        try set(key, to: node, source: place)
      }
    }
  }

  private mutating func set(
    _ key: String, to node: Node, source: String
  ) throws(ConfigurationError) {
    guard let setting = Setting.named(key) else {
      throw .unknownKey(key, source: source, nearest: Self.nearestKey(to: key))
    }
    guard let value = SettingValue(node, kind: setting.kind) else {
      throw .illTyped(
        key: key, source: source, expected: setting.kind.description, found: Self.describe(node))
    }
    setting.write(&configuration, value)
    assigned.insert(key)
  }

  /// The setting that was most likely meant: one with the same last part of its key, or with a
  /// similar spelling.
  private static func nearestKey(to key: String) -> String? {
    let keys = Setting.all.map(\.key)
    let name = key.split(separator: ".").last
    return keys.first { $0.split(separator: ".").last == name } ?? nearest(to: key, in: keys)
  }

  /// Parses `text`, a whole document or the value of one setting.
  static func node(
    of text: String, source: String, isValue: Bool
  ) throws(ConfigurationError) -> Node {
    guard text.utf8.count <= sizeLimit else {
      throw .malformed(source: source, problem: "more than \(sizeLimit) bytes of settings")
    }
    try checkReferences(in: text, source: source)
    do {
      let node = try Yams.compose(yaml: text)
      return node ?? Node("", Tag(.null), .plain)
    } catch let error as YamlError {
      throw .malformed(source: isValue ? source : place(error, in: source), problem: reason(error))
    } catch {
      throw .malformed(source: source, problem: "not YAML")
    }
  }

  /// Refuses documents with more than a few references (`&name`, `*name`): with references, ten
  /// lines can expand to billions of values. Deep nesting needs no check, because the parser limits
  /// it.
  private static func checkReferences(
    in text: String, source: String
  ) throws(ConfigurationError) {
    let marks = [UInt8(ascii: "*"), UInt8(ascii: "&")]
    var line = 1
    var references = 0
    var previous = UInt8(ascii: "\n")
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\n") { line += 1 }
      if marks.contains(previous), byte > 0x20, !marks.contains(byte) { references += 1 }
      guard references <= 8 else {
        throw .malformed(
          source: "\(source):\(line)",
          problem: "references (&name, *name) are not allowed in settings")
      }
      previous = byte
    }
  }

  static func place(_ node: Node, in source: String) -> String {
    guard let mark = node.mark else { return source }
    return "\(source):\(mark.line):\(mark.column)"
  }

  private static func place(_ error: YamlError, in source: String) -> String {
    switch error {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
      "\(source):\(mark.line):\(mark.column)"
    case .duplicatedKeysInMapping(_, let context):
      "\(source):\(context.mark.line):\(context.mark.column)"
    default: source
    }
  }

  private static func reason(_ error: YamlError) -> String {
    switch error {
    case .scanner(_, let problem, _, _), .parser(_, let problem, _, _),
      .composer(_, let problem, _, _), .reader(let problem, _, _, _):
      "not YAML: \(printable(problem))"
    case .duplicatedKeysInMapping(let duplicates, _):
      "\(quoted(duplicates.first ?? "")) is given twice; remove one"
    default: "not YAML"
    }
  }

  static func describe(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : quoted(scalar.string)
    case .sequence(let sequence):
      sequence.count > 16
        ? "a list of \(sequence.count) values"
        : "[\(sequence.map(describe).joined(separator: ", "))]"
    case .mapping: "a group of settings"
    case .alias: "a reference"
    }
  }
}
