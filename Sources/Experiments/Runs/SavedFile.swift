import Files
import Foundation
import Learning
import NeuralNetworks
import Safetensors

/// A policy or a checkpoint, read to its last byte to tell what it holds.
package struct SavedFile: Sendable {
  /// What is saved.
  package enum Kind: String, Sendable {
    /// The actors, to be used.
    case policy
    /// Everything of a run, to be continued.
    case checkpoint
  }

  /// What is saved.
  package let kind: Kind
  /// The configuration of the run.
  package let configuration: RunConfiguration
  /// The world that it was made in.
  package let world: CarriedWorld
  /// The environment step.
  package let step: Int
  /// The success at this step, where it was measured.
  package let success: Double?
  /// What it was measured to be worth and by what; nil in a checkpoint and in files of earlier
  /// versions.
  package let card: PolicyCard?
  /// The version of the file's format.
  package let version: String
  /// The tensors.
  package let entries: [SafetensorsEntry]

  /// Reads and checks the file at `path`.
  ///
  /// - Throws: ``SafetensorsError``, ``PolicyFileError``, ``RunError`` or ``ConfigurationError``
  ///   where it is not as it should be.
  package init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    entries = file.entries
    if file.metadata["format"] == Checkpoint.format {
      let parts = try Checkpoint.verify(file)
      kind = .checkpoint
      configuration = parts.configuration
      var world = parts.world
      // An older run has its map beside the checkpoint.
      if world.map == nil { world.map = try RunFolder.ownMap(in: FileError.folder(of: path)) }
      self.world = world
      step = parts.trainer.steps
      success = parts.record.last?.step == step ? parts.record.last?.success : nil
      card = nil
      version = Checkpoint.version
    } else {
      let policy = try PolicyFile(path: path)
      for (name, tensor) in policy.tensors.sorted(by: { $0.key < $1.key })
      where !tensor.values.allSatisfy(\.isFinite) {
        throw PolicyFileError.notAPolicy(
          path: path, problem: "tensor \(quoted(name)) holds a number that is not finite")
      }
      kind = .policy
      configuration = policy.configuration
      world = policy.world
      step = policy.step
      success = policy.success
      card = policy.card
      version = PolicyFile.version
    }
  }
}

extension RunFolder {
  /// The policies and checkpoints in a run's folder: best, latest, then the newest checkpoint first.
  package static func savedFiles(in folder: String) -> [String] {
    [bestPolicy, latestPolicy].map { "\(folder)/\($0)" }
      .filter { FileManager.default.fileExists(atPath: $0) } + checkpoints(in: folder)
  }
}
