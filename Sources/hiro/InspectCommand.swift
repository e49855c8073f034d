import ArgumentParser
import Environments
import Experiments
import Files
import Foundation
import Learning
import Safetensors

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract:
      "Show what a policy, a checkpoint or a run's folder contains, and whether it is intact.",
    discussion: """
      In a folder, every policy and checkpoint is read to its last byte; the exit code is 65 if \
      one of them is damaged.

        hiro inspect runs/maze
        hiro inspect runs/maze/best.safetensors
        hiro inspect runs/maze --json
      """)

  @Argument(
    help: .init(
      "A policy, a checkpoint, or an output folder of hiro train.", valueName: "file-or-folder"),
    completion: .file())
  var path: String

  @Flag(help: "Print everything as JSON: a list, one entry for each file.")
  var json = false

  func run() throws {
    guard isFolder(at: path) else {
      let file = try SavedFile(path: path)
      if json { return try printJSON([Entry(path: path, file: file)]) }
      return print(Self.text(of: file, path: path), terminator: "")
    }
    let files = RunFolder.savedFiles(in: path)
    guard !files.isEmpty else { throw PolicyFileError.noPolicy(folder: path) }
    var firstFailure: (any Error)?
    var entries: [Entry] = []
    for (index, path) in files.enumerated() {
      if index > 0, !json { print() }
      do {
        let file = try SavedFile(path: path)
        entries.append(Entry(path: path, file: file))
        if !json { print(Self.text(of: file, path: path), terminator: "") }
      } catch {
        entries.append(Entry(path: path, problem: "\(error)"))
        if !json { print("\(path)\nDAMAGED: \(error)") }
        firstFailure = firstFailure ?? error
      }
    }
    if json { try printJSON(entries) }
    if let firstFailure { throw firstFailure }
  }

  /// What `--json` prints of a file.
  private struct Entry: Encodable {
    struct Tensor: Encodable {
      let name: String
      let type: String
      let shape: [Int]
    }

    let path: String
    var isIntact = true
    var problem: String?
    var kind: String?
    var task: String?
    var hasOwnMap: Bool?
    var robot: String?
    var mujoco: String?
    var physics: String?
    var step: Int?
    var steps: Int?
    var seed: UInt64?
    var success: Double?
    var hierarchy: String?
    var formatVersion: String?
    var card: PolicyCard?
    var tensors: [Tensor] = []

    init(path: String, file: SavedFile) {
      self.path = path
      kind = file.kind.rawValue
      task = file.configuration.task
      hasOwnMap = file.world.map != nil
      robot = file.world.robot?.name
      mujoco = file.world.compiled?.mujoco
      physics = file.world.compiled?.fingerprint
      step = file.step
      steps = file.configuration.steps
      seed = file.configuration.seed
      success = file.success
      hierarchy = file.configuration.learning.hierarchy.rawValue
      formatVersion = file.version
      card = file.card
      tensors = file.entries.map {
        Tensor(name: $0.name, type: $0.elementType.rawValue, shape: $0.shape)
      }
    }

    init(path: String, problem: String) {
      self.path = path
      isIntact = false
      self.problem = problem
    }
  }

  private static func text(of file: SavedFile, path: String) -> String {
    let configuration = file.configuration
    var rows = [
      ["kind", file.kind.rawValue],
      ["task", configuration.task + Self.holdings(of: file.world)],
      ["step", "\(grouped(file.step)) of \(grouped(configuration.steps))"],
      ["seed", "\(configuration.seed)"],
      ["hierarchy", configuration.learning.hierarchy.rawValue],
      ["format version", file.version],
      [
        "world",
        file.world.compiled.map { "MuJoCo \($0.mujoco), physics \($0.fingerprint)" }
          ?? (TaskRegistry.has(configuration.task)
            ? "not in this older file; known from the task's name" : "a custom environment"),
      ],
      ["intact", "yes: every tensor is complete, the checksums match"],
    ]
    // Left out if there is no success rate but a score, whose rows below say how good the policy
    // is.
    if file.success != nil || file.card?.score == nil {
      rows.insert(
        [
          "success",
          file.success.map { "\(fixed($0, 3)) (measured in training)" }
            ?? Self.unmeasured(file, path),
        ], at: 4)
    }
    if let card = file.card {
      for target in card.score?.targets ?? [] {
        let success = target.success.map { "success \(fixed($0, 3)) at \(printable(target.name))" }
        rows.append([
          "score",
          (success ?? fixed(target.meanReturn, 3))
            + ", \(counted(card.score?.episodes ?? 0, "episode")), seed \(card.score?.seed ?? 0)",
        ])
      }
      let software = card.software
      rows.append([
        "made with",
        printable(
          "hiro \(software.program), commit \(software.commit ?? "unknown"), libmujoco "
            + "\(software.mujoco), oneDNN \(software.oneDNN), \(software.instructionSet)"),
      ])
    }
    for entry in file.entries {
      rows.append([entry.name, "\(entry.elementType.rawValue) \(entry.shape)"])
    }
    return "\(path)\n" + table(rows)
  }

  /// What a file holds of its world beyond the task's name: a custom map and robot.
  private static func holdings(of world: CarriedWorld) -> String {
    guard world.map != nil else { return "" }
    if let robot = world.robot {
      return " (a custom map and the custom robot '\(printable(robot.name))' with "
        + "\(robot.assets.count) meshes and textures)"
    }
    return world.missingRobot.map { " (a custom map; the robot '\(printable($0))' is missing)" }
      ?? " (a custom map)"
  }

  private static func unmeasured(_ file: SavedFile, _ path: String) -> String {
    file.kind == .policy
      ? "not measured when it was saved; to measure it: hiro evaluate \(printable(path))"
      : "not measured at this step"
  }
}
