import Environments
import Experiments
import Foundation
import TestSupport
import Testing

@Suite("What is saved: hiro inspect, and damaged or hostile files")
struct InspectTests {
  let folder = try! TemporaryFolder()

  /// A short run of this test's own.
  func makeRun() throws -> String { try ShortRun.copy(to: folder.file("run")) }

  /// Flips a bit near the end of a file, in the last tensor.
  func damage(_ path: String) throws {
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    data[data.count - 9] ^= 4
    try data.write(to: URL(fileURLWithPath: path))
  }

  @Test("A policy, a checkpoint and a folder say what they hold and that it is intact")
  func intact() throws {
    let run = try makeRun()
    let expected = [
      ("best.safetensors", "policy"), ("latest.safetensors", "policy"),
      ("checkpoint-200.safetensors", "checkpoint"), ("checkpoint-0.safetensors", "checkpoint"),
    ]
    let all = try Program.run("inspect", run)
    #expect(all.code == 0, "\(all.errors)")
    for (name, kind) in expected {
      let outcome = try Program.run("inspect", "\(run)/\(name)")
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(all.output.contains(outcome.output), "\(name)")
      let rows = outcome.output.split(separator: "\n").map {
        $0.split(separator: " ", omittingEmptySubsequences: true)
      }
      func value(_ key: String) -> Substring? {
        rows.first { $0.first == Substring(key) && $0.count > 1 }?[1]
      }
      #expect(value("kind") == Substring(kind))
      #expect(value("task") == "point-maze" && value("seed") == "7")
      #expect(value("step") == (name.contains("-0.") ? "0" : "200"))
      #expect(outcome.output.contains("intact"))
      let weight = kind == "policy" ? "lower.actor.layer1.weight" : "lower.actor.first_moments"
      #expect(value(weight) == "F32", "\(outcome.output)")
    }
  }

  @Test("A damaged one is refused by everything that reads it")
  func damaged() throws {
    let run = try makeRun()
    let (policy, checkpoint) = ("\(run)/best.safetensors", "\(run)/checkpoint-200.safetensors")
    try damage(policy)
    try damage(checkpoint)
    let commands = [
      ["inspect", policy], ["inspect", checkpoint], ["evaluate", policy], ["evaluate", run],
      ["render", policy, "--output", folder.file("pictures")],
    ]
    for command in commands {
      let outcome = try Program.run(command)
      #expect(outcome.code == 65, "\(command): \(outcome.errors)")
      #expect(outcome.errors.contains("checksum"), "\(command): \(outcome.errors)")
      #expect(outcome.output.isEmpty)
    }
    let all = try Program.run("inspect", run)
    #expect(all.code == 65)
    #expect(all.output.split(separator: "\n").count { $0.hasPrefix("DAMAGED: ") } == 2)

    // Resuming uses the checkpoint before the damaged one, which is removed once there is a newer
    // good one.
    let resumed = try Program.run("train", "--resume", run)
    #expect(
      resumed.code == 0 && resumed.errors.contains("continuing from an older checkpoint"),
      "\(resumed.errors)")
    try damage(checkpoint)
    #expect(try Program.run("train", "--resume", run, "--steps", "100").code == 0)
    #expect(!FileManager.default.fileExists(atPath: checkpoint))
    #expect(try Program.run("inspect", "\(run)/checkpoint-100.safetensors").code == 0)
  }

  @Test("A checkpoint is no policy, and a policy cannot be resumed")
  func mistaken() throws {
    let run = try makeRun()
    let evaluated = try Program.run("evaluate", "\(run)/checkpoint-200.safetensors")
    #expect(evaluated.code == 65 && evaluated.errors.contains("not a policy"))
    try FileManager.default.copyItem(
      atPath: "\(run)/best.safetensors", toPath: "\(run)/checkpoint-300.safetensors")
    let inspected = try Program.run("inspect", run)
    #expect(inspected.code == 0, "a copy of a policy is still one")
    let resumed = try Program.run("train", "--resume", run)
    #expect(resumed.code == 0 && resumed.errors.contains("it is another kind of file"))
  }

  @Test("A policy that names a file gets nothing read")
  func paths() throws {
    let robot = try folder.file("robot.xml", "<mujoco><worldbody/></mujoco>")
    var policy = try PolicyFile(path: "\(makeRun())/best.safetensors")
    let path = folder.file("hostile.safetensors")
    let task = try TaskRegistry.definition(named: "point-maze").description
    for name in [robot, "../robot.xml", "robot.xml", "file://\(robot)"] {
      policy.configuration.task = name
      try policy.write(to: path, task: task)
      let outcome = try Program.run("evaluate", path)
      #expect(outcome.code == 64, "\(outcome.errors)")
      #expect(outcome.errors.contains("is a custom environment"), "\(outcome.errors)")
    }
    // A map is text in the policy; markup in a map's name remains a part of the name.
    let text = "name: a\"/><include file=\"\(robot)\"/>\n#####\n#R.a#\n#####\n"
    policy.map = try MazeMap(text: text, name: "map")
    policy.configuration.task = policy.map!.name
    let definition = try policy.definition()
    #expect(definition.modelXML.contains("&lt;include file=&quot;"))
    #expect(!definition.modelXML.contains("<include"))
    _ = try definition.makeModel()
  }
}
