import Foundation
import TestSupport
import Testing

@Suite("Bad input gets one line that names the thing, and its own exit code")
struct BadInputTests {
  let folder = try! TemporaryFolder()

  func check(
    _ arguments: [String], code: Int32, says expected: String,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Program.run(arguments)
    #expect(outcome.code == code, "\(outcome.errors)", sourceLocation: location)
    let lines = outcome.errors.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 2 && lines.last == "", "\(outcome.errors)", sourceLocation: location)
    #expect(outcome.errors.hasPrefix("hiro: "), sourceLocation: location)
    #expect(outcome.errors.contains(expected), "\(outcome.errors)", sourceLocation: location)
    #expect(outcome.output.isEmpty, sourceLocation: location)
  }

  @Test("The command line")
  func commandLine() throws {
    let output = folder.file("run")
    func train(_ more: String...) -> [String] { ["train", "ant-maze", "--output", output] + more }
    try check(["trian"], code: 64, says: "unknown command \"trian\"; did you mean train?")
    try check(["help", "trian"], code: 64, says: "did you mean train?")
    try check(["frobnicate"], code: 64, says: "the commands are train, evaluate, ")
    try check(["train", "ant-maze"], code: 64, says: "--output")
    try check(["train", "--output", output], code: 64, says: "name a task")
    try check(["train", "ant-mase", "--output", output], code: 64, says: "did you mean ant-maze?")
    try check(train("--steps", "-5"), code: 78, says: "--steps: steps: expected a whole number")
    try check(train("--steps", "many"), code: 78, says: "found \"many\"")
    try check(train("--threads", "0"), code: 64, says: "--threads: expected a number")
    try check(train("--set", "lower.discuont=1"), code: 78, says: "did you mean lower.discount?")
    try check(
      train("--set", "lower.discount=high"), code: 78, says: "expected a number from 0.0 to")
    try check(train("--set", "lower.discount"), code: 64, says: "expected key=value")
    try check(train("--set", "subgoals.halfRange=[1]"), code: 78, says: "subgoals.halfRange")
    try check(train("--preset", "hero"), code: 64, says: "the presets are hiro")
    try check(train("--resume", output), code: 64, says: "cannot be used together")
    try check(train("--map", "x.txt"), code: 64, says: "--map")
    #expect(try folder.contents.isEmpty, "a refused run left something behind")
  }

  @Test("Options that do not exist, come twice, are empty, or would be dropped")
  func options() throws {
    let output = folder.file("run")
    func train(_ more: String...) -> [String] { ["train", "ant-maze", "--output", output] + more }
    for name in ["--ouput", "-o", "-output", "--ouput=\(output)"] {
      let spelling = name.prefix { $0 != "=" }
      try check(
        ["train", "ant-maze", name, output], code: 64,
        says: "unknown option \(spelling); did you mean --output? (see hiro train --help)")
      try check(
        ["render", "p", name, output], code: 64,
        says: "unknown option \(spelling); did you mean --output? (see hiro render --help)")
    }
    try check(["--vresion"], code: 64, says: "unknown option --vresion")
    try check(["evaluate", "p", "--episode", "3"], code: 64, says: "did you mean --episodes?")
    try check(["evaluate", "p", "--xyzzy"], code: 64, says: "unknown option --xyzzy (see")
    try check(train("--seed", "1", "--seed", "2"), code: 64, says: "--seed: given twice")
    try check(train("--seed=1", "--seed", "1"), code: 64, says: "--seed: given twice")
    try check(train("--output", output), code: 64, says: "--output: given twice")
    try check(
      train("--set", "seed=1", "--set", "seed=2"), code: 64, says: "--set seed: given twice")
    try check(train("--set", "task=ant-push"), code: 64, says: "the task is an argument")
    try check(
      ["render", "p", "--output", output, "--video", "--no-video"], code: 64,
      says: "--video and --no-video cannot be used together")
    try check(
      ["train", "ant-maze", "--output", ""], code: 64, says: "--output: its value is empty")
    try check(["train", "", "--output", output], code: 64, says: "an argument is empty")
    try check(
      ["render", "--task", "ant-maze", "--map", "m.txt", "--output", output], code: 64,
      says: "--map and --task cannot be used together")
    for (option, value) in [("--target", "0,16"), ("--every", "3")] {
      try check(
        ["render", "--task", "ant-maze", "--output", output, option, value], code: 64,
        says: "\(option): there is no episode without a policy")
    }
    // A target that begins with a minus sign is accepted, and so is an option that may be repeated.
    try check(
      ["evaluate", folder.file("none"), "--target", "-1,2", "--target", "3,4"], code: 66,
      says: "no such file")
    #expect(try folder.contents.isEmpty, "a refused run left something behind")
  }

  @Test("What is allowed is listed with the settings")
  func allowed() throws {
    let list = try Program.run("list", "settings").output
    #expect(list.contains("hiro | flat"), "\(list)")
    #expect(list.contains("sequential | pipelined"), "\(list)")
    let rows = list.split(separator: "\n")
    #expect(
      rows.first { $0.hasPrefix("lower.discount ") }?.contains(" 0 to 1 ") == true, "\(list)")
  }

  @Test("Configuration files")
  func configurationFiles() throws {
    let output = folder.file("run")
    func train(_ config: String) -> [String] {
      ["train", "ant-maze", "--output", output, "--config", config]
    }
    try check(train(folder.file("none.yaml")), code: 66, says: "none.yaml: no such file")
    try check(train(folder.path), code: 66, says: "this is a folder; give the path of a file")
    let unknown = try folder.file("unknown.yaml", "seed: 1\nlower:\n  discont: 1\n")
    try check(train(unknown), code: 78, says: "unknown.yaml:3:3: unknown setting \"lower.discont\"")
    let wrong = try folder.file("wrong.yaml", "hierarchy: [hiro]\n")
    try check(train(wrong), code: 78, says: "wrong.yaml:1:1: hierarchy: expected one of hiro, flat")
    let broken = try folder.file("broken.yaml", "a: [1\nb: }\n")
    try check(train(broken), code: 78, says: "broken.yaml")
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test("Output folders that cannot be written")
  func outputFolders() throws {
    let file = try folder.file("file", "")
    func train(_ output: String) -> [String] {
      ["train", "point-maze", "--steps", "10", "--output", output] + tiny
    }
    try check(train(file), code: 73, says: "choose another")
    try check(train("\(file)/run"), code: 73, says: "\(file)")
    try check(
      ["train", "--resume", file], code: 66, says: "this is a file; give the folder of the run")
    for path in ["/proc/run", "/proc/run/deeper", "/sys/run"] {
      try check(train(path), code: 73, says: "cannot be written here")
    }
  }

  @Test("Policies that are none")
  func policies() throws {
    let text = try folder.file("text.safetensors", "this is no policy at all")
    let empty = try folder.file("empty.safetensors", "")
    for command in [["evaluate"], ["render", "--output", folder.file("pictures")], ["inspect"]] {
      try check(command + [text], code: 65, says: "not a valid safetensors file")
      try check(command + [empty], code: 65, says: "it has only 0 bytes")
      try check(command + [folder.file("none")], code: 66, says: "no such file")
      try check(command + [folder.path], code: 66, says: "contains neither best.safetensors")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("pictures")))
  }

  @Test("Traces that do not fit")
  func traces() throws {
    let output = folder.file("out.json")
    func simulate(_ trace: String, task: String = "ant-maze") -> [String] {
      ["simulate", task, "--trace", trace, "--output", output]
    }
    try check(simulate(folder.file("none.json")), code: 66, says: "no such file")
    try check(simulate(try folder.file("a.json", "{")), code: 65, says: "not valid JSON")
    try check(simulate(try folder.file("b.json", "{}")), code: 65, says: "\"steps\" is missing")
    let short = try folder.file("c.json", #"{"steps":[{"ctrl":[1,2]}]}"#)
    try check(simulate(short), code: 65, says: "ctrl in step 0")
    let good = try folder.file("d.json", #"{"steps":[{"ctrl":[1,2,3,4,5,6,7,8]}]}"#)
    try check(simulate(good, task: "ant-mase"), code: 64, says: "did you mean ant-maze?")
    let nowhere = ["simulate", "ant-maze", "--trace", good, "--output", folder.file("no/out.json")]
    try check(nowhere, code: 73, says: "does not exist")
    let onFolder = ["simulate", "ant-maze", "--trace", good, "--output", folder.path]
    try check(onFolder, code: 73, says: "this is a folder; choose another name for the file")
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test("A misspelt task in hiro view")
  func view() throws {
    try check(["view", "ant-maz"], code: 64, says: "did you mean ant-maze?")
    try check(["view", folder.file("none")], code: 66, says: "no such file")
  }

  @Test("Maps and robots")
  func maps() throws {
    let output = folder.file("pictures")
    let bad = try folder.file("bad.txt", "####\n#R?#\n####\n")
    try check(["render", "--map", bad, "--output", output], code: 65, says: "bad.txt:2:3")
    try check(
      ["render", "--map", folder.file("none.txt"), "--output", output], code: 66, says: "none.txt")
    let map = try folder.file("good.txt", "#####\n#R.a#\n#####\n")
    let robot = try folder.file("robot.xml", "<mujoco><worldbody><geom/></mujoco>")
    try check(
      ["render", "--map", map, "--robot", robot, "--output", output], code: 65, says: "robot.xml")
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test("A hostile name in a file does not reach the terminal raw")
  func terminal() throws {
    let name = folder.file("bad\u{1b}[31m.yaml")
    let outcome = try Program.run(
      "train", "ant-maze", "--output", folder.file("run"), "--config", name)
    #expect(!outcome.errors.contains("\u{1b}"))
  }

  @Test("Help of every command teaches with examples")
  func help() throws {
    let commands = ["train", "evaluate", "render", "simulate", "list", "inspect"]
    for command in commands {
      let outcome = try Program.run(command, "--help")
      #expect(outcome.code == 0)
      #expect(outcome.output.contains("\n  hiro \(command) "), "\(outcome.output)")
    }
    let all = try Program.run("--help").output
    #expect(commands.allSatisfy(all.contains))
  }
}
