import Foundation
import Synchronization

/// Notices the signals that ask a program to end: Ctrl-C, `kill`, a terminal that closes, a batch
/// system that warns of the end of its time.
///
/// The first is answered on standard error at once, whatever the program is doing, and only asks: the
/// work looks at ``signal`` between its steps, saves, and ends with ``exitCode``. A second Ctrl-C
/// gives up: the program ends without saving. Signals that come twice by themselves do not: `timeout`
/// sends SIGTERM twice, a closing shell SIGHUP, and Slurm lets SIGTERM follow its warning.
///
/// Make it before the first other thread: threads inherit what is held back from their maker.
final class SignalWatch: Sendable {
  /// SIGUSR1, SIGUSR2 and SIGXCPU are the warnings of Slurm, Grid Engine and `ulimit -t`.
  static let watched = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU]

  /// A second Ctrl-C counts from here on: sooner, the finger slipped.
  private static let pause = Duration.seconds(0.5)

  private let received = Atomic<Int32>(0)

  /// Begins to watch.
  ///
  /// - Parameters:
  ///   - stopping: What is said at the first signal, before how to give up.
  ///   - givingUp: What is said where the second gives up.
  init(stopping: String, givingUp: String) {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in Self.watched {
      // `nohup` ignores SIGHUP, and means it. SIGINT, though, is ignored in whatever a script starts
      // in the background, and `kill -INT` is meant, too.
      if number == SIGHUP, Self.isIgnored(number) { continue }
      Foundation.signal(number, SIG_DFL)
      sigaddset(&signals, number)
    }
    // Held back everywhere, and taken by the thread that waits for them.
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let thread = Thread { [self, signals] in
      wait(for: signals, stopping: stopping, givingUp: givingUp)
    }
    thread.name = "signals"
    thread.stackSize = 1 << 19
    thread.start()
  }

  /// The signal that has come first.
  var signal: Int32? {
    let value = received.load(ordering: .relaxed)
    return value == 0 ? nil : value
  }

  /// The exit code of a program that ends because of ``signal``.
  var exitCode: Int32 { 128 + (signal ?? 0) }

  private func wait(for signals: sigset_t, stopping: String, givingUp: String) {
    var signals = signals
    var first: ContinuousClock.Instant?
    while true {
      var number: Int32 = 0
      guard sigwait(&signals, &number) == 0 else { continue }
      guard let before = first else {
        first = .now
        received.store(number, ordering: .relaxed)
        Messages.shared.say(
          stopping + (number == SIGINT ? "; once more to give up" : "; Ctrl-C to give up"))
        continue
      }
      guard number == SIGINT || number == SIGQUIT, ContinuousClock.now - before > Self.pause else {
        continue
      }
      Messages.shared.say(givingUp)
      Messages.shared.finish()
      _exit(128 + number)
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    // A handler is told from "ignore" by its address alone.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}
