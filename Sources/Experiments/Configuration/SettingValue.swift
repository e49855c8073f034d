import Files
import Foundation
import Yams

/// The value of one setting.
enum SettingValue: Equatable, Sendable {
  case integer(Int)
  case number(Double)
  case numbers([Double])
  case text(String)

  /// The value that `node` gives to a setting of `kind`, or nil if it is not a valid one.
  init?(_ node: Node, kind: Setting.Kind) {
    switch kind {
    case .integer:
      guard let value = Self.integer(node) else { return nil }
      self = .integer(value)
    case .number:
      guard let value = Self.number(node) else { return nil }
      self = .number(value)
    case .numbers:
      guard case .sequence(let sequence) = node, sequence.count <= Self.longestList else {
        return nil
      }
      let values = sequence.compactMap(Self.number)
      guard values.count == sequence.count else { return nil }
      self = .numbers(values)
    case .choice, .text:
      guard let text = node.scalar?.string else { return nil }
      self = .text(text)
    }
    guard isPossible(for: kind) else { return nil }
  }

  /// The most numbers in a list.
  private static let longestList = 1_000

  /// Whether a setting of `kind` may have the value.
  func isPossible(for kind: Setting.Kind) -> Bool {
    switch (self, kind) {
    case (.integer(let value), .integer(let range)): range.contains(value)
    case (.number(let value), .number(let range)): range.contains(value)
    case (.numbers(let values), .numbers):
      values.count <= Self.longestList && values.allSatisfy { $0 > 0 && $0.isFinite }
    case (.text(let word), .choice(let words)): words.contains(word)
    case (.text(let text), .text):
      !text.isEmpty && text.utf8.count <= 4_096
        && !text.unicodeScalars.contains(where: \.isControl)
    default: false
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
  /// Checks that every setting has an allowed value, also in a configuration that was not read from
  /// a file.
  ///
  /// - Throws: ``ConfigurationError/illTyped(key:source:expected:found:)`` for the first setting
  ///   that has not.
  public func check() throws(ConfigurationError) {
    for setting in Setting.all {
      let value = setting.read(self)
      guard value.isPossible(for: setting.kind) else {
        throw .illTyped(
          key: setting.key, source: "the configuration", expected: setting.kind.description,
          found: value.yaml)
      }
    }
  }

  /// The configuration as YAML, each setting with its meaning as a comment, and `heading` as a
  /// comment at the top. ``ConfigurationLayers`` reads the same configuration back from it.
  public func yaml(heading: String) -> String {
    var lines = heading.split(separator: "\n", omittingEmptySubsequences: false).map { "# \($0)" }
    var group: Substring = ""
    for setting in Setting.all {
      let parts = setting.key.split(separator: ".")
      if parts.count == 2, parts[0] != group { lines += ["", "\(parts[0]):"] }
      if parts.count == 1, group != "" { lines.append("") }
      group = parts.count == 2 ? parts[0] : ""
      let indent = parts.count == 2 ? "  " : ""
      lines.append("\(indent)\(parts.last!): \(setting.read(self).yaml)  # \(setting.meaning)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
