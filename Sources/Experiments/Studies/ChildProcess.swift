import Files
import Foundation

/// A program that runs in a child process, so that its failure does not affect this process.
package final class ChildProcess {
  /// The process ID.
  package let identifier: pid_t
  private var ended: Ending?

  /// How a child process ended.
  package enum Ending: Equatable, Sendable {
    /// It exited with this code.
    case exited(Int32)
    /// It was killed by this signal.
    case killed(Int32)
  }

  /// Starts `program` with `arguments`; its standard output and standard error are appended to the
  /// file at `log`.
  ///
  /// The child has a process group of its own, so that Ctrl-C reaches only this process, which then
  /// decides how to end the child.
  package init(program: String, arguments: [String], log: String) throws(FileError) {
    let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard output >= 0 else {
      throw FileError(errno: errno, path: log, operation: "opening", writing: true)
    }
    defer { close(output) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The child must not inherit our blocked and ignored signals.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var vector = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for argument in vector { free(argument) } }
    var process = pid_t()
    let status = posix_spawn(&process, program, &actions, &attributes, &vector, environ)
    guard status == 0 else {
      throw FileError(errno: status, path: program, operation: "starting", writing: false)
    }
    identifier = process
  }

  /// Sends a signal to the child process, unless that has ended.
  package func send(_ signal: Int32) {
    if ended == nil { kill(identifier, signal) }
  }

  /// How the child process ended; nil while it runs.
  package func ending() -> Ending? {
    if ended == nil {
      var status: Int32 = 0
      let result = waitpid(identifier, &status, WNOHANG)
      if result == identifier {
        let signal = status & 0x7f
        ended = signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal)
      } else if result < 0, errno != EINTR {
        ended = .exited(0xff)
      }
    }
    return ended
  }
}
