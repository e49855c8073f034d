import Experiments
import Foundation
import Learning
import Synchronization

/// Shows the progress of a run on standard error: on a terminal in one line that is redrawn,
/// elsewhere in a new line every ten seconds. Evaluations and warnings have lines of their own,
/// which stay.
final class ProgressLine {
  private let task: String
  private let messages = Messages.shared
  private var lastTime: ContinuousClock.Instant?
  private var lastEvaluationStep: Int?
  private var lastWarning: String?

  init(task: String) {
    self.task = task
  }

  /// Shows how far the run is, at most every 0.25 s on a terminal and every 10 s elsewhere.
  func show(_ progress: TrainingProgress) {
    if let warning = progress.warning, warning != lastWarning {
      messages.say("warning: \(warning)")
    }
    lastWarning = progress.warning
    if let evaluation = progress.evaluation, evaluation.step != lastEvaluationStep {
      lastEvaluationStep = evaluation.step
      messages.say("evaluation at \(grouped(evaluation.step)): \(Self.text(evaluation))")
    }
    let interval = Duration.seconds(messages.isTerminal ? 0.25 : 10)
    let isLast = progress.steps >= progress.totalSteps
    if let lastTime, !isLast, ContinuousClock.now - lastTime < interval { return }
    lastTime = .now
    messages.show(text(progress))
  }

  private func text(_ progress: TrainingProgress) -> String {
    let percent = 100 * progress.steps / max(1, progress.totalSteps)
    var parts = [
      task, "\(grouped(progress.steps)) of \(grouped(progress.totalSteps)) steps (\(percent) %)",
    ]
    if let rate = progress.stepsPerSecond { parts.append("\(Int(rate)) steps/s") }
    if let seconds = progress.secondsLeft { parts.append("\(duration(seconds)) left") }
    if let obedience = progress.obedience {
      let decisions = Double(obedience.decisions)
      parts.append(
        "subgoals: \(fixed(obedience.gained / decisions, 2)) m nearer per decision, "
          + "\(Int((100 * Double(obedience.reached) / decisions).rounded())) % within 1 m")
    }
    if let evaluation = progress.evaluation { parts.append("last: \(Self.text(evaluation))") }
    if progress.diverged > 0 { parts.append("\(progress.diverged) diverged") }
    if progress.warning != nil { parts.append("CANNOT SAVE") }
    return parts.joined(separator: "  ")
  }

  private static func text(_ evaluation: EvaluationRecord) -> String {
    guard let success = evaluation.success else {
      return "score \(fixed(evaluation.episodeReturn, 2))"
    }
    let distance = evaluation.finalDistance.map { ", \(fixed($0, 1)) m away" } ?? ""
    return "success \(fixed(success, 2))\(distance)"
  }
}

/// Shows the progress of countable work: on a terminal several times a second, elsewhere every ten
/// seconds. It may be used from any thread.
final class CountLine: Sendable {
  private let work: String
  private let unit: String
  private let clock: Mutex<Clock>

  private struct Clock {
    /// When to show the progress next.
    var nextTime: ContinuousClock.Instant
    /// The count and the time of the first call; the time before it is not used to estimate the
    /// rest.
    var first: (done: Int, time: ContinuousClock.Instant)?
  }

  /// Creates the line for `work` (such as "render"), which is counted in `unit` (such as "frames").
  init(_ work: String, unit: String) {
    self.work = work
    self.unit = unit
    // Begin after one interval: in a log file, the progress of a short piece of work is useless.
    clock = Mutex(Clock(nextTime: .now + Self.interval))
  }

  private static var interval: Duration { .seconds(Messages.shared.isTerminal ? 0.1 : 10) }

  /// Shows that `done` of `total` pieces are done.
  func show(_ done: Int, of total: Int) {
    let now = ContinuousClock.now
    let first = clock.withLock { clock -> (done: Int, time: ContinuousClock.Instant)? in
      let first = clock.first ?? (done, now)
      clock.first = first
      guard now >= clock.nextTime else { return nil }
      clock.nextTime = now + Self.interval
      return first
    }
    guard let first else { return }
    let percent = 100 * done / max(1, total)
    var text = "\(work)  \(grouped(done)) of \(grouped(total)) \(unit) (\(percent) %)"
    if done > first.done {
      let left = (now - first.time) / (done - first.done) * (total - done)
      text += "  \(duration(Double(left.components.seconds))) left"
    }
    Messages.shared.show(text)
  }
}

/// `number` with its digits in groups of three.
func grouped(_ number: Int) -> String {
  var digits = String(number)
  var index = digits.count - 3
  while index > (number < 0 ? 1 : 0) {
    digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
    index -= 3
  }
  return digits
}

/// `seconds` in hours and minutes, in minutes or, below a minute, in seconds.
func duration(_ seconds: Double) -> String {
  let minutes = Int(seconds / 60)
  if minutes >= 60 { return "\(minutes / 60) h \(minutes % 60) min" }
  return minutes > 0 ? "\(minutes) min" : "\(Int(seconds)) s"
}
