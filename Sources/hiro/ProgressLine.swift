import Experiments
import Foundation
import Learning
import Synchronization

/// Tells on standard error how a run gets on: on a terminal one line that is drawn anew, elsewhere
/// a line every ten seconds. Evaluations and warnings stay to be read.
final class ProgressLine {
  private let task: String
  private let messages = Messages.shared
  private var lastTime: ContinuousClock.Instant?
  private var lastEvaluationStep: Int?
  private var lastWarning: String?

  init(task: String) {
    self.task = task
  }

  /// Shows how far the run is, not more often than anyone can read.
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

/// Tells how far work that can be counted is: on a terminal several times a second, elsewhere every
/// ten seconds. Any thread may call it.
final class CountLine: Sendable {
  private let work: String
  private let unit: String
  private let clock: Mutex<Clock>

  private struct Clock {
    /// When to tell again.
    var nextTime: ContinuousClock.Instant
    /// The first piece that was done, and when: what came before it is no measure of the rest.
    var first: (done: Int, time: ContinuousClock.Instant)?
  }

  /// Of `work` ("render"), which consists of pieces called `unit` ("frames").
  init(_ work: String, unit: String) {
    self.work = work
    self.unit = unit
    // Who reads a file later learns nothing from the progress of a short piece of work.
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

/// `seconds` as people say it.
func duration(_ seconds: Double) -> String {
  let minutes = Int(seconds / 60)
  if minutes >= 60 { return "\(minutes / 60) h \(minutes % 60) min" }
  return minutes > 0 ? "\(minutes) min" : "\(Int(seconds)) s"
}
