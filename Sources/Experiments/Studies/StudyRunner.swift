import Files
import Foundation
import Parallel

/// Runs a study on this machine: ``jobs`` runs at a time, each as a `hiro train` process of its
/// own.
///
/// What a run computes depends only on its settings and its seed, so its files are the same, byte
/// by byte, as if it had been started by hand. A run that fails is continued from its last
/// checkpoint; one that fails repeatedly is given up and reported, and the others continue.
package final class StudyRunner {
  /// The study and its folder.
  package let folder: StudyFolder
  /// Runs at a time.
  package let jobs: Int
  /// The number of threads of each run.
  package let threads: Int
  /// How often a run is tried before it is given up; progress between two failures restarts the
  /// count.
  package let attempts: Int
  /// Further options of `hiro train` that do not change what is computed.
  package let options: [String]

  private let program: String
  private var waiting: [StudyRun]
  private var running: [Job] = []
  /// Runs that are tried again a little later, because another process holds their folder.
  private var delayed: [(job: Job, start: ContinuousClock.Instant)] = []
  private var finished: Set<Int> = []
  private var failed: [(run: StudyRun, reason: String, mayHelp: Bool)] = []
  private var unsaved: [String] = []
  private var steps: [Int: Int] = [:]
  private var rate = StudyRate()
  private var isStopping = false

  /// An event that is reported to the user.
  package enum Event: Sendable {
    /// A run began or goes on.
    case started(StudyRun, step: Int)
    /// A run has come to its end.
    case finished(StudyRun, seconds: Double)
    /// A run died and is tried again.
    case retried(StudyRun, reason: String)
    /// A run died for good.
    case failed(StudyRun, reason: String)
  }

  /// How the study ended.
  package enum Ending: Equatable, Sendable {
    /// Every run is finished.
    case finished
    /// The caller asked the study to stop, and the running runs have saved and ended.
    case stopped
  }

  private struct Job {
    let run: StudyRun
    let process: ChildProcess
    let start: ContinuousClock.Instant
    let firstStep: Int
    var attempt: Int
    /// How often it was tried before while another process held its folder.
    var busyTries = 0
  }

  /// Prepares to run all runs that are not finished.
  ///
  /// - Parameters:
  ///   - folder: The study.
  ///   - program: The path of `hiro`.
  ///   - jobs: Runs at a time; if nil, as many as the processors and the memory that this process
  ///     may use are enough for.
  ///   - threads: The number of threads of each run.
  ///   - attempts: How often a run is tried.
  ///   - options: Further options of `hiro train`.
  /// - Throws: ``StudyError/tooManyJobs(jobs:fit:)``, or ``ConfigurationError`` where a single run
  ///   needs more memory than there is.
  package init(
    _ folder: StudyFolder, program: String, jobs: Int?, threads: Int, attempts: Int = 3,
    options: [String] = []
  ) throws {
    self.folder = folder
    self.program = program
    self.threads = threads
    self.attempts = attempts
    self.options = options
    waiting = []
    for run in folder.runs {
      let state = folder.state(of: run)
      steps[run.index] = state.step
      if state.isFinished { finished.insert(run.index) } else { waiting.append(run) }
    }
    let needs = waiting.map(\.memory).sorted(by: >)
    let limits = ProcessLimits()
    if let largest = needs.first, largest > limits.memory.bytes {
      throw ConfigurationError.tooLarge(
        needed: largest, available: limits.memory.bytes, limit: limits.memory.source)
    }
    // `ulimit` holds for each run by itself.
    let available = limits.sharedMemory.bytes
    var (fit, sum) = (0, 0.0)
    for need in needs {
      sum += need
      if sum > available { break }
      fit += 1
    }
    let wanted = jobs ?? max(1, min(limits.processors / threads, folder.runs.count))
    let isEnough = fit >= min(wanted, needs.count)
    guard jobs == nil || isEnough else {
      throw StudyError.tooManyJobs(jobs: wanted, fit: fit)
    }
    self.jobs = isEnough ? wanted : max(1, fit)
  }

  /// Runs all runs, or until `shouldStop()` returns true.
  ///
  /// - Throws: ``StudyError/failed(runs:)`` at the end, where runs were given up.
  package func run(
    shouldStop: () -> Bool, tell: (Event) -> Void, report: (StudyProgress) -> Void
  ) throws -> Ending {
    var lastReport: ContinuousClock.Instant?
    while !running.isEmpty || !waiting.isEmpty || !delayed.isEmpty {
      if !isStopping, shouldStop() {
        isStopping = true
        waiting = []
        delayed = []
        for job in running { job.process.send(SIGTERM) }
      }
      while running.count < jobs,
        let index = delayed.firstIndex(where: { $0.start <= .now })
      {
        let job = delayed.remove(at: index).job
        start(job.run, attempt: job.attempt, busyTries: job.busyTries + 1, tell)
      }
      while running.count < jobs, !waiting.isEmpty {
        let run = waiting.removeFirst()
        start(run, attempt: 1, tell)
      }
      reap(tell)
      let now = ContinuousClock.now
      if lastReport.map({ now - $0 >= .seconds(1) }) ?? true {
        lastReport = now
        report(progress())
      }
      usleep(50_000)
    }
    report(progress())
    if isStopping {
      guard unsaved.isEmpty else { throw StudyError.unsaved(runs: unsaved) }
      return .stopped
    }
    guard failed.isEmpty else {
      throw StudyError.failed(
        runs: failed.map { "\($0.run.name) (\($0.reason))" },
        mayHelp: failed.contains { $0.mayHelp })
    }
    return .finished
  }

  /// The arguments with which `hiro` begins or continues `run`.
  package static func arguments(
    of run: StudyRun, in folder: StudyFolder, threads: Int, options: [String]
  ) -> [String] {
    let path = folder.folder(of: run)
    let common = ["--threads", "\(threads)"] + options
    if case .notBegun = folder.state(of: run) {
      // Not `run`'s own arguments: since it was made, ``StudyFolder/prepare()`` may have copied the
      // map and the robot.
      return ["train"] + folder.runs[run.index].arguments + ["--output", path] + common
    }
    var arguments = ["train", "--resume", path]
    if case .map(_, let robot?) = folder.study.world { arguments += ["--robot", robot] }
    return arguments + common
  }

  private func start(
    _ run: StudyRun, attempt: Int, busyTries: Int = 0, _ tell: (Event) -> Void
  ) {
    let step = folder.state(of: run).step
    do {
      let path = folder.folder(of: run)
      try AtomicFile.makeFolder(path)
      let arguments = Self.arguments(of: run, in: folder, threads: threads, options: options)
      let process = try ChildProcess(
        program: program, arguments: arguments + ["--parent", "\(getpid())"],
        log: "\(path)/\(StudyFolder.log)")
      running.append(
        Job(
          run: run, process: process, start: .now, firstStep: step, attempt: attempt,
          busyTries: busyTries))
      if attempt == 1, busyTries == 0 { tell(.started(run, step: step)) }
    } catch {
      give(up: run, "\(error)", mayHelp: true, tell)
    }
  }

  private func give(
    up run: StudyRun, _ reason: String, mayHelp: Bool, _ tell: (Event) -> Void
  ) {
    failed.append((run, reason, mayHelp))
    tell(.failed(run, reason: reason))
  }

  /// Handles the runs that have ended: finished, to be tried again, or given up.
  private func reap(_ tell: (Event) -> Void) {
    for (job, ending) in running.compactMap({ job in job.process.ending().map { (job, $0) } }) {
      running.removeAll { $0.run == job.run }
      let state = folder.state(of: job.run)
      steps[job.run.index] = state.step
      if ending == .exited(0) {
        finished.insert(job.run.index)
        tell(.finished(job.run, seconds: (ContinuousClock.now - job.start) / .seconds(1)))
        continue
      }
      let reason = reason(ending, log: "\(folder.folder(of: job.run))/\(StudyFolder.log)")
      if isStopping {
        if !Self.savesWhenStopped(ending) { unsaved.append("\(job.run.name) (\(reason))") }
        continue
      }
      if ending == .exited(Self.busyCode), job.busyTries < Self.patience {
        // After a forced quit, the runs of the last study may still be saving.
        if job.busyTries == 0 { tell(.retried(job.run, reason: reason)) }
        delayed.append((job, .now + .seconds(2)))
        continue
      }
      let attempt = state.step > job.firstStep ? 1 : job.attempt + 1
      guard Self.mayHelp(ending), attempt <= attempts else {
        give(up: job.run, reason, mayHelp: Self.mayHelp(ending), tell)
        continue
      }
      tell(.retried(job.run, reason: reason))
      start(job.run, attempt: max(2, attempt), tell)
    }
  }

  /// Whether another try can succeed. It cannot if, for example, a setting is wrong, a file is
  /// damaged, or a number was not finite, which would happen again with the same seed.
  private static func mayHelp(_ ending: ChildProcess.Ending) -> Bool {
    switch ending {
    case .killed: true
    case .exited(let code): ![64, 65, 66, 69, 70, 73, 78].contains(code)
    }
  }

  /// Whether a run that was asked to stop has saved its state, or has had none: a signal that ends
  /// it before it listens to signals, or a folder that another process holds.
  private static func savesWhenStopped(_ ending: ChildProcess.Ending) -> Bool {
    switch ending {
    case .exited(let code): [0, 128 + SIGTERM, 128 + SIGINT, busyCode].contains(code)
    case .killed(let signal): [SIGTERM, SIGINT].contains(signal)
    }
  }

  /// The exit code of `hiro train` if another process trains in the folder.
  private static let busyCode: Int32 = 75
  /// How often a run is tried, every two seconds, whose folder another process holds.
  private static let patience = 30

  /// Why a run failed: its last error message, or the signal that killed it.
  private func reason(_ ending: ChildProcess.Ending, log: String) -> String {
    switch ending {
    case .killed(let signal):
      return "killed by signal \(signal) (\(String(cString: strsignal(signal))))"
    case .exited(let code):
      let end = (try? InputFile(path: log)).flatMap { file in
        try? file.bytes(in: max(0, file.count - 4_096)..<file.count)
      }
      let last = String(decoding: end ?? [], as: UTF8.self).split(separator: "\n")
        .last { $0.hasPrefix("hiro: ") }
      return last.map { printable(String($0.dropFirst(6)), limit: 300) } ?? "exit code \(code)"
    }
  }

  // MARK: Progress

  private func progress() -> StudyProgress {
    for job in running {
      let path = "\(folder.folder(of: job.run))/\(RunFolder.metrics)"
      steps[job.run.index] = MetricsFile.lastStep(in: path) ?? steps[job.run.index]
    }
    rate.advance(to: steps.values.reduce(0, +), jobs: running.count)
    func left(_ run: StudyRun) -> Double {
      Double(max(0, run.configuration.steps - (steps[run.index] ?? 0)))
    }
    var progress = StudyProgress(
      runs: folder.runs.count, finished: finished.count, running: running.count,
      failed: failed.count)
    progress.steps = folder.runs.reduce(0) {
      $0 + (finished.contains($1.index) ? $1.configuration.steps : steps[$1.index] ?? 0)
    }
    progress.totalSteps = folder.runs.reduce(0) { $0 + $1.configuration.steps }
    progress.stepsPerSecond = rate.total
    if let perJob = rate.perJob, perJob > 0 {
      // Simulate the rest of the study: whenever a place becomes free, it takes the next waiting
      // run.
      var places = running.map { left($0.run) }
      for run in waiting + delayed.map(\.job.run) {
        if places.count < jobs {
          places.append(left(run))
        } else if let first = places.indices.min(by: { places[$0] < places[$1] }) {
          places[first] += left(run)
        }
      }
      progress.secondsLeft = (places.max() ?? 0) / perJob
    }
    return progress
  }
}

