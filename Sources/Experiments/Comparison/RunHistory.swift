import Environments
import Files
import Foundation
import Learning

/// What the files of a run tell of how it went.
package struct RunHistory: Sendable {
  /// The run's folder.
  package let folder: String
  /// Its settings.
  package let configuration: RunConfiguration
  /// The task; in a maze with a robot of one's own, of the Ant in that maze.
  package let task: TaskDescription
  /// Where the task has its targets, its own first; empty in a task without targets.
  package let targets: [Evaluation.Target]
  /// The evaluations, in the order of their steps, each with a measurement for each target.
  package let evaluations: [Point]
  private let state: RunState
  /// The step of its last row.
  private let lastStep: Int
  /// Time that it took so far (s); nil where it was not noted.
  package let seconds: Double?

  /// An evaluation during training.
  package struct Point: Sendable, Equatable {
    /// The environment step.
    package let step: Int
    /// For each target; one measurement in a task without targets.
    package let measurements: [Measurement]
    /// The second look, on the task's own target; nil where there was none.
    package let confirmation: Measurement?
    /// Time that the run had taken then (s); nil where it was not noted.
    package let seconds: Double?
  }

  /// What was measured on a target.
  package struct Measurement: Sendable, Equatable {
    /// The rate of success; nil in a task that counts only the score.
    package let success: Double?
    /// The mean distance at the end (m).
    package let finalDistance: Double?
    /// The mean return.
    package let episodeReturn: Double?

    /// What runs are compared by: the success where there is one, else the return.
    package var score: Double? { success ?? episodeReturn }
  }

  /// Learning curves at most.
  private static let sizeLimit = 1 << 30

  /// Whether `folder` is a run's.
  package static func isRun(_ folder: String) -> Bool {
    access("\(folder)/\(RunFolder.configuration)", F_OK) == 0
      && access("\(folder)/\(RunFolder.metrics)", F_OK) == 0
  }

  /// Reads the run in `folder`.
  package init(folder: String) throws {
    self.folder = folder
    var layers = ConfigurationLayers()
    try layers.apply(file: "\(folder)/\(RunFolder.configuration)")
    configuration = layers.configuration
    let task = try Self.task(named: configuration.task, in: folder)
    self.task = task
    targets = zip(task.evaluationTargetNames, task.evaluationTargets)
      .map { .init(name: $0, position: $1) }
    let path = "\(folder)/\(RunFolder.metrics)"
    let rows = try Self.rows(of: Self.text(path: path), path: path)
    evaluations = try Self.evaluations(
      in: rows, path: path, targets: targets.isEmpty ? ["none"] : targets.map(\.name))
    seconds = rows[0].firstIndex(of: "wall_time").flatMap { column in
      rows.count > 1 ? rows.last.flatMap { Double($0[column]) } : nil
    }
    state = RunState(folder: folder, configuration: configuration)
    lastStep = rows.last.flatMap { Int($0[rows[0].firstIndex(of: "step") ?? 0]) } ?? 0
  }

  /// What the run was asked to do; in a maze with a robot of one's own, that of the Ant in that maze.
  private static func task(named name: String, in folder: String) throws -> TaskDescription {
    if let map = try RunFolder.ownMap(in: folder) {
      return try TaskDefinition(map: map).description
    }
    let path = "\(folder)/\(RunFolder.task)"
    guard access(path, F_OK) == 0 else { return try TaskRegistry.task(named: name) }
    guard let own = try? SnakeCaseJSON.value(TaskDescription.self, in: text(path: path)),
      own.name == name, own.evaluationTargets.count == own.evaluationTargetNames.count
    else { throw ComparisonError.task(path: path, expected: name) }
    return own
  }

  private static func text(path: String) throws(ComparisonError) -> String {
    do throws(FileError) {
      return try InputFile.text(path: path, limit: sizeLimit)
    } catch { throw .file(error) }
  }

  /// The fields of the file, row by row, the names of the columns first.
  private static func rows(of text: String, path: String) throws -> [[Substring]] {
    // The last line is empty, or a row that a kill cut short.
    let rows = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    guard let head = rows.first, head.contains("step") else {
      throw ComparisonError.malformed(path: path, problem: "its first line has no column `step`")
    }
    if let index = rows.firstIndex(where: { $0.count != head.count }) {
      throw ComparisonError.malformed(
        path: "\(path):\(index + 1)", problem: "not a row of \(head.count) numbers")
    }
    return rows
  }

  private static func evaluations(
    in rows: [[Substring]], path: String, targets: [String]
  ) throws -> [Point] {
    let head = rows[0]
    let stepColumn = head.firstIndex(of: "step") ?? 0
    let timeColumn = head.firstIndex(of: "wall_time")
    func columns(_ name: (String) -> String) -> [Int?] {
      ["success", "final_distance", "return"].map { quantity in
        head.firstIndex { $0 == name(quantity) }
      }
    }
    let confirmedColumns = columns(MetricsRow.confirmedColumn)
    let columns = targets.map { target in columns { MetricsRow.column($0, of: target) } }
    guard columns.allSatisfy({ $0[2] != nil }) else {
      throw ComparisonError.malformed(
        path: path,
        problem: "it lacks the columns of the task's targets (\(targets.joined(separator: ", ")))")
    }
    return try rows.dropFirst().enumerated().compactMap { index, row in
      guard let step = Int(row[stepColumn]) else {
        throw ComparisonError.malformed(
          path: "\(path):\(index + 2)", problem: "its step is not a whole number")
      }
      func measurement(_ columns: [Int?]) -> Measurement {
        let values = columns.map { $0.flatMap { Double(row[$0]) } }
        return Measurement(success: values[0], finalDistance: values[1], episodeReturn: values[2])
      }
      let measurements = columns.map(measurement)
      // Between evaluations the columns are empty.
      guard measurements.allSatisfy({ $0.score != nil }) else { return nil }
      let confirmation = measurement(confirmedColumns)
      return Point(
        step: step, measurements: measurements,
        confirmation: confirmation.score == nil ? nil : confirmation,
        seconds: timeColumn.flatMap { Double(row[$0]) })
    }
  }

  /// The scores on the task's own target, by step.
  package var scores: [(step: Int, score: Double)] {
    evaluations.compactMap { evaluation in
      evaluation.measurements[0].score.map { (evaluation.step, $0) }
    }
  }

  /// The evaluations that decide which policy a run keeps as its best: the second looks, or, where
  /// there were none, all.
  private var decisive: [(point: Point, measurement: Measurement)] {
    let confirmed = evaluations.compactMap { point in
      point.confirmation.map { (point, $0) }
    }
    return confirmed.isEmpty ? evaluations.map { ($0, $0.measurements[0]) } : confirmed
  }

  /// The best score: that of the policy which the run keeps as its best.
  package var best: Double? { decisive.compactMap(\.measurement.score).max() }

  /// The first evaluation with the best score.
  package var bestPoint: Point? {
    decisive.first { $0.measurement.score == best }?.point
  }

  /// In how many episodes the best score was measured.
  package var bestEpisodes: Int {
    let evaluation = configuration.evaluation
    return bestPoint?.confirmation == nil ? evaluation.episodes : evaluation.confirmationEpisodes
  }

  /// The score of the last evaluation.
  package var last: Double? { scores.last?.score }

  /// The first evaluation with at least so much success, in the second look where the run has one; nil
  /// where there was none.
  package func firstPoint(reaching success: Double) -> Point? {
    decisive.first { ($0.measurement.success ?? -1) >= success }?.point
  }

  /// The step of ``firstPoint(reaching:)``.
  package func firstStep(reaching success: Double) -> Int? { firstPoint(reaching: success)?.step }

  /// Whether it came to the success at which it was to end.
  private var hasReachedItsSuccess: Bool {
    let wanted = configuration.evaluation.stopAtSuccess
    return wanted > 0 && firstPoint(reaching: wanted) != nil
  }

  /// Whether it has come to its end: as its files tell, or, where only its curves were kept, as these do.
  package var isFinished: Bool {
    state.isFinished
      || state == .notBegun && (lastStep >= configuration.steps || hasReachedItsSuccess)
  }

  /// Whether it ended because it succeeded: what comes after is as good.
  package var endedBySuccess: Bool { isFinished && hasReachedItsSuccess }

  /// Whether the task counts success.
  package var hasSuccess: Bool { !targets.isEmpty }
}

