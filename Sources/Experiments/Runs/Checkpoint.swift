import CZlib
import Environments
import Files
import Foundation
import Learning
import NeuralNetworks
import Safetensors

/// Everything that a run needs to continue (on the same kind of processor, to the same bits), in
/// one safetensors file: networks, optimisers and replay buffers as tensors, the rest as metadata,
/// with a checksum of each.
package enum Checkpoint {
  /// The values of `format` and `version` in the metadata.
  package static let format = "hiro-checkpoint"
  static let version = "1"

  /// The small parts, which are in the metadata.
  package struct Parts {
    package var configuration: RunConfiguration
    /// The world; checkpoints of older versions don't hold its map.
    var world: CarriedWorld
    var agent: Data
    package var trainer: TrainerProgress
    /// The encoded ``trainer``, together with the environment's state, which only the environment
    /// can read.
    var trainerState: Data
    var record: RunRecord
    /// The arithmetic that the run was computed with, see `arithmeticInUse`; nil in files of
    /// earlier versions.
    var arithmetic: String?
  }

  /// Writes the state of `trainer` to `path`, as a whole or not at all.
  static func write(
    _ trainer: Trainer, configuration: RunConfiguration, world: CarriedWorld, record: RunRecord,
    to path: String
  ) throws {
    let collector = StateCollector()
    try trainer.agent.visitState(collector, restoring: nil)
    var metadata = collector.checksums
    metadata.merge(world.metadata) { $1 }
    for file in world.tensors { metadata[checksumKey(file.name)] = checksum(file.bytes) }
    metadata["format"] = format
    metadata["version"] = version
    metadata["task"] = configuration.task
    metadata["seed"] = "\(configuration.seed)"
    metadata["step"] = "\(trainer.steps)"
    metadata["configuration"] = configuration.yaml(heading: "The configuration of the run.")
    metadata["agent"] = String(decoding: try trainer.agent.encodeProgress(), as: UTF8.self)
    metadata["trainer"] = String(decoding: try trainer.encodeState(), as: UTF8.self)
    metadata["record"] = String(decoding: try StateCoding.encode(record), as: UTF8.self)
    metadata["arithmetic"] = arithmeticInUse
    metadata[metadataChecksum] = checksum(of: metadata)
    try Safetensors.write(
      collector.tensors + world.savedTensors, metadata: metadata, to: path)
  }

  /// Reads and checks the small parts of the checkpoint in `file`; of the world, only the task's
  /// name.
  static func parts(of file: SafetensorsFile) throws -> Parts {
    func problem(_ text: String) -> RunError { .checkpoint(path: file.path, problem: text) }
    var metadata = file.metadata
    guard metadata["format"] == format else { throw problem("it is another kind of file") }
    guard metadata["version"] == version else {
      throw problem("its version is not \(version), the only one that this hiro reads")
    }
    guard let found = metadata.removeValue(forKey: metadataChecksum),
      found == checksum(of: metadata)
    else { throw problem("the checksum of its metadata does not match") }
    func text(_ key: String) throws -> String {
      guard let text = metadata[key] else { throw problem("its metadata lacks '\(key)'") }
      return text
    }
    func decode<Part: Decodable>(_ type: Part.Type, _ key: String) throws -> Part {
      let data = Data(try text(key).utf8)
      do throws(StateError) {
        return try StateCoding.decode(type, from: data)
      } catch .unreadable(let reason) {
        throw problem("its part '\(key)' cannot be read: \(reason)")
      }
    }
    var layers = ConfigurationLayers()
    try layers.apply(
      yaml: try text("configuration"), source: "\(printable(file.path)): configuration")
    let configuration = layers.configuration
    return Parts(
      configuration: configuration, world: CarriedWorld(task: configuration.task),
      agent: Data(try text("agent").utf8),
      trainer: try decode(TrainerProgress.self, "trainer"),
      trainerState: Data(try text("trainer").utf8),
      record: try decode(RunRecord.self, "record"), arithmetic: metadata["arithmetic"])
  }

  /// Refuses a file whose networks do not have the sizes that its configuration says, so that a
  /// false configuration cannot make the program allocate networks larger than those in the file.
  package static func checkSizes(
    of file: SafetensorsFile, for configuration: RunConfiguration, task: TaskDescription
  ) throws {
    let shape = try task.agentShape(for: configuration.learning)
    for level in configuration.learning.levels(of: shape) {
      let name = "\(level.sizes.name).actor"
      let network = level.sizes.actor(hidden: level.configuration.hiddenUnits)
      let count = network.layers.reduce(0) { $0 + $1.parameterCount }
      guard let entry = file.entries.first(where: { $0.name == name }),
        entry.byteRange.count == count * MemoryLayout<Float>.stride
      else {
        throw RunError.checkpoint(
          path: file.path, problem: "'\(name)' does not have the size that its configuration gives")
      }
    }
  }

  /// Fills `trainer`, made from the checkpoint's own configuration, with the state in `file`.
  package static func restore(_ trainer: Trainer, _ parts: Parts, from file: SafetensorsFile) throws
  {
    do {
      try trainer.agent.visitState(StateFiller(file: file), restoring: parts.agent)
      try trainer.restore(parts.trainerState)
    } catch let error as StateError {
      throw RunError.checkpoint(path: file.path, problem: error.description)
    }
  }

  /// Checks every checksum in `file` and returns its small parts; the tensors are not kept in
  /// memory.
  package static func verify(_ file: SafetensorsFile) throws -> Parts {
    var parts = try parts(of: file)
    for entry in file.entries {
      let bytes = try file.bytes(of: entry)
      guard file.metadata[checksumKey(entry.name)] == checksum(bytes) else {
        throw RunError.checkpoint(
          path: file.path, problem: "the checksum of '\(entry.name)' does not match")
      }
    }
    parts.world = try CarriedWorld(task: parts.configuration.task, in: file)
    return parts
  }

  package static let metadataChecksum = "checksum"

  /// The metadata key of the checksum of a tensor.
  package static func checksumKey(_ tensor: String) -> String { "checksum.\(tensor)" }

  fileprivate static func checksum(_ bytes: UnsafeRawBufferPointer) -> String {
    var sum = crc32(0, nil, 0)
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(1 << 30)
      let start = UnsafeRawBufferPointer(rebasing: piece).baseAddress!
      sum = crc32(sum, start.assumingMemoryBound(to: UInt8.self), UInt32(piece.count))
      rest = rest.dropFirst(piece.count)
    }
    return String(sum, radix: 16)
  }

  /// The checksum of some bytes.
  package static func checksum(_ bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { checksum($0) }
  }

  /// The checksum of all keys and values, sorted by key.
  package static func checksum(of metadata: [String: String]) -> String {
    let lines = metadata.sorted { $0.key < $1.key }.map { "\($0.key)\0\($0.value)\0" }
    return checksum(Array(lines.joined().utf8))
  }
}

