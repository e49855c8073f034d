import Foundation
import Yams

/// The value of one setting.
enum SettingValue: Equatable {
  case integer(Int)
  case number(Double)
  case numbers([Double])
  case text(String)

  /// The value that `node` gives to a setting of `kind`, or `nil` where it is none.
  init?(_ node: Node, kind: Setting.Kind) {
    switch kind {
    case .integer(let range):
      guard let value = Self.integer(node), range.contains(value) else { return nil }
      self = .integer(value)
    case .number(let range):
      guard let value = Self.number(node), range.contains(value) else { return nil }
      self = .number(value)
    case .numbers:
      guard case .sequence(let sequence) = node, sequence.count <= 1_000 else { return nil }
      let values = sequence.compactMap(Self.number)
      guard values.count == sequence.count, values.allSatisfy({ $0 > 0 }) else { return nil }
      self = .numbers(values)
    case .choice(let words):
      guard let word = node.scalar?.string, words.contains(word) else { return nil }
      self = .text(word)
    case .text:
      guard let text = node.scalar?.string, !text.isEmpty, text.utf8.count <= 4_096,
        !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
      else { return nil }
      self = .text(text)
    }
  }

  /// The value as YAML.
  var yaml: String {
    switch self {
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .numbers(let values): "[\(values.map { "\($0)" }.joined(separator: ", "))]"
    case .text(let text):
      text.allSatisfy { $0.isLetter || $0.isNumber || "-_./".contains($0) }
        ? text : "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
  }

  /// The value of every setting of `configuration`, by key.
  static func all(of configuration: RunConfiguration) -> [String: SettingValue] {
    let root: Node
    do {
      // JSON is YAML, and its encoder, unlike Yams', keeps every digit of a number.
      let json = try JSONEncoder().encode(configuration)
      root = try Yams.compose(yaml: String(decoding: json, as: UTF8.self)) ?? [:]
    } catch {
      preconditionFailure("a configuration could not be encoded: \(error)")
    }
    var values: [String: SettingValue] = [:]
    for setting in Setting.all {
      let node = setting.key.split(separator: ".").reduce(root as Node?) { $0?[String($1)] }
      guard let node, let value = SettingValue(node, kind: setting.kind) else {
        preconditionFailure("\(setting.key) is not what its setting says")
      }
      values[setting.key] = value
    }
    return values
  }

  /// The nested form of `values`.
  static func tree(of values: [String: SettingValue]) -> Node {
    var root: [(Node, Node)] = []
    var groups: [String: [(Node, Node)]] = [:]
    for (key, value) in values {
      let parts = key.split(separator: ".").map(String.init)
      let pair = (Node(parts.last!), value.node)
      if parts.count == 1 { root.append(pair) } else { groups[parts[0], default: []].append(pair) }
    }
    return Node(root + groups.map { (Node($0.key), Node($0.value)) })
  }

  private var node: Node {
    switch self {
    case .integer, .number: Node(yaml)
    case .numbers(let values): Node(values.map { Node("\($0)") })
    case .text(let text): Node(text)
    }
  }

  private static func integer(_ node: Node) -> Int? {
    guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any else {
      return nil
    }
    let text = scalar.string.replacing("_", with: "")
    // 1e6 is how people write the lengths of runs.
    return Int(text) ?? number(node).flatMap { Int(exactly: $0) }
  }

  private static func number(_ node: Node) -> Double? {
    guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any,
      let value = Double(scalar.string.replacing("_", with: "")), value.isFinite
    else { return nil }
    return value
  }
}

extension RunConfiguration {
  /// The configuration as YAML, each setting with its meaning beside it and `heading` as a comment
  /// above; ``ConfigurationLayers`` reads it back to the same configuration.
  public func yaml(heading: String) -> String {
    let values = SettingValue.all(of: self)
    var lines = heading.split(separator: "\n", omittingEmptySubsequences: false).map { "# \($0)" }
    var group: Substring = ""
    for setting in Setting.all {
      let parts = setting.key.split(separator: ".")
      if parts.count == 2, parts[0] != group { lines += ["", "\(parts[0]):"] }
      if parts.count == 1, group != "" { lines.append("") }
      group = parts.count == 2 ? parts[0] : ""
      let indent = parts.count == 2 ? "  " : ""
      lines.append("\(indent)\(parts.last!): \(values[setting.key]!.yaml)  # \(setting.meaning)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
