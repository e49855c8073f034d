import Environments
import Experiments
import Foundation
import Learning
import MuJoCo
import NeuralNetworks
import Randomness

/// One kind of file that strangers may give us, with its reader.
public enum FuzzTarget: String, CaseIterable, Sendable {
  case safetensors, policy, checkpoint, configuration, map, model, robot, trace

  /// Whether each file is compiled and simulated, which takes a thousand times as long as reading a
  /// map.
  public var compilesModels: Bool { self == .model || self == .robot }

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
    case .checkpoint: return try CheckpointFuzzing.seeds(in: folder)
    case .robot:
      return try ["ant", "rover"].map { name in
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
          .appendingPathComponent("../../models/robots/\(name).xml")
        return [UInt8](try Data(contentsOf: file))
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
    case .checkpoint:
      ["[]", "[0]", "9223372036854775807", "-1", "flat", "hiro", "1e300", "nan", "8192", "F32"]
    case .robot:
      [
        "<body>", "</body>", "<geom/>", "<freejoint/>", "type=\"mesh\"", "gear=\"1e300\"",
        "<include file=\"/etc/passwd\"/>", "<size njmax=\"100000000\" nstack=\"2147483647\"/>",
        "<composite type=\"grid\" count=\"1000 1000 1\" spacing=\"1\"/>", "class=\"a\"",
        "<texture builtin=\"flat\" name=\"a\" type=\"2d\" width=\"60000\" height=\"60000\"/>",
        "<hfield name=\"h\" nrow=\"60000\" ncol=\"60000\" size=\"1 1 1 1\"/>", "limited=\"true\"",
        "timestep=\"1e-300\"", "noslip_iterations=\"2147483647\"", "<joint type=\"ball\"/>",
      ]
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

  /// What is given to the reader instead of `mutation`: behind a length and a checksum there are
  /// other checks, which a file with wrong ones never reaches. Some files stay as they are.
  func repaired(_ mutation: [UInt8]) -> [UInt8] {
    guard [.safetensors, .policy, .checkpoint].contains(self),
      Checkpoint.checksum(mutation).utf8.last.map({ $0 % 8 }) != 0
    else { return mutation }
    return SafetensorsRepair.repaired(mutation, checksums: self == .checkpoint)
  }

  /// The file's ending.
  public var fileExtension: String {
    switch self {
    case .safetensors, .policy, .checkpoint: "safetensors"
    case .configuration: "yaml"
    case .map: "txt"
    case .model, .robot: "xml"
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
    case .checkpoint: try CheckpointFuzzing.read(path: path, world: Self.world)
    case .robot:
      let definition = try TaskDefinition(map: Self.corridor, robot: path)
      let environment = try definition.makeEnvironment()
      var stream = RandomStream(seed: 1, name: "environment")
      try environment.reset(using: &stream, target: .training)
      _ = try environment.step(environment.task.actionLimits)
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

  /// A task with its world.
  typealias World = (definition: TaskDefinition, model: Model)

  /// The world in which traces are replayed and checkpoints continued, compiled once.
  private static let world: World = {
    do {
      let definition = try TaskRegistry.definition(named: "point-maze")
      return (definition, try definition.makeModel())
    } catch { fatalError("\(error)") }
  }()

  /// The maze in which robots stand.
  private static let corridor = MazeMap.builtIn.first { $0.name == "corridor" }!

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
