import Foundation

/// A regular file opened for reading.
///
/// Opening never blocks (a pipe or a device is refused), and reads go straight into the caller's
/// memory: the file may be truncated by another process at any time without harm.
package final class InputFile {
  /// The path as it was given.
  package let path: String
  /// Length in bytes when the file was opened.
  package let count: Int
  private let descriptor: Int32

  /// The `operation` of an error while opening, such as a loop of links or a name too long.
  package static let opening = "opening"

  /// Opens the regular file at `path`, refusing more than `limit` bytes.
  package init(path: String, limit: Int = .max) throws(FileError) {
    let descriptor = openFile(path, O_RDONLY | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw FileError(errno: errno, path: path, operation: Self.opening, writing: false)
    }
    var status = stat()
    let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
    guard kind == S_IFREG else {
      close(descriptor)
      throw kind == S_IFDIR ? .isFolder(path: path, writing: false) : .notAFile(path: path)
    }
    guard status.st_size <= limit else {
      close(descriptor)
      throw .tooLarge(path: path, bytes: Int(status.st_size), limit: limit)
    }
    self.path = path
    self.count = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Fills `bytes` from `offset` in the file.
  package func read(
    into bytes: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let got = pread(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if got > 0 {
        done += got
      } else if got == 0 {
        throw .truncated(path: path)
      } else if errno != EINTR {
        throw FileError(errno: errno, path: path, operation: "reading", writing: false)
      }
    }
  }

  /// The `range` of the file's bytes; the caller has checked it against ``count``.
  package func bytes(in range: Range<Int>) throws(FileError) -> [UInt8] {
    // All threads share one empty array, which must not be written, not even with the same bytes.
    if range.isEmpty { return [] }
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      do throws(FileError) {
        let target = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: range.count)
        try read(into: target, at: range.lowerBound)
        initialized = range.count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// The whole of a small text file.
  package static func text(path: String, limit: Int) throws(FileError) -> String {
    let file = try InputFile(path: path, limit: limit)
    let bytes = try file.bytes(in: 0..<file.count)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .failed(path: path, operation: "reading", reason: "it is not UTF-8 text")
    }
    return text
  }
}
