import Foundation
import Synchronization

/// Puts the standard streams into a known state, before the program does anything else.
enum StandardStreams {
  /// Opens closed standard streams, so that no file opened later gets their numbers, and ignores
  /// SIGPIPE and SIGXFSZ, so that a broken pipe or a limit on the size of files does not end the
  /// program: writing fails instead, as it does on a full disk.
  static func prepare() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // Opened for reading: it is empty, and writing fails, as it does on a closed stream.
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

/// The `errno` of the first write to standard output that failed; 0 if none has failed.
private let outputError = Atomic<Int32>(0)

/// Writes `text` and `terminator` to standard output. Everything that this program prints goes
/// through here, instead of through the standard library's function of the same name, which does
/// not report errors.
///
/// A reader that goes away (`hiro list | head`) ends the program quietly, as with other tools. Any
/// other error is kept for ``checkOutput()``.
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
      // Another program that shares the stream has made it non-blocking: wait until it can be
      // written.
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

/// Standard output could not be written, so that its reader has not received the command's result.
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
