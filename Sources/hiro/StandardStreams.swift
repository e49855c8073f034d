import Foundation
import Synchronization

/// What the program makes sure of before it does anything else, whoever started it.
enum StandardStreams {
  /// Nothing that is opened later can get the number of a standard stream, and no broken pipe and
  /// no limit on the size of files ends the program: writing to them fails instead, as it does on a
  /// full disk.
  static func prepare() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // Reading finds nothing, and writing fails as it would have.
      let null = open("/dev/null", O_RDONLY)
      if null >= 0 && null != descriptor {
        dup2(null, descriptor)
        close(null)
      }
    }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }
}

/// Why the first write to standard output that failed did; 0 while none has.
private let outputError = Atomic<Int32>(0)

/// Writes a line to standard output. Everything that this program prints goes through here, in the
/// place of the function of the same name of the standard library, which keeps failures to itself.
///
/// A reader that goes away (`hiro list | head`) ends the program quietly, as for other tools. What
/// else goes wrong is remembered for ``checkOutput()``.
func print(_ text: String, terminator: String) {
  guard outputError.load(ordering: .relaxed) == 0 else { return }
  var bytes = Array((text + terminator).utf8)[...]
  while !bytes.isEmpty {
    let written = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    if written >= 0 {
      bytes = bytes.dropFirst(written)
    } else if errno == EPIPE {
      signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
    } else if errno == EAGAIN {
      // Whoever shares the stream has set it not to wait.
      var stream = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
      poll(&stream, 1, -1)
    } else if errno != EINTR {
      outputError.store(errno, ordering: .relaxed)
      return
    }
  }
}

/// Writes a line to standard output, as ``print(_:terminator:)`` does.
func print(_ text: String) {
  print(text, terminator: "\n")
}

/// Writes an empty line to standard output.
func print() {
  print("", terminator: "\n")
}

/// Standard output could not be written: its reader has not got what the command found.
struct OutputError: Error, CustomStringConvertible {
  let code: Int32

  var description: String {
    "standard output cannot be written: \(String(cString: strerror(code)))"
  }
}

/// - Throws: ``OutputError`` where something that was printed did not reach standard output.
func checkOutput() throws(OutputError) {
  let code = outputError.load(ordering: .relaxed)
  guard code == 0 else { throw OutputError(code: code) }
}
