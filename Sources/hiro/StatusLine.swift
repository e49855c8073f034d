/// One line that tells how something long gets on: on a terminal drawn anew several times a second,
/// elsewhere a line every ten seconds.
struct StatusLine {
  private var lastTime: ContinuousClock.Instant?

  /// Shows the line that `text` makes, not more often than anyone can read.
  mutating func show(_ text: () -> String) {
    let interval = Duration.seconds(Messages.shared.isTerminal ? 0.25 : 10)
    if let lastTime, ContinuousClock.now - lastTime < interval { return }
    lastTime = .now
    Messages.shared.show(text())
  }
}
