import Foundation
import MuJoCo

/// A user's own robot, prepared to stand in a maze instead of the Ant.
struct RobotFile {
  /// The path of the robot's file, or another name for it in errors.
  let path: String
  /// The robot as it was read, with its assets.
  let robot: Robot
  /// The robot's document without keyframes, and with its defaults in a class of their own.
  private(set) var document: XMLElement
  /// Whether a floor must be added, because the robot's file has no plane.
  let needsFloor: Bool
  /// The factor by which the robot's compiler scales all masses; the masses of the maze's blocks
  /// are divided by it.
  let massScale: Double
  /// Whether the maze's blocks must state their mass, because the robot's compiler takes no mass
  /// from some or all geoms.
  private(set) var needsStatedInertia = false
  /// The positions of the robot's first keyframe, at which episodes start.
  private(set) var keyframe: [Double]?
  /// The controls of the robot's first keyframe, which a zero action gives.
  private(set) var keyframeControls: [Double]?
  /// The name of the robot's first outermost body with a joint, be it in the body itself or in a
  /// descendant.
  private(set) var rootBody = "robot"

  /// Places a robot on the ground of `map`, in the middle of its cell.
  ///
  /// - Parameter path: The name of the robot in errors.
  /// - Throws: ``SourceError``.
  init(_ robot: Robot, path: String, map: MazeMap) throws(SourceError) {
    self.path = path
    self.robot = robot
    document = robot.root
    guard document.isCalled("mujoco") else {
      throw SourceError(
        source: path, line: 0, column: 0,
        message:
          "its root is <\(document.name.prefix(40))>: a robot is an MJCF file with root <mujoco>"
      )
    }
    // Compile the robot alone first: an error here is a fault of the robot and not of the maze.
    let alone = try Self.model(of: document, robot, path)
    needsFloor = !(0..<alone.ngeom).contains { alone.geom($0).shape == .plane }
    massScale = try Self.massScale(of: document, robot, path, alone)
    takeKeyframe(of: alone)
    try checkCompiler()
    if map.hasBlock { try removeBounds(from: alone) }
    try placeRoot(groundHeight: map.groundHeight)
    document.confineDefaults(to: "robot")
    // If two sections set the same attribute, the last one counts. The robot's sections come first,
    // so that the maze's decide how the world looks.
    let looks = document.children.filter { ["visual", "statistic"].contains($0.name) }
    document.children.removeAll { ["visual", "statistic"].contains($0.name) }
    document.children.insert(contentsOf: looks, at: 0)
  }

  // MARK: Settings that would affect the maze

  private mutating func checkCompiler() throws(SourceError) {
    for compiler in document.children where compiler.name == "compiler" {
      if compiler["inertiagrouprange"] != nil || compiler["inertiafromgeom"] == "false" {
        needsStatedInertia = true
      }
      if compiler["coordinate"] == "global" {
        throw SourceError(
          source: compiler.place?.source ?? path, line: compiler.place?.line ?? 0, column: 0,
          message: "a robot in global coordinates can't be moved into a maze: use local coordinates"
        )
      }
    }
  }

  /// Removes lower bounds on mass and inertia if the robot is the same without them, since they
  /// would also apply to the maze's blocks, which are light. Otherwise throws.
  private mutating func removeBounds(from alone: Model) throws(SourceError) {
    var plain = document
    var place: XMLElement.Place?
    var isBound = false
    for index in plain.children.indices where plain.children[index].name == "compiler" {
      for name in ["boundmass", "boundinertia"] where plain.children[index][name] != nil {
        place = plain.children[index].place
        plain.children[index][name] = nil
        isBound = true
      }
    }
    guard isBound else { return }
    // Without the bounds the robot may not even be a valid model.
    guard let model = try? Self.model(of: plain, robot, path),
      model.physicsDifference(from: alone) == nil
    else {
      throw SourceError(
        source: place?.source ?? path, line: place?.line ?? 0, column: 0,
        message: "boundmass and boundinertia would make the maze's blocks heavier, too: "
          + "give the bodies that need them an <inertial> instead, or choose a map without blocks")
    }
    document = plain
  }

