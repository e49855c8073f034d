import Environments
import Experiments
import Files
import Foundation
import Learning
import NeuralNetworks
import Safetensors
import TestSupport
import Testing

@Suite("Evaluation and policies")
struct EvaluationTests {
  let folder = try! TemporaryFolder()

  /// A policy for Point Maze with small networks, untrained but not zero.
  static func policy(hierarchy: Hierarchy = .hiro) throws -> PolicyFile {
    var configuration = RunConfiguration()
    configuration.task = "point-maze"
    configuration.learning.hierarchy = hierarchy
    configuration.learning.subgoals.space = .xy
    for level in [\HIROConfiguration.lower.learner, \.higher.learner] {
      configuration.learning[keyPath: level].hiddenUnits = 8
      configuration.learning[keyPath: level].replayCapacity = 100
    }
    let task = try TaskRegistry.task(named: "point-maze")
    let agent = try makeAgent(configuration.learning, seed: configuration.seed, for: task)
    return PolicyFile(
      configuration: configuration, step: 10, success: 0.25, tensors: agent.makePolicy().tensors)
  }

  func result(threads: Int, seed: UInt64 = 1) throws -> EvaluationResult {
    let policy = try Self.policy()
    let definition = try TaskRegistry.definition(named: "point-maze")
    let evaluation = Evaluation(
      task: definition.description, episodes: 3, seed: seed, threads: threads)
    return try evaluation.run(
      makeEnvironment: { try definition.makeEnvironment() },
      makePolicy: { try policy.makePolicy(for: definition.description) })
  }

  @Test("The result is the same for any number of threads, and another one for another seed")
  func threads() throws {
    let one = try result(threads: 1)
    #expect(try result(threads: 2) == one)
    #expect(try result(threads: 7) == one)
    #expect(try result(threads: 2, seed: 2) != one)
    #expect(one.episodes.count == 9)
    #expect(one.targets.map(\.summary.episodes) == [3, 3, 3])
  }

  @Test(
    "Success at any time counts a target that was reached and left, at the last step it does not")
  func anyTime() throws {
    var policy = try Self.policy()
    // The policy drives straight ahead at full speed, whatever it observes.
    policy.tensors["lower.actor.layer3.bias"]?.values = [9, 0]
    policy.tensors["lower.actor.layer3.weight"]?.values = Array(repeating: 0, count: 16)
    let definition = try TaskRegistry.definition(named: "point-maze")
    var evaluation = Evaluation(task: definition.description, episodes: 5, seed: 1)
    // One target at the start of the Point, and one that it never reaches.
    evaluation.targets = [
      .init(name: "start", position: [0, 0]), .init(name: "nowhere", position: [500, 500]),
    ]
    let result = try evaluation.run(
      makeEnvironment: { try definition.makeEnvironment() },
      makePolicy: { [policy] in try policy.makePolicy(for: definition.description) })
    let (start, nowhere) = (result.targets[0].summary, result.targets[1].summary)
    #expect(start.successAtAnyTime?.value == 1)
    #expect(nowhere.successAtAnyTime?.value == 0 && nowhere.success?.value == 0)
    #expect(start.success?.value == 0)
  }

  @Test("An error in one thread ends the evaluation with that error")
  func failure() throws {
    let definition = try TaskRegistry.definition(named: "point-maze")
    let evaluation = Evaluation(task: definition.description, episodes: 3, seed: 1, threads: 2)
    #expect(throws: FileError.notFound(path: "policy")) {
      try evaluation.run(
        makeEnvironment: { try definition.makeEnvironment() },
        makePolicy: { throw FileError.notFound(path: "policy") })
    }
  }

  @Test("Wilson's interval has the textbook values")
  func wilson() {
    // The expected values come from the closed formula in another program: for 8 of 10, all and
    // none.
    let some = Proportion(successes: 8, of: 10).interval
    #expect(abs(some.lowerBound - 0.4901624715366418) < 1e-12)
    #expect(abs(some.upperBound - 0.9433178485456248) < 1e-12)
    let all = Proportion(successes: 50, of: 50).interval
    #expect(all.upperBound == 1)
    #expect(abs(all.lowerBound - 0.9286524008666414) < 1e-12)
    let none = Proportion(successes: 0, of: 50).interval
    #expect(none.lowerBound == 0)
    #expect(abs(none.upperBound - 0.07134759913335872) < 1e-12)
  }

  @Test("A policy that is written and read acts as before", arguments: [Hierarchy.hiro, .flat])
  func roundTrip(hierarchy: Hierarchy) throws {
    let policy = try Self.policy(hierarchy: hierarchy)
    let path = folder.file("a.safetensors")
    try policy.write(to: path)
    let read = try PolicyFile(path: path)
    #expect(read == policy)
    let task = try TaskRegistry.task(named: "point-maze")
    let observation: [Float] = [0.1, 0.2, 0.3, 0, 0, 0, 0]
    #expect(
      try read.makePolicy(for: task).action(observation: observation, target: [0, 8])
        == policy.makePolicy(for: task).action(observation: observation, target: [0, 8]))
  }

  @Test("A policy for another task, of another version, or with a changed weight is refused")
  func refusals() throws {
    let policy = try Self.policy()
    let path = folder.file("a.safetensors")
    try policy.write(to: path)
    #expect(throws: TensorError.self) {
      try policy.makePolicy(for: TaskRegistry.task(named: "ant-maze"))
    }
    let file = try SafetensorsFile(path: path)
    func rewrite(_ change: (inout [String: String], inout [String: Tensor]) -> Void) throws {
      var (metadata, tensors) = (file.metadata, try file.tensors())
      change(&metadata, &tensors)
      try Safetensors.write(
        tensors.map { SafetensorsTensor($0.key, $0.value) }, metadata: metadata, to: path)
    }
    try rewrite { metadata, _ in metadata["version"] = "2" }
    #expect(throws: PolicyFileError.version(path: path, found: "2")) { try PolicyFile(path: path) }
    try rewrite { metadata, _ in metadata["format"] = nil }
    #expect(throws: PolicyFileError.self) { try PolicyFile(path: path) }
    try rewrite { _, tensors in tensors["lower.actor.layer1.bias"]?.values[0] += 1 }
    #expect(throws: PolicyFileError.self) { try PolicyFile(path: path) }
    try rewrite { metadata, _ in metadata["configuration"] = "lower: {hiddenUnits: -1}" }
    #expect(throws: ConfigurationError.self) { try PolicyFile(path: path) }
  }

  @Test("A short file cannot ask for a large network")
  func largeNetwork() throws {
    var policy = try Self.policy()
    let count = 1_000_000
    policy.tensors["lower.actor.layer1.bias"] = Tensor(
      shape: [count], values: [Float](repeating: 0, count: count))
    #expect(throws: TensorError.self) {
      try policy.makePolicy(for: TaskRegistry.task(named: "point-maze"))
    }
  }

  @Test("A trace that is written and read has the same numbers to the last bit")
  func trace() throws {
    let path = folder.file("a.json")
    let values = [0.1 + 0.2, -1e-300, .leastNonzeroMagnitude, 1.7976931348623157e308, -0.0]
    var trace = PhysicsTrace(
      initialQpos: values, initialQvel: [1.0 / 3],
      steps: [.init(ctrl: values, qpos: values, qvel: [2.0 / 3]), .init(ctrl: [])])
    trace.mujoco = "2.2.2"
    trace.frameSkip = 5
    trace.timestep = 0.02
    try trace.write(to: path)
    #expect(try PhysicsTrace(path: path) == trace)
  }
}
