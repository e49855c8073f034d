import Foundation
import Synchronization

/// What the program tells people while it works: lines that stay, and on a terminal one line of
/// progress that is drawn anew. It all goes to standard error.
///
/// Nobody waits for the reader: a pipe that breaks, a terminal that is gone or stopped with Ctrl-S, a
/// full disk take a line of text and never a step of work. What a slow reader has not taken yet is
/// kept for it, up to a limit.
final class Messages: Sendable {
  /// Those of this process.
  static let shared = Messages()

  /// Whether a person reads them as they come.
  let isTerminal = isatty(STDERR_FILENO) == 1

  private struct State {
    /// What the reader has not taken yet.
    var pending: [UInt8] = []
    /// Whether the last line is one of progress, to be drawn over.
    var isLineOpen = false
    /// Whether nobody will ever read.
    var isBroken = false
  }

  private let state = Mutex(State())
  private let descriptor: Int32
  private let isWaitingForReaders: Bool

  /// Bytes kept for a reader that does not read.
  private static let limit = 1 << 16

  private init() {
    var status = stat()
    let kind = fstat(STDERR_FILENO, &status) == 0 ? status.st_mode & S_IFMT : 0
    isWaitingForReaders = [S_IFIFO, S_IFCHR, S_IFSOCK].contains(kind)
    // Another opening of the same pipe or terminal can be told not to wait without telling the
    // programs that share ours.
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

  /// Shows `line` as the present state of something: drawn over the one before on a terminal, a line
  /// of its own elsewhere. Left out where the reader is behind.
  func show(_ line: String) {
    state.withLock { state in
      drain(&state)
      guard state.pending.isEmpty else { return }
      guard isTerminal else { return append(line + "\n", to: &state) }
      append("\r\u{1b}[2K" + line.prefix(width), to: &state)
      state.isLineOpen = true
    }
  }

  /// Leaves the line of progress as it is and begins a new one.
  func endLine() {
    state.withLock { state in
      if state.isLineOpen { append("\n", to: &state) }
      state.isLineOpen = false
    }
  }

  /// Gives a reader that is behind a little time for the rest: for the end of the program.
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
