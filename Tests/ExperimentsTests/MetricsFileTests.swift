import Experiments
import Foundation
import TestSupport
import Testing

@Suite("Metrics")
struct MetricsFileTests {
  let folder = try! TemporaryFolder()

  func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  @Test("Each row is in the file as soon as it is appended; what was not measured stays empty")
  func rows() throws {
    let path = folder.file("metrics.csv")
    let metrics = try MetricsFile(path: path, columns: ["a", "b"])
    try metrics.append(step: 10, ["a": 1, "b": 0.1])
    try metrics.append(step: 20, ["b": .nan])
    #expect(try text(path) == "step,a,b\n10,1,0.1\n20,,\n")
  }

  @Test("Continuing cuts the file back to the given step, and a half-written row away")
  func continuing() throws {
    let path = folder.file("metrics.csv")
    try "step,a\n10,1\n20,2\n30,3\n40".write(toFile: path, atomically: true, encoding: .utf8)
    let metrics = try MetricsFile(path: path, columns: ["a"], continuingAfter: 20)
    try metrics.append(step: 25, ["a": 5])
    #expect(try text(path) == "step,a\n10,1\n20,2\n25,5\n")
  }

  /// Continues a file with the contents `old` after step 20. Returns the new contents, and those of
  /// the file that was kept aside.
  func continued(_ old: String) throws -> (text: String, kept: String?) {
    let path = folder.file("metrics.csv")
    try old.write(toFile: path, atomically: true, encoding: .utf8)
    let metrics = try MetricsFile(path: path, columns: ["a", "b"], continuingAfter: 20)
    return (try text(path), try metrics.keptAside.map { try text($0) })
  }

  @Test(
    "A file that holds anything but rows is kept aside, and every row of it goes on",
    arguments: [
      "progress\nstep,a,b\n10,1,2\n20,3,4\n", "step,a,b\n10,1,2\nprogress 15\n20,3,4\n",
      "step,a,b\n10,1,2\n15,1\n20,3,4\n30,x,y\n", "step,a,b\n10,1,2\n20,3,4\n10,1,2\n",
      "step,a,b\n10,1,2\n20,3,4\n30,5,6\nwarning: no", "10,1,2\n20,3,4\n",
      "step,a,b\n\n10,1,2\n20,3,4\n", "step,a,b\n10,1,2\n20,3,4\n\0\0\0\n",
    ])
  func damaged(old: String) throws {
    let (text, kept) = try continued(old)
    #expect(text == "step,a,b\n10,1,2\n20,3,4\n")
    #expect(kept == old)
  }

  @Test("Rows of an older program get the columns of today; a column that is gone is kept aside")
  func otherColumns() throws {
    let old = try continued("step,b\n10,2\n20,4\n30,6\n")
    #expect(old.text == "step,a,b\n10,,2\n20,,4\n" && old.kept == nil)
    let other = try continued("step,z,a\n10,1,2\n")
    #expect(other.text == "step,a,b\n10,2,\n" && other.kept == "step,z,a\n10,1,2\n")
    #expect(try folder.contents == ["metrics.csv", "metrics.damaged-1.csv"])
    _ = try continued("nothing\n")
    #expect(try text(folder.file("metrics.damaged-1.csv")) == "step,z,a\n10,1,2\n")
    #expect(try text(folder.file("metrics.damaged-2.csv")) == "nothing\n")
  }

  @Test("Every number reads back to itself")
  func precision() throws {
    let path = folder.file("metrics.csv")
    let metrics = try MetricsFile(path: path, columns: ["a"])
    let values = [0.1 + 0.2, -1e-300, 1.7976931348623157e308, 12_345_678.9]
    for (step, value) in values.enumerated() { try metrics.append(step: step, ["a": value]) }
    let read = try text(path).split(separator: "\n").dropFirst()
      .compactMap { $0.split(separator: ",").last.flatMap { Double($0) } }
    #expect(read == values)
  }
}
