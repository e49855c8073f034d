import CMuJoCo
import Foundation

/// A compiled MuJoCo model: what the world is made of. It never changes after it was loaded, so it
/// may be shared by simulations on several threads.
public final class Model: @unchecked Sendable {
  /// The name of the file, or the name given with the text: what errors call the model.
  public let name: String
  /// What MuJoCo found worth a warning while it compiled the model; nil where it was content.
  public let loadingWarning: String?

  package let pointer: UnsafeMutablePointer<mjModel>

  /// Loads an MJCF or URDF file.
  ///
  /// - Throws: ``MuJoCoError/missingFile(path:)``, or ``MuJoCoError/invalidModel(name:message:)``
  ///   with MuJoCo's own message.
  public convenience init(path: String) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      !isDirectory.boolValue, FileManager.default.isReadableFile(atPath: path)
    else { throw MuJoCoError.missingFile(path: path) }
    try ModelLimits.check(path: path, name: path)
    try self.init(adopting: cmj_loadModelFile(path), name: path)
  }

  /// Compiles MJCF text. `name` stands for the file name in messages.
  ///
  /// - Parameter files: Meshes, textures and height fields by the names that the text calls them by:
  ///   plain file names, which differ also without regard to case.
  /// - Throws: ``MuJoCoError/invalidModel(name:message:)`` with MuJoCo's own message.
  public convenience init(xml: String, name: String, files: [String: [UInt8]] = [:]) throws {
    let text = Array(xml.utf8)
    try ModelLimits.check(text: text, name: name)
    guard let store = cmj_makeFiles() else {
      throw MuJoCoError.invalidModel(name: name, message: "out of memory")
    }
    defer { cmj_deleteFiles(store) }
    // No asset has this name: theirs end in other ways.
    let document = "world.mjcf"
    for (file, bytes) in [(document, text)] + files.sorted(by: { $0.key < $1.key }) {
      try AssetLimits.check(bytes, file: file, name: name)
      let status = bytes.withUnsafeBytes {
        cmj_addFile(store, file, $0.baseAddress, Int32(clamping: $0.count))
      }
      guard status == CMJ_OK else {
        throw MuJoCoError.invalidModel(
          name: name, message: "\(file): \(MuJoCoError.oneLine(cmj_errorMessage()))")
      }
    }
    try self.init(adopting: cmj_loadModelFiles(store, document), name: name)
  }

  private init(adopting model: UnsafeMutablePointer<mjModel>?, name: String) throws {
    guard let model else {
      throw MuJoCoError.invalidModel(
        name: name, message: Self.withVersion(MuJoCoError.oneLine(cmj_errorMessage())))
    }
    let warning = MuJoCoError.oneLine(cmj_warningMessage())
    self.name = name
    loadingWarning = warning.isEmpty ? nil : warning
    pointer = model
  }

  deinit { mj_deleteModel(pointer) }

  /// MuJoCo's message, and where it may come of a file that was written for another version, which
  /// version is linked and how to get one.
  private static func withVersion(_ message: String) -> String {
    let signs = ["chema violation", "nrecognized", "nvalid keyword", "imited", "nknown"]
    guard signs.contains(where: message.contains) else { return message }
    return message + "; libmujoco \(libraryVersionName) is linked, and a file written for another "
      + "version may need that one: see docs/mujoco.md"
  }

  /// The version of the linked libmujoco as a number that grows with it: 222 is 2.2.2, 337 is 3.3.7,
  /// 4000001 is 4.0.1.
  public static var libraryVersion: Int { Int(mj_version()) }

  /// The version of the linked libmujoco in its own words: `2.2.2`.
  public static var libraryVersionName: String { String(cString: mj_versionString()) }
}

// MARK: - Sizes and options

extension Model {
  /// Numbers in `qpos`.
  public var nq: Int { Int(pointer.pointee.nq) }
  /// Degrees of freedom: numbers in `qvel`.
  public var nv: Int { Int(pointer.pointee.nv) }
  /// Controls: numbers in `ctrl`, one for each actuator unless an actuator takes several.
  public var nu: Int { Int(pointer.pointee.nu) }
  /// Numbers in the actuators' activation.
  public var na: Int { Int(pointer.pointee.na) }
  /// Bodies; body 0 is the world.
  public var nbody: Int { Int(pointer.pointee.nbody) }
  /// Joints.
  public var njnt: Int { Int(pointer.pointee.njnt) }
  /// Geoms.
  public var ngeom: Int { Int(pointer.pointee.ngeom) }
  /// Cameras.
  public var ncam: Int { Int(pointer.pointee.ncam) }
  /// Bodies that are moved by hand.
  public var nmocap: Int { Int(pointer.pointee.nmocap) }

