import Foundation

/// What is wrong with a file that a person wrote, a map or a robot, and where; the description is one line with the remedy.
public struct SourceError: Error, Equatable, CustomStringConvertible {
  /// The file, or the name of what was read.
  public var source: String
  /// The line, counted from 1; 0 where the whole file is meant.
  public var line: Int
  /// The character in the line, counted from 1; 0 where the whole line is meant.
  public var column: Int
  /// What is wrong and what to do.
  public var message: String
  /// Whether there is no such file, or it can't be opened: nothing of it was read.
  public var isMissing: Bool = false

  /// `source:line:column: message`.
  public var description: String {
    let place = [line, column].filter { $0 > 0 }.map { ":\($0)" }.joined()
    // A name in a stranger's file may hold a line break.
    return "\(source)\(place): \(message)".split(whereSeparator: \.isNewline)
      .joined(separator: " ")
  }
}

/// Reads the files of strangers: never more than a limit, never anything but a regular file.
enum SourceText {
  /// The text of a file.
  ///
  /// - Parameters:
  ///   - limit: The most bytes that are read.
  ///   - kind: What the file should be, for errors.
  static func read(_ path: String, limit: Int, kind: String) throws(SourceError) -> String {
    guard let text = String(validating: try bytes(path, limit: limit, kind: kind), as: UTF8.self)
    else {
      throw SourceError(
        source: path, line: 0, column: 0, message: "not UTF-8 text: a \(kind) is a text file")
    }
    return text
  }

  /// The bytes of a file.
  static func bytes(_ path: String, limit: Int, kind: String) throws(SourceError) -> [UInt8] {
    func failure(_ message: String, isMissing: Bool = false) -> SourceError {
      SourceError(source: path, line: 0, column: 0, message: message, isMissing: isMissing)
    }
    var status = stat()
    guard !path.utf8.contains(0), stat(path, &status) == 0 else {
      throw failure("no such \(kind) file: check the path", isMissing: true)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw failure("not a regular file: give the path of a \(kind) file")
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw failure("can't be opened: check its permissions", isMissing: true)
    }
    defer { try? handle.close() }
    let data: Data
    do {
      data = try handle.read(upToCount: limit + 1) ?? Data()
    } catch {
      throw failure("can't be read: check the disk")
    }
    guard data.count <= limit else {
      throw failure("more than \((limit + 0xfffff) >> 20) MiB, the most that is read of a \(kind)")
    }
    return [UInt8](data)
  }

  /// The file's name without folders and endings.
  static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last ?? Substring(path)
    return name.split(separator: ".").first.map(String.init) ?? String(name)
  }
}
