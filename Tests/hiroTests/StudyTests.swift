import Foundation
import TestSupport
import Testing

@Suite("hiro study and hiro compare, as a user runs them", .timeLimit(.minutes(10)))
struct StudyCommandTests {
  let folder = try! TemporaryFolder()

  var output: String { folder.file("study") }

  /// The arguments of a study of Point Maze.
  func arguments(_ more: String..., settings: [String] = tiny) -> [String] {
    ["study", "point-maze", "--output", output] + more + settings
  }

  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
  }

  /// The processes that train in the study's folder.
  func trainers() -> [pid_t] {
    Program.commandLines().filter { _, words in
      words.dropFirst().first == "train" && words.contains { $0.hasPrefix(output + "/") }
    }.map(\.key)
  }

  func expectSameRun(_ first: String, _ second: String) throws {
    for name in ["config.yaml", "latest.safetensors", "best.safetensors"] {
      #expect(try bytes("\(first)/\(name)") == bytes("\(second)/\(name)"), "\(first) \(name)")
    }
    #expect(
      try curvesWithoutTime(folder.file("\(first)/metrics.csv"))
        == curvesWithoutTime(folder.file("\(second)/metrics.csv")))
  }

  @Test("A study's runs are those of hiro train; the same command has nothing left to do")
  func sameAsTrain() throws {
    let settings = tinyRun(with: "evaluation.interval=400")
    let outcome = try Program.run(
      arguments(
        "--seeds", "1-2", "--presets", "hiro,flat", "--steps", "400", "--jobs", "2",
        settings: settings))
    #expect(outcome.code == 0, "\(outcome.errors)")
    for (preset, seed) in [("hiro", "1"), ("flat", "2")] {
      let single = "single-\(preset)"
      let trained = try Program.run(
        [
          "train", "point-maze", "--preset", preset, "--seed", seed, "--steps", "400", "--output",
          folder.file(single),
        ] + settings)
      #expect(trained.code == 0, "\(trained.errors)")
      try expectSameRun("study/point-maze/\(preset)/seed-\(seed)", single)
    }
    let again = try Program.run("study", "--resume", output)
    #expect(again.code == 0 && !again.errors.contains("begins"), "\(again.errors)")
    // study.yaml is enough to repeat the study.
    let repeated = try Program.run(
      "study", "\(output)/study.yaml", "--output", folder.file("again"), "--no-tensorboard")
    #expect(repeated.code == 0, "\(repeated.errors)")
    try expectSameRun("again/point-maze/flat/seed-1", "study/point-maze/flat/seed-1")

    let compared = try Program.run(
      "compare", output, "--json", "--no-pictures",
      "--html", folder.file("page.html"), "--csv", folder.file("runs.csv"))
    #expect(compared.code == 0, "\(compared.errors)")
    let json = try JSONSerialization.jsonObject(with: Data(compared.output.utf8))
    let groups = try #require((json as? [String: Any])?["groups"] as? [[String: Any]])
    #expect(groups.map { $0["variant"] as? String } == ["hiro", "flat"])
    #expect(groups.allSatisfy { ($0["seeds"] as? [Int]) == [1, 2] })
    for flag in [[], ["--markdown"]] {
      let table = try Program.run(["compare", output] + flag)
      #expect(table.code == 0 && table.output.contains("point-maze: success over seeds"))
    }
    #expect(try String(contentsOfFile: folder.file("page.html"), encoding: .utf8).contains("<svg"))
  }

  @Test(
    "Ctrl-C saves all runs; the same command goes on to the same bytes", .timeLimit(.minutes(5)))
  func stopped() throws {
    let settings = tinyRun(with: "evaluation.interval=1000")
    let study = arguments(
      "--seeds", "1-2", "--steps", "4000", "--jobs", "2", settings: settings)
    let program = try Program(study)
    let metrics = "\(output)/point-maze/default/seed-2/metrics.csv"
    try program.wait {
      ((try? String(contentsOfFile: metrics, encoding: .utf8)) ?? "").split(separator: "\n").count
        > 2
    }
    program.send(SIGINT)
    let outcome = try program.outcome()
    #expect(outcome.code == 128 + SIGINT, "\(outcome.errors)")
    #expect(outcome.errors.contains("stopped, every run saved"))
    #expect(trainers().isEmpty)
    let resumed = try Program.run(study)
    #expect(resumed.code == 0, "\(resumed.errors)")
    #expect(resumed.errors.contains("continues after step"), "\(resumed.errors)")
    let whole = try Program.run(
      ["train", "point-maze", "--seed", "2", "--steps", "4000", "--output", folder.file("whole")]
        + settings)
    #expect(whole.code == 0)
    try expectSameRun("study/point-maze/default/seed-2", "whole")
  }

  @Test("A run that is killed is continued from its checkpoint, and the study ends well")
  func killed() throws {
    // Far more steps than are made until the test sees the first checkpoint.
    let program = try Program(
      arguments(
        "--seeds", "1", "--steps", "10000",
        settings: tinyRun(with: "checkpoint.minutes=0.001", "evaluation.interval=10000")))
    let run = "\(output)/point-maze/default/seed-1"
    try program.wait {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: run)) ?? []
      return names.contains { $0.hasPrefix("checkpoint-") && $0 != "checkpoint-0.safetensors" }
    }
    let killed = trainers()
    try #require(!killed.isEmpty)
    for process in killed { kill(process, SIGKILL) }
    let outcome = try program.outcome()
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("killed by signal 9"), "\(outcome.errors)")
  }

  @Test("A run that cannot come to an end is named, and the rest goes on")
  func failing() throws {
    let file = try folder.file(
      "study.yaml",
      """
      tasks: point-maze
      variants:
        - {name: broken, set: {lower.adamEpsilon: 1e-30, lower.adamBeta2: 0}}
        - hiro
      steps: 2000
      """)
    let outcome = try Program.run(["study", file, "--output", output, "--jobs", "1"] + tiny)
    #expect(outcome.code == 70, "\(outcome.errors)")
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("point-maze broken seed 0: FAILED: a weight of the") })
    #expect(lines.contains { $0.hasPrefix("point-maze hiro seed 0: done") })
    #expect(lines.last?.hasPrefix("hiro: a run failed: point-maze broken") == true)
  }

  @Test("When the study is gone, its runs save and end")
  func abandoned() throws {
    let program = try Program(arguments("--seeds", "1", "--steps", "100000000"))
    let run = "\(output)/point-maze/default/seed-1"
    try program.wait { FileManager.default.fileExists(atPath: "\(run)/latest.safetensors") }
    let trainer = try #require(trainers().first)
    program.send(SIGKILL)
    _ = try program.outcome()
    for _ in 0..<500 where kill(trainer, 0) == 0 { usleep(20_000) }
    #expect(kill(trainer, 0) != 0, "the run goes on without its study")
    let names = try FileManager.default.contentsOfDirectory(atPath: run)
    #expect(names.count { $0.hasPrefix("checkpoint-") } == 2)
  }

  @Test("A second study in a folder is refused while the first one is at work")
  func locked() throws {
    let program = try Program(arguments("--seeds", "1", "--steps", "100000000"))
    try program.wait { FileManager.default.fileExists(atPath: "\(output)/study.yaml") }
    let second = try Program.run("study", "--resume", output)
    #expect(second.code == 75 && second.errors.contains("process \(program.identifier)"))
    program.send(SIGTERM)
    #expect(try program.outcome().code == 128 + SIGTERM)
  }

  @Test("Bad input is one line, and nothing is written")
  func badInput() throws {
    func check(_ arguments: [String], code: Int32, says expected: String) throws {
      let outcome = try Program.run(arguments, environment: ["PATH": "/nonexistent"])
      #expect(outcome.code == code, "\(outcome.errors)")
      #expect(outcome.errors.contains(expected), "\(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: output))
    }
    func study(_ more: String...) -> [String] {
      ["study", "point-maze", "--output", output] + more
    }
    try check(["study", "point-maze"], code: 64, says: "--output: name a folder for the runs")
    try check(
      ["study", "point-mase", "--output", output], code: 64, says: "did you mean point-maze")
    try check(study("--seeds", "1-3,2"), code: 64, says: "--seeds: seed 2 is given twice")
    try check(study("--seeds", "one"), code: 64, says: "expected seeds such as 1-10")
    try check(study("--presets", "hiro,hero"), code: 64, says: "unknown preset \"hero\"")
    try check(study("--set", "lower.discuont=1"), code: 78, says: "did you mean lower.discount?")
    try check(study("--set", "seed=1"), code: 64, says: "use its own option")
    try check(study("--jobs", "0"), code: 64, says: "--jobs: expected a number from 1")
    try check(study("--partition", "x"), code: 64, says: "are for --slurm")
    try check(study("--slurm"), code: 69, says: "there is no sbatch here; install")
    try check(
      study("--slurm", "--time", "1"), code: 64, says: "give it at least 5 minutes, not 60 s")
    try check(
      study("--slurm", "--time", "soon"), code: 64, says: "expected a time limit such as 90")
    let file = try folder.file("bad.yaml", "tasks: [point-maze]\nvariants: [hiro, hero]\n")
    try check(
      ["study", file, "--output", output], code: 78, says: "bad.yaml:2:18: unknown preset \"hero\"")
    try check(["study", "--resume", folder.path], code: 66, says: "contains no study.yaml")
    try check(["compare", folder.path], code: 66, says: "contains no run; expected")
    try check(["compare", folder.file("none")], code: 66, says: "no such file or folder")
    try check(["compare"], code: 64, says: "folder")
  }

  @Test("A study carries its robot, and takes it for the same under another name")
  func robot() throws {
    let (robot, map) = (
      try RobotFiles.scout(in: folder), try folder.file("lane.txt", RobotFiles.map)
    )
    func study(_ robot: String, _ more: String...) throws -> Program.Outcome {
      try Program.run(
        ["study", "--map", map, "--robot", robot, "--output", output, "--steps", "200"] + more
          + tiny)
    }
    let begun = try study(robot, "--seeds", "1")
    #expect(begun.code == 0, "\(begun.errors)")
    let everything = try folder.everything(in: "study")
    let other = try study(RobotFiles.scout(in: folder, gear: 3), "--seeds", "1")
    #expect(other.code == 73, "\(other.errors)")
    #expect(
      other.errors.contains("its robot is different: the gear of actuator 'front' is 3 and not 2"),
      "\(other.errors)")
    #expect(try folder.everything(in: "study") == everything)

    let renamed = folder.file("robots/renamed.xml")
    try FileManager.default.moveItem(atPath: RobotFiles.scout(in: folder), toPath: renamed)
    let grown = try study(renamed, "--seeds", "1-2")
    #expect(grown.code == 0 && !grown.errors.contains("seed 1: begins"), "\(grown.errors)")

    // The study's folder is enough to continue, wherever it is.
    for file in [folder.file("robots"), map] { try FileManager.default.removeItem(atPath: file) }
    let moved = folder.file("moved")
    try FileManager.default.moveItem(atPath: output, toPath: moved)
    let more = try Program.run("study", "--resume", moved, "--seeds", "1-3")
    #expect(
      more.code == 0 && more.errors.contains("lane+scout default seed 3: done"), "\(more.errors)")
    let compared = try Program.run("compare", moved)
    #expect(compared.code == 0 && compared.output.contains("lane+scout"), "\(compared.errors)")
  }

  @Test("Keys in JSON are of one style in every command")
  func json() throws {
    let run = try ShortRun.path
    for command in [
      ["list", "--json"], ["inspect", run, "--json"], ["compare", run, "--json"],
      ["evaluate", run, "--json", "--episodes", "1"],
    ] {
      let outcome = try Program.run(command)
      #expect(outcome.code == 0, "\(outcome.errors)")
      let keys = keys(of: try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)))
      #expect(keys.count > 5)
      for key in keys {
        #expect(key.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" }, "\(command) \(key)")
      }
    }
  }

  private func keys(of value: Any) -> Set<String> {
    switch value {
    case let object as [String: Any]:
      object.reduce(into: Set(object.keys)) { $0.formUnion(keys(of: $1.value)) }
    case let list as [Any]: list.reduce(into: []) { $0.formUnion(keys(of: $1)) }
    default: []
    }
  }

  @Test("The score of a policy's card is measured again to the last bit")
  func card() throws {
    let run = try ShortRun.copy(to: folder.file("run"))
    let evaluated = try Program.run("evaluate", run, "--episodes", "2")
    let expected =
      "1 episode per target, seed 7: the card's score is reproduced exactly (with the same versions)"
    #expect(evaluated.output.contains(expected), "\(evaluated.output)")
    #expect(
      try Program.run("evaluate", run, "--episodes", "1", "--seed", "7").output.contains(expected))
    #expect(
      !(try Program.run("evaluate", run, "--episodes", "1", "--no-card").output)
        .contains("card"))
    let path = "\(run)/best.safetensors"
    #expect(try Program.run("evaluate", path, "--episodes", "2", "--write-card").code == 0)
    #expect(
      try Program.run("evaluate", path, "--episodes", "2").output.contains(
        "2 episodes per target, seed 0: the card's score is reproduced exactly"))
    #expect(try Program.run("inspect", path).output.contains("2 episodes, seed 0"))
  }
}
