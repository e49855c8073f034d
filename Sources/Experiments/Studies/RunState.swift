import Files
import Foundation

/// How far the run in a folder has come, as its files tell.
package enum RunState: Equatable, Sendable {
  /// There is no checkpoint to continue from.
  case notBegun
  /// It can be continued; `step` is the last step in its learning curves.
  case begun(step: Int)
  /// It is finished; `step` is that of its last checkpoint.
  case finished(step: Int)

  /// Finds the state of the run in `folder`.
  ///
  /// - Parameter configuration: The settings that say when the run is finished.
  package init(folder: String, configuration: RunConfiguration) {
    let checkpoints = RunFolder.checkpoints(in: folder)
    guard let newest = checkpoints.first.flatMap(RunFolder.step(ofCheckpoint:)) else {
      self = .notBegun
      return
    }
    let latest = "\(folder)/\(RunFolder.latestPolicy)"
    if newest >= configuration.steps, access(latest, F_OK) == 0 {
      self = .finished(step: newest)
      return
    }
    let wanted = configuration.evaluation.stopAtSuccess
    if wanted > 0, let policy = try? PolicyFile(path: latest), policy.step == newest,
      policy.success ?? 0 >= wanted
    {
      self = .finished(step: newest)
      return
    }
    self = .begun(step: MetricsFile.lastStep(in: "\(folder)/\(RunFolder.metrics)") ?? 0)
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
