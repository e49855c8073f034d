import ArgumentParser
import Environments
import Experiments
import Files
import Foundation
import Learning

/// What `evaluate`, `render` and `view` have in common: a policy, and the task in which it acts.
struct PolicyArguments: ParsableArguments {
  @Argument(
    help: .init(
      "A policy file, or an output folder of hiro train (its best policy is used).",
      valueName: "policy"),
    completion: .file())
  var path: String

  @Option(
    help: "Act in this task instead of the one that the policy was trained for.", completion: .task)
  var task: String?

  @Option(
    help: .init(
      "The MJCF file of the robot, for an old policy file that does not contain its robot.",
      valueName: "file"),
    completion: .file())
  var robot: String?

  /// Loads the policy, and makes the task in which it acts.
  ///
  /// - Parameter map: Another maze for the policy's robot.
  func load(
    map: MazeMap? = nil
  ) throws -> (policy: PolicyFile, path: String, task: TaskDefinition) {
    let file = try RunFolder.policy(at: path)
    let policy = try PolicyFile(path: file)
    let definition = try policy.world.definition(named: task, map: map, robot: robot)
    if task == nil, map == nil, let doubt = try policy.world.doubt(about: definition) {
      Messages.shared.say("note: \(printable(file)): \(doubt)")
    }
    // The shapes are checked here, so that the error can name the file and the task.
    do {
      _ = try policy.makePolicy(for: definition.description)
    } catch {
      throw PolicyFileError.unsuitable(
        path: file, task: definition.description.name, trained: policy.configuration.task,
        problem: "\(error)")
    }
    return (policy, file, definition)
  }

  /// The target that `text` gives as coordinates, such as `0,16`.
  static func target(_ text: String, task: TaskDescription) throws -> Evaluation.Target {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let coordinates = parts.compactMap { Double($0.trimmingCharacters(in: .whitespaces)) }
    guard task.targetCount > 0 else {
      throw ValidationError("--target: \(task.name) has no target; leave the option out")
    }
    guard coordinates.count == parts.count, coordinates.count == task.targetCount,
      coordinates.allSatisfy(\.isFinite)
    else {
      let form = task.targetCount == 2 ? "x,y" : "x,y,z"
      throw ValidationError(
        "--target: expected \(form) in metres for \(task.name), found \"\(text)\"")
    }
    return Evaluation.Target(name: "given", position: coordinates)
  }
}