/// How far a study has come.
package struct StudyProgress: Equatable, Sendable {
  /// Runs in all.
  package var runs: Int
  /// Runs that have come to their end.
  package var finished: Int
  /// Runs at work now.
  package var running: Int
  /// Runs that were given up.
  package var failed: Int
  /// Environment steps made; a finished run counts with all its steps, even if it ended early.
  package var steps = 0
  /// Environment steps in all.
  package var totalSteps = 0
  /// Environment steps per second of all runs together, over the last two minutes.
  package var stepsPerSecond: Double?
  /// Time to the last run's end at the present rate (s).
  package var secondsLeft: Double?
}

/// Measures the steps per second over the last two minutes, which is long because progress is only
/// seen when a run writes a row of its learning curves.
private struct StudyRate {
  private var marks: [(time: ContinuousClock.Instant, steps: Int, jobs: Int)] = []

  mutating func advance(to steps: Int, jobs: Int) {
    marks.append((.now, steps, jobs))
    while let first = marks.first, ContinuousClock.now - first.time > .seconds(120) {
      marks.removeFirst()
    }
  }

  var total: Double? {
    guard let first = marks.first, let last = marks.last, last.steps > first.steps else {
      return nil
    }
    return Double(last.steps - first.steps) / ((last.time - first.time) / .seconds(1))
  }

  var perJob: Double? {
    let busy = marks.reduce(0) { $0 + $1.jobs }
    return busy == 0 ? nil : total.map { $0 * Double(marks.count) / Double(busy) }
  }
}
