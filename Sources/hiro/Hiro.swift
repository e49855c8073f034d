import ArgumentParser
import Experiments
import Foundation

@main
struct Hiro: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hierarchical reinforcement learning (HIRO) on MuJoCo.",
    discussion: """
      Train a policy, see how good it is, and look at it:

        hiro train ant-maze --output runs/maze
        hiro evaluate runs/maze
        hiro render runs/maze --output pictures

      `hiro list` names the tasks, settings, maps and presets; `hiro help COMMAND` explains a \
      command, with examples.
      """,
    version: "1.0.0",
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, RenderCommand.self, SimulateCommand.self,
      ListCommand.self,
      InspectCommand.self, BenchCommand.self,
      ViewCommand.self,
    ])

  /// Runs the command that the arguments name. What goes wrong is said in one line on standard
  /// error, and the exit code tells its kind (`sysexits.h`).
  static func main() {
    // A reader that goes away (`hiro list | head`) ends the program quietly, as for other tools.
    signal(SIGPIPE, SIG_DFL)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      if exitCode(for: error) == .success || error is ExitCode {
        exit(withError: error)
      }
      let status = ExitStatus(error)
      FileHandle.standardError.write(Data("hiro: \(message(for: error, status))\n".utf8))
      Foundation.exit(status.rawValue)
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
    // Parts of the message may come from a stranger's file: nothing of it reaches the terminal raw.
    return printable(
      text.split(whereSeparator: \.isNewline).joined(separator: "; "), limit: 1_000)
  }
}
