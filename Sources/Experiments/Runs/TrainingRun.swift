import Environments
import Files
import Foundation
import Learning
import MuJoCo
import NeuralNetworks
import Parallel
import Safetensors

/// A training run and its folder: learning curves, evaluations, the latest and the best policy,
/// and checkpoints to go on from.
public final class TrainingRun {
  /// Everything that decides what the run computes.
  public let configuration: RunConfiguration

  /// The run's folder.
  public let folder: String

  /// The training loop.
  public let trainer: Trainer

  private let world: RunWorld
  private let lock: RunLock
  private let metrics: MetricsFile
  private let events: RunEvents?
  private var record: RunRecord
  private var progress: TrainingProgress
  private var clock = RateClock()
  /// When this session began to train; ``earlierWallTime`` is what the earlier sessions took (s).
  private var sessionStart = DispatchTime.now()
  private var earlierWallTime: Double
  /// Step and wall time of the row before.
  private var lastRow: (step: Int, wallTime: Double)?
  private var lastCheckpoint = DispatchTime.now()

  /// Warnings about a continued run: its newest checkpoint or its curves were damaged, or this
  /// computer does not compute the same bits.
  public private(set) var resumeWarnings: [String] = []

  /// Threads of training, and of evaluations during it.
  private let threads: Int

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
    /// The caller asked the run to stop.
    case stopped
  }

  /// Begins a run of a robot task in `folder`, which is created if it does not exist.
  ///
  /// - Parameters:
  ///   - configuration: Everything that decides what the run computes.
  ///   - definition: The task and its world, whose map and robot the run's files keep if they are
  ///     custom ones.
  ///   - folder: The run's folder.
  ///   - pool: The threads to use; the result does not depend on them.
  ///   - writesEvents: Whether the run writes event files for TensorBoard: the numbers of the
  ///     learning curves and, if there are a graphics driver and `ffmpeg`, a film of each new best
  ///     policy.
  /// - Throws: ``RunError`` if the folder already holds a run or another process is training in it,
  ///   `FileError`, `AgentShapeError` if the configuration does not fit the task, or
  ///   ``ConfigurationError`` if the run needs more memory than there is.
  public convenience init(
    configuration: RunConfiguration, definition: TaskDefinition, folder: String,
    pool: WorkerPool = WorkerPool(), writesEvents: Bool = false
  ) throws {
    // Refuse what does not fit the task or the memory before anything is written.
    try configuration.checkMemory(for: definition.description)
    try self.init(
      beginning: configuration, in: RunWorld(definition), folder: folder, pool: pool,
      writesEvents: writesEvents)
  }

  /// Begins a run in custom environments. The run's files cannot hold the environment itself, so
  /// ``init(resuming:environments:changes:pool:writesEvents:)`` needs it again.
  ///
  /// - Parameters:
  ///   - configuration: The run's configuration; its `task` is set to that of `environments`.
  ///   - environments: What makes the environments: one to train in, others for evaluations.
  ///   - folder: The run's folder, which is created if it does not exist.
  ///   - pool: The threads to use; the result does not depend on them.
  ///   - writesEvents: Whether it writes event files for TensorBoard.
  /// - Throws: The same errors as for a robot task, and ``RunError/builtInName(task:)``.
  public convenience init(
    configuration: RunConfiguration, environments: EnvironmentFactory, folder: String,
    pool: WorkerPool = WorkerPool(), writesEvents: Bool = false
  ) throws {
    var configuration = configuration
    configuration.task = environments.task.name
    guard !TaskRegistry.has(configuration.task) else {
      throw RunError.builtInName(task: configuration.task)
    }
    try configuration.checkMemory(for: environments.task)
    try self.init(
      beginning: configuration, in: RunWorld(environments), folder: folder, pool: pool,
      writesEvents: writesEvents)
  }

  private convenience init(
    beginning configuration: RunConfiguration, in world: RunWorld, folder: String,
    pool: WorkerPool, writesEvents: Bool
  ) throws {
    let isNew = access(folder, F_OK) != 0
    try AtomicFile.makeFolder(folder)
    let lock = try RunLock(folder: folder)
    guard access("\(folder)/\(StudyFolder.file)", F_OK) != 0 else {
      throw RunError.isStudy(folder: folder)
    }
    // A run that was killed before its first checkpoint leaves a configuration and empty learning
    // curves, but nothing that could be continued or would be missed.
    guard RunFolder.savedFiles(in: folder).isEmpty,
      MetricsFile.lastStep(in: "\(folder)/\(RunFolder.metrics)") == nil
    else {
      throw RunError.occupied(
        folder: folder, canContinue: !RunFolder.checkpoints(in: folder).isEmpty)
    }
    do {
      try self.init(
        configuration: configuration, world: world, folder: folder, lock: lock, pool: pool,
        record: RunRecord(), continuing: nil, writesEvents: writesEvents)
      try RunFolder.write(world, to: folder)
    } catch {
      // A run that cannot begin leaves nothing behind.
      if isNew { try? FileManager.default.removeItem(atPath: folder) }
      throw error
    }
    // From now on there is a checkpoint to continue from, whenever the process is killed.
    saveCheckpoint()
  }

  /// Continues the run in `folder` from its newest intact checkpoint, on the same kind of processor
  /// to the same bits as if it had never stopped. If the bits may differ, ``resumeWarnings`` says
  /// so.
  ///
  /// - Parameters:
  ///   - folder: the run's folder.
  ///   - changes: Returns the configuration to continue with, given the saved one; only the
  ///     settings in ``ConfigurationLayers/resumable`` may differ.
  ///   - robot: A robot's file. It is only needed if a checkpoint of an older version lacks the
  ///     robot; otherwise it must describe the same robot.
  ///   - pool: The threads to use; the result does not depend on them.
  ///   - writesEvents: Whether it writes event files for TensorBoard.
  /// - Throws: ``RunError`` where there is nothing to continue from or a setting cannot be changed,
  ///   ``WorldError`` if the robot is a different one. After any error the folder is unchanged.
  public convenience init(
    resuming folder: String, changes: (RunConfiguration) throws -> RunConfiguration,
    robot: String? = nil, pool: WorkerPool = WorkerPool(), writesEvents: Bool = false
  ) throws {
    try self.init(
      continuing: folder, changes: changes, pool: pool, writesEvents: writesEvents
    ) { parts in
      if parts.world.map == nil { parts.world.map = try RunFolder.ownMap(in: folder) }
      let definition = try parts.world.definition(robot: robot)
      let doubt = try parts.world.doubt(about: definition)
      return (try RunWorld(definition), doubt)
    }
  }

  /// Continues a run in custom environments, in the same way as
  /// ``init(resuming:changes:robot:pool:writesEvents:)``.
  ///
  /// - Parameters:
  ///   - folder: The run's folder.
  ///   - environments: The same environments as at the beginning of the run: the name and the shape
  ///     of their task must be those in the checkpoint.
  ///   - changes: Returns the configuration to continue with, given the saved one; by default the
  ///     same.
  ///   - pool: The threads to use; the result does not depend on them.
  ///   - writesEvents: Whether it writes event files for TensorBoard.
  /// - Throws: ``RunError`` as for a robot task, and what the environment throws if it cannot
  ///   restore the saved state.
  public convenience init(
    resuming folder: String, environments: EnvironmentFactory,
    changes: (RunConfiguration) throws -> RunConfiguration = { $0 },
    pool: WorkerPool = WorkerPool(), writesEvents: Bool = false
  ) throws {
    try self.init(
      continuing: folder, changes: changes, pool: pool, writesEvents: writesEvents
    ) { parts in
      guard parts.configuration.task == environments.task.name else {
        throw RunError.changed(
          setting: "task", saved: parts.configuration.task, asked: environments.task.name)
      }
      return (RunWorld(environments), nil)
    }
  }

  private convenience init(
    continuing folder: String, changes: (RunConfiguration) throws -> RunConfiguration,
    pool: WorkerPool, writesEvents: Bool,
    makeWorld: (inout Checkpoint.Parts) throws -> (world: RunWorld, doubt: String?)
  ) throws {
    guard access(folder, F_OK) == 0 else { throw FileError.notFound(path: folder) }
    guard isFolder(at: folder) else { throw RunError.notAFolder(path: folder) }
    let lock = try RunLock(folder: folder)
    let (file, saved, problem) = try Self.newestCheckpoint(in: folder)
    var parts = saved
    let configuration = try changes(parts.configuration)
    try parts.configuration.checkResumable(as: configuration)
    guard
      configuration.steps == parts.configuration.steps
        || configuration.steps >= parts.trainer.steps
    else { throw RunError.behind(asked: configuration.steps, made: parts.trainer.steps) }
    let (world, doubt) = try makeWorld(&parts)
    try Checkpoint.checkSizes(of: file, for: configuration, task: world.task)
    try self.init(
      configuration: configuration, world: world, folder: folder, lock: lock, pool: pool,
      record: parts.record, continuing: (file, parts), writesEvents: writesEvents)
    checkpoints = [file.path]
    if let problem { resumeWarnings.append("continuing from an older checkpoint: \(problem)") }
    if let aside = metrics.keptAside {
      resumeWarnings.append(
        "\(RunFolder.metrics) contained damaged or unknown lines; it is kept as \(printable(aside))"
          + ", and a new \(RunFolder.metrics) continues the valid rows")
    }
    if let arithmetic = parts.arithmetic, arithmetic != arithmeticInUse {
      resumeWarnings.append(
        "the run was computed by \(printable(arithmetic)), but here it is \(arithmeticInUse): it "
          + "continues, but not with the same results bit for bit")
    }
    if let doubt { resumeWarnings.append(doubt) }
    // An older version of the program did not save the robot: write the world's files now.
    if saved.world.compiled == nil { keep { try RunFolder.write(world, to: folder) } }
    updateProgress()
  }

  private init(
    configuration: RunConfiguration, world: RunWorld, folder: String, lock: RunLock,
    pool: WorkerPool, record: RunRecord,
    continuing checkpoint: (file: SafetensorsFile, parts: Checkpoint.Parts)?, writesEvents: Bool
  ) throws {
    self.configuration = configuration
    self.folder = folder
    self.world = world
    self.lock = lock
    self.record = record
    threads = pool.threadCount
    let trainer = try Trainer(
      configuration: configuration, environment: world.environments.makeEnvironment(), pool: pool)
    if let checkpoint {
      try Checkpoint.restore(trainer, checkpoint.parts, from: checkpoint.file)
    }
    self.trainer = trainer
    // From here on the run can no longer be refused, so its files may be written.
    let step = checkpoint?.parts.trainer.steps
    metrics = try MetricsFile(
      path: "\(folder)/\(RunFolder.metrics)",
      columns: MetricsRow.columns(for: world.task), continuingAfter: step)
    events = writesEvents ? try RunEvents(folder: folder, continuingAfter: step) : nil
    lock.announce()
    RunFolder.removePartialFiles(in: folder)
    try AtomicFile.write(
      configuration.yaml(heading: "All settings of this run."),
      to: "\(folder)/\(RunFolder.configuration)")
    earlierWallTime = metrics.lastRow["wall_time"] ?? 0
    progress = TrainingProgress(totalSteps: configuration.steps)
  }

  /// The newest checkpoint whose checksums are all correct, and the error of the newest one if that
  /// is damaged.
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
    throw problem.map { RunError.noIntactCheckpoint(folder: folder, problem: "\($0)") }
      ?? RunError.noCheckpoint(folder: folder)
  }

  /// Trains until all steps are made or `shouldStop()` returns true; `report` is called after each
  /// window of steps.
  ///
  /// If the disk cannot be written, the run goes on: the files saved before stay, and the progress
  /// carries a warning.
  ///
  /// - Parameters:
  ///   - shouldStop: Called before each window and, in any thread, before each step of an
  ///     evaluation. An evaluation that is stopped is repeated when the run is continued.
  ///   - report: Called with the progress of the run.
  /// - Throws: `TrainingError` if a number is not finite, ``RunError/unsaved(reason:)`` if the last
  ///   state could not be saved, and what the environment throws.
  public func run(
    shouldStop: @Sendable () -> Bool = { false }, report: (TrainingProgress) -> Void = { _ in }
  ) throws -> Ending {
    // The last policy may have succeeded already; then there is nothing to do, and nothing to replace.
    let isDone = !record.owesEvaluation && hasSucceeded
    var ending = isDone ? Ending.succeeded : .finished
    lastCheckpoint = .now()
    if let lastRow { earlierWallTime = lastRow.wallTime }
    sessionStart = .now()
    while !isDone, record.owesEvaluation || trainer.steps < configuration.steps {
      if shouldStop() {
        ending = .stopped
        break
      }
      if !record.owesEvaluation { try advance() }
      if record.owesEvaluation {
        do {
          try evaluate(shouldStop)
          record.isEvaluationOwed = nil
        } catch is CancellationError {
          ending = .stopped
          break
        }
      }
      if isTimeForCheckpoint {
        try checkFinite()
        saveCheckpoint()
      }
      updateProgress()
      report(progress)
      if hasSucceeded {
        ending = .succeeded
        break
      }
    }
    try checkFinite()
    saveCheckpoint()
    if !isDone || access("\(folder)/\(RunFolder.latestPolicy)", F_OK) != 0 {
      keep { try save(policyFile(), as: RunFolder.latestPolicy) }
    }
    if let warning = progress.warning { throw RunError.unsaved(reason: warning) }
    return ending
  }

  /// Whether the present policy has reached the success rate at which the run is to end.
  private var hasSucceeded: Bool {
    record.last?.step == trainer.steps
      && record.hasReached(configuration.evaluation.stopAtSuccess)
  }

  /// Trains for one window of steps and writes a row of the learning curves if it is due; an
  /// evaluation that is due is only noted in ``record``.
  private func advance() throws {
    let before = trainer.steps
    do {
      try trainer.advance()
    } catch TrainingError.notFinite(let quantity, _, _) {
      // If a weight is not finite, name the weight: it is the cause of the quantity's value.
      throw notFinite(trainer.agent.firstNonFinite() ?? quantity)
    }
    clock.advance(to: trainer.steps)
    if crosses(configuration.evaluation.interval, from: before) {
      record.isEvaluationOwed = true
    } else if crosses(configuration.reportInterval, from: before) {
      try writeMetrics()
    }
  }

  private func crosses(_ interval: Int, from before: Int) -> Bool {
    trainer.steps / interval > before / interval
  }

  // MARK: Saving

  private var isTimeForCheckpoint: Bool {
    let elapsed = DispatchTime.now().uptimeNanoseconds - lastCheckpoint.uptimeNanoseconds
    return Double(elapsed) * 1e-9 >= configuration.checkpoint.minutes * 60
  }

  /// Saves everything, and deletes all but the last two good checkpoints.
  private func saveCheckpoint() {
    progress.warning = nil
    flushRows()
    saveBest()
    keep { try metrics.synchronize() }
    keep {
      let path = RunFolder.checkpoint(trainer.steps, in: folder)
      try Checkpoint.write(
        trainer, configuration: configuration, world: world.carried, record: record, to: path)
      checkpoints = [path] + checkpoints.filter { $0 != path }.prefix(1)
      for other in RunFolder.checkpoints(in: folder) where !checkpoints.contains(other) {
        unlink(other)
      }
    }
    lastCheckpoint = .now()
  }

  /// Runs `save`, which may fail if the disk cannot be written; the error becomes a warning in
  /// ``progress``.
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
        keep { try events?.append(step: row.step, row.values) }
      }
    }
  }

  // MARK: Measuring

  /// Adds a row to the learning curves.
  private func writeMetrics(
    evaluation: EvaluationResult? = nil, confirmation: EvaluationResult? = nil
  ) throws {
    try checkFinite()
    let row = MetricsRow(
      episodes: trainer.takeStatistics(), learning: trainer.agent.takeStatistics(),
      evaluation: evaluation, confirmation: confirmation, timing: timing())
    if let quantity = row.firstNonFinite { throw notFinite(quantity) }
    let obedience = row.learning.obedience
    progress.obedience = obedience.decisions > 0 ? obedience : nil
    record.episodes += row.episodes.episodes
    record.diverged += row.episodes.diverged
    pendingRows.append((trainer.steps, row.values))
    flushRows()
  }

  /// The values of the time columns for a row written now.
  private func timing() -> MetricsRow.Timing {
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - sessionStart.uptimeNanoseconds)
    let wallTime = earlierWallTime + (seconds * 1e-6).rounded() * 1e-3
    defer { lastRow = (trainer.steps, wallTime) }
    guard let lastRow, wallTime > lastRow.wallTime else {
      return MetricsRow.Timing(wallTime: wallTime)
    }
    let rate = Double(trainer.steps - lastRow.step) / (wallTime - lastRow.wallTime)
    return MetricsRow.Timing(wallTime: wallTime, stepsPerSecond: rate.rounded())
  }

  private func checkFinite() throws {
    if let quantity = trainer.agent.firstNonFinite() { throw notFinite(quantity) }
  }

  private func notFinite(_ quantity: String) -> TrainingError {
    .notFinite(
      quantity: quantity, step: trainer.steps, checkpoint: checkpoints.first)
  }

  /// Evaluates the policy without exploration noise, keeps it if it is the best so far, and writes
  /// a row of the learning curves.
  private func evaluate(_ shouldStop: @Sendable () -> Bool) throws {
    try checkFinite()
    let policy = trainer.agent.makePolicy()
    let evaluation = Evaluation(
      task: world.task, episodes: configuration.evaluation.episodes,
      seed: configuration.seed, threads: threads)
    let result = try run(evaluation, policy, shouldStop)
    var measured = EvaluationRecord(result, step: trainer.steps)
    var confirmation: EvaluationResult?
    if configuration.evaluation.confirmationEpisodes > 0, record.isBest(measured) {
      // Other initial states than those in which the policy looked good.
      var again = Evaluation(
        task: world.task, episodes: configuration.evaluation.confirmationEpisodes,
        seed: ~configuration.seed, threads: threads)
      again.targets = Array(again.targets.prefix(1))
      let second = try run(again, policy, shouldStop)
      measured = EvaluationRecord(second, step: trainer.steps)
      confirmation = second
    }
    let isBest = record.add(measured)
    let file = policyFile()
    keep { try save(file, as: RunFolder.latestPolicy) }
    if isBest { pendingBest = file }
    saveBest()
    if isBest, let definition = world.definition {
      keep {
        try events?.appendFilm(
          step: trainer.steps, policy: policy, in: definition, seed: configuration.seed)
      }
    }
    try writeMetrics(evaluation: result, confirmation: confirmation)
  }

  private func run(
    _ evaluation: Evaluation, _ policy: HierarchicalPolicy,
    _ shouldStop: @Sendable () -> Bool
  ) throws -> EvaluationResult {
    try evaluation.run(
      makeEnvironment: world.environments.makeEnvironment, makePolicy: { policy.copy() },
      shouldStop: shouldStop)
  }

  /// The present policy, to be written to a file.
  private func policyFile() -> PolicyFile {
    let measured = record.last?.step == trainer.steps ? record.last : nil
    return PolicyFile(
      configuration: configuration, map: world.carried.map, robot: world.carried.robot,
      compiled: world.carried.compiled,
      step: trainer.steps, success: measured?.success,
      card: PolicyCard(score: measured?.score, software: .current),
      tensors: trainer.agent.makePolicy().tensors)
  }

  private func save(_ policy: PolicyFile, as name: String) throws {
    try policy.write(to: "\(folder)/\(name)", task: world.task)
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
  /// How well the lower level reached its subgoals, as in the last row of the learning curves.
  public var obedience: ObedienceStatistics?
  /// The last evaluation.
  public var evaluation: EvaluationRecord?
  /// The best evaluation.
  public var best: EvaluationRecord?
  /// Why something could not be saved; nil once everything has been.
  public var warning: String?

  /// The progress of a run that has not made a step.
  public init(totalSteps: Int) {
    self.totalSteps = totalSteps
  }

  /// Time to the last step at the present rate (s).
  public var secondsLeft: Double? {
    stepsPerSecond.map { Double(totalSteps - steps) / $0 }
  }
}

