/// A progress line for long work: on a terminal redrawn several times a second, elsewhere a new
/// line every ten seconds.
struct StatusLine {
  private var lastTime: ContinuousClock.Instant?

  /// Shows the line that `text` returns, at most every 0.25 s on a terminal and every 10 s
  /// elsewhere.
  mutating func show(_ text: () -> String) {
    let interval = Duration.seconds(Messages.shared.isTerminal ? 0.25 : 10)
    if let lastTime, ContinuousClock.now - lastTime < interval { return }
    lastTime = .now
    Messages.shared.show(text())
  }
}
