import Files
import Foundation

/// How far the run in a folder has come, as its files tell.
package enum RunState: Equatable, Sendable {
  /// There is nothing to go on from.
  case notBegun
  /// It can be continued; so many steps are reported in its learning curves.
  case begun(step: Int)
  /// It has come to its end, after so many steps.
  case finished(step: Int)

  /// Looks at the run in `folder`.
  ///
  /// - Parameter configuration: What it is to come to.
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

  /// Whether nothing is left to do.
  package var isFinished: Bool { if case .finished = self { true } else { false } }
}

extension RunFolder {
  /// The step in the name of a checkpoint.
  static func step(ofCheckpoint path: String) -> Int? {
    let name = (path as NSString).lastPathComponent
    guard name.hasPrefix(checkpointPrefix), name.hasSuffix(checkpointSuffix) else { return nil }
    return Int(name.dropFirst(checkpointPrefix.count).dropLast(checkpointSuffix.count))
  }
}

extension MetricsFile {
  /// The step of the last whole row of the file at `path`, from its last bytes alone: a run that
  /// writes it may be watched often.
  static func lastStep(in path: String) -> Int? {
    guard let file = try? InputFile(path: path) else { return nil }
    let start = max(0, file.count - (1 << 14))
    guard let bytes = try? file.bytes(in: start..<file.count) else { return nil }
    let newline = UInt8(ascii: "\n")
    // A row ends with its line break; the first line may be cut.
    let lines = bytes.split(separator: newline, omittingEmptySubsequences: false).dropLast()
    return lines.dropFirst().last.flatMap {
      Int(String(decoding: $0.prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
    }
  }
}
