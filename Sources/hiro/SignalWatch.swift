import Foundation
import Synchronization

/// The signal that has asked the program to stop; 0 while none has.
private let received = Atomic<Int32>(0)

/// Notices SIGINT (Ctrl-C) and SIGTERM. The first one only asks; a second one ends the program at
/// once.
struct SignalWatch {
  /// Begins to watch.
  init() {
    let handler: @convention(c) (Int32) -> Void = { signal in
      let (isFirst, _) = received.compareExchange(
        expected: 0, desired: signal, ordering: .relaxed)
      if !isFirst { _exit(128 + signal) }
    }
    Foundation.signal(SIGINT, handler)
    Foundation.signal(SIGTERM, handler)
    // Whoever starts the program may have blocked them, and blocked signals are inherited.
    var watched = sigset_t()
    sigemptyset(&watched)
    sigaddset(&watched, SIGINT)
    sigaddset(&watched, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &watched, nil)
  }

  /// The signal that has come.
  var signal: Int32? {
    let value = received.load(ordering: .relaxed)
    return value == 0 ? nil : value
  }

  /// The exit code of a program that ends because of ``signal``.
  var exitCode: Int32 { 128 + (signal ?? 0) }
}
