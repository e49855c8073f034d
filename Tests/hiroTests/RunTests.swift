import Environments
import Experiments
import Foundation
import Learning
import MuJoCo
import TestSupport
import Testing

@Suite("Runs from the command line", .timeLimit(.minutes(10)))
struct RunTests {
  let folder = try! TemporaryFolder()

  func train(_ name: String, _ arguments: String...) throws -> Program.Outcome {
    try Program.run(["train", "point-maze", "--output", folder.file(name)] + arguments + tiny)
  }

  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
  }

  @Test("A run leaves its configuration, curves, policies and a checkpoint; its policy can be used")
  func wholePath() throws {
    let outcome = try train("run", "--steps", "400", "--seed", "7")
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("evaluation at 200: success"))
    for name in ["config.yaml", "metrics.csv", "best.safetensors", "latest.safetensors"] {
      #expect(FileManager.default.fileExists(atPath: folder.file("run/\(name)")), "\(name)")
    }
    let evaluated = try Program.run(
      "evaluate", folder.file("run"), "--episodes", "2", "--json", "--threads", "1")
    #expect(evaluated.code == 0, "\(evaluated.errors)")
    let again = try Program.run(
      "evaluate", folder.file("run"), "--episodes", "2", "--json", "--threads", "3")
    #expect(evaluated.output == again.output)
    let json = try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8))
    #expect(((json as? [String: Any])?["targets"] as? [Any])?.count == 3)

    // The configuration that a run writes gives the same run again.
    let copy = try Program.run([
      "train", "--config", folder.file("run/config.yaml"), "--output", folder.file("copy"),
    ])
    #expect(copy.code == 0, "\(copy.errors)")
    #expect(try bytes("copy/latest.safetensors") == bytes("run/latest.safetensors"))
    #expect(
      try curvesWithoutTime(folder.file("copy/metrics.csv"))
        == curvesWithoutTime(folder.file("run/metrics.csv")))

    let occupied = try train("run", "--steps", "400")
    #expect(occupied.code == 73)
    #expect(occupied.errors.contains("already contains a run; continue it with --resume"))

    let mismatch = try Program.run("evaluate", folder.file("run"), "--task", "ant-maze")
    #expect(mismatch.code == 65)
    #expect(
      mismatch.errors.contains("not a policy for ant-maze, but for point-maze"),
      "\(mismatch.errors)")
    #expect(mismatch.errors.contains("expected"), "\(mismatch.errors)")
  }

  @Test(
    "Stopped and continued, a run comes to the same bytes", arguments: ["sequential", "pipelined"])
  func resume(schedule: String) throws {
    let setting = "schedule=\(schedule)"
    #expect(try train("whole", "--steps", "700", "--set", setting).code == 0)
    #expect(try train("parts", "--steps", "330", "--set", setting).code == 0)
    let resumed = try Program.run("train", "--resume", folder.file("parts"), "--steps", "700")
    #expect(resumed.code == 0, "\(resumed.errors)")
    // The best policy is not compared: it contains the planned number of steps of its run, which
    // differs.
    #expect(
      try curvesWithoutTime(folder.file("whole/metrics.csv"))
        == curvesWithoutTime(folder.file("parts/metrics.csv")))
    for name in ["latest.safetensors", "checkpoint-700.safetensors"] {
      #expect(try bytes("whole/\(name)") == bytes("parts/\(name)"), "\(name)")
    }
    let changed = try Program.run(
      "train", "--resume", folder.file("parts"), "--set", "lower.discount=0.9")
    #expect(changed.code == 78)
    #expect(changed.errors.contains("lower.discount was 0.99"), "\(changed.errors)")
  }

  @Test("A run that goes on under another instruction set says so")
  func instructions() throws {
    #expect(try train("run", "--steps", "100").code == 0)
    let same = try Program.run("train", "--resume", folder.file("run"), "--steps", "150")
    #expect(same.code == 0 && !same.errors.contains("warning"), "\(same.errors)")
    let other = try Program.run(
      "train", "--resume", folder.file("run"), "--steps", "200",
      environment: ["ONEDNN_MAX_CPU_ISA": "SSE41", "DNNL_MAX_CPU_ISA": "SSE41"])
    #expect(other.code == 0, "\(other.errors)")
    #if arch(x86_64)
      #expect(other.errors.contains("on SSE4.1, "), "\(other.errors)")
      #expect(
        other.errors.contains("it continues, but not with the same results bit for bit"),
        "\(other.errors)")
    #endif
  }

  /// The reference trajectory of the linked version of libmujoco; nil if there is none.
  static let referenceFile: String? = {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../EnvironmentsTests/Fixtures").standardized.path
    let version = Model.libraryVersionName
    let path = "\(fixtures)/ant_maze\(version == "2.2.2" ? "" : "-\(version)").json"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()

  @Test(
    "Replaying the reference torques gives the reference states",
    .enabled(
      if: referenceFile != nil, "scripts/make-golden.py makes a reference for another version"))
  func reference() throws {
    let reference = try #require(Self.referenceFile)
    let output = folder.file("out.json")
    let outcome = try Program.run("simulate", "ant-maze", "--trace", reference, "--output", output)
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("the same to the last bit"), "\(outcome.output)")
    let expected = try PhysicsTrace(path: reference)
    #expect(expected.steps.count == 500)
    #expect(try PhysicsTrace(path: output) == expected)
  }

  @Test(
    "Every task replays what it wrote to the same bits, and tells where a trace differs",
    arguments: TaskRegistry.all.map(\.name))
  func replay(task: String) throws {
    let (output, again) = (folder.file("out.json"), folder.file("again.json"))
    let limits = try TaskRegistry.task(named: task).actionLimits
    let controls: [[Double]] = (0..<5).map { step in
      limits.enumerated().map { Double($1) / 30 * (Double($0 * step) - 10.1) }
    }
    let trace = folder.file("in.json")
    try PhysicsTrace(steps: controls.map { PhysicsTrace.Step(ctrl: $0) }).write(to: trace)
    let outcome = try Program.run("simulate", task, "--trace", trace, "--output", output)
    #expect(outcome.code == 0, "\(outcome.errors)")
    var states = try PhysicsTrace(path: output)
    #expect(states.steps.map(\.ctrl) == controls)
    #expect(states.steps.last?.qpos != states.initialQpos)

    let same = try Program.run("simulate", task, "--trace", output, "--output", again)
    #expect(same.output.contains("the same to the last bit"), "\(same.output)")
    #expect(try bytes("out.json") == bytes("again.json"))

    states.steps[3].qvel?[0] += 0.5
    try states.write(to: trace)
    let other = try Program.run("simulate", task, "--trace", trace, "--output", again)
    #expect(other.output.contains("the first difference is at step 3"), "\(other.output)")
    #expect(try bytes("out.json") == bytes("again.json"))
  }

  @Test("An own map is trained in, evaluated and continued without its file")
  func ownMap() throws {
    let map = try folder.file("lane.txt", "#####\n#R.a#\n#####\n")
    let trained = try Program.run(
      ["train", "--map", map, "--steps", "100", "--output", folder.file("run")] + tiny)
    #expect(trained.code == 0, "\(trained.errors)")
    try FileManager.default.removeItem(atPath: map)
    let evaluated = try Program.run("evaluate", folder.file("run"), "--episodes", "1")
    #expect(evaluated.code == 0, "\(evaluated.errors)")
    let resumed = try Program.run("train", "--resume", folder.file("run"), "--steps", "150")
    #expect(resumed.code == 0, "\(resumed.errors)")
  }
}
