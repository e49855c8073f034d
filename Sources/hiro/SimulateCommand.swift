import ArgumentParser
import Environments
import Experiments
import Foundation

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Replay given torques and write the states they lead to.",
    discussion: """
      For comparing our physics with another simulator's. The input is JSON: `initial_qpos`, \
      `initial_qvel`, and `steps`, each with its `ctrl`; each is held for `frame_skip` physics \
      steps (the task's own number where it is left out). The output is the same with `qpos` and \
      `qvel` after each step, 17 significant digits each. Where the input has states already, the \
      largest difference from them is printed.

        hiro simulate ant-maze --trace in.json --output out.json
      """)

  @Argument(
    help: "The task whose model is simulated; `hiro list tasks` names them.", completion: .task)
  var task: String

  @Option(help: .init("The torques to replay.", valueName: "file"), completion: .file())
  var trace: String

  @Option(help: .init("Where to write the states.", valueName: "file"), completion: .file())
  var output: String

  func run() throws {
    let input = try PhysicsTrace(path: trace)
    let environment = try TaskRegistry.makeEnvironment(named: task)
    let result = try environment.replay(input)
    try result.write(to: output)
    print("\(task): \(result.steps.count) steps replayed, states written to \(output)")
    guard let difference = result.difference(from: input) else { return }
    if let step = difference.firstStep {
      print(
        "largest difference from the states in \(trace): \(difference.largest), "
          + "the first at step \(step)")
    } else {
      print("the states in \(trace) are the same to the last bit")
    }
  }
}
