import Foundation
import TestSupport
import Testing

@Suite("Standard streams are not trusted", .timeLimit(.minutes(5)))
struct StreamTests {
  let folder = try! TemporaryFolder()

  var run: String { folder.file("run") }

  func curve() throws -> String {
    try String(contentsOfFile: "\(run)/metrics.csv", encoding: .utf8)
  }

  @Test(
    "Without standard streams nothing of a run lands in another file",
    arguments: ["0<&-", "1>&-", "2>&-", "1>&- 2>&-", "0<&- 2>&-", "0<&- 1>&- 2>&-"])
  func closed(streams: String) throws {
    let train = ["train", "point-maze", "--steps", "600", "--output", run] + tiny
    let outcome = try Program.script("exec \"$HIRO\" \"$@\" \(streams)", train)
    #expect(outcome.code == 0, "\(outcome.errors)")
    let rows = try curve().split(separator: "\n")
    let steps = rows.dropFirst().map { $0.prefix { $0 != "," } }
    #expect(rows.first?.hasPrefix("step,episodes,") == true, "\(rows)")
    #expect(steps == ["100", "200", "300", "400", "500", "600"], "\(rows)")
    #expect(try Program.run("inspect", run).code == 0)
    let resumed = try Program.script(
      "exec \"$HIRO\" \"$@\" \(streams)", ["train", "--resume", run, "--steps", "700"])
    #expect(resumed.code == 0, "\(resumed.errors)")
    #expect(try curve().split(separator: "\n").dropLast() == rows[...])
  }

  @Test("A damaged curve is kept aside, said, and its rows go on")
  func damagedCurve() throws {
    let trained = try Program.run(
      ["train", "point-maze", "--steps", "400", "--output", run] + tiny)
    #expect(trained.code == 0, "\(trained.errors)")
    let intact = try curve()
    var lines = intact.split(separator: "\n")
    lines.insert("point-maze  10 of 400 steps (2 %)", at: 2)
    let damaged = lines.joined(separator: "\n") + "\n"
    try damaged.write(toFile: "\(run)/metrics.csv", atomically: true, encoding: .utf8)
    let resumed = try Program.run("train", "--resume", run)
    #expect(resumed.code == 0, "\(resumed.errors)")
    #expect(
      resumed.errors.contains("it is kept as \(run)/metrics.damaged-1.csv"), "\(resumed.errors)")
    #expect(try String(contentsOfFile: "\(run)/metrics.damaged-1.csv", encoding: .utf8) == damaged)
    #expect(try curve() == intact)
  }

  @Test("What cannot be printed is an error, and a reader that has enough is none")
  func standardOutput() throws {
    for (stream, reason) in [("/dev/full", "No space left"), ("&-", "Bad file descriptor")] {
      for command in ["list", "--help", "--version", "list settings"] {
        let outcome = try Program.script("exec \"$HIRO\" \(command) >\(stream)")
        #expect(outcome.code == 74, "\(command): \(outcome.errors)")
        #expect(outcome.errors.hasPrefix("hiro: standard output cannot be written: \(reason)"))
      }
    }
    let piped = try Program.script("hiro list | head -n 1; echo ${PIPESTATUS[0]}")
    #expect(piped.output == "TASKS\n141\n" || piped.output == "TASKS\n0\n", "\(piped.output)")
    #expect(piped.errors.isEmpty, "\(piped.errors)")
  }
}
