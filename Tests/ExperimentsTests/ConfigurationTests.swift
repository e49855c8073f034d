import Environments
import Experiments
import Foundation
import Learning
import TestSupport
import Testing

@Suite("Configuration")
struct ConfigurationTests {
  let folder = try! TemporaryFolder()

  func configuration(yaml: String) throws(ConfigurationError) -> RunConfiguration {
    var layers = ConfigurationLayers()
    try layers.apply(yaml: yaml, source: "my.yaml")
    return layers.configuration
  }

  func message(yaml: String) -> String {
    do throws(ConfigurationError) {
      _ = try configuration(yaml: yaml)
      return "accepted"
    } catch { return error.description }
  }

  @Test("Without a layer above it the configuration is the published one")
  func defaults() {
    #expect(ConfigurationLayers().configuration == RunConfiguration())
  }

  @Test("Every field of the configuration is a setting with its key, its value and a meaning")
  func completeness() throws {
    var fields: [String: String] = [:]
    func collect(_ value: Any, _ path: [String]) {
      let mirror = Mirror(reflecting: value)
      guard mirror.displayStyle == .struct, value is any Equatable, !(value is String) else {
        fields[path.joined(separator: ".")] = "\(value)"
        return
      }
      if mirror.children.isEmpty { fields[path.joined(separator: ".")] = "\(value)" }
      for child in mirror.children {
        // In a file the settings of these two stand at the level of the group around them.
        let name = child.label!
        collect(child.value, ["learning", "learner"].contains(name) ? path : path + [name])
      }
    }
    let recipe = try RunConfiguration(
      for: TaskRegistry.task(named: "ant-push"), preset: "dependable",
      settings: ["subgoals.halfRange=[1, 2.5]"])
    for configuration in [RunConfiguration(), recipe] {
      fields = [:]
      collect(configuration, [])
      #expect(fields.keys.sorted() == Setting.all.map(\.key).sorted())
      let layers = ConfigurationLayers(configuration)
      for setting in Setting.all { #expect(fields[setting.key] == layers.value(of: setting)) }
    }
    #expect(Setting.all.allSatisfy { !$0.meaning.isEmpty })
  }

  @Test("A preset computes the reward where it is the distance, and takes it as it is elsewhere")
  func rewards() throws {
    var task = try TaskRegistry.task(named: "point-maze")
    task.name = "point-with-a-bonus"
    for isDistance in [true, false] {
      task.rewardIsDistance = isDistance
      let learning = try RunConfiguration(for: task, preset: "dependable").learning
      #expect(learning.higher.reward == (isDistance ? .progress : .sum))
      #expect((learning.higher.otherTargets > 0) == isDistance)
      #expect(learning.higher.otherSurroundings == 0 && learning.higher.frame == .world)
      _ = try task.agentShape(for: learning)
    }
  }

  @Test("Ant Gather has what every task without a target has, and its own besides")
  func gather() throws {
    let task = try TaskRegistry.task(named: "ant-gather")
    let higher = try RunConfiguration(for: task, preset: "dependable").learning.higher
    #expect(higher.reward == .sum && higher.discount == 0.95 && higher.frame == .heading)
    #expect(higher.otherSurroundings > 0)
  }

  @Test("A configuration that was put together by hand is held to the same ranges")
  func ranges() throws {
    let definition = try TaskRegistry.definition(named: "point-maze")
    let changes: [(String, (inout RunConfiguration) -> Void)] = [
      ("lower.discount", { $0.learning.lower.discount = 1.5 }),
      ("higher.batchSize", { $0.learning.higher.batchSize = 0 }),
      ("subgoals.halfRange", { $0.learning.subgoals.halfRange = [1, -1] }),
      ("higher.explorationNoise", { $0.learning.higher.explorationNoise = .nan }),
      ("seed", { $0.seed = .max }), ("task", { $0.task = "" }),
    ]
    for (key, change) in changes {
      var configuration = RunConfiguration()
      configuration.task = "point-maze"
      change(&configuration)
      let error = #expect(throws: (any Error).self) {
        _ = try TrainingRun(
          configuration: configuration, definition: definition, folder: folder.file("run"))
      }
      #expect(error.map { "\($0)".contains(key) } == true)
      #expect(!FileManager.default.fileExists(atPath: folder.file("run/config.yaml")))
    }
  }

