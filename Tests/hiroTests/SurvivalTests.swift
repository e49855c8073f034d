import Foundation
import TestSupport
import Testing

@Suite("What may happen to a run", .timeLimit(.minutes(10)))
struct SurvivalTests {
  let folder = try! TemporaryFolder()

  var run: String { folder.file("run") }

  /// Starts a run that does not end by itself, and waits until it has written `file`.
  func endlessRun(until file: String, _ arguments: String...) throws -> Program {
    let program = try Program(
      ["train", "point-maze", "--steps", "100000000", "--output", run] + tiny + arguments)
    try program.wait { FileManager.default.fileExists(atPath: "\(run)/\(file)") }
    return program
  }

  /// The checkpoints in the run's folder.
  func checkpoints() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: run)
      .filter { $0.hasPrefix("checkpoint-") }.sorted()
  }

  @Test("A second trainer in a folder is refused by the first one's host and process")
  func lock() throws {
    let first = try endlessRun(until: "checkpoint-0.safetensors")
    let second = try Program.run("train", "--resume", run)
    #expect(second.code == 75)
    let holder = "process \(first.identifier) on \(ProcessInfo.processInfo.hostName)"
    #expect(second.errors.contains(holder), "\(second.errors)")
    // The lock of a process that was killed is taken over.
    first.send(SIGKILL)
    _ = try first.outcome()
    let third = try Program.run("train", "--resume", run, "--steps", "20")
    #expect(third.code == 0, "\(third.errors)")
  }

  @Test("A folder that goes away: training goes on with a warning, and ends with the reason")
  func folderRemoved() throws {
    let program = try endlessRun(
      until: "checkpoint-0.safetensors", "--set", "checkpoint.minutes=0.001")
    try FileManager.default.moveItem(atPath: run, toPath: folder.file("elsewhere"))
    try program.wait { try program.errors.contains("warning: ") }
    program.send(SIGTERM)
    let outcome = try program.outcome()
    #expect(outcome.code == 74, "\(outcome.errors)")
    #expect(
      outcome.errors.hasSuffix(
        "hiro: the run has ended, but its last state could not be saved: \(run): "
          + "the folder to write into does not exist; create it first\n"), "\(outcome.errors)")
    // The state that was saved before is intact, and the run continues in its new place.
    let resumed = try Program.run("train", "--resume", folder.file("elsewhere"), "--steps", "1")
    #expect(resumed.code == 0, "\(resumed.errors)")
  }

  @Test("A run that was killed before its first checkpoint can be begun again")
  func killedAtOnce() throws {
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    try folder.file("run/config.yaml", "seed: 1\n")
    try folder.file("run/.config.yaml.1.partial", "seed:")
    let outcome = try Program.run(
      ["train", "point-maze", "--steps", "10", "--output", run] + tiny)
    #expect(outcome.code == 0, "\(outcome.errors)")
    // A folder with something that can't be made again is still refused.
    try FileManager.default.removeItem(atPath: "\(run)/config.yaml")
    let again = try Program.run(
      ["train", "point-maze", "--steps", "10", "--output", run] + tiny)
    #expect(again.code == 73, "\(again.errors)")
  }

  @Test("Weights that are not finite stop the run by name, step and last good checkpoint")
  func notFinite() throws {
    // Adam then divides the last moment of a unit that has become silent by almost zero.
    let outcome = try Program.run(
      ["train", "point-maze", "--steps", "5000", "--output", run] + tiny
        + ["--set", "lower.adamEpsilon=1e-30", "--set", "lower.adamBeta2=0"])
    #expect(outcome.code == 70, "\(outcome.errors)")
    let message = outcome.errors.split(separator: "\n").last ?? ""
    #expect(message.hasPrefix("hiro: a weight of the lower "), "\(message)")
    #expect(message.contains(" is not finite at step "), "\(message)")
    let last = try #require(try checkpoints().first)
    #expect(message.contains("the last good checkpoint is \(run)/\(last);"), "\(message)")
    #expect(try Program.run("inspect", "\(run)/\(last)").code == 0)
  }

  @Test("Episodes in which the simulation diverged are counted, and the run goes on")
  func diverged() throws {
    let map = try folder.file("lane.txt", "#####\n#R.a#\n#####\n")
    let robot = try folder.file(
      "robot.xml",
      """
      <mujoco><worldbody><body pos="0 0 1"><freejoint/><geom size="0.2"/>
        <body><joint name="j" axis="0 1 0"/><geom size="0.1" pos="0 0 0.4"/></body>
      </body></worldbody><actuator>
        <motor joint="j" ctrllimited="true" ctrlrange="-1 1" gear="1e13"/>
      </actuator></mujoco>
      """)
    let outcome = try Program.run(
      ["train", "--map", map, "--robot", robot, "--steps", "400", "--output", run] + tiny)
    #expect(outcome.code == 0, "\(outcome.errors)")
    let rows = try String(contentsOfFile: "\(run)/metrics.csv", encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let column = try #require(rows.first?.firstIndex(of: "diverged"))
    #expect(rows.dropFirst().allSatisfy { (Int($0[column]) ?? 0) > 0 }, "\(rows)")
    #expect(try Program.run("inspect", run).code == 0)
  }
}
