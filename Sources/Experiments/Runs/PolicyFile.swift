import Environments
import Files
import Foundation
import Learning
import NeuralNetworks
import Safetensors

/// A trained policy with everything that is needed to use it and to know where it came from.
///
/// On disk it is a safetensors file: the actors' weights as tensors (`lower.actor.layer1.weight`
/// `[out, in]`, …), the rest as metadata.
public struct PolicyFile: Sendable, Equatable {
  /// The complete configuration of the run that made the policy, including its task and seed.
  public var configuration: RunConfiguration
  /// The map of the task; nil for a built-in task.
  public var map: MazeMap?
  /// The robot of the task; nil for a built-in robot.
  public var robot: Robot?
  /// What the task's world was compiled to; nil in older files.
  public var compiled: CompiledWorld?
  /// Environment steps that the policy has been trained for.
  public var step: Int
  /// The success rate in the evaluation at ``step``, in [0, 1]; nil if there was none.
  public var success: Double?
  /// The policy's measured score, with the software used; nil in files of earlier versions.
  public var card: PolicyCard?
  /// The actors' weights.
  public var tensors: [String: Tensor]

  /// Creates a policy; each parameter sets the property of the same name.
  public init(
    configuration: RunConfiguration, map: MazeMap? = nil, robot: Robot? = nil,
    compiled: CompiledWorld? = nil, step: Int, success: Double?, card: PolicyCard? = nil,
    tensors: [String: Tensor]
  ) {
    self.configuration = configuration
    self.map = map
    self.robot = robot
    self.compiled = compiled
    self.step = step
    self.success = success
    self.card = card
    self.tensors = tensors
  }

  /// The values of `format` and `version` in the metadata.
  package static let format = "hiro-policy"
  package static let version = "1"

  /// Reads the policy at `path`.
  ///
  /// - Throws: `SafetensorsError`, ``PolicyFileError`` or ``ConfigurationError``, each naming the
  ///   file.
  public init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    func value(_ key: String) throws(PolicyFileError) -> String {
      guard let value = file.metadata[key] else {
        throw .notAPolicy(path: path, problem: "its metadata lacks \(quoted(key))")
      }
      return value
    }
    guard try value("format") == Self.format else {
      throw PolicyFileError.notAPolicy(
        path: path, problem: "its format is \(quoted(try value("format")))")
    }
    guard try value("version") == Self.version else {
      throw PolicyFileError.version(path: path, found: try value("version"))
    }
    guard let step = Int(try value("step")), step >= 0 else {
      throw PolicyFileError.notAPolicy(path: path, problem: "its step is not a whole number")
    }
    var layers = ConfigurationLayers()
    try layers.apply(yaml: try value("configuration"), source: "\(printable(path)): configuration")
    configuration = layers.configuration
    let world = try CarriedWorld(task: configuration.task, in: file)
    (map, robot, compiled) = (world.map, world.robot, world.compiled)
    self.step = step
    success = file.metadata["success"].flatMap(Double.init)
    card = try file.metadata["card"].map { text in
      do { return try PolicyCard(json: text) } catch {
        let problem = (error as? DecodingError).map(describe) ?? "not JSON"
        throw PolicyFileError.notAPolicy(
          path: path, problem: "its card cannot be read: \(problem)")
      }
    }
    tensors = try file.tensors { !$0.name.hasPrefix(CarriedWorld.prefix) }
    guard try value("checksum") == Self.checksum(of: tensors),
      world.tensors.isEmpty || file.metadata["world_checksum"] == Self.checksum(of: world)
    else {
      throw PolicyFileError.notAPolicy(
        path: path, problem: "the checksum does not match; the file is damaged")
    }
  }

  /// Writes the policy to `path`, as a whole or not at all.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - task: The task that the policy was trained for; if nil, it is made from ``map`` and
  ///     ``robot``, or looked up among the built-in tasks.
  public func write(to path: String, task: TaskDescription? = nil) throws {
    var metadata = [
      "format": Self.format, "version": Self.version, "task": configuration.task,
      "step": "\(step)", "seed": "\(configuration.seed)",
      "configuration": configuration.yaml(heading: "The configuration of the run."),
    ]
    metadata["checksum"] = Self.checksum(of: tensors)
    if let success { metadata["success"] = "\(success)" }
    // For programs in other languages; this program derives the shape from the task and the
    // configuration.
    let shape = try (task ?? definition().description)
      .agentShape(for: configuration.learning)
    metadata.merge(world.metadata) { $1 }
    if let card { metadata["card"] = try card.json() }
    if !world.tensors.isEmpty { metadata["world_checksum"] = Self.checksum(of: world) }
    metadata["action_limits"] = "\(shape.actionLimits)"
    metadata["subgoal_half_range"] = "\(shape.subgoalHalfRange)"
    metadata["position_indices"] = "\(shape.positionIndices)"
    try Safetensors.write(
      tensors.map { SafetensorsTensor($0.key, $0.value) } + world.savedTensors,
      metadata: metadata, to: path)
  }

  /// The world that the policy was trained in.
  public var world: CarriedWorld {
    CarriedWorld(task: configuration.task, map: map, robot: robot, compiled: compiled)
  }

  /// CRC-32 of the world's tensors, one after the other, each preceded by its name.
  private static func checksum(of world: CarriedWorld) -> String {
    Checkpoint.checksum(world.tensors.flatMap { Array($0.name.utf8) + $0.bytes })
  }

  /// CRC-32 of the weights, one tensor after the other in the order of their names.
  private static func checksum(of tensors: [String: Tensor]) -> String {
    let bytes = tensors.sorted { $0.key < $1.key }.flatMap {
      $0.value.values.withUnsafeBytes(Array.init)
    }
    return Checkpoint.checksum(bytes)
  }

  /// The task that the policy was trained for, from what the file itself holds.
  ///
  /// - Parameter robot: The path of the robot's MJCF file; only needed for an older policy that was
  ///   trained with a custom robot and does not hold it. A policy never names a file to be read.
  public func definition(robot: String? = nil) throws -> TaskDefinition {
    try world.definition(robot: robot)
  }

  /// Makes a policy that acts in `task`, which may differ from the task it was trained for if the
  /// shapes are the same. Each thread needs a policy of its own.
  ///
  /// - Throws: `PolicyError` with the expected and the found shape, or `AgentShapeError`.
  public func makePolicy(for task: TaskDescription) throws -> HierarchicalPolicy {
    try HierarchicalPolicy(
      shape: task.agentShape(for: configuration.learning.acting),
      settings: PolicySettings(
        hierarchy: configuration.learning.hierarchy,
        interval: configuration.learning.subgoals.interval,
        semantics: configuration.learning.subgoals.semantics), tensors: tensors)
  }
}

