import Environments
import Foundation
import Learning
import MuJoCo

/// A training run and its folder: learning curves, evaluations, the latest and the best policy,
/// and checkpoints to go on from.
public final class TrainingRun {
  /// Everything that decides what the run computes.
  public let configuration: RunConfiguration

  /// The run's folder.
  public let folder: String

  /// The training loop.
  public let trainer: Trainer

  private let definition: TaskDefinition
  private let pool: WorkerPool
  private let metrics: MetricsFile
  private let evaluationModel: Model
  private var record: RunRecord
  private var progress: TrainingProgress
  private var clock = RateClock()

  /// Why a run ended.
  public enum Ending: Equatable, Sendable {
    /// All steps are made.
    case finished
    /// The evaluation reached the success that was asked for.
    case succeeded
    /// It was asked to stop.
    case stopped
  }

  /// Begins a run in `folder`, which is made where it is missing.
  ///
  /// - Throws: ``FileError``, or `AgentShapeError` where the configuration does not fit the task.
  public init(
    configuration: RunConfiguration, definition: TaskDefinition, folder: String,
    pool: WorkerPool = WorkerPool()
  ) throws {
    self.configuration = configuration
    self.folder = folder
    self.definition = definition
    self.pool = pool
    evaluationModel = try definition.makeModel()
    trainer = try Trainer(
      configuration: configuration,
      environment: try definition.makeEnvironment(model: definition.makeModel()), pool: pool)
    try RunFolder.create(folder)
    try AtomicFile.write(
      configuration.yaml(heading: "Everything that decides what this run computes."),
      to: "\(folder)/\(RunFolder.configuration)")
    metrics = try MetricsFile(
      path: "\(folder)/\(RunFolder.metrics)",
      columns: MetricsRow.columns(for: definition.description))
    record = RunRecord()
    progress = TrainingProgress(totalSteps: configuration.steps)
  }

  /// Trains until all steps are made or `shouldStop()`; `report` is called after each window.
  public func run(
    shouldStop: () -> Bool = { false }, report: (TrainingProgress) -> Void = { _ in }
  ) throws -> Ending {
    var ending = Ending.finished
    while trainer.steps < configuration.steps {
      if shouldStop() {
        ending = .stopped
        break
      }
      let before = trainer.steps
      try trainer.advance()
      clock.advance(to: trainer.steps)
      if crosses(configuration.reportInterval, from: before) {
        try writeMetrics(evaluating: crosses(configuration.evaluation.interval, from: before))
      }
      updateProgress()
      report(progress)
      if record.hasReached(configuration.evaluation.stopAtSuccess) {
        ending = .succeeded
        break
      }
    }
    try savePolicy(RunFolder.latestPolicy)
    return ending
  }

  private func crosses(_ interval: Int, from before: Int) -> Bool {
    trainer.steps / interval > before / interval
  }

  /// Adds a row to the learning curves, measuring the policy first where it is time to.
  private func writeMetrics(evaluating: Bool) throws {
    if let quantity = trainer.agent.firstNonFinite() {
      throw TrainingError.notFinite(quantity: quantity, step: trainer.steps)
    }
    let evaluation = evaluating ? try evaluate() : nil
    let row = MetricsRow(
      episodes: trainer.takeStatistics(), learning: trainer.agent.takeStatistics(),
      evaluation: evaluation)
    if let quantity = row.firstNonFinite {
      throw TrainingError.notFinite(quantity: quantity, step: trainer.steps)
    }
    record.episodes += row.episodes.episodes
    record.diverged += row.episodes.diverged
    try metrics.append(step: trainer.steps, row.values)
  }

  /// Measures the policy without noise, and keeps it where it is the best so far.
  private func evaluate() throws -> EvaluationResult {
    let policy = trainer.agent.makePolicy()
    let evaluation = Evaluation(
      task: definition.description, episodes: configuration.evaluation.episodes,
      seed: configuration.seed)
    let result = try evaluation.run(
      makeEnvironment: { [definition, evaluationModel] in
        try definition.makeEnvironment(model: evaluationModel)
      },
      makePolicy: { policy.copy() })
    let isBest = record.add(result, step: trainer.steps)
    try savePolicy(RunFolder.latestPolicy)
    if isBest { try savePolicy(RunFolder.bestPolicy) }
    return result
  }

