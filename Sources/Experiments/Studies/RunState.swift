import Files
import Foundation
import Safetensors

/// How far the run in a folder has come, as its files tell.
package enum RunState: Equatable, Sendable {
  /// There is no checkpoint to continue from.
  case notBegun
  /// It can be continued; `step` is the last step in its learning curves.
  case begun(step: Int)
  /// It is finished; `step` is that of its last checkpoint or, if its checkpoints were deleted, that
  /// of its last policy, or the last one in its learning curves.
  case finished(step: Int)

  /// Finds the state of the run in `folder`.
  ///
  /// - Parameter configuration: The settings that say when the run is finished.
  package init(folder: String, configuration: RunConfiguration) {
    let checkpoint = RunFolder.checkpoints(in: folder).first
    let curves = MetricsFile.lastStep(in: "\(folder)/\(RunFolder.metrics)")
    let latest = "\(folder)/\(RunFolder.latestPolicy)"
    // Most states are known without reading it.
    lazy var policy = try? PolicyFile(path: latest)
    guard let newest = checkpoint.flatMap(RunFolder.step(ofCheckpoint:)) ?? policy?.step ?? curves
    else {
      self = .notBegun
      return
    }
    let wanted = configuration.evaluation.stopAtSuccess
    if newest >= configuration.steps,
      checkpoint.map({ access(latest, F_OK) == 0 && !Self.owesEvaluation($0) }) ?? true
    {
      self = .finished(step: newest)
    } else if wanted > 0, let policy, policy.step == newest,
      policy.success ?? 0 >= wanted
    {
      self = .finished(step: newest)
    } else {
      self = checkpoint == nil ? .notBegun : .begun(step: curves ?? 0)
    }
  }

  /// Whether the run was stopped during the evaluation at the step of a checkpoint.
  private static func owesEvaluation(_ checkpoint: String) -> Bool {
    guard let file = try? SafetensorsFile(path: checkpoint),
      let parts = try? Checkpoint.parts(of: file)
    else { return false }
    return parts.record.owesEvaluation
  }

  /// Environment steps that are made.
  package var step: Int {
    switch self {
    case .notBegun: 0
    case .begun(let step), .finished(let step): step
    }
  }

  /// Whether the run is finished.
  package var isFinished: Bool { if case .finished = self { true } else { false } }
}

extension RunFolder {
  /// The step in the name of a checkpoint; nil if `path` is not one.
  static func step(ofCheckpoint path: String) -> Int? {
    let name = (path as NSString).lastPathComponent
    guard name.hasPrefix(checkpointPrefix), name.hasSuffix(checkpointSuffix) else { return nil }
    return Int(name.dropFirst(checkpointPrefix.count).dropLast(checkpointSuffix.count))
  }
}

extension MetricsFile {
  /// The step of the last complete row of the file at `path`. Only the end of the file is read,
  /// because the progress of a run is asked for often.
  static func lastStep(in path: String) -> Int? {
    guard let file = try? InputFile(path: path) else { return nil }
    let start = max(0, file.count - (1 << 14))
    guard let bytes = try? file.bytes(in: start..<file.count) else { return nil }
    let newline = UInt8(ascii: "\n")
    // What follows the last line break is not a complete row, and the first line may be cut or the
    // heading.
    let lines = bytes.split(separator: newline, omittingEmptySubsequences: false).dropLast()
    return lines.dropFirst().last.flatMap {
      Int(String(decoding: $0.prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
    }
  }
}
