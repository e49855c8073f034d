import Foundation
import Synchronization

/// Receives the signals that ask the program to end: from Ctrl-C, `kill`, a terminal that closes,
/// or a batch system that warns of the end of the time limit.
///
/// The first signal is acknowledged on standard error at once, but is only a request: the program
/// looks at ``signal`` between its steps, saves, and ends with ``exitCode``. A later Ctrl-C
/// (SIGINT) or SIGQUIT ends the program without saving. Other signals do not, because they may be
/// sent twice without intention: `timeout` sends SIGTERM twice, a closing shell sends SIGHUP twice,
/// and Slurm sends SIGTERM after its warning.
///
/// Create it before any other thread: a thread inherits the blocked signals from the thread that
/// creates it.
final class SignalWatch: Sendable {
  /// SIGUSR1, SIGUSR2 and SIGXCPU are the warnings of Slurm, Grid Engine and `ulimit -t`.
  static let watched = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU]

  /// A second Ctrl-C counts only after this time; an earlier one is taken for a key pressed twice
  /// by mistake.
  private static let pause = Duration.seconds(0.5)

  private let received = Atomic<Int32>(0)

  /// Blocks the signals and starts the thread that receives them.
  ///
  /// - Parameters:
  ///   - stopping: The message at the first signal; how to give up is added to it.
  ///   - givingUp: The message when a later signal ends the program without saving.
  init(stopping: String, givingUp: String) {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in Self.watched {
      // If SIGHUP is ignored, `nohup` did that on purpose. An ignored SIGINT is watched all the
      // same: a script's background processes start with it ignored, and `kill -INT` must still
      // work.
      if number == SIGHUP, Self.isIgnored(number) { continue }
      Foundation.signal(number, SIG_DFL)
      sigaddset(&signals, number)
    }
    // Blocked in all threads, and received by the one thread that waits for them.
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let thread = Thread { [self, signals] in
      wait(for: signals, stopping: stopping, givingUp: givingUp)
    }
    thread.name = "signals"
    thread.stackSize = 1 << 19
    thread.start()
  }

  /// The first signal received; nil if there was none.
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
          stopping
            + (number == SIGINT ? "; Ctrl-C again to quit at once" : "; Ctrl-C to quit at once"))
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
    // SIG_IGN is the address 1; any other value is a handler or SIG_DFL.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}
