import ArgumentParser
import Environments
import Files
import Foundation

/// Finds errors in a command line that do not depend on what its values mean: an unknown command or
/// option, an option that is given twice, an empty value.
///
/// The argument parser reports these errors only after the command has validated its values, or not
/// at all: a user who mistyped `--output` would be asked for an output folder.
struct CommandLineCheck {
  private let tool: Tool

  /// - Throws: `ValidationError`.
  static func check(_ arguments: [String]) throws {
    // A shell's request for completions (`---completion`) is not typed by a user.
    guard let first = arguments.first, !first.hasPrefix("---") else { return }
    guard let tool = Tool() else { return }
    try Self(tool: tool).check(arguments[...], of: tool.command)
  }

  private func check(_ arguments: ArraySlice<String>, of command: Tool.Command) throws {
    guard let first = arguments.first else { return }
    if let subcommands = command.subcommands, !first.hasPrefix("-") {
      guard let next = subcommands.first(where: { $0.commandName == first }) else {
        let names = subcommands.map(\.commandName)
        throw ValidationError(
          "unknown command \"\(first)\"; "
            + (nearest(to: first, in: names).map { "did you mean \($0)?" }
              ?? "the commands are \(names.joined(separator: ", "))"))
      }
      // `hiro help COMMAND` takes the names of commands as its arguments.
      if next.commandName == "help" { return try check(arguments.dropFirst(), of: command) }
      return try check(arguments.dropFirst(), of: next)
    }
    try checkOptions(arguments, of: command)
  }

  private func checkOptions(_ arguments: ArraySlice<String>, of command: Tool.Command) throws {
    let options = (command.arguments ?? []).filter { $0.kind != "positional" }
    let builtIn = ["-h", "--help", "--help-hidden", "--version", "--experimental-dump-help"]
    var given: [String: String] = [:]
    var rest = arguments
    while let argument = rest.popFirst() {
      if argument == "--" { return }
      if argument.isEmpty { throw ValidationError("an argument is empty; was a variable not set?") }
      guard argument.hasPrefix("-"), argument != "-", Double(argument.prefix(2)) == nil else {
        continue
      }
      let name = String(argument.prefix { $0 != "=" })
      // A request for help is answered, whatever else is wrong.
      if builtIn.contains(name) { return }
      if name == "--generate-completion-script" { return }
      guard let index = options.firstIndex(where: { $0.spellings.contains(name) }) else {
        throw unknown(name, among: options.flatMap(\.spellings))
      }
      let option = options[index]
      // `--no-video` is the opposite of `--video`.
      let subject = name.hasPrefix("--no-") ? "--\(name.dropFirst(5))" : name
      if let earlier = given[subject], earlier != name {
        throw ValidationError("\(earlier) and \(name) cannot be used together")
      }
      if given[subject] != nil, option.kind == "option", !option.isRepeating {
        throw ValidationError("\(name): given twice; give it once")
      }
      given[subject] = name
      guard option.kind == "option" else { continue }
      let value =
        name.count < argument.count ? String(argument.dropFirst(name.count + 1)) : rest.popFirst()
      if value == "" {
        throw ValidationError("\(name): its value is empty; was a variable not set?")
      }
    }
  }

  private func unknown(_ name: String, among names: [String]) -> ValidationError {
    let long = names.filter { $0.hasPrefix("--") }
    let letters = name.drop { $0 == "-" }
    let meant =
      letters.count == 1
      ? long.filter { $0.dropFirst(2).hasPrefix(letters) }
      : [nearest(to: "--\(letters)", in: long)].compactMap(\.self)
    return ValidationError(
      "unknown option \(name)"
        + (meant.isEmpty
          ? "" : "; did you mean \(meant.joined(separator: " or "))?"))
  }
}

/// The commands and their arguments, as the argument parser describes them for other programs: the
/// part of the JSON of `hiro --experimental-dump-help` that is needed here.
private struct Tool: Decodable {
  let command: Command

  struct Command: Decodable {
    let commandName: String
    let subcommands: [Command]?
    let arguments: [Argument]?
  }

  struct Argument: Decodable {
    let kind: String
    let isRepeating: Bool
    let names: [Name]?

    /// The names as they are typed.
    var spellings: [String] {
      (names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name }
    }
  }

  struct Name: Decodable {
    let kind: String
    let name: String
  }

  /// Nil if the JSON has another form, as it may in a later version of the argument parser.
  init?() {
    do {
      _ = try Hiro.parseAsRoot(["--experimental-dump-help"])
      return nil
    } catch {
      let text = Hiro.fullMessage(for: error)
      guard let tool = try? JSONDecoder().decode(Tool.self, from: Data(text.utf8)) else {
        return nil
      }
      self = tool
    }
  }
}
