import CZlib
import Environments
import Files
import Foundation
import MuJoCo
import Safetensors

/// The world that a policy or a checkpoint was made in, as its file holds it: nothing else is
/// needed to make the same world again, on any machine.
///
/// The map is text in the file's metadata; the robot with everything that it refers to, and the
/// compiled model, are tensors of bytes whose names begin with `world/`.
public struct CarriedWorld: Sendable, Equatable {
  /// The task's name: that of a built-in task or of a custom environment, or else `MAP` or
  /// `MAP+ROBOT`, the names of a custom map and robot.
  public var task: String
  /// The map, if it is a custom one.
  public var map: MazeMap?
  /// The robot, if it is a custom one.
  public var robot: Robot?
  /// What the world was compiled to; older files lack it.
  public var compiled: CompiledWorld?

  /// Creates a world; each parameter sets the property of the same name.
  public init(
    task: String, map: MazeMap? = nil, robot: Robot? = nil, compiled: CompiledWorld? = nil
  ) {
    self.task = task
    self.map = map
    self.robot = robot
    self.compiled = compiled
  }

  /// The name of a custom robot that the task's name contains and ``robot`` lacks, as in older
  /// files; otherwise nil.
  package var missingRobot: String? {
    guard let map, robot == nil, task.hasPrefix(map.name + "+") else { return nil }
    return String(task.dropFirst(map.name.count + 1))
  }

  /// Makes the task.
  ///
  /// - Parameter path: A robot's file. It is only needed if an older file lacks the robot;
  ///   otherwise it must describe the same robot, whose name may differ.
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

  /// Makes another task for the same robot: the built-in one called `name`, or that of the maze
  /// `other`; if both are nil, this world's own task.
  ///
  /// - Throws: ``WorldError`` if the built-in task has a different robot.
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

  /// Why `definition`, which was made from this world on this computer, may not behave the same to
  /// the last bit; `nil` if there is no reason to doubt it, or if the file does not hold
  /// ``compiled``.
  public func doubt(about definition: TaskDefinition) throws -> String? {
    guard let compiled else { return nil }
    guard compiled.mujoco == Model.libraryVersionName else {
      return
        "made with MuJoCo \(compiled.mujoco), but this program uses \(Model.libraryVersionName): "
        + "the world moves in almost, but not exactly, the same way"
    }
    let fingerprint = try definition.makeModel().physicsFingerprint
    return fingerprint == compiled.fingerprint
      ? nil
      : "the physics of its world were \(compiled.fingerprint) and are \(fingerprint) here: "
        + "another version of hiro or another kind of processor compiled it"
  }
}

/// A compiled world: it tells whether the world is compiled to the same elsewhere, and serves other
/// programs.
public struct CompiledWorld: Sendable, Equatable {
  /// The version of MuJoCo that compiled it, such as `2.2.2`.
  public let mujoco: String
  /// Identifies the world's physics: `Model.physicsFingerprint`.
  public let fingerprint: String
  /// The model in MuJoCo's binary format (MJB), packed with gzip, because most of it is textures of
  /// one colour. It is for other programs; this one never loads it, because MuJoCo does not check
  /// what such a file says.
  public let packedModel: [UInt8]

  /// Describes `model` and keeps its binary form.
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

  /// `bytes` packed with gzip; equal input gives equal output.
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
  /// The beginning of the names of the world's tensors.
  static let prefix = "world/"
  private static let documentName = prefix + "robot.xml"
  private static let assetPrefix = prefix + "assets/"
  private static let modelName = prefix + "model.mjb.gz"
  /// The largest packed model that is read (bytes).
  private static let maximumModelSize = 512 << 20

  /// The world's tensors: name and bytes.
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

  /// ``tensors`` in the form in which they are saved.
  var savedTensors: [SafetensorsTensor] {
    tensors.map { SafetensorsTensor($0.name, shape: [$0.bytes.count], values: $0.bytes) }
  }

  /// The world's entries in the metadata, without the task's name.
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
  /// - Throws: `SourceError` or ``SafetensorsError`` if what the file holds of the world is not
  ///   valid.
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
    // Everything is checked before any of it is read.
    guard !name.isEmpty, name.utf8.count <= 255,
      !name.contains(where: { $0 == "/" || $0.isNewline }),
      entries.count <= Robot.maximumAssetCount,
      entries.reduce(0, { $0 + $1.byteRange.count }) <= Robot.maximumAssetSize,
      entries.allSatisfy({ !$0.name.dropFirst(assetPrefix.count).contains("/") })
    else {
      throw SafetensorsError.malformed(path: file.path, problem: "its robot is not valid")
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

/// Why a policy or a run cannot act in the world that was asked for.
public enum WorldError: Error, Equatable, CustomStringConvertible {
  /// The robot in the given file is not the robot of the policy or the run.
  case anotherRobot(path: String, difference: String)
  /// A built-in task has another robot than the one that the policy was trained with.
  case robotOfAnotherTask(task: String, robot: String, difference: String)
  /// The policy or checkpoint is an older file and does not hold its custom robot.
  case robotNeeded(String)
  /// The task is a custom environment, which no file can hold.
  case ownEnvironment(task: String)
  /// A robot was given for a built-in task, which has its own.
  case noRobotWanted(path: String, task: String)

  /// One line: what differs, and the remedy.
  public var description: String {
    switch self {
    case .anotherRobot(let path, let difference):
      "\(printable(path)): not the robot that was trained: \(printable(difference)); "
        + "leave --robot out, because the saved file contains its robot, or begin a new run"
    case .robotOfAnotherTask(let task, let robot, let difference):
      "\(printable(task)) uses the Ant, but the policy was trained with another robot, "
        + "'\(printable(robot))': \(printable(difference)); leave --task out"
    case .robotNeeded(let robot):
      "it was trained with the custom robot '\(printable(robot))', which this older file does not "
        + "contain: give the robot's MJCF file with --robot"
    case .ownEnvironment(let task):
      "'\(printable(task))' is a custom environment: only the program that contains it can act in "
        + "it; `hiro inspect` and `hiro compare` show what the files contain"
    case .noRobotWanted(let path, let task):
      "\(printable(path)): the task \(printable(task)) has its own robot; leave --robot out"
    }
  }
}
