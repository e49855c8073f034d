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
      ["task", configuration.task + (file.hasOwnMap ? " (a map of its own)" : "")],
      ["step", "\(grouped(file.step)) of \(grouped(configuration.steps))"],
      ["seed", "\(configuration.seed)"],
      ["success", file.success.map { fixed($0, 3) } ?? "not measured at this step"],
      ["hierarchy", configuration.learning.hierarchy.rawValue],
      ["format version", file.version],
      ["intact", "yes: every tensor is complete, the checksums match"],
    ]
    for entry in file.entries {
      rows.append([entry.name, "\(entry.elementType.rawValue) \(entry.shape)"])
    }
    return "\(path)\n" + table(rows)
  }
}