  /// Length of one physics step, in seconds.
  public var timestep: Double { pointer.pointee.opt.timestep }
  /// Whether positions are integrated by the fourth-order Runge–Kutta method.
  public var usesRungeKutta: Bool {
    pointer.pointee.opt.integrator == Int32(mjINT_RK4.rawValue)
  }
  /// The middle of the model in its initial configuration, in metres.
  public var center: SIMD3<Double> {
    let center = pointer.pointee.stat.center
    return [center.0, center.1, center.2]
  }
  /// The size of the model in its initial configuration, in metres.
  public var extent: Double { pointer.pointee.stat.extent }
  /// The initial configuration: `nq` numbers.
  public var qpos0: [Double] {
    Array(UnsafeBufferPointer(start: pointer.pointee.qpos0, count: nq))
  }
}

// MARK: - Names

extension Model {
  /// A kind of object that has names.
  public enum ObjectKind: String, Sendable, CaseIterable {
    /// A rigid body.
    case body
    /// A joint.
    case joint
    /// A geom.
    case geom
    /// A site.
    case site
    /// A camera.
    case camera
    /// An actuator.
    case actuator

    var type: Int32 {
      switch self {
      case .body: Int32(mjOBJ_BODY.rawValue)
      case .joint: Int32(mjOBJ_JOINT.rawValue)
      case .geom: Int32(mjOBJ_GEOM.rawValue)
      case .site: Int32(mjOBJ_SITE.rawValue)
      case .camera: Int32(mjOBJ_CAMERA.rawValue)
      case .actuator: Int32(mjOBJ_ACTUATOR.rawValue)
      }
    }
  }

  /// How many objects of this kind the model has.
  public func count(of kind: ObjectKind) -> Int {
    let model = pointer.pointee
    return switch kind {
    case .body: Int(model.nbody)
    case .joint: Int(model.njnt)
    case .geom: Int(model.ngeom)
    case .site: Int(model.nsite)
    case .camera: Int(model.ncam)
    case .actuator: Int(cmj_actuatorCount(pointer))
    }
  }

  /// The name of an object; nil where it has none.
  public func name(of kind: ObjectKind, _ id: Int) -> String? {
    guard let name = mj_id2name(pointer, kind.type, Int32(id)), name.pointee != 0 else {
      return nil
    }
    return String(cString: name)
  }

  /// The id of the object with this name.
  ///
  /// - Throws: ``MuJoCoError/unknownName(kind:name:model:known:)`` with the names there are.
  public func id(of kind: ObjectKind, named name: String) throws -> Int {
    let id = mj_name2id(pointer, kind.type, name)
    if id < 0 {
      let known = (0..<count(of: kind)).compactMap { self.name(of: kind, $0) }
      throw MuJoCoError.unknownName(
        kind: kind.rawValue, name: name, model: self.name, known: known)
    }
    return Int(id)
  }

  /// The name of a body; nil where it has none.
  public func bodyName(_ id: Int) -> String? { name(of: .body, id) }
}

// MARK: - Parts

/// A rigid body, as the model describes it.
public struct Body: Sendable, Equatable {
  /// Its number in the model; 0 is the world.
  public var id: Int
  /// Its name, where it has one.
  public var name: String?
  /// The body it is attached to.
  public var parent: Int
  /// Mass in kg.
  public var mass: Double
  /// Diagonal inertia in its principal frame, in kg·m².
  public var inertia: SIMD3<Double>
  /// Position in its parent's frame, in metres.
  public var position: SIMD3<Double>
  /// Its first degree of freedom, where it has any.
  public var firstDegreeOfFreedom: Int?
  /// Number of its degrees of freedom.
  public var degreesOfFreedom: Int
}

/// A geom: the shape by which a body collides and is seen.
public struct Geom: Sendable, Equatable {
  /// The shapes, with MuJoCo's numbers.
  public enum Shape: Int, Sendable {
    /// An infinite plane (or a rectangle, when drawn).
    case plane
    /// A height field.
    case heightField
    /// A sphere.
    case sphere
    /// A capsule.
    case capsule
    /// An ellipsoid.
    case ellipsoid
    /// A cylinder.
    case cylinder
    /// A box.
    case box
    /// A mesh.
    case mesh
  }

  /// Its number in the model.
  public var id: Int
  /// Its name, where it has one.
  public var name: String?
  /// The body it belongs to.
  public var body: Int
  /// Its shape; nil for one that this list doesn't know.
  public var shape: Shape?
  /// Half-sizes in metres, by shape.
  public var size: SIMD3<Double>
  /// Position in its body's frame, in metres.
  public var position: SIMD3<Double>
  /// Its group, by which viewers show and hide.
  public var group: Int
  /// Contact type bits.
  public var contype: Int
  /// Contact affinity bits.
  public var conaffinity: Int
  /// Dimension of its contacts.
  public var condim: Int
  /// Distance at which a contact is detected, in metres.
  public var margin: Double
  /// Sliding, torsional and rolling friction.
  public var friction: SIMD3<Double>
  /// Solver reference: time constant in s, damping ratio.
  public var solref: [Double]
  /// Solver impedance: dmin, dmax, width, midpoint, power.
  public var solimp: [Double]
  /// Colour and opacity, each in 0…1.
  public var rgba: SIMD4<Float>
}

