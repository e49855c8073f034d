import ArgumentParser
import Experiments
import Files
import Foundation

@main
struct Hiro: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hierarchical reinforcement learning (HIRO) on MuJoCo.",
    discussion: """
      Train a policy, measure how often it succeeds, and watch it:

        hiro train ant-maze --preset dependable --output runs/maze
        hiro evaluate runs/maze
        hiro render runs/maze --output pictures

      The preset `dependable` is the recipe that learns early and reliably (docs/recipe.md). Without \
      --preset, a policy is trained as published in the paper.

      `hiro list` shows the tasks, settings, maps and presets; `hiro help COMMAND` explains a \
      command, with examples.
      """,
    version: "\(SoftwareVersions.current)",
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, RenderCommand.self, SimulateCommand.self,
      StudyCommand.self, CompareCommand.self, ListCommand.self,
      InspectCommand.self, BenchCommand.self,
      ViewCommand.self,
    ])

  /// The path of this program.
  static var path: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
  }

  /// Runs the command that the arguments name. An error is reported in one line on standard error,
  /// and the exit code tells its kind (`sysexits.h`).
  static func main() {
    StandardStreams.prepare()
    var code: Int32 = 0
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
      try checkOutput()
    } catch let exitCode as ExitCode {
      code = exitCode.rawValue
    } catch {
      let status = ExitStatus(error)
      Messages.shared.say("hiro: \(message(for: error, status))")
      code = status.rawValue
    }
    Messages.shared.finish()
    Foundation.exit(code)
  }

  private static func run(_ arguments: [String]) throws {
    try CommandLineCheck.check(arguments)
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch  where exitCode(for: error) == .success {
      // The argument parser throws help, the version and completion scripts as errors.
      print(CompletionScript.improved(fullMessage(for: error)))
    }
  }

  private static func message(for error: any Error, _ status: ExitStatus) -> String {
    var text = status == .usage ? message(for: error) : "\(error)"
    if status == .usage, exitCode(for: error) == .validationFailure {
      let command = CommandLine.arguments.dropFirst().first { name in
        configuration.subcommands.contains { $0.configuration.commandName == name }
      }
      text += " (see \((["hiro", command].compactMap(\.self) + ["--help"]).joined(separator: " ")))"
    }
    // Parts of the message may come from an untrusted file: its control characters must not reach
    // the terminal.
    return printable(
      text.split(whereSeparator: \.isNewline).joined(separator: "; "), limit: 1_000)
  }
}
