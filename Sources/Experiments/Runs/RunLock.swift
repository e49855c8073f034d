import Files
import Foundation

/// Prevents two processes from training in the same folder.
///
/// It is the operating system's lock on an open file (`flock`), which ends with the process,
/// however that ends. The file's text names the process that holds it, for the error message of the
/// next process that tries.
final class RunLock {
  private let descriptor: Int32
  private let path: String
  /// Whether this object created the file and has to delete it if the run is refused.
  private var isNew: Bool

  /// Takes the lock of `folder`, but does not yet write to the file: see ``announce()``.
  ///
  /// - Throws: ``RunError/locked(folder:holder:)`` where another process has it.
  init(folder: String) throws {
    let path = "\(folder)/\(RunFolder.lock)"
    let isNew = access(path, F_OK) != 0
    let descriptor = openFile(path, O_RDWR | O_CREAT)
    guard descriptor >= 0 else {
      throw FileError(errno: errno, path: path, operation: "opening", writing: true)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      let holder = Self.read(descriptor)
      close(descriptor)
      if code == EWOULDBLOCK { throw RunError.locked(folder: folder, holder: holder) }
      // Some file systems of clusters have no locks.
      if isNew { unlink(path) }
      throw FileError(errno: code, path: path, operation: "locking", writing: true)
    }
    (self.path, self.isNew, self.descriptor) = (path, isNew, descriptor)
  }

  /// Writes into the file which process holds the lock, for the error message of the next process
  /// that tries.
  func announce() {
    isNew = false
    let text = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n".utf8)
    // The text is only a help: on a full disk it is missing, but the lock still holds.
    if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
  }

  deinit {
    // A run that was refused leaves nothing behind.
    if isNew { unlink(path) }
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
  /// The folder already holds a run, and a new one was to begin there; `canContinue` tells whether
  /// it has a checkpoint.
  case occupied(folder: String, canContinue: Bool)
  /// The folder holds a study, and a run was to begin there.
  case isStudy(folder: String)
  /// There is no checkpoint in the folder.
  case noCheckpoint(folder: String)
  /// The path of a run is not a folder.
  case notAFolder(path: String)
  /// A file is not a checkpoint, or is a damaged one.
  case checkpoint(path: String, problem: String)
  /// The folder has checkpoints, but all are damaged; `problem` is that of the newest one.
  case noIntactCheckpoint(folder: String, problem: String)
  /// A setting that cannot be changed on resuming has another value now.
  case changed(setting: String, saved: String, asked: String)
  /// The run has made more steps than it is asked to end with.
  case behind(asked: Int, made: Int)
  /// A custom environment has the name of a built-in task, so that its files would be taken for
  /// that task's.
  case builtInName(task: String)
  /// The run ended, but its state could not be saved.
  case unsaved(reason: String)

  /// One line: what is wrong, and the remedy.
  public var description: String {
    switch self {
    case .locked(let folder, let holder):
      "\(printable(folder)): another process is training in this folder: \(holder); "
        + "wait for it, stop it, or choose another folder"
    case .occupied(let folder, canContinue: true):
      "\(printable(folder)): already contains a run; continue it with --resume, "
        + "or choose another folder"
    case .occupied(let folder, canContinue: false):
      "\(printable(folder)): already contains a run, without a checkpoint to continue from; "
        + "choose another folder, or delete this one"
    case .isStudy(let folder):
      "\(printable(folder)): contains a study; choose another folder for the run"
    case .noCheckpoint(let folder):
      "\(printable(folder)): contains no checkpoint to continue from; begin a run in another folder "
        + "with --output"
    case .notAFolder(let path):
      "\(printable(path)): this is a file; give the folder of the run"
    case .checkpoint(let path, let problem):
      "\(printable(path)): not a checkpoint, or a damaged one: \(problem)"
    case .noIntactCheckpoint(let folder, let problem):
      "\(problem); no other checkpoint is intact: to begin this run again, delete "
        + "\(printable(folder)), or move it away if you want to keep its policies"
    case .changed(let setting, let saved, let asked):
      "\(setting) was \(saved) in the run to continue and cannot be changed to \(asked); "
        + "begin a new run for that"
    case .behind(let asked, let made):
      "the run has already made \(made) steps and cannot end at step \(asked); "
        + "give --steps a larger number"
    case .builtInName(let task):
      "'\(printable(task))' is the name of a built-in task, for which the environment would be "
        + "mistaken; give its task another name"
    case .unsaved(let reason):
      "the run has ended, but its last state could not be saved: \(reason)"
    }
  }
}
