import Environments
import Files
import Foundation

/// The names of the files in the output folder of a run.
public enum RunFolder {
  /// The configuration that was used, every value of it.
  public static let configuration = "config.yaml"
  /// The evaluations and the learning curves.
  public static let metrics = "metrics.csv"
  /// The policy as it was last saved.
  public static let latestPolicy = "latest.safetensors"
  /// The policy with the highest success so far.
  public static let bestPolicy = "best.safetensors"

  /// The description of the task, if it is a custom environment.
  static let task = "task.json"
  /// The task's map, if it is a custom one.
  public static let map = "map.txt"
  /// The folder of the robot, if it is a custom one: its MJCF file, under the robot's name, and the
  /// files that this refers to.
  public static let robot = "robot"
  /// The compiled world, packed with gzip, for other programs with the same version of MuJoCo.
  public static let model = "world.mjb.gz"
  /// Names the process that is training in the folder.
  public static let lock = "lock"
  /// The beginning and the end of a checkpoint's file name; the step is in between.
  package static let checkpointPrefix = "checkpoint-"
  package static let checkpointSuffix = ".safetensors"

  /// The checkpoints in a run's folder, the newest first.
  public static func checkpoints(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap(step(ofCheckpoint:)).sorted(by: >).map { checkpoint($0, in: folder) }
  }

  /// The path of the checkpoint of a step.
  package static func checkpoint(_ step: Int, in folder: String) -> String {
    "\(folder)/\(checkpointPrefix)\(step)\(checkpointSuffix)"
  }

  /// The policy file that `path` stands for: `path` itself or, if it is a run's folder, the best
  /// policy there, or else the latest.
  public static func policy(at path: String) throws(PolicyFileError) -> String {
    guard isFolder(at: path) else { return path }
    for name in [bestPolicy, latestPolicy] {
      let file = "\(path)/\(name)"
      if FileManager.default.fileExists(atPath: file) { return file }
    }
    throw .noPolicy(folder: path)
  }

  /// Writes the files of a run's world into the run's folder: for people, for other programs, and
  /// for ``definition(named:besideConfiguration:)``. The run itself reads its world from its
  /// checkpoints.
  static func write(_ world: RunWorld, to folder: String) throws {
    if world.definition == nil {
      try AtomicFile.write(
        SnakeCaseJSON.text(world.task, inLines: true), to: "\(folder)/\(Self.task)")
    }
    let world = world.carried
    if let map = world.map { try AtomicFile.write(map.text, to: "\(folder)/\(Self.map)") }
    if let robot = world.robot { try write(robot, to: folder) }
    if let compiled = world.compiled {
      try AtomicFile.write(compiled.packedModel, to: "\(folder)/\(Self.model)")
    }
  }

  /// Writes a robot, with all files that it refers to, into `folder`, and returns the path of its
  /// MJCF file relative to `folder`.
  @discardableResult
  static func write(_ robot: Robot, to folder: String) throws -> String {
    let place = "\(folder)/\(Self.robot)"
    try AtomicFile.makeFolder(place)
    for (name, bytes) in robot.assets { try AtomicFile.write(bytes, to: "\(place)/\(name)") }
    let file = "\(Self.robot)/\(robot.name).xml"
    try AtomicFile.write(robot.document, to: "\(folder)/\(file)")
    return file
  }

  /// The task with the name `task` in a run's `config.yaml`: the one made of the map and the robot
  /// that the run wrote beside that file, or else a built-in one.
  ///
  /// - Parameters:
  ///   - task: The task's name.
  ///   - path: The configuration file.
  /// - Throws: `SourceError`, `MuJoCoError`, or `EnvironmentError` where there is no such task.
  public static func definition(
    named task: String, besideConfiguration path: String
  ) throws -> TaskDefinition {
    let folder = FileError.folder(of: path)
    if let map = try ownMap(in: folder) {
      if map.name == task { return try TaskDefinition(map: map) }
      if let robot = CarriedWorld(task: task, map: map).missingRobot, !robot.contains("/") {
        return try TaskDefinition(map: map, robot: "\(folder)/\(Self.robot)/\(robot).xml")
      }
    }
    return try TaskRegistry.definition(named: task)
  }

  /// The custom map of a run in `folder`; nil if the run has none.
  static func ownMap(in folder: String) throws -> MazeMap? {
    let path = "\(folder)/\(map)"
    return access(path, F_OK) == 0 ? try MazeMap(path: path) : nil
  }

  /// Removes the partial files that a process killed while writing has left in a run's folder.
  static func removePartialFiles(in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasPrefix(".") && name.hasSuffix(AtomicFile.partialSuffix) {
      unlink("\(folder)/\(name)")
    }
  }
}