/// Collects the state of an agent as tensors to be written.
private final class StateCollector: StateVisitor {
  private(set) var tensors: [SafetensorsTensor] = []
  private(set) var checksums: [String: String] = [:]

  func visit<Element: StateElement>(
    _ name: String, _ values: UnsafeMutableBufferPointer<Element>
  ) throws {
    guard let type = Element.self as? any SafetensorsElement.Type else {
      preconditionFailure("\(Element.self) has no place in a file")
    }
    checksums[Checkpoint.checksumKey(name)] = Checkpoint.checksum(UnsafeRawBufferPointer(values))
    tensors.append(tensor(name, type, UnsafeRawBufferPointer(values), count: values.count))
  }

  private func tensor<Element: SafetensorsElement>(
    _ name: String, _ type: Element.Type, _ bytes: UnsafeRawBufferPointer, count: Int
  ) -> SafetensorsTensor {
    SafetensorsTensor(name, shape: [count], of: type) { file throws(FileError) in
      try file.append(bytes)
    }
  }
}

/// Fills the state of an agent from a file, and checks each checksum.
private struct StateFiller: StateVisitor {
  let file: SafetensorsFile

  func visit<Element: StateElement>(
    _ name: String, _ values: UnsafeMutableBufferPointer<Element>
  ) throws {
    guard let type = Element.self as? any SafetensorsElement.Type else {
      preconditionFailure("\(Element.self) has no place in a file")
    }
    try fill(name, type, UnsafeMutableRawBufferPointer(values))
    guard
      file.metadata[Checkpoint.checksumKey(name)]
        == Checkpoint.checksum(UnsafeRawBufferPointer(values))
    else {
      throw RunError.checkpoint(
        path: file.path, problem: "the checksum of '\(name)' does not match")
    }
  }

  private func fill<Element: SafetensorsElement>(
    _ name: String, _ type: Element.Type, _ bytes: UnsafeMutableRawBufferPointer
  ) throws {
    try file.read(name, into: bytes.bindMemory(to: type))
  }
}
