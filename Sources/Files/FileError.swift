import Foundation

/// Why a file could not be read or written, in one line that names the file and the remedy.
public enum FileError: Error, Equatable, CustomStringConvertible {
  /// There is nothing at this path.
  case notFound(path: String)
  /// The folder that should hold the file does not exist.
  case noSuchFolder(path: String)
  /// A folder stands where a file is expected.
  case isFolder(path: String, writing: Bool)
  /// A device or pipe stands where a regular file is expected.
  case notAFile(path: String)
  /// A file stands where a folder is expected.
  case notAFolder(path: String)
  /// The user may not read this path.
  case notReadable(path: String)
  /// The user may not write here, or the file system is mounted read-only.
  case notWritable(path: String)
  /// The disk, or the user's quota on it, is full.
  case diskFull(path: String)
  /// The file is larger than any file of its kind can sensibly be.
  case tooLarge(path: String, bytes: Int, limit: Int)
  /// The file would become larger than this process may write.
  case tooLargeToWrite(path: String)
  /// The file became shorter while it was read.
  case truncated(path: String)
  /// Any other refusal of the operating system, with its own message.
  case failed(path: String, operation: String, reason: String)

  /// One line: the file, what is wrong with it and, where there is one, the remedy.
  public var description: String {
    switch self {
    case .notFound(let path):
      "\(printable(path)): no such file or folder; check the path"
    case .noSuchFolder(let path):
      "\(printable(path)): the folder to write into does not exist; create it first"
    case .isFolder(let path, let writing):
      "\(printable(path)): this is a folder; "
        + (writing ? "choose another name for the file" : "give the path of a file")
    case .notAFile(let path):
      "\(printable(path)): not a regular file; give the path of a file"
    case .notAFolder(let path):
      "\(printable(path)): this is a file, but a folder is needed; choose another name"
    case .notReadable(let path):
      "\(printable(path)): no permission to read it; change its permissions"
    case .notWritable(let path):
      "\(printable(path)): cannot be written here (no permission, or a read-only file system); "
        + "choose another folder"
    case .diskFull(let path):
      "\(printable(path)): the disk is full; free some space or choose another folder"
    case .tooLarge(let path, let bytes, let limit):
      "\(printable(path)): the file has \(bytes) bytes; at most \(limit) are read"
    case .tooLargeToWrite(let path):
      "\(printable(path)): the file would become larger than this process may write; "
        + "raise ulimit -f"
    case .truncated(let path):
      "\(printable(path)): the file became shorter while it was being read"
    case .failed(let path, let operation, let reason):
      "\(printable(path)): \(operation) failed: \(reason)"
    }
  }

  /// The error for the value of `errno` that `operation` left behind.
  package init(errno code: Int32, path: String, operation: String, writing: Bool) {
    switch code {
    case ENOENT where !writing: self = .notFound(path: path)
    // A folder that accepts no new file, such as /proc, gives the same error as a missing one.
    case ENOENT where access(Self.folder(of: path), F_OK) == 0: self = .notWritable(path: path)
    case ENOENT: self = .noSuchFolder(path: Self.folder(of: path))
    case ENOTDIR: self = .notAFolder(path: Self.folder(of: path))
    case EISDIR: self = .isFolder(path: path, writing: writing)
    case EACCES, EPERM: self = writing ? .notWritable(path: path) : .notReadable(path: path)
    case EROFS: self = .notWritable(path: path)
    case EFBIG: self = .tooLargeToWrite(path: path)
    case ENOSPC, EDQUOT: self = .diskFull(path: path)
    default:
      self = .failed(path: path, operation: operation, reason: String(cString: strerror(code)))
    }
  }

  /// The folder that holds `path`; "." for a bare name.
  package static func folder(of path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }
}