  @Test("Each layer overrides the one below it and leaves the rest")
  func precedence() throws {
    let path = folder.file("a.yaml")
    try "lower:\n  discount: 0.9\n  batchSize: 64\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    var layers = ConfigurationLayers()
    try layers.apply(
      ["lower.discount": "0.8", "lower.explorationNoise": "0.1", "lower.batchSize": "32"],
      source: "point-maze")
    try layers.apply(file: path)
    try layers.apply(assignment: "lower.batchSize=16")
    try layers.apply(assignment: "subgoals.halfRange=[10, 10.5]")
    let configuration = layers.configuration
    #expect(configuration.learning.lower.discount == 0.9)
    #expect(configuration.learning.lower.explorationNoise == 0.1)
    #expect(configuration.learning.lower.batchSize == 16)
    #expect(configuration.learning.subgoals.halfRange == [10, 10.5])
    #expect(configuration.learning.higher == RunConfiguration().learning.higher)
  }

  @Test("A written configuration reads back to itself")
  func roundTrip() throws {
    var configuration = RunConfiguration()
    configuration.task = "ant-fall-multi"
    configuration.seed = 12_345_678_901_234_567
    configuration.learning.correction.kind = .mean
    configuration.learning.lower.targetUpdateRate = 0.1 + 0.2
    configuration.learning.higher.adamEpsilon = 1.234_567_890_123_456_7e-11
    configuration.learning.subgoals.halfRange = [10, 1.0 / 3]
    let yaml = configuration.yaml(heading: "a heading\nof two lines")
    #expect(yaml.hasPrefix("# a heading\n# of two lines\n"))
    #expect(try self.configuration(yaml: yaml) == configuration)
  }

  @Test("A file may say what differs for a task, and must know its name")
  func tasks() throws {
    let yaml = "lower: {discount: 0.9}\ntasks:\n  ant-fall: {subgoals: {space: xyz}}\n"
    func space(_ task: String) throws -> SubgoalSpace {
      var layers = ConfigurationLayers()
      let path = try folder.file("tasks.yaml", yaml)
      try layers.apply(file: path, for: TaskRegistry.task(named: task))
      #expect(layers.configuration.learning.lower.discount == 0.9)
      return layers.configuration.learning.subgoals.space
    }
    #expect(try space("ant-fall") == .xyz)
    #expect(try space("ant-fall-multi") == .xyz)
    #expect(try space("ant-maze") == .full)
    #expect(message(yaml: yaml) == "accepted")
    #expect(message(yaml: "tasks: {ant-fal: {steps: 1}}").contains("tasks.ant-fall"))
    #expect(message(yaml: "tasks: {ant-fall: 3}").contains("a group of settings"))
  }

  @Test("Every preset says what it is, is accepted, and changes what its name says")
  func presets() throws {
    var changed: [String: RunConfiguration] = [:]
    for preset in Preset.all {
      #expect(preset.summary.count > 20)
      var layers = ConfigurationLayers()
      try layers.apply(preset, for: TaskRegistry.task(named: "ant-maze"))
      changed[preset.name] = layers.configuration
    }
    #expect(changed["hiro"] == RunConfiguration())
    #expect(changed["no-correction"]?.learning.correction.kind == CorrectionKind.none)
    #expect(changed["mean-correction"]?.learning.correction.kind == .mean)
    #expect(changed["xy-subgoals"]?.learning.subgoals.space == .xy)
    #expect(changed["absolute-goals"]?.learning.subgoals.semantics == .absolute)
    #expect(changed["hindsight"]?.learning.lowerHindsight == 0.5)
    #expect(changed["pretraining"]?.learning.pretrainingSteps == 2_000_000)
    #expect(changed["flat"]?.learning.hierarchy == .flat)
    #expect(throws: ConfigurationError.self) { try Preset.named("hero") }
  }

