import Foundation
import MuJoCo

/// A robot's MJCF file, made ready to stand in a maze in the Ant's place.
struct RobotFile {
  /// The most that is read of a robot, with everything it includes (bytes).
  static let maximumSize = 16 << 20
  /// How deep files may include each other.
  static let maximumIncludeDepth = 10

  /// The file.
  let path: String
  /// Its document, with everything it includes, without keyframes and with absolute asset folders.
  private(set) var document: XMLElement
  /// The positions of its first keyframe, which are its start.
  private(set) var keyframe: [Double]?
  /// The controls of its first keyframe, which are those of no action.
  private(set) var keyframeControls: [Double]?
  /// The name of the body that its first joint moves.
  private(set) var rootBody = "robot"

  /// Reads a robot and sets it on ground of this height (m), in the middle of its cell.
  ///
  /// - Throws: ``SourceError``.
  init(path: String, groundHeight: Double) throws(SourceError) {
    self.path = path
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var budget = Self.maximumSize
    document = try Self.document(at: path, budget: &budget)
    document.children = try Self.expanded(
      document.children, folder: folder, source: path, depth: 0, budget: &budget)
    guard document.name == "mujoco" else {
      throw failure("its root is <\(document.name.prefix(40))>: a robot is an MJCF file, <mujoco>")
    }
    makeAssetFoldersAbsolute(folder)
    takeKeyframe()
    try placeRoot(groundHeight: groundHeight)
    addFloor()
  }

  private static func document(
    at path: String, budget: inout Int
  ) throws(SourceError) -> XMLElement {
    let text = try SourceText.read(path, limit: budget, kind: "robot")
    budget -= text.utf8.count
    return try XMLReader.read(text, source: path)
  }

  // MARK: Includes

  /// The elements with every `<include>` replaced by the children of the file it names.
  private static func expanded(
    _ elements: [XMLElement], folder: String, source: String, depth: Int, budget: inout Int
  ) throws(SourceError) -> [XMLElement] {
    var result: [XMLElement] = []
    for var element in elements {
      if element.name == "include" {
        guard let file = element["file"], depth < maximumIncludeDepth else {
          throw SourceError(
            source: source, line: 0, column: 0,
            message: "an include without a file, or of itself: write the robot as one file")
        }
        let path = file.hasPrefix("/") ? file : "\(folder)/\(file)"
        let included = try document(at: path, budget: &budget)
        result += try expanded(
          included.children, folder: folder, source: path, depth: depth + 1, budget: &budget)
      } else {
        element.children = try expanded(
          element.children, folder: folder, source: source, depth: depth, budget: &budget)
        result.append(element)
      }
    }
    return result
  }

  // MARK: What would change its meaning in another file

