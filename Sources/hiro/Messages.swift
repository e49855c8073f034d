import Foundation
import Synchronization

/// The program's messages to people while it works, on standard error: lines that stay and, on a
/// terminal, one progress line that is redrawn.
///
/// The work never waits for the reader: with a broken pipe, a terminal that is gone or stopped with
/// Ctrl-S, or a full disk, messages may be lost, but the work goes on. Bytes that a slow reader has
/// not taken yet are kept, up to a limit.
final class Messages: Sendable {
  /// The messages of this process.
  static let shared = Messages()

  /// Whether standard error is a terminal, where a person reads the messages at once.
  let isTerminal = isatty(STDERR_FILENO) == 1

  private struct State {
    /// Bytes that the reader has not taken yet.
    var pending: [UInt8] = []
    /// Whether the last line is a progress line, to be overwritten.
    var isLineOpen = false
    /// Whether the reader is gone for good.
    var isBroken = false
  }

  private let state = Mutex(State())
  private let descriptor: Int32
  private let isWaitingForReaders: Bool

  /// The most bytes kept for a reader that does not read.
  private static let limit = 1 << 16

  private init() {
    var status = stat()
    let kind = fstat(STDERR_FILENO, &status) == 0 ? status.st_mode & S_IFMT : 0
    isWaitingForReaders = [S_IFIFO, S_IFCHR, S_IFSOCK].contains(kind)
    // Opening the same pipe or terminal again gives a descriptor that can be non-blocking without
    // affecting the programs that share standard error with this one.
    let another =
      isWaitingForReaders
      ? open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1
    descriptor = another >= 0 ? another : STDERR_FILENO
  }

  /// Writes a line that stays.
  func say(_ line: String) {
    state.withLock { state in
      append((state.isLineOpen ? "\r\u{1b}[2K" : "") + line + "\n", to: &state)
      state.isLineOpen = false
    }
  }

  /// Shows `line` as the progress line: on a terminal it replaces the previous one, elsewhere it is
  /// a new line. It is left out if the reader is behind.
  func show(_ line: String) {
    state.withLock { state in
      drain(&state)
      guard state.pending.isEmpty else { return }
      guard isTerminal else { return append(line + "\n", to: &state) }
      append("\r\u{1b}[2K" + line.prefix(width), to: &state)
      state.isLineOpen = true
    }
  }

  /// Leaves the progress line as it is and begins a new line.
  func endLine() {
    state.withLock { state in
      if state.isLineOpen { append("\n", to: &state) }
      state.isLineOpen = false
    }
  }

  /// Gives a slow reader up to `seconds` to take the rest; called at the end of the program.
  func finish(within seconds: Double = 1) {
    endLine()
    let end = ContinuousClock.now + .seconds(seconds)
    state.withLock { state in
      drain(&state)
      while !state.pending.isEmpty, !state.isBroken, ContinuousClock.now < end {
        _ = isReady(within: 50)
        drain(&state)
      }
    }
  }

  /// Columns of the terminal that a line may fill.
  private var width: Int {
    var size = winsize()
    let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1
    return isKnown ? Int(size.ws_col) - 1 : 79
  }

  private func append(_ text: String, to state: inout State) {
    guard !state.isBroken, state.pending.count + text.utf8.count <= Self.limit else { return }
    state.pending += Array(text.utf8)
    drain(&state)
  }

  /// Writes what can be written without waiting.
  private func drain(_ state: inout State) {
    while !state.pending.isEmpty, isReady(within: 0) {
      let written = state.pending.withUnsafeBytes {
        write(descriptor, $0.baseAddress, min($0.count, 512))
      }
      if written > 0 {
        state.pending.removeFirst(written)
      } else if written < 0, errno == EAGAIN {
        return
      } else if written == 0 || errno != EINTR {
        // The reader is gone, or the disk is full.
        state.isBroken = [EPIPE, EIO, EBADF].contains(errno)
        state.pending = []
      }
    }
  }

  private func isReady(within milliseconds: Int32) -> Bool {
    guard isWaitingForReaders else { return true }
    var stream = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&stream, 1, milliseconds) > 0
  }
}
