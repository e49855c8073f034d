import Files
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
    do throws(FileError) {
      let file = try InputFile(path: path, limit: limit)
      return try file.bytes(in: 0..<file.count)
    } catch {
      throw switch error {
      case .notFound, .notAFolder:
        failure("no such \(kind) file: check the path", isMissing: true)
      case .notAFile: failure("not a regular file: give the path of a \(kind) file")
      case .notReadable: failure("can't be opened: check its permissions", isMissing: true)
      case .failed(_, InputFile.opening, let reason):
        failure("can't be opened: \(reason)", isMissing: true)
      case .tooLarge:
        failure("more than \((limit + 0xfffff) >> 20) MiB, the most that is read of a \(kind)")
      default: failure("can't be read: check the disk")
      }
    }
  }

  /// The file's name without folders and endings.
  static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last ?? Substring(path)
    return name.split(separator: ".").first.map(String.init) ?? String(name)
  }
}