/// A joint.
public struct Joint: Sendable, Equatable {
  /// The types, with MuJoCo's numbers.
  public enum Kind: Int, Sendable {
    /// Six degrees of freedom: three of position and a quaternion.
    case free
    /// Rotation about a point: a quaternion.
    case ball
    /// Translation along an axis.
    case slide
    /// Rotation about an axis.
    case hinge
  }

  /// Its number in the model.
  public var id: Int
  /// Its name, where it has one.
  public var name: String?
  /// The body it moves.
  public var body: Int
  /// Its type.
  public var kind: Kind
  /// Index of its first number in `qpos`.
  public var qposAddress: Int
  /// Index of its first number in `qvel`.
  public var dofAddress: Int
  /// Whether its range is a limit.
  public var isLimited: Bool
  /// Lower and upper limit, in rad or m.
  public var range: ClosedRange<Double>
  /// Axis in the body's frame.
  public var axis: SIMD3<Double>
  /// Distance from a limit at which it acts, in rad or m.
  public var margin: Double
  /// Rotor inertia of its first degree of freedom, in kg·m² or kg.
  public var armature: Double
  /// Damping of its first degree of freedom.
  public var damping: Double
  /// Stiffness of its spring.
  public var stiffness: Double
}

/// An actuator.
public struct Actuator: Sendable, Equatable {
  /// What its control asks for.
  public enum Kind: Sendable {
    /// A force, or something that this list doesn't know.
    case other
    /// A position of what it moves: a servo pulls it there.
    case position
    /// A velocity of what it moves: a servo brings it there.
    case velocity
  }

  /// Its number in the model.
  public var id: Int
  /// Its name, where it has one.
  public var name: String?
  /// The joint it moves; nil where it acts on something else.
  public var joint: Int?
  /// What its control asks for.
  public var kind: Kind
  /// Its first control: an index in `ctrl`.
  public var firstControl: Int
  /// Whether its (first) control is clamped to the range.
  public var isLimited: Bool
  /// Lower and upper control.
  public var controlRange: ClosedRange<Double>
  /// Its force per unit of control (N or N·m), before the gear; 0 where that is not a constant.
  public var gain: Double
  /// The least and the greatest force (N or N·m), by its own limits and, divided by the gear, by
  /// those of its joint; nil where there are none.
  public var forceRange: ClosedRange<Double>?
  /// Force on what it moves per unit of its own, on the first axis.
  public var gear: Double
}

extension Model {
  /// The body with this number.
  public func body(_ id: Int) -> Body {
    let model = pointer.pointee
    precondition(id >= 0 && id < nbody, "body \(id) of \(nbody)")
    let firstDof = Int(model.body_dofadr[id])
    return Body(
      id: id, name: name(of: .body, id), parent: Int(model.body_parentid[id]),
      mass: model.body_mass[id], inertia: vector(model.body_inertia, id),
      position: vector(model.body_pos, id),
      firstDegreeOfFreedom: firstDof < 0 ? nil : firstDof,
      degreesOfFreedom: Int(model.body_dofnum[id]))
  }

  /// The geom with this number.
  public func geom(_ id: Int) -> Geom {
    let model = pointer.pointee
    precondition(id >= 0 && id < ngeom, "geom \(id) of \(ngeom)")
    let rgba = model.geom_rgba!
    return Geom(
      id: id, name: name(of: .geom, id), body: Int(model.geom_bodyid[id]),
      shape: Geom.Shape(rawValue: Int(model.geom_type[id])), size: vector(model.geom_size, id),
      position: vector(model.geom_pos, id), group: Int(model.geom_group[id]),
      contype: Int(model.geom_contype[id]),
      conaffinity: Int(model.geom_conaffinity[id]), condim: Int(model.geom_condim[id]),
      margin: model.geom_margin[id], friction: vector(model.geom_friction, id),
      solref: (0..<Int(mjNREF)).map { model.geom_solref[id * Int(mjNREF) + $0] },
      solimp: (0..<Int(mjNIMP)).map { model.geom_solimp[id * Int(mjNIMP) + $0] },
      rgba: [rgba[4 * id], rgba[4 * id + 1], rgba[4 * id + 2], rgba[4 * id + 3]])
  }

