import Environments
import Files
import Foundation
import Learning

/// The course of a run, read from its files.
package struct RunHistory: Sendable {
  /// The run's folder.
  package let folder: String
  /// The run's settings.
  package let configuration: RunConfiguration
  /// The task; for a custom maze, that of the Ant in this maze, even if the run has a custom robot.
  package let task: TaskDescription
  /// The task's evaluation targets, its own first; empty in a task without targets.
  package let targets: [Evaluation.Target]
  /// The evaluations, in the order of their steps.
  package let evaluations: [Point]
  private let state: RunState
  /// The time that the run has taken so far (s); nil if it was not recorded.
  package let seconds: Double?

  /// An evaluation during training.
  package struct Point: Sendable, Equatable {
    /// The environment step of the evaluation.
    package let step: Int
    /// A measurement for each target; a single one in a task without targets.
    package let measurements: [Measurement]
    /// The second evaluation of a policy that looked like the best so far, on the task's own
    /// target; nil if there was none.
    package let confirmation: Measurement?
    /// The time that the run had taken until then (s); nil if it was not recorded.
    package let seconds: Double?
  }

  /// What was measured on a target.
  package struct Measurement: Sendable, Equatable {
    /// The success rate, in [0, 1]; nil in a task that counts only the score.
    package let success: Double?
    /// The mean distance from the target at the end of an episode (m); nil in a task without
    /// targets.
    package let finalDistance: Double?
    /// The mean return.
    package let episodeReturn: Double?

    /// The number by which runs are compared: the success rate, or the return if there is none.
    package var score: Double? { success ?? episodeReturn }
  }

  /// The most bytes of a file with learning curves.
  private static let sizeLimit = 1 << 30

  /// Whether `folder` holds a run.
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
      in: rows, path: path,
      targets: Evaluation(task: task, episodes: 1, seed: 0).targets.map(\.name))
    seconds = rows[0].firstIndex(of: "wall_time").flatMap { column in
      rows.count > 1 ? rows.last.flatMap { Double($0[column]) } : nil
    }
    state = RunState(folder: folder, configuration: configuration)
  }

  /// The task called `name` of the run in `folder`; for a custom maze, that of the Ant in this
  /// maze, with the settings that suit a custom robot if the run has one.
  private static func task(named name: String, in folder: String) throws -> TaskDescription {
    if let map = try RunFolder.ownMap(in: folder) {
      var task = try TaskDefinition(map: map).description
      if access("\(folder)/\(RunFolder.robot)", F_OK) == 0 {
        task.suggestedSettings = TaskDefinition.customRobotSettings
      }
      return task
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
    // What follows the last line break is empty, or a row that was not written completely.
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
        guard values.allSatisfy({ $0?.isFinite != false }),
          values[0].map({ 0...1 ~= $0 }) != false
        else { return Measurement(success: nil, finalDistance: nil, episodeReturn: nil) }
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

  /// The evaluations that decide which policy a run keeps as its best: the second evaluations or,
  /// if there were none, all evaluations.
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

  /// In how many episodes the best score was measured; nil if that is unknown, because second
  /// measurements were switched off later.
  package var bestEpisodes: Int? {
    let evaluation = configuration.evaluation
    let count =
      bestPoint?.confirmation == nil ? evaluation.episodes : evaluation.confirmationEpisodes
    return count > 0 ? count : nil
  }

  /// The score of the last evaluation.
  package var last: Double? { scores.last?.score }

  /// The first evaluation with at least this success rate, counting only second evaluations if the
  /// run has any; nil if there was none.
  package func firstPoint(reaching success: Double) -> Point? {
    decisive.first { ($0.measurement.success ?? -1) >= success }?.point
  }

  /// The step of ``firstPoint(reaching:)``.
  package func firstStep(reaching success: Double) -> Int? { firstPoint(reaching: success)?.step }

  /// Whether the run reached the success rate at which it was to end.
  private var hasReachedItsSuccess: Bool {
    let wanted = configuration.evaluation.stopAtSuccess
    return wanted > 0 && firstPoint(reaching: wanted) != nil
  }

  /// Whether the run is finished, according to its checkpoints or, if only its learning curves were
  /// kept, according to these.
  package var isFinished: Bool {
    state.isFinished || state == .notBegun && hasReachedItsSuccess
  }

  /// Whether the run ended because it succeeded; its last score then counts for all later steps.
  package var endedBySuccess: Bool { isFinished && hasReachedItsSuccess }

  /// Whether the task counts success.
  package var hasSuccess: Bool { !targets.isEmpty }
}

/// Why runs cannot be compared, in one line with the remedy.
package enum ComparisonError: Error, Equatable, CustomStringConvertible {
  /// A file could not be read.
  case file(FileError)
  /// A file does not describe the custom environment that the run was made in.
  case task(path: String, expected: String)
  /// A run's learning curves cannot be read.
  case malformed(path: String, problem: String)
  /// There is no run in the folder.
  case noRuns(folder: String)
  /// No run has been evaluated yet.
  case noEvaluation(folder: String)
  /// Two runs of a task have different targets.
  case targets(first: String, second: String, problem: String)
  /// A run occurs twice.
  case sameRun(first: String, second: String, name: String)

  /// One line: what was found where, and what would be right.
  package var description: String {
    switch self {
    case .file(let error): error.description
    case .task(let path, let expected):
      "\(printable(path)): does not describe the task '\(printable(expected))' of this run; take "
        + "the file that the run wrote"
    case .malformed(let path, let problem):
      "\(printable(path)): not valid learning curves: \(problem)"
    case .noRuns(let folder):
      "\(printable(folder)): contains no run; expected a folder of hiro study or hiro train"
    case .noEvaluation(let folder):
      "\(printable(folder)): no run has been evaluated yet; wait for the first evaluation, or give "
        + "evaluation.interval a smaller number than the steps"
    case .targets(let first, let second, let problem):
      "\(printable(first)) and \(printable(second)) can't be compared: \(problem); "
        + "compare them separately"
    case .sameRun(let first, let second, let name):
      "\(printable(first)) and \(printable(second)) have the same task, settings and "
        + "seed, \(name); leave one out"
    }
  }
}
