import Foundation
import Synchronization

/// A program that runs on a terminal of its own, as for a person: a test types keys, reads what is
/// shown, and can close the terminal.
package final class PseudoTerminal: Sendable {
  /// The program that was started.
  package let process: pid_t

  private let master: Mutex<Int32>
  private let shown = Mutex([UInt8]())
  /// How the program ended, once this has been waited for.
  private let status = Mutex<Int32?>(nil)

  /// Starts `path` with a terminal of 24 lines of 100 columns as its standard streams.
  package init(
    _ path: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws {
    // Does what openpty(3) does, which is not available from Swift.
    let (unlock, number) = (UInt(0x4004_5431), UInt(0x8004_5430))
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var (isLocked, index): (Int32, UInt32) = (0, 0)
    guard master >= 0, ioctl(master, unlock, &isLocked) == 0, ioctl(master, number, &index) == 0
    else { throw POSIXError(.ENODEV) }
    let terminal = "/dev/pts/\(index)"
    var size = winsize(ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // The first terminal that a session leader opens becomes the session's terminal.
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, terminal, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    let newSession: Int16 = 0x80
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | newSession)

    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var argumentVector = ([path] + arguments).map { strdup($0) } + [nil]
    var variableVector = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argumentVector + variableVector { free(text) } }
    var process = pid_t()
    let code = posix_spawn(
      &process, path, &actions, &attributes, &argumentVector, &variableVector)
    guard code == 0 else {
      close(master)
      throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOENT)
    }
    self.process = process
    self.master = Mutex(master)
    Thread { [self] in read(master) }.start()
  }

  private func read(_ master: Int32) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      var stream = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
      guard poll(&stream, 1, 20) >= 0 else { return }
      let isOver = self.master.withLock { current in
        guard current >= 0 else { return true }
        guard stream.revents != 0 else { return false }
        let count = Foundation.read(master, &buffer, buffer.count)
        if count > 0 { shown.withLock { $0 += buffer[..<count] } }
        return count <= 0
      }
      if isOver { return }
    }
  }

  /// Everything that was shown so far.
  package var text: String { shown.withLock { String(decoding: $0, as: UTF8.self) } }

  /// Types `keys`; `\u{3}` is Ctrl-C, `\t` the Tab key.
  package func type(_ keys: String) {
    let bytes = Array(keys.utf8)
    master.withLock { _ = write($0, bytes, bytes.count) }
  }

  /// Waits until the shown text contains `expected`, but not longer than `seconds`; returns whether
  /// it does.
  package func wait(for expected: String, seconds: Double = 30) -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while !text.contains(expected) {
      if Date() > end { return false }
      usleep(20_000)
    }
    return true
  }

  /// Closes the terminal, as when its window is closed or its connection is lost.
  package func hangUp() {
    master.withLock { master in
      if master >= 0 { close(master) }
      master = -1
    }
  }

  /// Waits for the program's end and returns its exit code, or minus the number of the signal that
  /// ended it.
  @discardableResult
  package func exitCode() -> Int32 {
    let status = self.status.withLock { known in
      if let known { return known }
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
      known = status
      return status
    }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
  }

  /// Hangs up and waits for the program: nobody else would, and as long as an ended program has not
  /// been waited for, the thread that waits for exit tests can take it for theirs, again and again.
  deinit {
    hangUp()
    exitCode()
  }
}
