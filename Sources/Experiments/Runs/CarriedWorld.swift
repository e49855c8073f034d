import CZlib
import Environments
import Files
import Foundation
import MuJoCo
import Safetensors

/// The world that a policy or a checkpoint was made in, as its file carries it: nothing else is needed
/// to have it again, on any machine.
///
/// The map is text in the file's metadata; the robot with everything that it refers to, and the
/// compiled model, are tensors of bytes whose names begin with `world/`.
public struct CarriedWorld: Sendable, Equatable {
  /// The task's name: that of a built-in task, or of the map, and after a plus sign of the robot.
  public var task: String
  /// The map, where it is one's own.
  public var map: MazeMap?
  /// The robot, where it is one's own.
  public var robot: Robot?
  /// What the world was compiled to; older files lack it.
  public var compiled: CompiledWorld?

  /// Describes a world; each parameter is the property of its name.
  public init(
    task: String, map: MazeMap? = nil, robot: Robot? = nil, compiled: CompiledWorld? = nil
  ) {
    self.task = task
    self.map = map
    self.robot = robot
    self.compiled = compiled
  }

  /// The name of a robot of one's own that the task names and this does not hold, as in older files.
  package var missingRobot: String? {
    guard let map, robot == nil, task.hasPrefix(map.name + "+") else { return nil }
    return String(task.dropFirst(map.name.count + 1))
  }

  /// The task.
  ///
  /// - Parameter path: A robot's file: it is only needed where an older file lacks the robot, and must
  ///   else be the same robot, whatever it is called.
  /// - Throws: ``WorldError``, `SourceError`, `EnvironmentError` or `MuJoCoError`.
  public func definition(robot path: String? = nil) throws -> TaskDefinition {
    guard let map else {
      guard TaskRegistry.has(task) else { throw WorldError.ownEnvironment(task: task) }
      if let path { throw WorldError.noRobotWanted(path: path, task: task) }
      return try TaskRegistry.definition(named: task)
    }
    if let missingRobot {
      guard let path else { throw WorldError.robotNeeded(missingRobot) }
      return try TaskDefinition(map: map, robot: path)
    }
    let own = try TaskDefinition(map: map, robot: robot)
    if let path {
      let other = try TaskDefinition(map: map, robot: path)
      if let difference = try other.physicsDifference(from: own) {
        throw WorldError.anotherRobot(path: path, difference: difference)
      }
    }
    return own
  }

  /// Another task for the same robot: a built-in one by its name, or another maze.
  ///
  /// - Throws: ``WorldError`` where the robot of a built-in task is another.
  public func definition(
    named name: String?, map other: MazeMap?, robot path: String? = nil
  ) throws -> TaskDefinition {
    let own = try definition(robot: path)
    if let other { return try TaskDefinition(map: other, robot: own.customRobot) }
    guard let name else { return own }
    if let robot = own.customRobot, let map = own.map {
      let ant = try TaskDefinition(map: map)
      if let difference = try own.physicsDifference(from: ant) {
        throw WorldError.robotOfAnotherTask(
          task: name, robot: robot.name, difference: difference)
      }
    }
    return try TaskRegistry.definition(named: name)
  }

  /// What keeps `definition`, which was made of this world here, from being the same world to the
  /// last bit; `nil` where there is nothing, or nothing was written down.
  public func doubt(about definition: TaskDefinition) throws -> String? {
    guard let compiled else { return nil }
    guard compiled.mujoco == Model.libraryVersionName else {
      return "made with MuJoCo \(compiled.mujoco), and \(Model.libraryVersionName) is linked here: "
        + "the world moves almost, but not quite, alike"
    }
    let fingerprint = try definition.makeModel().physicsFingerprint
    return fingerprint == compiled.fingerprint
      ? nil
      : "its world was compiled to \(compiled.fingerprint) and becomes \(fingerprint) here: "
        + "another version of hiro or another kind of processor"
  }
}

/// A compiled world: to tell whether it becomes the same elsewhere, and for other programs.
public struct CompiledWorld: Sendable, Equatable {
  /// The version of MuJoCo that compiled it, such as `2.2.2`.
  public let mujoco: String
  /// What tells its physics from those of others: `Model.physicsFingerprint`.
  public let fingerprint: String
  /// The model in MuJoCo's binary format (MJB), packed with gzip: most of it are textures of one
  /// colour. It is for other programs; ours never loads one, because MuJoCo believes what it says.
  public let packedModel: [UInt8]

  /// Keeps what `model` is.
  ///
  /// - Throws: `MuJoCoError` where MuJoCo can't write it.
  public init(of model: Model) throws {
    mujoco = Model.libraryVersionName
    fingerprint = model.physicsFingerprint
    packedModel = Self.packed(try model.binary())
  }

  fileprivate init(mujoco: String, fingerprint: String, packedModel: [UInt8]) {
    self.mujoco = mujoco
    self.fingerprint = fingerprint
    self.packedModel = packedModel
  }

  /// gzip, the same bytes for the same bytes.
  private static func packed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var stream = z_stream()
    // Windows of 32 KiB, with the header of gzip.
    let status = deflateInit2_(
      &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib has no memory")
    defer { deflateEnd(&stream) }
    var result = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
    bytes.withUnsafeMutableBufferPointer { input in
      result.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        deflate(&stream, Z_FINISH)
      }
    }
    result.removeLast(Int(stream.avail_out))
    return result
  }
}