  /// The joint with this number.
  public func joint(_ id: Int) -> Joint {
    let model = pointer.pointee
    precondition(id >= 0 && id < njnt, "joint \(id) of \(njnt)")
    let dof = Int(model.jnt_dofadr[id])
    return Joint(
      id: id, name: name(of: .joint, id), body: Int(model.jnt_bodyid[id]),
      kind: Joint.Kind(rawValue: Int(model.jnt_type[id]))!,
      qposAddress: Int(model.jnt_qposadr[id]), dofAddress: dof,
      isLimited: isTrue(model.jnt_limited[id]),
      range: range(model.jnt_range, id), axis: vector(model.jnt_axis, id),
      margin: model.jnt_margin[id], armature: model.dof_armature[dof],
      damping: model.dof_damping[dof], stiffness: model.jnt_stiffness[id])
  }

  /// The actuator with this number.
  public func actuator(_ id: Int) -> Actuator {
    let model = pointer.pointee
    let count = count(of: .actuator)
    precondition(id >= 0 && id < count, "actuator \(id) of \(count)")
    let actsOnJoint = model.actuator_trntype[id] == Int32(mjTRN_JOINT.rawValue)
    let joint = actsOnJoint ? Int(model.actuator_trnid[2 * id]) : nil
    let control = Int(cmj_firstControl(pointer, Int32(id)))
    let isFixed = model.actuator_gaintype[id] == Int32(mjGAIN_FIXED.rawValue)
    let gear = model.actuator_gear[6 * id]
    return Actuator(
      id: id, name: name(of: .actuator, id), joint: joint, kind: kind(ofActuator: id),
      firstControl: control, isLimited: isTrue(model.actuator_ctrllimited[control]),
      controlRange: range(model.actuator_ctrlrange, control),
      gain: isFixed ? model.actuator_gainprm[id * Int(mjNGAIN)] : 0,
      forceRange: forceRange(ofActuator: id, joint: joint, gear: gear), gear: gear)
  }

  /// The actuator that takes this control.
  public func actuator(ofControl control: Int) -> Actuator {
    precondition(control >= 0 && control < nu, "control \(control) of \(nu)")
    return actuator(Int(cmj_actuatorOfControl(pointer, Int32(control))))
  }

  /// The range to which a control is clamped; nil where it is not.
  public func controlRange(_ control: Int) -> ClosedRange<Double>? {
    precondition(control >= 0 && control < nu, "control \(control) of \(nu)")
    guard isTrue(pointer.pointee.actuator_ctrllimited[control]) else { return nil }
    return range(pointer.pointee.actuator_ctrlrange, control)
  }

  /// A servo's force is gain · (control − length), or gain · (control − velocity): its bias has the
  /// gain with the other sign.
  private func kind(ofActuator id: Int) -> Actuator.Kind {
    let model = pointer.pointee
    guard model.actuator_gaintype[id] == Int32(mjGAIN_FIXED.rawValue),
      model.actuator_biastype[id] == Int32(mjBIAS_AFFINE.rawValue)
    else { return .other }
    let gain = model.actuator_gainprm[id * Int(mjNGAIN)]
    let bias = model.actuator_biasprm + id * Int(mjNBIAS)
    if gain > 0, bias[1] == -gain { return .position }
    return gain > 0 && bias[1] == 0 && bias[2] == -gain ? .velocity : .other
  }

  private func forceRange(
    ofActuator id: Int, joint: Int?, gear: Double
  ) -> ClosedRange<Double>? {
    let model = pointer.pointee
    var ranges: [ClosedRange<Double>] = []
    if isTrue(model.actuator_forcelimited[id]) {
      ranges.append(range(model.actuator_forcerange, id))
    }
    var limits = [0.0, 0.0]
    if let joint, cmj_jointForceRange(pointer, Int32(joint), &limits) != 0, gear != 0 {
      let (a, b) = (limits[0] / gear, limits[1] / gear)
      ranges.append(min(a, b)...max(a, b))
    }
    return ranges.reduce(nil) { $0?.clamped(to: $1) ?? $1 }
  }

  /// MuJoCo's truth values are bytes up to version 3, and Booleans from then on.
  private func isTrue(_ value: UInt8) -> Bool { value != 0 }
  private func isTrue(_ value: Bool) -> Bool { value }

  /// A file may hold ranges that are none: numbers the wrong way round, or no numbers.
  private func range(_ values: UnsafeMutablePointer<Double>, _ index: Int) -> ClosedRange<Double> {
    let (lower, upper) = (values[2 * index], values[2 * index + 1])
    return lower <= upper ? lower...upper : 0...0
  }

  private func vector(_ values: UnsafeMutablePointer<Double>, _ index: Int) -> SIMD3<Double> {
    [values[3 * index], values[3 * index + 1], values[3 * index + 2]]
  }
}
