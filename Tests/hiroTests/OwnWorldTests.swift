import Environments
import Experiments
import Foundation
import TestSupport
import Testing

@Suite("A run and its policies carry their whole world", .timeLimit(.minutes(10)))
struct OwnWorldTests {
  let folder = try! TemporaryFolder()

  /// Makes a short run with a robot of several files, and deletes these files afterwards.
  func makeRun(gear: Double = 2) throws -> String {
    let robot = try RobotFiles.scout(in: folder, gear: gear)
    let map = try folder.file("lane.txt", RobotFiles.map)
    let trained = try Program.run(
      [
        "train", "--map", map, "--robot", robot, "--steps", "200", "--seed", "7", "--output",
        folder.file("run"),
      ] + tiny)
    #expect(trained.code == 0, "\(trained.errors)")
    try FileManager.default.removeItem(atPath: folder.file("robots"))
    try FileManager.default.removeItem(atPath: map)
    return folder.file("run")
  }

  func evaluate(_ path: String, _ more: String...) throws -> Program.Outcome {
    try Program.run(["evaluate", path, "--episodes", "1", "--json"] + more)
  }

  /// Writes the policy in `file` as a version of the program that did not store robots would have.
  func forget(_ file: String, to name: String) throws -> String {
    var policy = try PolicyFile(path: file)
    let task = try policy.definition().description
    (policy.robot, policy.compiled) = (nil, nil)
    try policy.write(to: folder.file(name), task: task)
    return folder.file(name)
  }

  @Test("Everything works without the robot's files, from another folder")
  func moved() throws {
    let first = try makeRun()
    let before = try evaluate(first)
    #expect(before.code == 0, "\(before.errors)")
    try folder.folder("elsewhere")
    let run = folder.file("elsewhere/moved")
    try FileManager.default.moveItem(atPath: first, toPath: run)
    let after = try evaluate(run)
    #expect(after.output == before.output && after.errors.isEmpty, "\(after.errors)")
    #expect(after.output.contains("\"task\" : \"lane+scout\""))
    // The file of a policy alone is enough.
    let policy = folder.file("alone.safetensors")
    try FileManager.default.copyItem(atPath: "\(run)/best.safetensors", toPath: policy)
    #expect(try evaluate(policy).output == before.output)

    let inspected = try Program.run("inspect", run)
    #expect(inspected.code == 0, "\(inspected.errors)")
    #expect(
      inspected.output.contains(
        "lane+scout (a custom map and the custom robot 'scout' with 2 meshes and textures)"),
      "\(inspected.output)")
    #expect(inspected.output.contains(", physics "))

