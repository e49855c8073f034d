import Environments
import Experiments
import Foundation
import Learning
import MuJoCo
import NeuralNetworks

/// One kind of file that strangers may give us, with its reader.
public enum FuzzTarget: String, CaseIterable, Sendable {
  case safetensors, policy, configuration, map, model, trace

  /// Good files to begin from, made in `folder`.
  public func seeds(in folder: String) throws -> [[UInt8]] {
    let path = "\(folder)/seed"
    defer { unlink(path) }
    func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
    switch self {
    case .safetensors:
      try Safetensors.write(
        [
          .init("a", shape: [2, 3], values: [Float](repeating: 1, count: 6)),
          .init("b", shape: [], values: [2.0]), .init("c", shape: [0], values: [UInt8]()),
          .init("d", shape: [4], values: [Int64](repeating: -1, count: 4)),
        ], metadata: ["key": "value \"quoted\" \\ \u{1f41c}", "empty": ""], to: path)
      return [try bytes(), Array("\u{2}\0\0\0\0\0\0\0{}".utf8)]
    case .policy:
      return try [Hierarchy.hiro, .flat].map { hierarchy in
        try Self.policy(hierarchy).write(to: path)
        return try bytes()
      }
    case .configuration:
      return [Array(RunConfiguration().yaml(heading: "defaults").utf8)]
        + Preset.all.map { Array($0.yaml.utf8) }
    case .map: return MazeMap.builtIn.map { Array($0.text.utf8) }
    case .model:
      return [
        try Array(TaskRegistry.definition(named: "point-maze").modelXML.utf8),
        try Array(TaskRegistry.definition(named: "ant-push").modelXML.utf8),
      ]
    case .trace:
      let step = PhysicsTrace.Step(ctrl: [0.5, 1e-300], qpos: [1, 2, 3], qvel: [0, -1, 1])
      var trace = PhysicsTrace(
        initialQpos: [0, 0, 0], initialQvel: [0, 0, 0], steps: [step, step])
      trace.frameSkip = 1
      try trace.write(to: path)
      return [try bytes()]
    }
  }

  /// What means something to the reader.
  public var words: [String] {
    switch self {
    case .safetensors, .policy:
      ["F32", "F64", "U8", "dtype", "shape", "data_offsets", "__metadata__", "[0,8]", "lower:"]
    case .configuration:
      ["&a ", "*a", "<<", "---", "...", "!!", "- ", "? ", "|", ">", "'", "\"", "#"]
        + Setting.all.map { String($0.key.split(separator: ".").last!) + ": " }
    case .map:
      ["#", "R", "~", "X", "Z", ".", "a", "name: ", "cell: ", "target a: ", "train: ", " to "]
    case .model:
      ["<body>", "</body>", "<geom/>", "<include file=\"/etc/passwd\"/>", "type=\"mesh\"", "<!--"]
    case .trace: ["steps", "ctrl", "qpos", "frame_skip", "initial_qpos", "[[", "nq"]
    }
  }

  /// The file's ending.
  public var fileExtension: String {
    switch self {
    case .safetensors, .policy: "safetensors"
    case .configuration: "yaml"
    case .map: "txt"
    case .model: "xml"
    case .trace: "json"
    }
  }

  /// Reads the file at `path` and uses what it holds, as a command would.
  public func read(path: String) throws {
    switch self {
    case .safetensors: _ = try SafetensorsFile(path: path).tensors()
    case .policy:
      let policy = try PolicyFile(path: path)
      let task = try TaskRegistry.task(named: policy.configuration.task)
      let actor = try policy.makePolicy(for: task)
      _ = actor.action(
        observation: Array(repeating: 0.1, count: task.observationCount),
        target: Array(repeating: 1, count: task.targetCount))
    case .configuration:
      var layers = ConfigurationLayers()
      try layers.apply(file: path)
      let configuration = layers.configuration()
      var again = ConfigurationLayers()
      try again.apply(yaml: configuration.yaml(heading: "again"), source: "again")
      precondition(again.configuration() == configuration, "a configuration is not what it was")
    case .map: _ = try MazeMap(path: path)
    case .model:
      let simulation = try Simulation(model: Model(path: path))
      try simulation.step(count: 2)
    case .trace:
      let trace = try PhysicsTrace(path: path)
      _ = try Self.world.definition.makeEnvironment(model: Self.world.model).replay(trace)
    }
  }

  /// The world in which traces are replayed, compiled once.
  private static let world: (definition: TaskDefinition, model: Model) = {
    do {
      let definition = try TaskRegistry.definition(named: "point-maze")
      return (definition, try definition.makeModel())
    } catch { fatalError("\(error)") }
  }()

  /// A small policy, for the seeds.
  private static func policy(_ hierarchy: Hierarchy) -> PolicyFile {
    var configuration = RunConfiguration()
    configuration.task = "point-maze"
    configuration.learning.hierarchy = hierarchy
    configuration.learning.subgoals.space = .xy
    func network(_ name: String, _ sizes: [Int]) -> [(String, Tensor)] {
      (1..<sizes.count).flatMap { layer in
        let shape = [sizes[layer], sizes[layer - 1]]
        let weights = Tensor(
          shape: shape, values: .init(repeating: 0.1, count: shape[0] * shape[1]))
        let biases = Tensor(shape: [shape[0]], values: .init(repeating: 0, count: shape[0]))
        return [("\(name).layer\(layer).weight", weights), ("\(name).layer\(layer).bias", biases)]
      }
    }
    let networks =
      hierarchy == .flat
      ? network("flat.actor", [9, 4, 4, 2])
      : network("lower.actor", [9, 4, 4, 2]) + network("higher.actor", [9, 4, 4, 2])
    return PolicyFile(
      configuration: configuration, step: 100, success: 0.5,
      tensors: Dictionary(uniqueKeysWithValues: networks))
  }
}
