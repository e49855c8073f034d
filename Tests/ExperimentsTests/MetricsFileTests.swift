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

  @Test("A file of other columns is not continued")
  func otherColumns() throws {
    let path = folder.file("metrics.csv")
    try "step,z\n10,1\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(throws: FileError.self) {
      try MetricsFile(path: path, columns: ["a"], continuingAfter: 20)
    }
    #expect(try text(path) == "step,z\n10,1\n")
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
