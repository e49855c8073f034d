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
    // What is asked for below is not followed through links.
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    guard let status = try? FileManager.default.attributesOfItem(atPath: target),
      let kind = status[.type] as? FileAttributeType, kind != .typeDirectory
    else { return nil }
    guard kind == .typeRegular, let size = (status[.size] as? NSNumber)?.intValue,
      let device = (status[.systemNumber] as? NSNumber)?.uint64Value,
      let number = (status[.systemFileNumber] as? NSNumber)?.uint64Value
    else { throw Irregular() }
    self.path = path
    self.size = size
    identity = Identity(device: device, number: number)
  }

  /// The first `count` bytes, or all if there are fewer; `nil` if the file can't be read.
  func bytes(_ count: Int) -> [UInt8]? {
    let wanted = min(count, size)
    guard wanted > 0 else { return [] }
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    return (try? handle.read(upToCount: wanted)).map { Array($0) }
  }
}