  /// Meshes and textures are sought from the robot's own folder, not from the maze's.
  private mutating func makeAssetFoldersAbsolute(_ folder: String) {
    func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }
    var isSet: Set<String> = []
    for index in document.children.indices where document.children[index].name == "compiler" {
      // `assetdir`, of MuJoCo 3, stands for both of the others.
      for key in ["meshdir", "texturedir", "assetdir"] {
        guard let value = document.children[index][key] else { continue }
        document.children[index][key] = absolute(value)
        isSet.formUnion(key == "assetdir" ? ["meshdir", "texturedir"] : [key])
      }
    }
    for index in document.children.indices where document.children[index].name == "asset" {
      // Whole models to attach, of MuJoCo 3, lie beside the robot.
      for child in document.children[index].children.indices
      where document.children[index].children[child].name == "model" {
        guard let file = document.children[index].children[child]["file"] else { continue }
        document.children[index].children[child]["file"] = absolute(file)
      }
    }
    var compiler = XMLElement("compiler")
    for key in ["meshdir", "texturedir"] where !isSet.contains(key) { compiler[key] = folder }
    if !compiler.attributes.isEmpty { document.children.insert(compiler, at: 0) }
  }

  /// A keyframe has no numbers for the maze's blocks: the first becomes the start.
  private mutating func takeKeyframe() {
    let keys = document.children.filter { $0.name == "keyframe" }.flatMap(\.children)
    document.children.removeAll { $0.name == "keyframe" }
    func values(_ key: String) -> [Double]? {
      let values = keys.first?[key].map(Self.numbers)
      return values?.allSatisfy(\.isFinite) == true ? values : nil
    }
    keyframeControls = values("ctrl")
    guard let positions = values("qpos"), positions.count >= 2 else { return }
    keyframe = positions
    keyframe?[0] = 0
    keyframe?[1] = 0
  }

  private mutating func placeRoot(groundHeight: Double) throws(SourceError) {
    for section in document.children.indices
    where document.children[section].name == "worldbody" {
      for index in document.children[section].children.indices {
        var body = document.children[section].children[index]
        guard body.name == "body", Self.hasJoint(body) else { continue }
        let place = body["pos"].map(Self.numbers) ?? []
        let height = place.count == 3 && place[2].isFinite ? place[2] : 0
        body["pos"] = decimals(0, 0, height + groundHeight)
        if let name = body["name"] { rootBody = name } else { body["name"] = rootBody }
        // MuJoCo would change it, and then it is not found.
        guard !rootBody.contains(where: \.isNewline) else {
          throw failure("the name of its first moving body has a line break: remove it")
        }
        document.children[section].children[index] = body
        return
      }
    }
    throw failure("no body has a joint: a robot moves on a free joint or on slides along x and y")
  }

  private mutating func addFloor() {
    let geoms = document.children.filter { $0.name == "worldbody" }.flatMap(\.children)
    if !geoms.contains(where: { $0.name == "geom" && $0["type"] == "plane" }) {
      document.prepend(Floor.explicitGeom, toSection: "worldbody")
    }
  }

  private static func hasJoint(_ body: XMLElement) -> Bool {
    body.children.contains { child in
      child.name == "joint" || child.name == "freejoint" || child.name == "body" && hasJoint(child)
    }
  }

  private static func numbers(_ text: String) -> [Double] {
    text.split(whereSeparator: \.isWhitespace).map { Double($0) ?? .nan }
  }

  func failure(_ message: String) -> SourceError {
    SourceError(source: path, line: 0, column: 0, message: message)
  }
}

// MARK: - The compiled robot

extension RobotFile {
  /// The time of one environment step that is aimed at (s): the Ant's.
  static let stepDuration = 0.1

  /// Where the robot is found in the compiled world, and how its actuators take an action.
  ///
  /// - Parameter blockJoints: How many joints the maze's blocks have; they come last.
  /// - Throws: ``SourceError`` if its root or an actuator can't be used.
  func layout(
    in model: Model, blockJoints: Int, groundHeight: Double
  ) throws(SourceError) -> (layout: RobotLayout, actionLimits: [Float], halfRange: [Float]) {
    let joints = (0..<(model.njnt - blockJoints)).map { model.joint($0) }
    let positionCount = model.nq - blockJoints
    let root = try root(of: joints, in: model)
    var start = keyframe
    if let count = start?.count, count != positionCount { start = nil }
    if root == .free { start?[2] += groundHeight }

    guard model.nu > 0 else { throw failure("it has no actuators: add <actuator> motors") }
    let controls = try controls(of: model, joints: joints, start: start ?? model.qpos0)
    guard model.timestep > 0 else { throw failure("its timestep is not above 0 s") }
    let physicsSteps = Int(max(1, min(1000, (Self.stepDuration / model.timestep).rounded())))
    let layout = RobotLayout(
      positionCount: positionCount, velocityCount: model.nv - blockJoints, root: root,
      drive: .actuators(
        controls.map { .init(range: $0.range, rest: $0.rest) }, physicsSteps: physicsSteps),
      bodyName: rootBody, startPositions: start)
    let limits = controls.map { Float(($0.range.upperBound - $0.range.lowerBound) / 2) }
    return (layout, limits, Self.halfRange(of: joints))
  }

