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

  /// The task and its world.
  public let definition: TaskDefinition

  private let world: CarriedWorld
  private let lock: RunLock
  private let metrics: MetricsFile
  private let evaluationModel: Model
  private var record: RunRecord
  private var progress: TrainingProgress
  private var clock = RateClock()
  private var lastCheckpoint = DispatchTime.now()

  /// Why a continued run lost more than it should have: its newest checkpoint was damaged.
  public private(set) var resumeWarning: String?

  /// The checkpoints that are known to be good, the newest first.
  private var checkpoints: [String] = []

  /// The best policy, where it could not be written yet.
  private var pendingBest: PolicyFile?

  /// Rows of the learning curves that could not be written yet.
  private var pendingRows: [(step: Int, values: [String: Double])] = []

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
  /// - Parameter map: The task's map where it is one's own and not that of a built-in task; the robot
  ///   is the definition's.
  /// - Throws: ``RunError`` where the folder holds a run already or another process trains in it,
  ///   ``FileError``, or `AgentShapeError` where the configuration does not fit the task, and
  ///   ``ConfigurationError`` where it does not fit the machine.
  public convenience init(
    configuration: RunConfiguration, definition: TaskDefinition, map: MazeMap? = nil,
    folder: String, pool: WorkerPool = WorkerPool()
  ) throws {
    // What does not fit the task is refused before anything is written.
    try configuration.checkMemory(for: definition.description)
    try AtomicFile.makeFolder(folder)
    let lock = try RunLock(folder: folder)
    // Only what cannot be had again counts: a run that was killed before its first checkpoint leaves
    // a configuration, and nothing that could be continued.
    guard RunFolder.savedFiles(in: folder).isEmpty else {
      throw RunError.occupied(folder: folder)
    }
    try self.init(
      configuration: configuration, definition: definition, map: map, folder: folder, lock: lock,
      pool: pool, record: RunRecord(), continuing: nil)
    try RunFolder.write(world, to: folder)
    // A kill at any moment finds something to continue from.
    saveCheckpoint()
  }

  /// Continues the run in `folder` from its newest intact checkpoint, to the same bits as if it
  /// had never stopped.
  ///
  /// - Parameters:
  ///   - changes: changes the saved configuration; only the settings in
  ///     ``ConfigurationLayers/resumable`` may differ afterwards.
  ///   - robot: a robot's file: only needed where a checkpoint of an older version lacks it, else it
  ///     must be the same robot.
  /// - Throws: ``RunError`` where there is nothing to continue from or a setting cannot be changed,
  ///   ``WorldError`` where the robot is another. Whatever it throws, the folder is as it was.
  public convenience init(
    resuming folder: String, changes: (RunConfiguration) throws -> RunConfiguration,
    robot: String? = nil, pool: WorkerPool = WorkerPool()
  ) throws {
    guard access(folder, F_OK) == 0 else { throw FileError.notFound(path: folder) }
    let lock = try RunLock(folder: folder)
    let (file, saved, problem) = try Self.newestCheckpoint(in: folder)
    var parts = saved
    let configuration = try changes(parts.configuration)
    try parts.configuration.checkResumable(as: configuration)
    guard
      configuration.steps == parts.configuration.steps
        || configuration.steps >= parts.trainer.steps
    else { throw RunError.behind(asked: configuration.steps, made: parts.trainer.steps) }
    if parts.world.map == nil { parts.world.map = try RunFolder.ownMap(in: folder) }
    let definition = try parts.world.definition(robot: robot)
    let doubt = try parts.world.doubt(about: definition)
    try Checkpoint.checkSizes(of: file, for: configuration, task: definition.description)
    try self.init(
      configuration: configuration, definition: definition, map: parts.world.map, folder: folder,
      lock: lock, pool: pool, record: parts.record, continuing: (file, parts))
    checkpoints = [file.path]
    let warnings = [problem.map { "continuing from an older checkpoint: \($0)" }, doubt]
      .compactMap(\.self)
    resumeWarning = warnings.isEmpty ? nil : warnings.joined(separator: "; ")
    updateProgress()
  }

  private init(
    configuration: RunConfiguration, definition: TaskDefinition, map: MazeMap?, folder: String,
    lock: RunLock, pool: WorkerPool, record: RunRecord,
    continuing checkpoint: (file: SafetensorsFile, parts: Checkpoint.Parts)?
  ) throws {
    self.configuration = configuration
    self.folder = folder
    self.definition = definition
    self.lock = lock
    self.record = record
    let model = try definition.makeModel()
    evaluationModel = model
    world = CarriedWorld(
      task: configuration.task, map: map, robot: definition.customRobot,
      compiled: try CompiledWorld(of: model))
    let trainer = try Trainer(
      configuration: configuration,
      environment: try definition.makeEnvironment(model: definition.makeModel()), pool: pool)
    if let checkpoint {
      try Checkpoint.restore(trainer, checkpoint.parts, from: checkpoint.file)
    }
    self.trainer = trainer
    // Nothing is written before nothing can be refused any more.
    metrics = try MetricsFile(
      path: "\(folder)/\(RunFolder.metrics)",
      columns: MetricsRow.columns(for: definition.description),
      continuingAfter: checkpoint?.parts.trainer.steps)
    lock.announce()
    RunFolder.removePartialFiles(in: folder)
    try AtomicFile.write(
      configuration.yaml(heading: "Everything that decides what this run computes."),
      to: "\(folder)/\(RunFolder.configuration)")
    progress = TrainingProgress(totalSteps: configuration.steps)
  }

  /// The newest checkpoint whose every checksum is right, and what is wrong with a newer one.
  private static func newestCheckpoint(
    in folder: String
  ) throws -> (file: SafetensorsFile, parts: Checkpoint.Parts, problem: (any Error)?) {
    var problem: (any Error)?
    for path in RunFolder.checkpoints(in: folder) {
      do {
        let file = try SafetensorsFile(path: path)
        return (file, try Checkpoint.verify(file), problem)
      } catch {
        problem = problem ?? error
      }
    }
    throw problem ?? RunError.noCheckpoint(folder: folder)
  }

  /// Trains until all steps are made or `shouldStop()`; `report` is called after each window.
  ///
  /// A disk that cannot be written does not end the run: it goes on with what was saved before and
  /// a warning in the progress.
  ///
  /// - Throws: ``TrainingError`` where a number is not finite, ``RunError/unsaved(reason:)`` where
  ///   the last state could not be saved, and what the environment throws.
  public func run(
    shouldStop: () -> Bool = { false }, report: (TrainingProgress) -> Void = { _ in }
  ) throws -> Ending {
    var ending = Ending.finished
    lastCheckpoint = .now()
    while trainer.steps < configuration.steps {
      if shouldStop() {
        ending = .stopped
        break
      }
      let before = trainer.steps
      do {
        try trainer.advance()
      } catch TrainingError.notFinite(let quantity, _, _) {
        // A weight that is not finite is the cause and not the effect.
        throw notFinite(trainer.agent.firstNonFinite() ?? quantity)
      }
      clock.advance(to: trainer.steps)
      let isEvaluationDue = crosses(configuration.evaluation.interval, from: before)
      if isEvaluationDue || crosses(configuration.reportInterval, from: before) {
        try writeMetrics(evaluating: isEvaluationDue)
      }
      if isTimeForCheckpoint {
        try checkFinite()
        saveCheckpoint()
      }
      updateProgress()
      report(progress)
      if record.hasReached(configuration.evaluation.stopAtSuccess) {
        ending = .succeeded
        break
      }
    }
    try checkFinite()
    saveCheckpoint()
    keep { try save(policyFile(), as: RunFolder.latestPolicy) }
    if let warning = progress.warning { throw RunError.unsaved(reason: warning) }
    return ending
  }

  private func crosses(_ interval: Int, from before: Int) -> Bool {
    trainer.steps / interval > before / interval
  }

  // MARK: Saving

  private var isTimeForCheckpoint: Bool {
    let elapsed = DispatchTime.now().uptimeNanoseconds - lastCheckpoint.uptimeNanoseconds
    return Double(elapsed) * 1e-9 >= configuration.checkpoint.minutes * 60
  }

  /// Saves everything and forgets all but the last two good checkpoints.
  private func saveCheckpoint() {
    progress.warning = nil
    flushRows()
    saveBest()
    keep { try metrics.synchronize() }
    keep {
      let path = RunFolder.checkpoint(trainer.steps, in: folder)
      try Checkpoint.write(
        trainer, configuration: configuration, world: world, record: record, to: path)
      checkpoints = [path] + checkpoints.filter { $0 != path }.prefix(1)
      for other in RunFolder.checkpoints(in: folder) where !checkpoints.contains(other) {
        unlink(other)
      }
    }
    lastCheckpoint = .now()
  }

  /// Does what may fail on a bad disk; a failure is remembered as a warning.
  private func keep(_ save: () throws -> Void) {
    do {
      try save()
    } catch {
      progress.warning = "\(error)"
    }
  }

  private func flushRows() {
    keep {
      while let row = pendingRows.first {
        try metrics.append(step: row.step, row.values)
        pendingRows.removeFirst()
      }
    }
  }

  // MARK: Measuring

  /// Adds a row to the learning curves, measuring the policy first where it is time to.
  private func writeMetrics(evaluating: Bool) throws {
    try checkFinite()
    let evaluation = evaluating ? try evaluate() : nil
    let row = MetricsRow(
      episodes: trainer.takeStatistics(), learning: trainer.agent.takeStatistics(),
      evaluation: evaluation)
    if let quantity = row.firstNonFinite { throw notFinite(quantity) }
    record.episodes += row.episodes.episodes
    record.diverged += row.episodes.diverged
    pendingRows.append((trainer.steps, row.values))
    flushRows()
  }

  private func checkFinite() throws {
    if let quantity = trainer.agent.firstNonFinite() { throw notFinite(quantity) }
  }

  private func notFinite(_ quantity: String) -> TrainingError {
    .notFinite(
      quantity: quantity, step: trainer.steps, checkpoint: checkpoints.first)
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
    let file = policyFile()
    keep { try save(file, as: RunFolder.latestPolicy) }
    if isBest { pendingBest = file }
    saveBest()
    return result
  }

  /// The policy as it is now.
  private func policyFile() -> PolicyFile {
    PolicyFile(
      configuration: configuration, map: world.map, robot: world.robot, compiled: world.compiled,
      step: trainer.steps,
      success: record.last?.step == trainer.steps ? record.last?.success : nil,
      tensors: trainer.agent.makePolicy().tensors)
  }

  private func save(_ policy: PolicyFile, as name: String) throws {
    try policy.write(to: "\(folder)/\(name)", task: definition.description)
  }

  /// Writes the best policy, if it is not written yet: the disk may have been full at its time.
  private func saveBest() {
    guard let best = pendingBest else { return }
    keep {
      try save(best, as: RunFolder.bestPolicy)
      pendingBest = nil
    }
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
  /// Why something could not be saved; nil once everything has been.
  public var warning: String?

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
  case notFinite(quantity: String, step: Int, checkpoint: String?)

  /// One line: what is wrong, when it was found, and what there is to go back to.
  public var description: String {
    switch self {
    case .notFinite(let quantity, let step, let checkpoint):
      "\(quantity) is not finite at step \(step); the last good checkpoint is "
        + (checkpoint.map { printable($0) } ?? "none")
        + "; try smaller learning rates or another seed"
    }
  }
}

extension ConfigurationLayers {
  /// The settings that may change when a run is continued: they decide how long it goes on and
  /// what is reported, not what is learned.
  public static let resumable = [
    "steps", "reportInterval", "evaluation.interval", "evaluation.episodes",
    "evaluation.stopAtSuccess", "checkpoint.minutes",
  ]
}

extension RunConfiguration {
  /// Checks that a run with this configuration can go on with `other`.
  func checkResumable(as other: RunConfiguration) throws {
    let (saved, asked) = (ConfigurationLayers(self), ConfigurationLayers(other))
    for setting in Setting.all where !ConfigurationLayers.resumable.contains(setting.key) {
      let values = (saved.value(of: setting), asked.value(of: setting))
      guard values.0 == values.1 else {
        throw RunError.changed(setting: setting.key, saved: values.0, asked: values.1)
      }
    }
  }
}
