import Foundation

/// Keeps two trainers out of one folder.
///
/// The lock is the operating system's own on an open file: it is gone with the process, however
/// that ended. The file says who holds it, for the error message of the next.
final class RunLock {
  private let descriptor: Int32

  /// Takes the lock of `folder`.
  ///
  /// - Throws: ``RunError/locked(folder:holder:)`` where another process has it.
  init(folder: String) throws {
    let path = "\(folder)/\(RunFolder.lock)"
    descriptor = openFile(path, O_RDWR | O_CREAT)
    guard descriptor >= 0 else {
      throw FileError(errno: errno, path: path, operation: "opening", writing: true)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = Self.read(descriptor)
      close(descriptor)
      throw RunError.locked(folder: folder, holder: holder)
    }
    let text = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n".utf8)
    // Who holds it is a courtesy: on a full disk the lock itself still holds.
    if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
  }

  deinit {
    close(descriptor)
  }

  private static func read(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    return printable(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }
}

/// Why a run cannot begin or be continued.
public enum RunError: Error, Equatable, CustomStringConvertible {
  /// Another process trains in the folder.
  case locked(folder: String, holder: String)
  /// The folder holds a run already, and it was not asked to be continued.
  case occupied(folder: String)
  /// There is no checkpoint in the folder.
  case noCheckpoint(folder: String)
  /// A checkpoint is not one, or is damaged.
  case checkpoint(path: String, problem: String)
  /// A setting that cannot be changed on resuming has another value now.
  case changed(setting: String, saved: String, asked: String)
  /// The run ended, but its state could not be saved.
  case unsaved(reason: String)

  /// One line: what is wrong, and the remedy.
  public var description: String {
    switch self {
    case .locked(let folder, let holder):
      "\(printable(folder)): another trainer is at work here: \(holder); "
        + "wait for it, stop it, or choose another folder"
    case .occupied(let folder):
      "\(printable(folder)): holds a run already; continue it with --resume, "
        + "or choose another folder"
    case .noCheckpoint(let folder):
      "\(printable(folder)): holds no checkpoint to continue from; begin a run with --output"
    case .checkpoint(let path, let problem):
      "\(printable(path)): not an intact checkpoint: \(problem)"
    case .changed(let setting, let saved, let asked):
      "\(setting) was \(saved) in the run to continue and cannot become \(asked); "
        + "begin a new run for that"
    case .unsaved(let reason):
      "the run has ended, but its last state could not be saved: \(reason)"
    }
  }
}