  /// What each control may be, and what it is without an action: as the keyframe says, else what
  /// keeps a servo where it starts, else the middle.
  private func controls(
    of model: Model, joints: [Joint], start: [Double]
  ) throws(SourceError) -> [(range: ClosedRange<Double>, rest: Double)] {
    var result: [(range: ClosedRange<Double>, rest: Double)] = []
    for control in 0..<model.nu {
      let actuator = model.actuator(ofControl: control)
      let joint = actuator.joint.flatMap { joints.indices.contains($0) ? joints[$0] : nil }
      let servo = joint.flatMap { [.slide, .hinge].contains($0.kind) ? $0 : nil }
      let range = model.controlRange(control) ?? Self.range(of: actuator, servo: servo)
      guard let range, range.upperBound > range.lowerBound,
        (range.upperBound - range.lowerBound).isFinite
      else {
        throw failure(
          "actuator '\(actuator.name ?? String(actuator.id))' has no ctrlrange: "
            + "set ctrllimited=\"true\" and ctrlrange")
      }
      var rest = (range.lowerBound + range.upperBound) / 2
      if let controls = keyframeControls, controls.count == model.nu {
        rest = controls[control]
      } else if actuator.kind == .position, let servo {
        rest = start[servo.qposAddress] * actuator.gear
      } else if actuator.kind == .velocity {
        rest = 0
      }
      result.append((range, rest))
    }
    return result
  }

  /// What the control of an actuator without a range of its own may sensibly be: for a position
  /// servo all that its joint can do, for a velocity servo that in half a second, for a motor all the
  /// force that it may have. A joint without limits is taken for one of ±π rad or ±1 m.
  private static func range(of actuator: Actuator, servo: Joint?) -> ClosedRange<Double>? {
    switch (actuator.kind, servo) {
    case (.position, let joint?), (.velocity, let joint?):
      let reach = joint.kind == .hinge ? Double.pi : 1
      var range = joint.isLimited ? joint.range : (-reach)...reach
      if actuator.kind == .velocity {
        let speed = (range.upperBound - range.lowerBound) / 0.5
        range = (-speed)...speed
      }
      let (a, b) = (range.lowerBound * actuator.gear, range.upperBound * actuator.gear)
      return min(a, b)...max(a, b)
    default:
      guard actuator.kind == .other, actuator.gain != 0, let force = actuator.forceRange else {
        return nil
      }
      let (a, b) = (force.lowerBound / actuator.gain, force.upperBound / actuator.gain)
      return min(a, b)...max(a, b)
    }
  }

  private func root(
    of joints: [Joint], in model: Model
  ) throws(SourceError) -> RobotLayout.Root {
    if joints.first?.kind == .free { return .free }
    let isPlanar =
      joints.count >= 2 && joints[0].kind == .slide && joints[1].kind == .slide
      && joints[0].axis == [1, 0, 0] && joints[1].axis == [0, 1, 0]
    guard isPlanar else {
      throw failure(
        "its first joints can't move it through a maze: the root needs a free joint, "
          + "or a slide along x and then one along y")
    }
    return .planar(height: model.body(joints[0].body).position.z)
  }

  /// Sensible bounds of a subgoal: 10 m in the plane, half the range of each limited joint.
  private static func halfRange(of joints: [Joint]) -> [Float] {
    var result: [Float] = []
    for (index, joint) in joints.enumerated() {
      let width = Float((joint.range.upperBound - joint.range.lowerBound) / 2)
      let limited = joint.isLimited && width > 0 ? width : nil
      switch joint.kind {
      case .free: result += [10, 10, 0.5, 1, 1, 1, 1]
      case .ball: result += [1, 1, 1, 1]
      case .slide: result.append(index < 2 ? 10 : limited ?? 0.5)
      case .hinge: result.append(limited ?? .pi)
      }
    }
    return result
  }
}