  /// Removes the keyframes, which have no numbers for the maze's blocks; the first one becomes the
  /// start.
  private mutating func takeKeyframe(of alone: Model) {
    let keys = document.children.filter { $0.name == "keyframe" }.flatMap(\.children)
    document.children.removeAll { $0.name == "keyframe" }
    guard alone.count(of: .keyframe) > 0 else { return }
    let first = alone.keyframe(0)
    if first.qpos.count >= 2, first.qpos.allSatisfy(\.isFinite) {
      var positions = first.qpos
      (positions[0], positions[1]) = (0, 0)
      keyframe = positions
    }
    // If a keyframe sets no controls, MuJoCo fills them with zeros: only the document tells the
    // difference.
    if keys.first?["ctrl"] != nil, first.ctrl.allSatisfy(\.isFinite) {
      keyframeControls = first.ctrl
    }
  }

  /// The factor by which `settotalmass` scales the masses of the robot alone; 1 without that
  /// attribute.
  private static func massScale(
    of document: XMLElement, _ robot: Robot, _ path: String, _ alone: Model
  ) throws(SourceError) -> Double {
    let total = document.children.last { $0.name == "compiler" && $0["settotalmass"] != nil }
    guard let text = total?["settotalmass"], let mass = Double(text), mass > 0 else { return 1 }
    var plain = document
    for index in plain.children.indices { plain.children[index]["settotalmass"] = nil }
    let scale = alone.totalMass / (try model(of: plain, robot, path)).totalMass
    return scale.isFinite && scale > 0 ? scale : 1
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
        if let name = body["name"], !name.isEmpty {
          rootBody = name
        } else {
          body["name"] = rootBody
        }
        // MuJoCo would change such a name, and the body would not be found.
        guard !rootBody.contains(where: \.isNewline) else {
          throw failure("the name of its first moving body has a line break: remove it")
        }
        document.children[section].children[index] = body
        return
      }
    }
    throw failure("no body has a joint: a robot needs a free joint, or slide joints along x and y")
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

// MARK: - Compiling

extension RobotFile {
  /// Compiles a world with this robot. An error about an element of the robot is reported with the
  /// file and the line that the element came from.
  func model(of world: XMLElement) throws(SourceError) -> Model {
    try Self.model(of: world, robot, path)
  }

