import Foundation

/// Writes files that are either there in full or not at all.
///
/// The contents go to a file beside the final one, reach the disk, and take the final name in one
/// rename; the folder is then synced too. A crash, a full disk or a kill at any moment leaves the
/// older file as it was. What a kill leaves behind is named `.NAME.PID.partial`. A device or a pipe,
/// such as `/dev/null`, is not replaced but written to.
public enum AtomicFile {
  /// The ending of a file that is still being written.
  package static let partialSuffix = ".partial"

  /// Writes `text` as UTF-8 to `path`.
  public static func write(_ text: String, to path: String) throws(FileError) {
    try write(to: path) { output throws(FileError) in try output.append(Array(text.utf8)) }
  }

  /// Writes `bytes` to `path`.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    try write(to: path) { output throws(FileError) in try output.append(bytes) }
  }

  /// Writes to `path` whatever `body` appends.
  ///
  /// - Throws: The error of `body`, or ``FileError`` from the file system; in either case nothing
  ///   is left behind and an older file at `path` is untouched.
  public static func write(
    to path: String, _ body: (borrowing OutputFile) throws(FileError) -> Void
  ) throws(FileError) {
    guard !isFolder(at: path) else { throw .isFolder(path: path, writing: true) }
    if let descriptor = openDevice(at: path) {
      let output = try OutputFile(descriptor, path: path)
      try body(output)
      return try output.finish(synchronizing: false)
    }
    let folder = FileError.folder(of: path)
    let name = (path as NSString).lastPathComponent
    let partial = "\(folder)/.\(name).\(getpid())\(partialSuffix)"
    do throws(FileError) {
      let output = try OutputFile(
        openFile(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW), path: path)
      try body(output)
      try output.finish()
      guard rename(partial, path) == 0 else {
        throw FileError(errno: errno, path: path, operation: "renaming", writing: true)
      }
    } catch {
      unlink(partial)
      throw error
    }
    try sync(folder: folder)
  }

  /// Waits until the names in `folder` are on the disk.
  package static func sync(folder: String) throws(FileError) {
    let descriptor = openFile(folder, O_RDONLY | O_DIRECTORY)
    guard descriptor >= 0 else {
      throw FileError(errno: errno, path: folder, operation: "opening", writing: true)
    }
    defer { close(descriptor) }
    // Some file systems cannot sync a folder and say EINVAL; the rename is then all they offer.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw FileError(errno: errno, path: folder, operation: "syncing", writing: true)
    }
  }

  /// Creates the folder `path`, and the folders above it, unless it exists.
  public static func makeFolder(_ path: String) throws(FileError) {
    if mkdir(path, 0o777) == 0 { return }
    switch errno {
    case EEXIST:
      guard isFolder(at: path) else { throw .notAFolder(path: path) }
    case ENOENT
    where FileError.folder(of: path) != path && access(FileError.folder(of: path), F_OK) != 0:
      try makeFolder(FileError.folder(of: path))
      guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
        throw FileError(errno: errno, path: path, operation: "creating", writing: true)
      }
    default:
      throw FileError(errno: errno, path: path, operation: "creating", writing: true)
    }
  }
}

/// A file being written by ``AtomicFile``, buffered.
public final class OutputFile {
  /// Bytes appended so far.
  public private(set) var count = 0

  private let path: String
  private let descriptor: Int32
  private let buffer: UnsafeMutableRawBufferPointer
  private var buffered = 0
  private var isOpen = true

  /// - Parameter descriptor: An open descriptor, or −1 with `errno` set if opening failed.
  fileprivate init(_ descriptor: Int32, path: String) throws(FileError) {
    self.descriptor = descriptor
    guard descriptor >= 0 else {
      throw FileError(errno: errno, path: path, operation: "creating", writing: true)
    }
    self.path = path
    buffer = .allocate(byteCount: 1 << 18, alignment: 64)
  }

  deinit {
    if isOpen { close(descriptor) }
    buffer.deallocate()
  }

  /// Appends `bytes`; large pieces go to the file without being copied.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    count += bytes.count
    if buffered + bytes.count > buffer.count { try flush() }
    if bytes.count >= buffer.count {
      try put(bytes)
    } else if let source = bytes.baseAddress {
      (buffer.baseAddress! + buffered).copyMemory(from: source, byteCount: bytes.count)
      buffered += bytes.count
    }
  }

  /// Appends the memory of `values` as it is.
  public func append<Element: BitwiseCopyable>(_ values: [Element]) throws(FileError) {
    var failure: FileError?
    values.withUnsafeBytes { bytes in
      do throws(FileError) { try append(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// - Parameter synchronizing: Whether to wait until the bytes are on the disk.
  fileprivate func finish(synchronizing: Bool = true) throws(FileError) {
    try flush()
    guard !synchronizing || fsync(descriptor) == 0 else {
      throw FileError(errno: errno, path: path, operation: "syncing", writing: true)
    }
    isOpen = false
    guard close(descriptor) == 0 else {
      throw FileError(errno: errno, path: path, operation: "closing", writing: true)
    }
  }

  private func flush() throws(FileError) {
    try put(UnsafeRawBufferPointer(rebasing: buffer[..<buffered]))
    buffered = 0
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let written = Foundation.write(
        descriptor, bytes.baseAddress! + done, bytes.count - done)
      if written >= 0 {
        done += written
      } else if errno != EINTR {
        throw FileError(errno: errno, path: path, operation: "writing", writing: true)
      }
    }
  }
}

/// Opens `path` with a descriptor that is not one of the standard streams'. In a process that was
/// started without these streams, or has closed them, the lowest free number is one of theirs, and
/// messages meant for people would go into the file. Everyone may read and write a new file as far
/// as the user's umask allows. Returns −1, with `errno` set, on failure.
package func openFile(_ path: String, _ flags: Int32) -> Int32 {
  // The operating system would ignore what follows a zero byte, and open another file.
  if path.utf8.contains(0) {
    errno = ENOENT
    return -1
  }
  let descriptor = open(path, flags | O_CLOEXEC, 0o666)
  guard 0...STDERR_FILENO ~= descriptor else { return descriptor }
  let higher = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
  let code = errno
  close(descriptor)
  errno = code
  return higher
}

/// A descriptor for writing to the open stream, the device or the pipe that `path` names, −1 with
/// `errno` set if it can't be opened; nil if `path` is the name of a file.
private func openDevice(at path: String) -> Int32? {
  if let stream = streamNumber(of: path) {
    return fcntl(stream, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
  }
  return isDevice(at: path) ? openFile(path, O_WRONLY) : nil
}

/// The number of the open stream that `path` names; nil if it names none. Opened by such a name, a
/// regular file would be written from its beginning.
private func streamNumber(of path: String) -> Int32? {
  switch path {
  case "/dev/stdin": return STDIN_FILENO
  case "/dev/stdout": return STDOUT_FILENO
  case "/dev/stderr": return STDERR_FILENO
  default:
    let folder = ["/dev/fd/", "/proc/self/fd/"].first { path.hasPrefix($0) }
    return folder.flatMap { Int32(path.dropFirst($0.count)) }.flatMap { $0 >= 0 ? $0 : nil }
  }
}

/// Whether `path` is a device or a pipe rather than the name of a file.
private func isDevice(at path: String) -> Bool {
  var status = stat()
  guard stat(path, &status) == 0 else { return false }
  return ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
}

/// Whether `path` is a folder, or a link to one.
package func isFolder(at path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
