import Environments
import Experiments
import Foundation
import Learning
import NeuralNetworks
import Randomness
import TestSupport
import Testing

/// Python with NumPy and safetensors: the program that HIRO_PYTHON names (`scripts/test` sets it),
/// or `python3`.
private enum Python {
  static let executable: String? = {
    let candidate = ProcessInfo.processInfo.environment["HIRO_PYTHON"] ?? "python3"
    let result = try? run(candidate, "-c", "import numpy, safetensors")
    return result?.status == 0 ? candidate : nil
  }()

  static func run(_ arguments: String...) throws -> (status: Int32, output: String) {
    try run(arguments)
  }

  static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}

/// An episode as `scripts/check-policy.py` reads it.
private struct Rollout: Encodable {
  struct Step: Encodable {
    var observation: [Float]
    var target: [Float]
    var subgoal: [Float]?
    var action: [Float]
  }
  var interval: Int
  var semantics: GoalSemantics
  var steps: [Step] = []
}

@Suite("Python reads our policies")
struct PythonTests {
  let folder = try! TemporaryFolder()
  private let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../scripts/check-policy.py").standardized.path

  private static let cases = [
    ["task": "ant-maze"],
    ["task": "ant-fall", "subgoals.space": "xy", "subgoals.semantics": "absolute"],
    ["task": "ant-gather", "subgoals.interval": "3"],
    ["task": "point-maze", "hierarchy": "flat"],
  ]

  @Test(
    "safetensors loads a policy, and a NumPy forward pass gives the actions that ours gives",
    .enabled(if: Python.executable != nil, "no Python with NumPy and safetensors (HIRO_PYTHON)"))
  func sameActions() throws {
    // For each policy a right rollout and one with a wrong action.
    var checks: [(policy: String, rollout: String)] = []
    for (index, settings) in Self.cases.enumerated() {
      var layers = ConfigurationLayers()
      for (key, value) in settings { try layers.apply(assignment: "\(key)=\(value)") }
      let configuration = layers.configuration
      let task = try TaskRegistry.task(named: configuration.task)
      var stream = RandomStream(seed: 1, name: "PythonTests")
      let file = PolicyFile(
        configuration: configuration, step: 0, success: nil,
        tensors: try weights(configuration.learning, task, using: &stream))
      let path = folder.file("policy-\(index).safetensors")
      try file.write(to: path)

      let policy = try PolicyFile(path: path).makePolicy(for: task)
      let right = rollout(policy, task, using: &stream)
      var wrong = right
      wrong.steps[20].action[0] += 0.001 * task.actionLimits[0]
      for (name, rollout) in [("right", right), ("wrong", wrong)] {
        let rolloutPath = folder.file("\(name)-\(index).json")
        try JSONEncoder().encode(rollout).write(to: URL(fileURLWithPath: rolloutPath))
        checks.append((path, rolloutPath))
      }
    }
    let result = try check(checks)
    #expect(result.codes == Self.cases.flatMap { _ in ["0", "1"] }, "\(result.output)")
  }

  /// Runs the script for each policy and rollout, and returns its exit codes, as texts, and its
  /// output. Python is started once for all, because loading NumPy takes longer than a check.
  private func check(
    _ checks: [(policy: String, rollout: String)]
  ) throws -> (codes: [String], output: String) {
    let loop = """
      import runpy, sys
      script, *files = sys.argv[1:]
      for policy, rollout in zip(files[::2], files[1::2]):
          sys.argv = [script, policy, rollout]
          try:
              runpy.run_path(script, run_name="__main__")
          except SystemExit as end:
              print("code", end.code)
      """
    let executable = try #require(Python.executable)
    let result = try Python.run(
      [executable, "-c", loop, script] + checks.flatMap { [$0.policy, $0.rollout] })
    let codes = result.output.split(separator: "\n").filter { $0.hasPrefix("code ") }
    return (codes.map { String($0.dropFirst(5)) }, result.output)
  }

  /// Random weights, large enough that no layer is idle.
  private func weights(
    _ learning: HIROConfiguration, _ task: TaskDescription, using stream: inout RandomStream
  ) throws -> [String: Tensor] {
    let shape = try task.agentShape(for: learning)
    let actors =
      learning.hierarchy == .flat
      ? [("flat.actor", shape.flatInputCount, shape.actionCount)]
      : [
        ("lower.actor", shape.lowerInputCount, shape.actionCount),
        ("higher.actor", shape.higherInputCount, shape.subgoalCount),
      ]
    var tensors: [String: Tensor] = [:]
    for (name, inputs, outputs) in actors {
      let hidden = 32
      for (layer, rows, columns) in [
        (1, hidden, inputs), (2, hidden, hidden), (3, outputs, hidden),
      ] {
        let bound = 1.5 / Double(columns).squareRoot()
        func numbers(_ count: Int) -> [Float] {
          (0..<count).map { _ in Float(stream.uniform(in: -bound...bound)) }
        }
        tensors["\(name).layer\(layer).weight"] = Tensor(
          shape: [rows, columns], values: numbers(rows * columns))
        tensors["\(name).layer\(layer).bias"] = Tensor(shape: [rows], values: numbers(rows))
      }
    }
    return tensors
  }

  /// The subgoals and actions of `policy` along a random walk of the observation.
  private func rollout(
    _ policy: HierarchicalPolicy, _ task: TaskDescription, using stream: inout RandomStream
  ) -> Rollout {
    var rollout = Rollout(interval: policy.settings.interval, semantics: policy.settings.semantics)
    var observation = [Float](repeating: 0, count: task.observationCount)
    let target = (0..<task.targetCount).map { _ in Float(stream.uniform(in: -4...20)) }
    policy.beginEpisode()
    for _ in 0..<25 {
      for index in observation.indices {
        observation[index] += Float(stream.uniform(in: -0.5...0.5))
      }
      let action = policy.action(observation: observation, target: target)
      rollout.steps.append(
        Rollout.Step(
          observation: observation, target: target, subgoal: policy.subgoal, action: action))
    }
    return rollout
  }
}
