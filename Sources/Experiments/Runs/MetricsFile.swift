import Files
import Foundation

/// `metrics.csv`: one row per report of a run, the environment step in the first column.
///
/// Every row is written with a single write, so that a killed process never leaves half a row.
/// Reopening cuts the file back to a given step, so that a resumed run does not report a step
/// twice. If the file holds anything else than rows, an unchanged copy is kept beside it, and a new
/// file continues its rows.
package final class MetricsFile {
  /// The columns after `step`.
  package let columns: [String]
  /// The numbers in the last row that was kept of a continued file, by column; empty for a new
  /// file.
  package private(set) var lastRow: [String: Double] = [:]
  /// The path of the copy, if the file held anything else than rows of these columns; otherwise
  /// nil.
  package private(set) var keptAside: String?
  private let file: AppendedFile

  /// A metrics file can have at most this many bytes when it is reopened.
  private static let sizeLimit = 1 << 30

  /// Begins a new file at `path`. If `step` is given and the file exists, continues it after its
  /// last row up to and including that step.
  package init(path: String, columns: [String], continuingAfter step: Int? = nil) throws(FileError)
  {
    var text = Self.line(["step"] + columns)
    if let step, access(path, F_OK) == 0 {
      let file = try InputFile(path: path, limit: Self.sizeLimit)
      let bytes = try file.bytes(in: 0..<file.count)
      let curve = Curve(String(decoding: bytes, as: UTF8.self), columns: columns)
      if curve.isDamaged {
        let aside = Self.freePath(beside: path)
        try AtomicFile.write(to: aside) { output throws(FileError) in try output.append(bytes) }
        keptAside = aside
      }
      let rows = curve.rows.prefix { $0.step <= step }
      text += rows.map { $0.text }.joined()
      lastRow = rows.last.map { Self.numbers($0.text, columns) } ?? [:]
    }
    try AtomicFile.write(text, to: path)
    file = try AppendedFile(path: path)
    self.columns = columns
  }

  fileprivate static func line(_ fields: [String]) -> String {
    fields.joined(separator: ",") + "\n"
  }

  /// The numbers in a row, by column.
  private static func numbers(_ row: String, _ columns: [String]) -> [String: Double] {
    let fields = row.dropLast().split(separator: ",", omittingEmptySubsequences: false)
    let values = zip(["step"] + columns, fields).compactMap { column, field in
      Double(field).map { (column, $0) }
    }
    return Dictionary(uniqueKeysWithValues: values)
  }

  private static func freePath(beside path: String) -> String {
    let base = (path as NSString).deletingPathExtension
    var number = 1
    while access("\(base).damaged-\(number).csv", F_OK) == 0 { number += 1 }
    return "\(base).damaged-\(number).csv"
  }

  /// Appends the row of `step`; a column without a value, or whose value is not a number, stays
  /// empty. Values must be of known columns.
  package func append(step: Int, _ values: [String: Double]) throws(FileError) {
    precondition(values.keys.allSatisfy(columns.contains), "a value without a column")
    let fields = columns.map { column in
      guard let value = values[column], value.isFinite else { return "" }
      return Int(exactly: value).map(String.init) ?? "\(value)"
    }
    try file.append(Array("\(step),\(fields.joined(separator: ","))\n".utf8))
  }

  /// Makes the rows so far reach the disk.
  package func synchronize() throws(FileError) {
    try file.synchronize()
  }
}

/// The rows of a metrics file that was written before.
private struct Curve {
  private(set) var rows: [(step: Int, text: String)] = []
  /// Whether the file holds something that is not a row, or a column that is not wanted.
  private(set) var isDamaged = false

  /// ``columns`` are those in the file, ``wanted`` those that the rows get.
  private var columns: [String]
  private let wanted: [String]

  init(_ text: String, columns: [String]) {
    self.columns = columns
    wanted = columns
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // What follows the last line break is a row that was not written completely.
    let rest = lines.removeLast()
    if rest.contains(where: { !"0123456789,.-+einfa".contains($0) }) { isDamaged = true }
    if let first = lines.first, first.hasPrefix("step,") {
      self.columns = first.split(separator: ",").dropFirst().map(String.init)
      lines.removeFirst()
      if !Set(self.columns).isSubset(of: columns) { isDamaged = true }
    } else {
      isDamaged = true
    }
    for line in lines { read(line) }
  }

  private mutating func read(_ line: Substring) {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
    guard fields.count == columns.count + 1, let step = Int(fields[0]),
      step > rows.last?.step ?? -1,
      fields.dropFirst().allSatisfy({ $0.isEmpty || Double($0) != nil })
    else {
      isDamaged = true
      return
    }
    if columns == wanted { return rows.append((step, line + "\n")) }
    // The file has other columns than are wanted: an older version of the program measured less.
    let values = Dictionary(
      zip(columns, fields.dropFirst()), uniquingKeysWith: { first, _ in first })
    let text = MetricsFile.line(["\(step)"] + wanted.map { values[$0].map(String.init) ?? "" })
    rows.append((step, text))
  }
}
