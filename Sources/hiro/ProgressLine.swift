import Experiments
import Foundation

/// Tells on standard error how a run gets on: on a terminal one line that is drawn anew, elsewhere
/// a line every ten seconds. Evaluations and warnings stay to be read.
final class ProgressLine {
  private let task: String
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var lastTime: ContinuousClock.Instant?
  private var lastEvaluationStep: Int?
  private var lastWarning: String?
  private var isLineOpen = false

  init(task: String) {
    self.task = task
  }

  /// Shows how far the run is, not more often than anyone can read.
  func show(_ progress: TrainingProgress) {
    if let warning = progress.warning, warning != lastWarning {
      say("warning: \(warning)")
    }
    lastWarning = progress.warning
    if let evaluation = progress.evaluation, evaluation.step != lastEvaluationStep {
      lastEvaluationStep = evaluation.step
      say("evaluation at \(grouped(evaluation.step)): \(Self.text(evaluation))")
    }
    let interval = Duration.seconds(isTerminal ? 0.25 : 10)
    let isLast = progress.steps >= progress.totalSteps
    if let lastTime, !isLast, ContinuousClock.now - lastTime < interval { return }
    lastTime = .now
    write(text(progress))
  }

  /// Leaves the line as it is and begins a new one.
  func finish() {
    if isLineOpen { put("\n") }
    isLineOpen = false
  }

  /// Writes a line that stays.
  func say(_ text: String) {
    if isLineOpen { put("\r\u{1b}[2K") }
    isLineOpen = false
    put(text + "\n")
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

  private func write(_ line: String) {
    guard isTerminal else { return put(line + "\n") }
    var size = winsize()
    let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    put("\r\u{1b}[2K" + line.prefix(isKnown ? Int(size.ws_col) - 1 : 79))
    isLineOpen = true
  }

  private func put(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
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
