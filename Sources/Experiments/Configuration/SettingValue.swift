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
    do {
      let json = try JSONEncoder().encode(configuration)
      return try JSONDecoder().decode(SettingValues.self, from: json).values
    } catch {
      preconditionFailure("a configuration is not what the settings say: \(error)")
    }
  }

  /// The nested form of `values`, as JSON.
  static func json(of values: [String: SettingValue]) throws -> Data {
    var root: [String: Any] = [:]
    var groups: [String: [String: Any]] = [:]
    for (key, value) in values {
      let parts = key.split(separator: ".").map(String.init)
      if parts.count == 1 {
        root[key] = value.json
      } else {
        groups[parts[0], default: [:]][parts[1]] = value.json
      }
    }
    return try JSONSerialization.data(withJSONObject: root.merging(groups) { $1 })
  }

  private var json: Any {
    switch self {
    case .integer(let value): value
    case .number(let value): value
    case .numbers(let values): values
    case .text(let text): text
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

/// Every setting, as it stands in the encoded form of a configuration.
private struct SettingValues: Decodable {
  var values: [String: SettingValue] = [:]

  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let root = try decoder.container(keyedBy: Key.self)
    for setting in Setting.all {
      let path = setting.key.split(separator: ".").map { Key(stringValue: String($0)) }
      let container =
        try path.count == 1 ? root : root.nestedContainer(keyedBy: Key.self, forKey: path[0])
      let key = path[path.count - 1]
      values[setting.key] =
        switch setting.kind {
        case .integer: .integer(try container.decode(Int.self, forKey: key))
        case .number: .number(try container.decode(Double.self, forKey: key))
        case .numbers: .numbers(try container.decode([Double].self, forKey: key))
        case .choice, .text: .text(try container.decode(String.self, forKey: key))
        }
    }
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