  private func savePolicy(_ name: String) throws {
    try PolicyFile(
      configuration: configuration, step: trainer.steps, success: record.last?.success,
      tensors: trainer.agent.makePolicy().tensors
    ).write(to: "\(folder)/\(name)")
  }

  private func updateProgress() {
    progress.steps = trainer.steps
    progress.stepsPerSecond = clock.rate
    progress.episodes = record.episodes
    progress.diverged = record.diverged
    progress.evaluation = record.last
    progress.best = record.best
  }
}

/// How far a run has come.
public struct TrainingProgress: Equatable, Sendable {
  /// Environment steps made.
  public var steps = 0
  /// Environment steps to make.
  public var totalSteps: Int
  /// Environment steps per second, over the last half minute.
  public var stepsPerSecond: Double?
  /// Episodes that ended.
  public var episodes = 0
  /// Episodes that were cut because the simulation became unstable.
  public var diverged = 0
  /// The last evaluation.
  public var evaluation: EvaluationRecord?
  /// The best evaluation.
  public var best: EvaluationRecord?

  /// Nothing done yet.
  public init(totalSteps: Int) {
    self.totalSteps = totalSteps
  }

  /// Time to the last step at the present rate (s).
  public var secondsLeft: Double? {
    stepsPerSecond.map { Double(totalSteps - steps) / $0 }
  }
}

/// What an evaluation during training came to, on the task's own target (its first).
public struct EvaluationRecord: Codable, Equatable, Sendable {
  /// The environment step.
  public var step: Int
  /// The rate of success; nil in a task that counts only the score.
  public var success: Double?
  /// The mean distance at the end (m).
  public var finalDistance: Double?
  /// The mean return.
  public var episodeReturn: Double

  init(_ result: EvaluationResult, step: Int) {
    self.step = step
    let own = result.targets[0].summary
    success = own.success?.value
    finalDistance = own.meanFinalDistance
    episodeReturn = own.meanReturn
  }

  /// Whether it is better than `other`: more success, then less distance; without targets, more
  /// return.
  func isBetter(than other: EvaluationRecord) -> Bool {
    guard let success, let otherSuccess = other.success else {
      return episodeReturn > other.episodeReturn
    }
    if success != otherSuccess { return success > otherSuccess }
    return (finalDistance ?? .infinity) < (other.finalDistance ?? .infinity)
  }
}

/// What a run remembers of itself.
struct RunRecord: Codable, Equatable {
  var episodes = 0
  var diverged = 0
  var last: EvaluationRecord?
  var best: EvaluationRecord?

  /// Takes in an evaluation; true where it is the best so far.
  mutating func add(_ result: EvaluationResult, step: Int) -> Bool {
    let record = EvaluationRecord(result, step: step)
    last = record
    guard best.map(record.isBetter) ?? true else { return false }
    best = record
    return true
  }

  func hasReached(_ success: Double) -> Bool {
    success > 0 && (last?.success ?? 0) >= success
  }
}

/// Steps per second over the last half minute.
private struct RateClock {
  private var marks: [(time: UInt64, steps: Int)] = []

  mutating func advance(to steps: Int) {
    let now = DispatchTime.now().uptimeNanoseconds
    if let last = marks.last, now - last.time < 1_000_000_000 { return }
    marks.append((now, steps))
    if marks.count > 31 { marks.removeFirst() }
  }

  var rate: Double? {
    guard let first = marks.first, let last = marks.last, last.time > first.time else { return nil }
    return Double(last.steps - first.steps) / (Double(last.time - first.time) * 1e-9)
  }
}

/// Why a run cannot go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// Something that is learned or learned from is infinite or not a number.
  case notFinite(quantity: String, step: Int)

  /// One line: what is wrong, and when it was found.
  public var description: String {
    switch self {
    case .notFinite(let quantity, let step):
      "\(quantity) is not finite at step \(step): the run has diverged; "
        + "try smaller learning rates or another seed"
    }
  }
}