// MARK: - In a file

extension CarriedWorld {
  /// What the names of its tensors begin with.
  static let prefix = "world/"
  private static let documentName = prefix + "robot.xml"
  private static let assetPrefix = prefix + "assets/"
  private static let modelName = prefix + "model.mjb.gz"
  /// The most that is read of a compiled model (bytes).
  private static let maximumModelSize = 512 << 20

  /// Its tensors: name and bytes.
  var tensors: [(name: String, bytes: [UInt8])] {
    var tensors: [(name: String, bytes: [UInt8])] = []
    if let robot {
      tensors.append((Self.documentName, Array(robot.document.utf8)))
      tensors += robot.assets.sorted { $0.key < $1.key }
        .map { (Self.assetPrefix + $0.key, $0.value) }
    }
    if let compiled { tensors.append((Self.modelName, compiled.packedModel)) }
    return tensors
  }

  /// The same as they are saved.
  var savedTensors: [SafetensorsTensor] {
    tensors.map { SafetensorsTensor($0.name, shape: [$0.bytes.count], values: $0.bytes) }
  }

  /// What the metadata says of it, the task apart.
  var metadata: [String: String] {
    var metadata: [String: String] = [:]
    metadata["map"] = map?.text
    metadata["robot"] = robot?.name
    metadata["mujoco"] = compiled?.mujoco
    metadata["physics"] = compiled?.fingerprint
    return metadata
  }

  /// Reads the world that `file` carries.
  ///
  /// - Throws: `SourceError` or ``SafetensorsError`` where it is not as it should be.
  package init(task: String, in file: SafetensorsFile) throws {
    let source = printable(file.path)
    self.task = task
    map = try file.metadata["map"].map { text in
      try MazeMap(text: text, name: "map", source: "\(source): map")
    }
    if let name = file.metadata["robot"] {
      robot = try Self.robot(named: name, in: file, source: "\(source): robot")
    }
    if let mujoco = file.metadata["mujoco"], let fingerprint = file.metadata["physics"],
      let entry = file.entries.first(where: { $0.name == Self.modelName })
    {
      guard entry.byteRange.count <= Self.maximumModelSize else {
        throw SafetensorsError.malformed(
          path: file.path, problem: "its compiled model is too large")
      }
      compiled = CompiledWorld(
        mujoco: printable(mujoco, limit: 20), fingerprint: printable(fingerprint, limit: 20),
        packedModel: try file.values(named: Self.modelName, as: UInt8.self))
    }
  }

  private static func robot(
    named name: String, in file: SafetensorsFile, source: String
  ) throws -> Robot {
    let entries = file.entries.filter { $0.name.hasPrefix(assetPrefix) }
    // Before any of it is read.
    guard !name.isEmpty, name.utf8.count <= 255,
      !name.contains(where: { $0 == "/" || $0.isNewline }),
      entries.count <= Robot.maximumAssetCount,
      entries.reduce(0, { $0 + $1.byteRange.count }) <= Robot.maximumAssetSize,
      entries.allSatisfy({ !$0.name.dropFirst(assetPrefix.count).contains("/") })
    else {
      throw SafetensorsError.malformed(path: file.path, problem: "its robot is none")
    }
    var assets: [String: [UInt8]] = [:]
    for entry in entries {
      assets[String(entry.name.dropFirst(assetPrefix.count))] =
        try file.values(named: entry.name, as: UInt8.self)
    }
    return try Robot(
      name: name, document: file.values(named: documentName, as: UInt8.self), assets: assets,
      source: source)
  }
}

/// Why a policy or a run can't have the world that it was asked to have, in one line.
public enum WorldError: Error, Equatable, CustomStringConvertible {
  /// The robot in a file is not the one that the policy or the run has.
  case anotherRobot(path: String, difference: String)
  /// A built-in task has another robot than the one that the policy was trained with.
  case robotOfAnotherTask(task: String, robot: String, difference: String)
  /// The file is an older one and does not hold the robot.
  case robotNeeded(String)
  /// The task is an environment of one's own, which no file holds.
  case ownEnvironment(task: String)
  /// A built-in task has a robot of its own.
  case noRobotWanted(path: String, task: String)

  /// One line: what differs, and the remedy.
  public var description: String {
    switch self {
    case .anotherRobot(let path, let difference):
      "\(printable(path)): another robot than the one that was trained: \(printable(difference)); "
        + "leave --robot out, since the file holds its robot, or begin a new run"
    case .robotOfAnotherTask(let task, let robot, let difference):
      "\(printable(task)) has the Ant, and the policy was trained with another robot, "
        + "'\(printable(robot))': \(printable(difference)); leave --task out"
    case .robotNeeded(let robot):
      "it was trained with a robot of one's own, '\(printable(robot))', which this older file does "
        + "not hold: give its MJCF file with --robot"
    case .ownEnvironment(let task):
      "'\(printable(task))' is an environment of one's own: only the program that it is part of can act in "
        + "it; `hiro inspect` and `hiro compare` tell what the files hold"
    case .noRobotWanted(let path, let task):
      "\(printable(path)): \(printable(task)) has a robot of its own; leave --robot out"
    }
  }
}
