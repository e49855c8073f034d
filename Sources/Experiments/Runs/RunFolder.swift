import Environments
import Files
import Foundation

/// What the files in the output folder of a run are called.
public enum RunFolder {
  /// The configuration that was used, every value of it.
  public static let configuration = "config.yaml"
  /// The evaluations and the learning curves.
  public static let metrics = "metrics.csv"
  /// The policy as it was last saved.
  public static let latestPolicy = "latest.safetensors"
  /// The policy with the highest success so far.
  public static let bestPolicy = "best.safetensors"

  /// What the task asks and how it is shaped, where it is an environment of one's own.
  static let task = "task.json"
  /// The task's map, where it is one's own.
  public static let map = "map.txt"
  /// The folder of the robot, where it is one's own: its MJCF, under the robot's name, and what that
  /// refers to.
  public static let robot = "robot"
  /// The compiled world, packed with gzip, for other programs with the same version of MuJoCo.
  public static let model = "world.mjb.gz"
  /// Names the process that is training in the folder.
  public static let lock = "lock"
  /// What checkpoints are called, with the step in the middle.
  package static let checkpointPrefix = "checkpoint-"
  package static let checkpointSuffix = ".safetensors"

  /// The checkpoints in a run's folder, the newest first.
  public static func checkpoints(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let steps = names.compactMap { name -> Int? in
      guard name.hasPrefix(checkpointPrefix), name.hasSuffix(checkpointSuffix) else { return nil }
      return Int(name.dropFirst(checkpointPrefix.count).dropLast(checkpointSuffix.count))
    }
    return steps.sorted(by: >).map { checkpoint($0, in: folder) }
  }

  /// The checkpoint of a step.
  package static func checkpoint(_ step: Int, in folder: String) -> String {
    "\(folder)/\(checkpointPrefix)\(step)\(checkpointSuffix)"
  }

  /// The policy file that `path` stands for: itself, or in a run's folder the best policy, else the
  /// latest.
  public static func policy(at path: String) throws(PolicyFileError) -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return path }
    for name in [bestPolicy, latestPolicy] {
      let file = "\(path)/\(name)"
      if FileManager.default.fileExists(atPath: file) { return file }
    }
    throw .noPolicy(folder: path)
  }

  /// Writes what a run's world is made of into its folder: for people, for other programs, and for
  /// ``definition(besideConfiguration:)``. The run itself has it in its checkpoints.
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

  /// Writes a robot with all that it refers to into `folder`, and gives the path of its MJCF from
  /// there.
  @discardableResult
  static func write(_ robot: Robot, to folder: String) throws -> String {
    let place = "\(folder)/\(Self.robot)"
    try AtomicFile.makeFolder(place)
    for (name, bytes) in robot.assets { try AtomicFile.write(bytes, to: "\(place)/\(name)") }
    let file = "\(Self.robot)/\(robot.name).xml"
    try AtomicFile.write(robot.document, to: "\(folder)/\(file)")
    return file
  }

  /// The task that `task`, as a run's `config.yaml` names it, stands for: that of the map and the robot
  /// which the run left beside the file, or else a built-in one.
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

  /// The map of a run in `folder`, where it has one of its own.
  static func ownMap(in folder: String) throws -> MazeMap? {
    let path = "\(folder)/\(map)"
    return access(path, F_OK) == 0 ? try MazeMap(path: path) : nil
  }

  /// Removes what a kill in the middle of writing has left in a run's folder.
  static func removePartialFiles(in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasPrefix(".") && name.hasSuffix(AtomicFile.partialSuffix) {
      unlink("\(folder)/\(name)")
    }
  }
}
