import ArgumentParser
import Experiments
import Foundation

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Tell what a policy, a checkpoint or a run's folder holds, and whether it is intact.",
    discussion: """
      Of a folder, every policy and checkpoint in it is read to its last byte; the exit code is 65 \
      where one is damaged.

        hiro inspect runs/maze
        hiro inspect runs/maze/best.safetensors
      """)

  @Argument(
    help: .init(
      "A policy, a checkpoint, or the output folder of hiro train.", valueName: "file-or-folder"),
    completion: .file())
  var path: String

  func run() throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else {
      print(try Self.text(of: SavedFile(path: path), path: path), terminator: "")
      return
    }
    let files = RunFolder.savedFiles(in: path)
    guard !files.isEmpty else { throw PolicyFileError.noPolicy(folder: path) }
    var firstFailure: (any Error)?
    for (index, file) in files.enumerated() {
      if index > 0 { print() }
      do {
        print(try Self.text(of: SavedFile(path: file), path: file), terminator: "")
      } catch {
        print("\(file)\nDAMAGED: \(error)")
        firstFailure = firstFailure ?? error
      }
    }
    if let firstFailure { throw firstFailure }
  }

  private static func text(of file: SavedFile, path: String) -> String {
    let configuration = file.configuration
    var rows = [
      ["kind", file.kind.rawValue],
      ["task", configuration.task + Self.holdings(of: file.world)],
      ["step", "\(grouped(file.step)) of \(grouped(configuration.steps))"],
      ["seed", "\(configuration.seed)"],
      ["success", file.success.map { fixed($0, 3) } ?? Self.unmeasured(file, path)],
      ["hierarchy", configuration.learning.hierarchy.rawValue],
      ["format version", file.version],
      [
        "world",
        file.world.compiled.map { "MuJoCo \($0.mujoco), physics \($0.fingerprint)" }
          ?? "not in this older file; the task's name says it",
      ],
      ["intact", "yes: every tensor is complete, the checksums match"],
    ]
    for entry in file.entries {
      rows.append([entry.name, "\(entry.elementType.rawValue) \(entry.shape)"])
    }
    return "\(path)\n" + table(rows)
  }

  /// What of its world a file holds, where the task's name doesn't say all.
  private static func holdings(of world: CarriedWorld) -> String {
    guard world.map != nil else { return "" }
    if let robot = world.robot {
      return " (a map and a robot of its own, '\(printable(robot.name))' with "
        + "\(robot.assets.count) meshes and textures)"
    }
    return world.missingRobot.map { " (a map of its own; the robot '\(printable($0))' is missing)" }
      ?? " (a map of its own)"
  }

  private static func unmeasured(_ file: SavedFile, _ path: String) -> String {
    file.kind == .policy
      ? "not measured when it was saved; hiro evaluate \(printable(path)) does"
      : "not measured at this step"
  }
}