  private static func model(
    of document: XMLElement, _ robot: Robot, _ path: String
  ) throws(SourceError) -> Model {
    let message: String
    do {
      return try Model(xml: document.text, name: path, files: robot.assets)
    } catch MuJoCoError.invalidModel(_, let text) {
      message = text
    } catch {
      message = "\(error)"
    }
    // MuJoCo writes "Element 'joint', line 12" or "Object name = leg, id = 3, line = 12, column =
    // 5".
    let line = message.matches(of: #/line (?:= )?([0-9]+)/#).last.flatMap { Int($0.1) }
    let place = line.flatMap { document.place(ofLine: $0) }
    let said = message.replacing(#/;? *Element '([^']*)', line [0-9]+/#) { " in <\($0.1)>" }
      .replacing(#/, line = [0-9]+(, column = -?[0-9]+)?/#, with: "")
      .replacing(#/^(XML )?Error: /#, with: "")
      .split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }.joined(separator: "; ")
    throw SourceError(
      source: place?.source ?? path, line: place?.line ?? 0, column: 0,
      message: "not a valid model: \(said)")
  }

  /// Throws if the robot can't touch the maze, whose geoms all have `contype` 1 and `conaffinity`
  /// 1.
  private func checkContacts(in model: Model, robotBodies: Range<Int>) throws(SourceError) {
    guard model.findsContacts else {
      throw failure(
        "its options switch contacts off, so it would walk through walls: remove "
          + "contact=\"disable\" from <flag>, or collision=\"predefined\" from <option>")
    }
    var excluded: Set<String> = []
    for contact in document.children where contact.name == "contact" {
      for exclude in contact.children where exclude.name == "exclude" {
        let pair = [exclude["body1"], exclude["body2"]].compactMap(\.self)
        if pair.contains("world") { excluded.formUnion(pair) }
      }
    }
    let canTouch = (0..<model.ngeom).contains { index in
      let geom = model.geom(index)
      guard robotBodies.contains(geom.body), model.canMove(geom) else { return false }
      return (geom.contype | geom.conaffinity) & 1 != 0
        && !(model.bodyName(geom.body).map(excluded.contains) ?? false)
    }
    guard canTouch else {
      throw failure(
        "no part of it can touch the maze, so it would walk through walls: give its geoms "
          + "contype=\"1\" or conaffinity=\"1\"")
    }
  }
}

// MARK: - The compiled robot

extension RobotFile {
  /// The intended time of one environment step (s), which is the Ant's.
  static let stepDuration = 0.1

  /// Where the compiled world's state holds the robot, and how an action becomes its controls.
  ///
  /// - Parameter blockJoints: The number of joints of the maze's blocks, which come last.
  /// - Throws: ``SourceError`` if its root or an actuator can't be used.
  func layout(
    in model: Model, blockJoints: Int, groundHeight: Double
  ) throws(SourceError) -> (layout: RobotLayout, actionLimits: [Float], halfRange: [Float]) {
    let joints = (0..<(model.njnt - blockJoints)).map { model.joint($0) }
    // Each block has one body and two joints; blocks come last.
    try checkContacts(in: model, robotBodies: 1..<max(1, model.nbody - blockJoints / 2))
    let positionCount = model.nq - blockJoints
    let root = try root(of: joints, in: model)
    var start = keyframe
    if let count = start?.count, count != positionCount { start = nil }
    if root == .free { start?[2] += groundHeight }

    guard model.nu > 0 else { throw failure("it has no actuators: add <actuator> motors") }
    let controls = try controls(of: model, joints: joints, start: start ?? model.qpos0)
    guard model.timestep > 0 else { throw failure("its timestep is not greater than 0 s") }
    let physicsSteps = Int(max(1, min(1000, (Self.stepDuration / model.timestep).rounded())))
    let layout = RobotLayout(
      positionCount: positionCount, velocityCount: model.nv - blockJoints, root: root,
      drive: .actuators(
        controls.map { .init(range: $0.range, rest: $0.rest) }, physicsSteps: physicsSteps),
      bodyName: rootBody, startPositions: start)
    let limits = controls.map { Float(($0.range.upperBound - $0.range.lowerBound) / 2) }
    return (layout, limits, Self.halfRange(of: joints, isPlanar: root != .free))
  }

  /// The range of each control, and its value for a zero action: the keyframe's control if there is
  /// one, else the value with which a servo keeps its start state (0 for a velocity servo), else
  /// the middle of the range.
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

  /// A sensible control range for an actuator without one: for a position servo, the range of its
  /// joint; for a velocity servo, the speeds that cross this range in half a second; for a motor,
  /// all forces that it may have. A joint without limits counts as one of ±π rad or ±1 m.
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
          + "or a slide joint along x and then one along y")
    }
    return .planar(height: model.body(joints[0].body).position.z)
  }

  /// Sensible bounds of a subgoal, one for each of the robot's `qpos`: 10 m in the plane, half the
  /// range of each limited joint. The first two joints of a planar robot move it in the plane.
  private static func halfRange(of joints: [Joint], isPlanar: Bool) -> [Float] {
    var result: [Float] = []
    for (index, joint) in joints.enumerated() {
      let width = Float((joint.range.upperBound - joint.range.lowerBound) / 2)
      let limited = joint.isLimited && width > 0 ? width : nil
      switch joint.kind {
      case .free: result += [10, 10, 0.5, 1, 1, 1, 1]
      case .ball: result += [1, 1, 1, 1]
      case .slide: result.append(isPlanar && index < 2 ? 10 : limited ?? 0.5)
      case .hinge: result.append(limited ?? .pi)
      }
    }
    return result
  }
}
