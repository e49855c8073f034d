import Files
import Foundation
import Learning
import NeuralNetworks
import Safetensors

/// A policy or a checkpoint file that was read completely and checked, and what it holds.
package struct SavedFile: Sendable {
  /// The kind of file.
  package enum Kind: String, Sendable {
    /// The actors' weights, to be used.
    case policy
    /// The complete state of a run, to be continued.
    case checkpoint
  }

  /// The kind of file.
  package let kind: Kind
  /// The configuration of the run.
  package let configuration: RunConfiguration
  /// The world that the run took place in.
  package let world: CarriedWorld
  /// The environment step at which the file was saved.
  package let step: Int
  /// The success rate at this step, in [0, 1]; nil if it was not measured.
  package let success: Double?
  /// The policy's measured score, with the software used; nil in a checkpoint and in files of
  /// earlier versions.
  package let card: PolicyCard?
  /// The version of the file's format.
  package let version: String
  /// The tensors.
  package let entries: [SafetensorsEntry]

  /// Reads and checks the file at `path`.
  ///
  /// - Throws: ``SafetensorsError``, ``PolicyFileError``, ``RunError`` or ``ConfigurationError`` if
  ///   the file is damaged or of another kind.
  package init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    entries = file.entries
    if file.metadata["format"] == Checkpoint.format {
      let parts = try Checkpoint.verify(file)
      kind = .checkpoint
      configuration = parts.configuration
      var world = parts.world
      // An older version of the program kept the map in a file beside the checkpoint.
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
