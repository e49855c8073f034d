import Environments
import Experiments
import Files
import Foundation
import Learning
import MuJoCo
import NeuralNetworks
import Randomness
import Safetensors

/// The kinds of files that may come from untrusted sources, each with its reader.
public enum FuzzTarget: String, CaseIterable, Sendable {
  case safetensors, policy, checkpoint, configuration, map, model, robot, trace, world

  /// Whether each file is compiled and simulated, which takes a thousand times as long as reading a
  /// map.
  public var compilesModels: Bool { [.model, .robot, .world].contains(self) }

  /// Valid files to start from, made in `folder`.
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
    case .world:
      try Self.writeWorld(to: path)
      return [try bytes()]
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

  /// Words that have a meaning for the reader.
  public var words: [String] {
    switch self {
    case .world:
      [
        "world/assets/", "foot.obj", "foot.stl", "foot.msh", "skin.skn", "hills.bin", "U8",
        "file=\"/etc/passwd\"", "<include file=\"/etc/passwd\"/>", "f 1 2 9\n", "v 1e300 0 0\n",
        "vn 0 0 1\n", "vt 0 0\n", "scale=\"-1 1 1\"", "\u{ff}\u{ff}\u{ff}\u{7f}",
        "<hfield name=\"i\" file=\"foot.msh\" size=\"1 1 1 1\"/>", "content_type=\"image/png\"",
        "<texture name=\"t\" type=\"2d\" file=\"hills.bin\"/>",
        "<model name=\"m\" file=\"foot.obj\"/>",
      ]
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
      ] + Self.sizes
    case .configuration:
      ["&a ", "*a", "<<", "---", "...", "!!", "- ", "? ", "|", ">", "'", "\"", "#"]
        + Setting.all.map { String($0.key.split(separator: ".").last!) + ": " }
    case .map:
      ["#", "R", "~", "X", "Z", ".", "a", "name: ", "cell: ", "target a: ", "train: ", " to "]
    case .model:
      ["<body>", "</body>", "<geom/>", "<include file=\"/etc/passwd\"/>", "type=\"mesh\"", "<!--"]
        + Self.sizes
    case .trace: ["steps", "ctrl", "qpos", "frame_skip", "initial_qpos", "[[", "nq"]
    }
  }

  /// MJCF that says how many or how large, and lists that MuJoCo takes on trust.
  private static let sizes: [String] = [
    "<custom><numeric name=\"n\" size=\"600\" data=\"\(ones)\"/></custom>",
    "<custom><numeric name=\"m\" data=\"\(ones)\"/></custom>", "size=\"600\"",
    "<composite type=\"grid\" count=\"3 3 1\" spacing=\"1\"><skin subgrid=\"65534\"/></composite>",
    "<sensor><user name=\"u\" objtype=\"body\" objname=\"torso\" datatype=\"real\" "
      + "needstage=\"pos\" dim=\"2147483647\"/></sensor>",
    "dim=\"1024\"", "subgrid=\"64\"", "actdim=\"2147483647\"", "num=\"2147483647\"",
    "nchannel=\"1\"", "params=\"65536 65536\"", "resolution=\"65536 65536\"",
    "width=\"2147483647e-9\"", "type=\"cube\"",
    "<asset><mesh name=\"f\" vertex=\"0 0 0 1 0 0 0 1 0 0 0 1\" face=\"0 1 99999999\"/></asset>",
    "<asset><texture name=\"x\" file=\"abc\"/></asset>", "content_type=\"image/png;\"",
    "<deformable><flex name=\"q\" body=\"torso\" vertex=\"0 0 0 1 0 0 0 1 0\" element=\"0 1 2\" "
      + "texcoord=\"0 0 1 0 0 1\" elemtexcoord=\"0 1 2\"/></deformable>",
    "elemtexcoord=\"\(ones)\"", "texcoord=\"0 0\"", "node=\"torso\"", "dim=\"1\"",
    "<flexcomp name=\"w\" type=\"box\" dim=\"3\" count=\"2 2 2\" spacing=\"1 1 1\"/>",
  ]

  private static let ones = Array(repeating: "1", count: 600).joined(separator: " ")

  /// The file that the reader gets instead of `mutation`: usually its length and checksums are
  /// corrected, because a file in which they are wrong never reaches the checks that come after
  /// them.
  func repaired(_ mutation: [UInt8]) -> [UInt8] {
    guard [.safetensors, .policy, .checkpoint, .world].contains(self),
      Checkpoint.checksum(mutation).utf8.last.map({ $0 % 8 }) != 0
    else { return mutation }
    return SafetensorsRepair.repaired(mutation, checksums: self == .checkpoint)
  }

  /// The file name's extension.
  public var fileExtension: String {
    switch self {
    case .safetensors, .policy, .checkpoint, .world: "safetensors"
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
    case .checkpoint: try CheckpointFuzzing.read(path: path, world: Self.pointMaze)
    case .robot:
      try Self.act(in: TaskDefinition(map: Self.corridor, robot: path))
    case .world:
      // Reads the world in a policy directly, without checking the policy's checksums first.
      let world = try CarriedWorld(
        task: "corridor+\(Self.robotName)", in: SafetensorsFile(path: path))
      try Self.act(in: world.definition())
    case .configuration:
      var layers = ConfigurationLayers()
      try layers.apply(file: path)
      let configuration = layers.configuration
      var again = ConfigurationLayers()
      try again.apply(yaml: configuration.yaml(heading: "again"), source: "again")
      precondition(again.configuration == configuration, "a configuration is not what it was")
    case .map:
      let targets = try MazeMap(path: path).targets
      precondition(
        !targets.isEmpty && targets.allSatisfy { $0.position.count >= 2 },
        "a map without a place to go to")
    case .model:
      let simulation = try Simulation(model: Model(path: path))
      try simulation.step(count: 2)
    case .trace:
      let trace = try PhysicsTrace(path: path)
      _ = try Self.pointMaze.definition.makeEnvironment(model: Self.pointMaze.model).replay(trace)
    }
  }

  private static func act(in definition: TaskDefinition) throws {
    let environment = try definition.makeEnvironment()
    var stream = RandomStream(seed: 1, name: "environment")
    try environment.reset(using: &stream, target: .training)
    _ = try environment.step(environment.task.actionLimits)
  }

  private static let robotName = "scout"

  /// A world as a policy carries it: a robot with a mesh, a skin and a height field in MuJoCo's own
  /// formats, and one mesh in the OBJ format.
  private static func writeWorld(to path: String) throws {
    func bytes(_ integers: [Int32], _ floats: [Float], _ more: [Int32] = []) -> [UInt8] {
      [
        integers.map { UInt32(bitPattern: $0) }, floats.map(\.bitPattern),
        more.map { UInt32(bitPattern: $0) },
      ].joined().flatMap {
        withUnsafeBytes(of: $0.littleEndian, Array.init)
      }
    }
    let corners: [Float] = [0, 0, 0, 0.2, 0, 0, 0, 0.2, 0, 0, 0, 0.2]
    let faces: [Int32] = [0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]
    let bone =
      Array("trunk".utf8) + [UInt8](repeating: 0, count: 35)
      + bytes([], [0, 0, 0, 1, 0, 0, 0]) + bytes([4, 0, 1, 2, 3], [1, 1, 1, 1])
    let text =
      (0..<4).map { corner in
        "v \(corners[3 * corner]) \(corners[3 * corner + 1]) \(corners[3 * corner + 2])\n"
      }.joined() + "f 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
    let document = """
      <mujoco>
        <asset>
          <mesh name="a" file="foot.obj"/><mesh name="b" file="foot.msh"/>
          <skin name="s" file="skin.skn"/><hfield name="h" file="hills.bin" size="1 1 1 1"/>
        </asset>
        <default><geom density="50"/><default class="x"><geom condim="4"/></default></default>
        <worldbody>
          <geom type="hfield" hfield="h" pos="0 0 -9"/>
          <body name="trunk" pos="0 0 1"><freejoint/><geom size="0.2"/>
            <geom type="mesh" mesh="a"/>
            <body><joint name="j" type="hinge" axis="0 1 0"/>
              <geom type="mesh" mesh="b" class="x"/></body>
          </body>
        </worldbody>
        <actuator><motor joint="j" ctrllimited="true" ctrlrange="-1 1"/></actuator>
      </mujoco>
      """
    let files = [
      "world/robot.xml": Array(document.utf8), "world/assets/foot.obj": Array(text.utf8),
      "world/assets/foot.msh": bytes([4, 0, 0, 4], corners, faces),
      "world/assets/skin.skn": bytes([4, 0, 4, 1], corners, faces) + bone,
      "world/assets/hills.bin": bytes([2, 2], [0, 0.1, 0.2, 0.3]),
    ]
    try Safetensors.write(
      files.map { SafetensorsTensor($0.key, shape: [$0.value.count], values: $0.value) },
      metadata: ["map": corridor.text, "robot": robotName], to: path)
  }

  /// A task with its world.
  typealias World = (definition: TaskDefinition, model: Model)

  /// The world in which traces are replayed and checkpoints continued, compiled once.
  private static let pointMaze: World = {
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