    // The configuration, with the files beside it, gives the same run again.
    let copy = try Program.run([
      "train", "--config", "\(run)/config.yaml", "--output", folder.file("copy"),
    ])
    #expect(copy.code == 0, "\(copy.errors)")
    #expect(
      try curvesWithoutTime("\(run)/metrics.csv")
        == curvesWithoutTime(folder.file("copy/metrics.csv")))
    for name in ["latest.safetensors", "world.mjb.gz", "robot/scout.xml"] {
      #expect(
        FileManager.default.contents(atPath: "\(run)/\(name)")
          == FileManager.default.contents(atPath: folder.file("copy/\(name)")), "\(name)")
    }

    // A comparison knows the settings that suit a custom robot, and does not call them changes.
    let compared = try Program.run("compare", run)
    #expect(compared.code == 0 && !compared.output.contains("lower.noiseUnits="))

    // Resuming needs neither the map nor the robot in the folder.
    for name in ["map.txt", "robot", "world.mjb.gz"] {
      try FileManager.default.removeItem(atPath: "\(run)/\(name)")
    }
    let resumed = try Program.run("train", "--resume", run, "--steps", "250")
    #expect(resumed.code == 0 && !resumed.errors.contains("warning"), "\(resumed.errors)")
    if RenderTests.hasGraphics {
      let rendered = try Program.run(
        "render", run, "--output", folder.file("pictures"), "--size", "64x48", "--every", "250",
        "--no-video")
      #expect(rendered.code == 0, "\(rendered.errors)")
    }
  }

  @Test("Another robot is refused by what differs, and a refused resume changes nothing")
  func anotherRobot() throws {
    let run = try makeRun()
    let other = try RobotFiles.scout(in: folder, gear: 3)
    let everything = try folder.everything(in: "run")
    #expect(everything.count > 8)
    let refused = [
      ["train", "--resume", run, "--steps", "300", "--robot", other],
      ["evaluate", run, "--robot", other],
      ["render", run, "--output", folder.file("pictures"), "--robot", other],
      ["view", run, "--robot", other],
    ]
    for command in refused {
      let outcome = try Program.run(command)
      #expect(outcome.code == 78, "\(command): \(outcome.errors)")
      #expect(
        outcome.errors.contains("the gear of actuator 'front' is 3 and not 2"), "\(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1)
    }
    let changes = [
      ["--steps", "300", "--set", "lower.discount=0.9"], ["--steps", "100"],
      ["--steps", "300", "--robot", folder.file("none.xml")], ["--steps", "many"],
    ]
    for change in changes {
      #expect(try Program.run(["train", "--resume", run] + change).code != 0)
    }
    #expect(try folder.everything(in: "run") == everything)

    // The same robot under another name is the same robot.
    _ = try RobotFiles.scout(in: folder, gear: 2)
    let renamed = folder.file("robots/renamed.xml")
    try FileManager.default.moveItem(atPath: other, toPath: renamed)
    #expect(try evaluate(run, "--robot", renamed).code == 0)
    let resumed = try Program.run("train", "--resume", run, "--steps", "300", "--robot", renamed)
    #expect(resumed.code == 0, "\(resumed.errors)")
    #expect(
      try String(contentsOfFile: "\(run)/config.yaml", encoding: .utf8).contains("steps: 300"))
  }

  @Test("A policy of another robot doesn't act in a task of the Ant, and one of the Ant does")
  func tasks() throws {
    let map = try folder.file("lane.txt", "name: lane\n#####\n#R.a#\n#####\n")
    let ant = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../models/robots/ant.xml").standardized.path
    let text = try String(contentsOfFile: ant, encoding: .utf8)
    for (name, text) in [
      ("twin", text), ("strong", text.replacingOccurrences(of: "gear=\"1\"", with: "gear=\"2\"")),
    ] {
      let robot = try folder.file("\(name).xml", text)
      let run = folder.file(name)
      let trained = try Program.run(
        ["train", "--map", map, "--robot", robot, "--steps", "100", "--output", run] + tiny)
      #expect(trained.code == 0, "\(trained.errors)")
      let outcome = try evaluate(run, "--task", "ant-maze")
      if name == "twin" {
        // Its subgoals have other bounds than those of the task, but the robot is the same.
        #expect(!outcome.errors.contains("another robot"), "\(outcome.errors)")
      } else {
        #expect(outcome.code == 64 && outcome.errors.contains("the gear of actuator"))
      }
    }
  }

  @Test("A policy from before robots were kept asks for its robot, and is never given the Ant")
  func older() throws {
    let run = try makeRun()
    let policy = try forget("\(run)/best.safetensors", to: "old.safetensors")
    let outcome = try evaluate(policy)
    #expect(outcome.code == 64, "\(outcome.errors)")
    #expect(outcome.errors.contains("the custom robot 'scout'"), "\(outcome.errors)")
    let robot = try RobotFiles.scout(in: folder)
    #expect(try evaluate(policy, "--robot", robot).output == evaluate(run).output)
    let inspected = try Program.run("inspect", policy)
    #expect(inspected.output.contains("the robot 'scout' is missing"), "\(inspected.output)")
  }

  @Test("Old policies load as before")
  func shipped() throws {
    let policies = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../models/policies").standardized.path
    for name in try FileManager.default.contentsOfDirectory(atPath: policies) {
      let outcome = try evaluate("\(policies)/\(name)", "--no-card")
      #expect(outcome.code == 0, "\(name): \(outcome.errors)")
      let inspected = try Program.run("inspect", "\(policies)/\(name)")
      #expect(inspected.code == 0 && !inspected.output.contains("not measured"))
    }
  }

  @Test("A configuration whose map is not beside it says so")
  func lost() throws {
    let run = try makeRun()
    let config = folder.file("config.yaml")
    try FileManager.default.copyItem(atPath: "\(run)/config.yaml", toPath: config)
    let outcome = try Program.run("train", "--config", config, "--output", folder.file("new"))
    #expect(outcome.code == 64 && outcome.errors.contains("lane+scout"), "\(outcome.errors)")
    #expect(outcome.errors.contains("give the map with --map"), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("new")))
  }

  @Test("Two worlds at once are refused, and so is a robot without a maze")
  func twoWorlds() throws {
    let map = try folder.file("lane.txt", RobotFiles.map)
    let robot = try folder.file("robot.xml", RobotFiles.tripod())
    let output = folder.file("pictures")
    for (arguments, said) in [
      (
        ["render", "--task", "ant-maze", "--map", map, "--output", output],
        "cannot be used together"
      ),
      (["render", "--task", "ant-maze", "--robot", robot, "--output", output], "--map"),
      (["view", "ant-maze", "--robot", robot], "--map"),
      (["train", "ant-maze", "--robot", robot, "--output", output], "--map"),
    ] {
      let outcome = try Program.run(arguments)
      #expect(outcome.code == 64 && outcome.errors.contains(said), "\(outcome.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test("The first word of a robot that walks through walls comes before the run")
  func ghost() throws {
    let map = try folder.file("lane.txt", RobotFiles.map)
    let robot = try folder.file(
      "robot.xml", RobotFiles.tripod(geom: "contype=\"0\" conaffinity=\"0\""))
    let outcome = try Program.run(
      "train", "--map", map, "--robot", robot, "--output", folder.file("run"))
    #expect(
      outcome.code == 65 && outcome.errors.contains("can touch the maze"), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("run")))
  }

  @Test("A policy whose world was damaged is refused")
  func damaged() throws {
    let run = try makeRun()
    let path = "\(run)/best.safetensors"
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    let place = try #require(data.range(of: Data("gear=\"2.0\"".utf8)))
    data[place.lowerBound + 6] = UInt8(ascii: "3")
    try data.write(to: URL(fileURLWithPath: path))
    let outcome = try evaluate(path)
    #expect(outcome.code == 65 && outcome.errors.contains("the checksum does not match"))
  }
}
