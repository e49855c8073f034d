import Foundation
import Synchronization

/// A folder for the files of a test; it is deleted when the object is released.
package final class TemporaryFolder: Sendable {
  /// The folder's path.
  package let path: String

  /// Creates an empty folder.
  package init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("hiro-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  private static let kept = Mutex<[TemporaryFolder]>([])

  /// Creates an empty folder for several tests: it is deleted when the process exits. A static
  /// property is never released, so a folder that it holds would stay for ever.
  package static func untilExit() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let isFirst = kept.withLock { folders in
      folders.append(folder)
      return folders.count == 1
    }
    if isFirst {
      atexit {
        for folder in TemporaryFolder.kept.withLock({ $0 }) {
          try? FileManager.default.removeItem(atPath: folder.path)
        }
      }
    }
    return folder
  }

  /// The path of `name` in the folder.
  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes `text` to `name` in the folder and returns its path.
  @discardableResult
  package func file(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: file(name), atomically: true, encoding: .utf8)
    return file(name)
  }

  /// Creates a folder inside this one, with its parents, and returns its path.
  @discardableResult
  package func folder(_ name: String) throws -> String {
    try FileManager.default.createDirectory(
      atPath: file(name), withIntermediateDirectories: true)
    return file(name)
  }

  /// The bytes of every file in the folder and below, by its path in the folder.
  package func everything(in name: String = ".") throws -> [String: Data] {
    let top = file(name)
    var files: [String: Data] = [:]
    for case let path as String in FileManager.default.enumerator(atPath: top) ?? .init() {
      files[path] = FileManager.default.contents(atPath: "\(top)/\(path)")
    }
    return files
  }

  /// The names of everything in the folder, sorted.
  package var contents: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }
}