  static let refused: [(yaml: String, message: String)] = [
    (
      "steps: 10\nlower:\n  discuont: 0.9\n",
      "my.yaml:3:3: unknown setting \"lower.discuont\"; did you mean lower.discount?"
    ),
    (
      "\nbatchSize: 3\n",
      "my.yaml:2:1: unknown setting \"batchSize\"; did you mean lower.batchSize?"
    ),
    ("zzz: 3\n", "my.yaml:1:1: unknown setting \"zzz\"; `hiro list settings` shows them all"),
    (
      "lower:\n  discount: high\n",
      "my.yaml:2:3: lower.discount: expected a number from 0.0 to 1.0, found \"high\""
    ),
    (
      "lower: {discount: 1.5}",
      "my.yaml:1:9: lower.discount: expected a number from 0.0 to 1.0, found \"1.5\""
    ),
    ("lower: 3", "my.yaml:1:1: lower: expected a group of settings, found \"3\""),
    (
      "steps: {a: 1}",
      "my.yaml:1:1: steps: expected a whole number from 1 to 1000000000000, "
        + "found a group of settings"
    ),
    (
      "steps: 1.5",
      "my.yaml:1:1: steps: expected a whole number from 1 to 1000000000000, found \"1.5\""
    ),
    (
      "steps: -5",
      "my.yaml:1:1: steps: expected a whole number from 1 to 1000000000000, found \"-5\""
    ),
    ("seed: \"1\"", "my.yaml:1:1: seed: expected a whole number, at least 0, found \"1\""),
    ("hierarchy: flta", "my.yaml:1:1: hierarchy: expected one of hiro, flat, found \"flta\""),
    ("subgoals: {halfRange: [1, -2]}", ""),
    ("lower: {discount: .nan}", ""),
    ("lower: {actorLearningRate: .inf}", ""),
    ("steps: 1\nsteps: 2\n", "my.yaml:1:1: \"steps\" is given twice; remove one"),
    ("- 1\n- 2\n", "my.yaml: expected settings as `key: value` lines"),
    ("? [a]\n: 1\n", "my.yaml:1:3: expected a setting's name before the colon"),
    ("a: [1\nb: 2\n", ""),
    ("a: b\n---\nc: d\n", ""),
    ("task: \"a\\nb\"", ""),
    ("\u{1}", ""),
  ]

  @Test(
    "A wrong key or value is refused by name, place and remedy, in one line", arguments: refused)
  func refusals(yaml: String, message expected: String) {
    let message = message(yaml: yaml)
    #expect(message != "accepted")
    #expect(!message.contains("\n"))
    if !expected.isEmpty { #expect(message == expected) }
  }

  @Test("An assignment without a key or a sign is refused")
  func assignments() {
    for text in ["lower.discount", "=3", ""] {
      var layers = ConfigurationLayers()
      #expect(throws: ConfigurationError.notAnAssignment(text)) {
        try layers.apply(assignment: text)
      }
    }
    var layers = ConfigurationLayers()
    #expect(throws: ConfigurationError.self) { try layers.apply(assignment: "lower.discount=") }
    #expect(throws: ConfigurationError.self) { try layers.apply(assignment: "lower=3") }
  }

  @Test("People's ways to write long numbers are understood")
  func longNumbers() throws {
    for text in ["10_000_000", "1e7", "10000000"] {
      #expect(try configuration(yaml: "steps: \(text)").steps == 10_000_000)
    }
  }

  @Test("An empty file changes nothing")
  func empty() throws {
    #expect(try configuration(yaml: "") == RunConfiguration())
    #expect(try configuration(yaml: "# nothing\n") == RunConfiguration())
  }

  @Test("Exponential references, deep nesting and large files are refused at once")
  func bombs() throws {
    var bomb = "a0: &a0 [x, x]\n"
    for level in 1...40 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    let keyBomb = bomb + "? *a40\n: 1\n"
    let start = threadTime
    for text in [
      bomb, keyBomb, String(repeating: "[", count: 60_000),
      String(repeating: "{a: ", count: 15_000),
      String(repeating: "- ", count: 30_000), String(repeating: "? ", count: 30_000),
      String(repeating: "a: ", count: 20_000), "task: " + String(repeating: "a", count: 70_000),
    ] {
      #expect(message(yaml: text) != "accepted")
    }
    #expect(threadTime - start < .seconds(20))
  }
}
