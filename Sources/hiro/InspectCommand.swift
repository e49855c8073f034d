import ArgumentParser
import Experiments

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Tell what a policy or a run's folder holds, and whether it is intact.",
    discussion: """
        hiro inspect runs/maze
        hiro inspect best.safetensors
      """)

  @Argument(
    help: .init("A policy file or the output folder of hiro train.", valueName: "file-or-folder"),
    completion: .file())
  var path: String

  func run() throws {
    let file = try RunFolder.policy(at: path)
    let policy = try PolicyFile(path: file)
    let configuration = policy.configuration
    var rows = [
      ["file", file],
      ["task", configuration.task],
      ["steps", "\(policy.step) of \(configuration.steps)"],
      ["seed", "\(configuration.seed)"],
      ["success", policy.success.map { fixed($0, 3) } ?? "not measured"],
      ["hierarchy", configuration.learning.hierarchy.rawValue],
    ]
    for (name, tensor) in policy.tensors.sorted(by: { $0.key < $1.key }) {
      let isFinite = tensor.values.allSatisfy(\.isFinite)
      rows.append([
        name, "\(tensor.shape)" + (isFinite ? "" : " holds numbers that are not finite"),
      ])
    }
    print(table(rows), terminator: "")
  }
}
