import CMuJoCo

/// A simulation: a model and its current state. Only one thread at a time may use it.
///
/// The quantities that MuJoCo derives from the state (positions of bodies and geoms, contacts) are
/// those of the last ``forward()``, or of the last stage that ``step(count:)`` computed.
public final class Simulation {
  /// The model that is simulated.
  public let model: Model

  package let data: UnsafeMutablePointer<mjData>

  /// Creates a simulation in the initial configuration of `model`.
  ///
  /// - Throws: ``MuJoCoError/internalError(model:call:message:)`` if MuJoCo runs out of memory.
  public init(model: Model) throws {
    guard let data = cmj_makeData(model.pointer) else {
      throw Self.failure(of: model, in: "mj_makeData")
    }
    self.model = model
    self.data = data
  }

  deinit { mj_deleteData(data) }

  /// Advances the simulation by `count` physics steps with the current ``ctrl``.
  ///
  /// If the state becomes unstable, MuJoCo resets it and raises a warning: see
  /// ``instabilityCount``.
  ///
  /// - Throws: ``MuJoCoError/internalError(model:call:message:)``; the state is then undefined
  ///   until ``reset()`` or ``restore(_:)``.
  public func step(count: Int = 1) throws {
    if cmj_step(model.pointer, data, Int32(count)) != CMJ_OK {
      throw Self.failure(of: model, in: "mj_step")
    }
  }

  /// Computes the quantities derived from the state, without advancing time.
  ///
  /// - Throws: ``MuJoCoError/internalError(model:call:message:)``.
  public func forward() throws {
    if cmj_forward(model.pointer, data) != CMJ_OK {
      throw Self.failure(of: model, in: "mj_forward")
    }
  }

  /// Normalises the quaternions in `qpos` to length 1. MuJoCo 2 does this in ``forward()``; newer
  /// versions leave `qpos` as it is and normalise only where they use a quaternion.
  public func normalizeQuaternions() {
    cmj_normalizeQuaternions(model.pointer, data)
  }

  /// Resets the simulation to the initial configuration, at rest, at time zero, with no warnings.
  public func reset() {
    // A reset only writes into arrays that exist, so it has no error to raise.
    _ = cmj_reset(model.pointer, data)
  }

  package static func failure(of model: Model, in call: String) -> MuJoCoError {
    .internalError(
      model: model.name, call: call, message: MuJoCoError.oneLine(cmj_errorMessage()))
  }
}

// MARK: - State

extension Simulation {
  /// Seconds since the start.
  public var time: Double {
    get { data.pointee.time }
    set { data.pointee.time = newValue }
  }

  /// Positions: `nq` numbers (m, rad, unit quaternions).
  public var qpos: StateVector { view(data.pointee.qpos, model.nq) }
  /// Velocities: `nv` numbers (m/s, rad/s).
  public var qvel: StateVector { view(data.pointee.qvel, model.nv) }
  /// Accelerations from MuJoCo's last computation: `nv` numbers.
  public var qacc: StateVector { view(data.pointee.qacc, model.nv) }
  /// Activations: `na` numbers, the states of the actuators that have one (filters, integrators,
  /// muscles); see ``Actuator/activation``.
  public var act: StateVector { view(data.pointee.act, model.na) }
  /// Controls: `nu` numbers.
  public var ctrl: StateVector { view(data.pointee.ctrl, model.nu) }
  /// External forces on the degrees of freedom: `nv` numbers (N, N·m).
  public var qfrcApplied: StateVector { view(data.pointee.qfrc_applied, model.nv) }
  /// External forces and torques on the bodies, at their centres of mass, in the world's frame:
  /// `nbody` × 6 numbers (N, N·m).
  public var xfrcApplied: StateVector { view(data.pointee.xfrc_applied, 6 * model.nbody) }
  /// Positions of the mocap bodies, which the program places: `nmocap` × 3 numbers (m).
  public var mocapPositions: StateVector { view(data.pointee.mocap_pos, 3 * model.nmocap) }
  /// Orientations of the mocap bodies: `nmocap` unit quaternions, w first.
  public var mocapOrientations: StateVector { view(data.pointee.mocap_quat, 4 * model.nmocap) }

  func view(_ start: UnsafeMutablePointer<Double>?, _ count: Int) -> StateVector {
    StateVector(owner: self, start: start, count: count)
  }
}

// MARK: - Quantities derived from the state

extension Simulation {
  /// Position of a body's frame in the world, in metres.
  public func bodyPosition(_ id: Int) -> SIMD3<Double> {
    model.check(.body, id)
    return vector(data.pointee.xpos, 3 * id)
  }

  /// The axes of a body's frame in the world: the columns of its rotation matrix.
  public func bodyAxes(_ id: Int) -> (x: SIMD3<Double>, y: SIMD3<Double>, z: SIMD3<Double>) {
    model.check(.body, id)
    return axes(data.pointee.xmat, 9 * id)
  }

  /// Position of a geom in the world, in metres.
  public func geomPosition(_ id: Int) -> SIMD3<Double> {
    model.check(.geom, id)
    return vector(data.pointee.geom_xpos, 3 * id)
  }

  /// The axes of a geom in the world: the columns of its rotation matrix.
  public func geomAxes(_ id: Int) -> (x: SIMD3<Double>, y: SIMD3<Double>, z: SIMD3<Double>) {
    model.check(.geom, id)
    return axes(data.pointee.geom_xmat, 9 * id)
  }

  /// Position of a site in the world, in metres.
  public func sitePosition(_ id: Int) -> SIMD3<Double> {
    model.check(.site, id)
    return vector(data.pointee.site_xpos, 3 * id)
  }

  /// The axes of a site in the world: the columns of its rotation matrix.
  public func siteAxes(_ id: Int) -> (x: SIMD3<Double>, y: SIMD3<Double>, z: SIMD3<Double>) {
    model.check(.site, id)
    return axes(data.pointee.site_xmat, 9 * id)
  }

  /// Lengths of the tendons: one number for each, in the unit of ``Tendon/initialLength``.
  public var tendonLengths: StateVector {
    view(data.pointee.ten_length, model.count(of: .tendon))
  }

  /// Velocities of the tendons: one number for each, positive while the tendon gets longer, in the
  /// unit of ``Tendon/initialLength`` per second.
  public var tendonVelocities: StateVector {
    view(data.pointee.ten_velocity, model.count(of: .tendon))
  }

  private func vector(
    _ values: UnsafeMutablePointer<Double>, _ start: Int, stride: Int = 1
  ) -> SIMD3<Double> {
    [values[start], values[start + stride], values[start + 2 * stride]]
  }

  /// MuJoCo's matrices are row-major.
  private func axes(
    _ values: UnsafeMutablePointer<Double>, _ start: Int
  ) -> (x: SIMD3<Double>, y: SIMD3<Double>, z: SIMD3<Double>) {
    (
      vector(values, start, stride: 3), vector(values, start + 1, stride: 3),
      vector(values, start + 2, stride: 3)
    )
  }
}
