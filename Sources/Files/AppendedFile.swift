import Foundation

/// A file that grows: what is appended is written as a whole or not at all.
package final class AppendedFile {
  private let path: String
  private let descriptor: Int32

  /// Opens the file at `path` to append to it.
  ///
  /// - Parameter isNew: Whether to create the file; there must be no such file yet.
  package init(path: String, isNew: Bool = false) throws(FileError) {
    descriptor = openFile(path, O_WRONLY | O_APPEND | (isNew ? O_CREAT | O_EXCL : 0))
    guard descriptor >= 0 else {
      throw FileError(
        errno: errno, path: path, operation: isNew ? "creating" : "opening", writing: true)
    }
    self.path = path
  }

  deinit { close(descriptor) }

  /// Appends `bytes` in one write.
  package func append(_ bytes: [UInt8]) throws(FileError) {
    let end = lseek(descriptor, 0, SEEK_END)
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard written == bytes.count else {
      let error = FileError(
        errno: written < 0 ? errno : ENOSPC, path: path, operation: "writing", writing: true)
      // A full disk may take only the beginning, which is removed: the whole will be tried again.
      if written > 0 { ftruncate(descriptor, end) }
      throw error
    }
  }

  /// Waits until everything appended is on the disk.
  package func synchronize() throws(FileError) {
    guard fsync(descriptor) == 0 else {
      throw FileError(errno: errno, path: path, operation: "syncing", writing: true)
    }
  }
}
