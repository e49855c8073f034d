import Foundation

/// The learning curves in the file at `path` without their last columns, which contain times: the
/// rest depends on the seed alone.
package func curvesWithoutTime(_ path: String) throws -> [String] {
  let lines = try String(contentsOfFile: path, encoding: .utf8)
    .split(separator: "\n", omittingEmptySubsequences: false)
    .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
  guard let time = lines.first?.firstIndex(of: "wall_time") else {
    throw CocoaError(.fileReadCorruptFile)
  }
  return lines.map { $0.prefix(time).joined(separator: ",") }
}