/// The result of an evaluation during training, on the task's own target (its first).
public struct EvaluationRecord: Codable, Equatable, Sendable {
  /// The environment step of the evaluation.
  public var step: Int
  /// The success rate, in [0, 1]; nil in a task that counts only the score.
  public var success: Double?
  /// The mean distance from the target at the end of an episode (m); nil in a task without targets.
  public var finalDistance: Double?
  /// The mean return.
  public var episodeReturn: Double
  /// Everything that was measured, on all targets; nil in checkpoints of earlier versions.
  public var score: PolicyCard.Score?

  init(_ result: EvaluationResult, step: Int) {
    score = PolicyCard.Score(result)
    self.step = step
    let own = result.targets[0].summary
    success = own.success?.value
    finalDistance = own.meanFinalDistance
    episodeReturn = own.meanReturn
  }

  /// Whether this result is better than `other`: a higher success rate or, if equal, a smaller
  /// distance; without targets, a higher return.
  func isBetter(than other: EvaluationRecord) -> Bool {
    guard let success, let otherSuccess = other.success else {
      return episodeReturn > other.episodeReturn
    }
    if success != otherSuccess { return success > otherSuccess }
    return (finalDistance ?? .infinity) < (other.finalDistance ?? .infinity)
  }
}

/// What a checkpoint keeps of a run besides the state of training.
struct RunRecord: Codable, Equatable {
  var episodes = 0
  var diverged = 0
  var last: EvaluationRecord?
  var best: EvaluationRecord?
  /// True if the evaluation of the present step is still to be made, because the run was stopped
  /// during it; nil otherwise.
  var isEvaluationOwed: Bool?

  var owesEvaluation: Bool { isEvaluationOwed == true }

  /// Whether an evaluation is the best so far.
  func isBest(_ record: EvaluationRecord) -> Bool { best.map(record.isBetter) ?? true }

  /// Records an evaluation; returns true if it is the best so far.
  mutating func add(_ record: EvaluationRecord) -> Bool {
    last = record
    guard isBest(record) else { return false }
    best = record
    return true
  }

  func hasReached(_ success: Double) -> Bool {
    success > 0 && (last?.success ?? 0) >= success
  }
}

/// Measures the steps per second over the last half minute.
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

extension ConfigurationLayers {
  /// The settings that may change when a run is continued: they decide how long it goes on and
  /// what is reported, not what is learned.
  public static let resumable = [
    "steps", "reportInterval", "evaluation.interval", "evaluation.episodes",
    "evaluation.confirmationEpisodes", "evaluation.stopAtSuccess", "checkpoint.minutes",
  ]
}

extension RunConfiguration {
  /// Checks that a run with this configuration can be continued with `other`.
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
