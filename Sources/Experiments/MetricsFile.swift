import Foundation

/// `metrics.csv`: one row per report of a run, the environment step in the first column.
///
/// Every row reaches the file in one write, so that a kill never leaves half of one; reopening cuts
/// the file back to a given step, so that a resumed run does not report twice.
public final class MetricsFile {
  /// The columns after `step`.
  public let columns: [String]
  /// The numbers in the last row of the file that is continued, by column.
  private(set) var lastRow: [String: Double] = [:]
  private let path: String
  private let descriptor: Int32

  /// A metrics file can have at most this many bytes when it is reopened.
  private static let sizeLimit = 1 << 30

  /// Begins a new file at `path`, or, where `step` is given, continues the one that is there after
  /// its last row of that step or before.
  public init(path: String, columns: [String], continuingAfter step: Int? = nil) throws(FileError) {
    let header = (["step"] + columns).joined(separator: ",")
    var text = header + "\n"
    if let step, access(path, F_OK) == 0 {
      let old = try InputFile.text(path: path, limit: Self.sizeLimit)
      let lines = old.split(separator: "\n", omittingEmptySubsequences: false)
      guard lines.first.map(String.init) == header else {
        throw .failed(
          path: path, operation: "continuing the metrics",
          reason: "its first line is not \(quoted(header))")
      }
      // What follows the last line break is a row that a kill cut short.
      for line in lines.dropFirst().dropLast() {
        guard let first = line.split(separator: ",").first, let rowStep = Int(first),
          rowStep <= step
        else { break }
        text += line + "\n"
        lastRow = Dictionary(
          uniqueKeysWithValues: zip(
            ["step"] + columns, line.split(separator: ",", omittingEmptySubsequences: false)
          )
          .compactMap { column, field in Double(field).map { (column, $0) } })
      }
    }
    try AtomicFile.write(text, to: path)
    descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw FileError(errno: errno, path: path, operation: "opening", writing: true)
    }
    self.path = path
    self.columns = columns
  }

  deinit { close(descriptor) }

  /// Appends the row of `step`; a column without a value, or whose value is not a number, stays
  /// empty. Values must be of known columns.
  public func append(step: Int, _ values: [String: Double]) throws(FileError) {
    precondition(values.keys.allSatisfy(columns.contains), "a value without a column")
    let fields = columns.map { column in
      guard let value = values[column], value.isFinite else { return "" }
      return Int(exactly: value).map(String.init) ?? "\(value)"
    }
    let row = Array("\(step),\(fields.joined(separator: ","))\n".utf8)
    let end = lseek(descriptor, 0, SEEK_END)
    let written = row.withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) }
    guard written == row.count else {
      let error = FileError(
        errno: written < 0 ? errno : ENOSPC, path: path, operation: "writing", writing: true)
      // A disk that fills takes the beginning of a row; the row will be tried again as a whole.
      if written > 0 { ftruncate(descriptor, end) }
      throw error
    }
  }

  /// Makes the rows so far reach the disk.
  public func synchronize() throws(FileError) {
    guard fsync(descriptor) == 0 else {
      throw FileError(errno: errno, path: path, operation: "syncing", writing: true)
    }
  }
}