extension HIROConfiguration {
  /// The configuration without what only learning needs of a task: rewards and their bounds, and
  /// other targets.
  fileprivate var acting: HIROConfiguration {
    var acting = self
    (acting.higher.reward, acting.higher.otherTargets) = (.sum, 0)
    (acting.higher.valueBound, acting.lower.valueBound) = (.none, .none)
    return acting
  }
}

/// Why a file or a folder does not give a policy that can be used.
public enum PolicyFileError: Error, Equatable, CustomStringConvertible {
  /// The file is not a policy, or is a damaged one.
  case notAPolicy(path: String, problem: String)
  /// The policy's format version is not the one that this program reads.
  case version(path: String, found: String)
  /// The policy, trained for `trained`, does not fit the task.
  case unsuitable(path: String, task: String, trained: String, problem: String)
  /// Another process replaced the policy while it was in use.
  case replaced(path: String)
  /// There is no policy in the folder.
  case noPolicy(folder: String)

  /// One line: the file and what is wrong with it.
  public var description: String {
    switch self {
    case .notAPolicy(let path, let problem):
      "\(printable(path)): a safetensors file, but not a policy of hiro: \(problem)"
    case .version(let path, let found):
      "\(printable(path)): a policy of format version \(quoted(found)); this hiro reads version "
        + PolicyFile.version
    case .unsuitable(let path, let task, let trained, let problem):
      "\(printable(path)): not a policy for \(printable(task))"
        + (trained == task ? "" : ", but for \(printable(trained))") + ": \(problem)"
    case .replaced(let path):
      "\(printable(path)): was replaced by another policy in the meantime; repeat the command"
    case .noPolicy(let folder):
      "\(printable(folder)): contains neither \(RunFolder.bestPolicy) nor \(RunFolder.latestPolicy)"
        + "; expected a policy file or an output folder of hiro train"
    }
  }
}
