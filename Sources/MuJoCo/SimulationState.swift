import CMuJoCo

/// The complete state of a simulation, from which it continues bit-identically.
public struct SimulationState: Codable, Equatable, Sendable {
  /// Seconds since the start.
  public var time: Double
  /// Positions.
  public var qpos: [Double]
  /// Velocities.
  public var qvel: [Double]
  /// Activations of the actuators.
  public var act: [Double]
  /// Accelerations from which the constraint solver starts its next search.
  public var qaccWarmstart: [Double]
  /// Controls.
  public var ctrl: [Double]
  /// Forces applied to the degrees of freedom.
  public var qfrcApplied: [Double]
  /// Forces and torques applied to bodies.
  public var xfrcApplied: [Double]
  /// Positions of the mocap bodies.
  public var mocapPositions: [Double]
  /// Orientations of the mocap bodies.
  public var mocapOrientations: [Double]
  /// User data of the model.
  public var userData: [Double]
  /// How often each warning was raised, in the order of ``WarningKind``.
  public var warningCounts: [Int]
  /// Further state that newer versions of MuJoCo keep: active equality constraints, histories of
  /// delayed actuators, states of plugins; nil if the model has none of them, and before version 3.
  public var other: [Double]?
}

extension Simulation {
  /// The complete state.
  public func saveState() -> SimulationState {
    var state = SimulationState(
      time: time, qpos: [], qvel: [], act: [], qaccWarmstart: [], ctrl: [], qfrcApplied: [],
      xfrcApplied: [], mocapPositions: [], mocapOrientations: [], userData: [],
      warningCounts: WarningKind.allCases.map { count(of: $0) })
    for field in fields { state[keyPath: field.path] = Array(field.values) }
    if otherCount > 0 {
      var other = [Double](repeating: 0, count: otherCount)
      cmj_getOtherState(model.pointer, data, &other)
      state.other = other
    }
    return state
  }

  /// Puts the simulation into `state`, from which it continues bit-identically with the simulation
  /// that saved it. The derived quantities are computed.
  ///
  /// - Throws: ``MuJoCoError/sizeMismatch(model:field:expected:found:)`` if the state is that of
  ///   another model; the simulation is then unchanged. Or
  ///   ``MuJoCoError/internalError(model:call:message:)``.
  public func restore(_ state: SimulationState) throws {
    for field in fields where state[keyPath: field.path].count != field.values.count {
      throw MuJoCoError.sizeMismatch(
        model: model.name, field: field.name, expected: field.values.count,
        found: state[keyPath: field.path].count)
    }
    let other = state.other ?? []
    guard other.count == otherCount else {
      throw MuJoCoError.sizeMismatch(
        model: model.name, field: "other", expected: otherCount, found: other.count)
    }
    guard state.warningCounts.count == WarningKind.allCases.count else {
      throw MuJoCoError.sizeMismatch(
        model: model.name, field: "warningCounts", expected: WarningKind.allCases.count,
        found: state.warningCounts.count)
    }
    reset()
    write(state)
    try forward()
    // `forward()` changes the solver's starting point and normalises quaternions: write them again.
    write(state)
  }

  private func write(_ state: SimulationState) {
    time = state.time
    for field in fields { field.values.assign(state[keyPath: field.path]) }
    if let other = state.other { cmj_setOtherState(model.pointer, data, other) }
    for (kind, count) in state.warningCounts.enumerated() {
      cmj_setWarningCount(data, Int32(kind), Int32(clamping: count))
    }
  }

  private var otherCount: Int { Int(cmj_otherStateSize(model.pointer)) }

  private typealias Field = (
    name: String, path: WritableKeyPath<SimulationState, [Double]>, values: StateVector
  )

  private var fields: [Field] {
    let data = data.pointee
    return [
      ("qpos", \.qpos, qpos),
      ("qvel", \.qvel, qvel),
      ("act", \.act, act),
      ("qaccWarmstart", \.qaccWarmstart, view(data.qacc_warmstart, model.nv)),
      ("ctrl", \.ctrl, ctrl),
      ("qfrcApplied", \.qfrcApplied, qfrcApplied),
      ("xfrcApplied", \.xfrcApplied, xfrcApplied),
      ("mocapPositions", \.mocapPositions, mocapPositions),
      ("mocapOrientations", \.mocapOrientations, mocapOrientations),
      ("userData", \.userData, view(data.userdata, Int(model.pointer.pointee.nuserdata))),
    ]
  }
}
