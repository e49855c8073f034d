import ArgumentParser
import Environments
import Experiments
import Foundation

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Replay given controls and write the states that result.",
    discussion: """
      Compares the physics of hiro with those of another simulator. The input is a JSON file with \
      `initial_qpos`, `initial_qvel` and `steps`, each with its controls `ctrl`, which are held \
      for `frame_skip` physics steps (by default the task's own number). The output is the same \
      file with `qpos` and `qvel` after each step, with 17 significant digits. If the input \
      already has states, the largest difference from them is printed.

        hiro simulate ant-maze --trace in.json --output out.json
      """)

  @Argument(
    help: "The task whose model is simulated; `hiro list tasks` shows all.", completion: .task)
  var task: String

  @Option(
    help: .init("The JSON file with the controls to replay.", valueName: "file"),
    completion: .file())
  var trace: String

  @Option(
    help: .init("The JSON file to write the states to.", valueName: "file"), completion: .file())
  var output: String

  func run() throws {
    let input = try PhysicsTrace(path: trace)
    let environment = try TaskRegistry.makeEnvironment(named: task)
    let result = try environment.replay(input)
    try result.write(to: output)
    print("\(task): \(counted(result.steps.count, "step")) replayed, states written to \(output)")
    guard let difference = result.difference(from: input) else { return }
    if let step = difference.firstStep {
      print(
        "largest difference from the states in \(trace): \(difference.largest), "
          + "the first difference is at step \(step)")
    } else {
      print("the states in \(trace) are the same to the last bit")
    }
  }
}