/// Why runs cannot be compared, in one line with the remedy.
package enum ComparisonError: Error, Equatable, CustomStringConvertible {
  /// A file could not be read.
  case file(FileError)
  /// A file does not describe the environment of one's own that the run was made in.
  case task(path: String, expected: String)
  /// A run's learning curves are not as they should be.
  case malformed(path: String, problem: String)
  /// There is no run in the folder.
  case noRuns(folder: String)
  /// No run has been evaluated yet.
  case noEvaluation(folder: String)
  /// Two runs of a task have other targets.
  case targets(first: String, second: String, problem: String)
  /// A run is there twice.
  case sameRun(first: String, second: String, name: String)

  /// One line: what was found where, and what would be right.
  package var description: String {
    switch self {
    case .file(let error): error.description
    case .task(let path, let expected):
      "\(printable(path)): not what a run in '\(printable(expected))' wrote of its task; take that run's file"
    case .malformed(let path, let problem): "\(printable(path)): not learning curves: \(problem)"
    case .noRuns(let folder):
      "\(printable(folder)): holds no run; expected a folder of hiro study or hiro train"
    case .noEvaluation(let folder):
      "\(printable(folder)): no run has been evaluated yet; wait for the first evaluation"
    case .targets(let first, let second, let problem):
      "\(printable(first)) and \(printable(second)) can't be compared: \(problem); "
        + "compare each by itself"
    case .sameRun(let first, let second, let name):
      "\(printable(first)) and \(printable(second)) are the same run, \(name); leave one out"
    }
  }
}
