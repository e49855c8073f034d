import Foundation

/// A regular file on the disk to which a model refers.
struct ModelFile {
  /// What tells one file from another, whatever paths lead to them.
  struct Identity: Hashable {
    var device: UInt64
    var number: UInt64
  }

  /// The error of a path that leads to a device, a pipe or a socket: reading it may never end.
  struct Irregular: Error {}

  let path: String
  let identity: Identity
  /// The length (bytes).
  let size: Int

  /// The file at `path`; `nil` if there is none, or if it is a folder.
  init?(path: String) throws(Irregular) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let kind = status.st_mode & S_IFMT
    if kind == S_IFDIR { return nil }
    guard kind == S_IFREG else { throw Irregular() }
    self.path = path
    identity = Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev),
      number: UInt64(truncatingIfNeeded: status.st_ino))
    size = Int(status.st_size)
  }

  /// The first `count` bytes, or all if there are fewer; `nil` if the file can't be read.
  func bytes(_ count: Int) -> [UInt8]? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    let wanted = min(count, size)
    guard wanted > 0 else { return [] }
    return (try? handle.read(upToCount: wanted)).map { Array($0) }
  }
}
