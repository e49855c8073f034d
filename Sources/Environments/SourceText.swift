import Files
import Foundation

/// An error in a file that a person wrote, a map or a robot, with its place. The description is one
/// line that includes the remedy.
public struct SourceError: Error, Equatable, CustomStringConvertible {
  /// The path of the file, or the name of the text that was read.
  public var source: String
  /// The line, counted from 1; 0 if the error concerns the whole file.
  public var line: Int
  /// The character in the line, counted from 1; 0 if the error concerns the whole line.
  public var column: Int
  /// What is wrong and what to do.
  public var message: String
  /// Whether the file does not exist or can't be opened, so that nothing of it was read.
  public var isMissing: Bool = false

  /// `source:line:column: message`.
  public var description: String {
    let place = [line, column].filter { $0 > 0 }.map { ":\($0)" }.joined()
    // A name in an untrusted file may contain a line break.
    return "\(source)\(place): \(message)".split(whereSeparator: \.isNewline)
      .joined(separator: " ")
  }
}

/// Reads untrusted files: never more bytes than a limit, and only regular files.
enum SourceText {
  /// The text of a file.
  ///
  /// - Parameters:
  ///   - limit: The largest number of bytes to read.
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
      case .isFolder: failure("this is a folder: give the path of a \(kind) file")
      case .notAFile: failure("not a regular file: give the path of a \(kind) file")
      case .notReadable: failure("can't be opened: check its permissions", isMissing: true)
      case .failed(_, InputFile.opening, let reason):
        failure("can't be opened: \(reason)", isMissing: true)
      case .tooLarge:
        failure("larger than \((limit + 0xfffff) >> 20) MiB, the limit for a \(kind)")
      default: failure("can't be read: check the disk")
      }
    }
  }

  /// The file's name without folders and extensions.
  static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last ?? Substring(path)
    return name.split(separator: ".").first.map(String.init) ?? String(name)
  }
}
