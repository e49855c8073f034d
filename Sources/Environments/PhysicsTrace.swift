import Learning
import MuJoCo

/// A trajectory of the physics alone, without a task: an initial state, the controls, and the state
/// after each environment step. It is the format of the reference trajectories and of the command
/// `hiro simulate`.
public struct PhysicsTrace: Codable, Equatable, Sendable {
  /// One environment step.
  public struct Step: Codable, Equatable, Sendable {
    /// The controls, in the order of the actuators; for the Point, its action.
    public var ctrl: [Double]
    /// The positions after the step; may be absent in a trace to be replayed.
    public var qpos: [Double]?
    /// The velocities after the step; may be absent in a trace to be replayed.
    public var qvel: [Double]?

    /// Creates a step; each parameter sets the property of the same name.
    public init(ctrl: [Double], qpos: [Double]? = nil, qvel: [Double]? = nil) {
      self.ctrl = ctrl
      self.qpos = qpos
      self.qvel = qvel
    }
  }

  /// The version of MuJoCo that made the trace, such as `2.2.2`.
  public var mujoco: String?
  /// The number of physics steps in one environment step.
  public var frameSkip: Int?
  /// The length of a physics step (s).
  public var timestep: Double?
  /// The length of `qpos`.
  public var nq: Int?
  /// The length of `qvel`.
  public var nv: Int?
  /// The length of `ctrl`.
  public var nu: Int?
  /// The initial positions; if absent, those of the model's initial configuration.
  public var initialQpos: [Double]?
  /// The initial velocities; if absent, zero.
  public var initialQvel: [Double]?
  /// The environment steps.
  public var steps: [Step]

  enum CodingKeys: String, CodingKey {
    case mujoco
    case frameSkip = "frame_skip"
    case timestep, nq, nv, nu
    case initialQpos = "initial_qpos"
    case initialQvel = "initial_qvel"
    case steps
  }

  /// Creates a trace to be replayed.
  public init(initialQpos: [Double]? = nil, initialQvel: [Double]? = nil, steps: [Step]) {
    self.initialQpos = initialQpos
    self.initialQvel = initialQvel
    self.steps = steps
  }
}

extension RobotEnvironment {
  /// Runs the environment's physics from the trace's initial state with the trace's controls:
  /// reset, set the state, `mj_forward`, then for each step set its controls and call `mj_step`
  /// `frame_skip` times.
  ///
  /// The environment must be reset before it is used again.
  ///
  /// - Returns: The trace with this simulator's states.
  /// - Throws: `EnvironmentError.invalidTrace` if the trace's sizes don't fit the environment, or
  ///   MuJoCo's own error.
  public func replay(_ trace: PhysicsTrace) throws -> PhysicsTrace {
    let model = simulation.model
    try check(trace)
    simulation.reset()
    if let start = trace.initialQpos { simulation.qpos.assign(start) }
    if let start = trace.initialQvel { simulation.qvel.assign(start) }
    var result = trace
    result.initialQpos = Array(simulation.qpos)
    result.initialQvel = Array(simulation.qvel)
    try simulation.forward()
    let frameSkip = trace.frameSkip ?? physicsSteps
    for index in trace.steps.indices {
      try applyControls(trace.steps[index].ctrl, physicsSteps: frameSkip)
      result.steps[index].qpos = Array(simulation.qpos)
      result.steps[index].qvel = Array(simulation.qvel)
    }
    result.mujoco = Model.libraryVersionName
    result.frameSkip = frameSkip
    result.timestep = model.timestep
    (result.nq, result.nv, result.nu) = (model.nq, model.nv, task.actionCount)
    return result
  }

  private func check(_ trace: PhysicsTrace) throws {
    let model = simulation.model
    func expect(_ name: String, _ expected: Int, _ found: Int?) throws {
      if let found, found != expected {
        throw EnvironmentError.invalidTrace(
          task: task.name, reason: "\(name) is \(found), but must be \(expected)")
      }
    }
    try expect("nq", model.nq, trace.nq)
    try expect("nv", model.nv, trace.nv)
    try expect("nu", task.actionCount, trace.nu)
    try expect("the length of initial_qpos", model.nq, trace.initialQpos?.count)
    try expect("the length of initial_qvel", model.nv, trace.initialQvel?.count)
    if let timestep = trace.timestep, timestep != model.timestep {
      throw EnvironmentError.invalidTrace(
        task: task.name, reason: "timestep is \(timestep), but must be \(model.timestep)")
    }
    if let frameSkip = trace.frameSkip, !(1...10_000).contains(frameSkip) {
      throw EnvironmentError.invalidTrace(
        task: task.name, reason: "frame_skip is \(frameSkip), but must be from 1 to 10000")
    }
    for (index, step) in trace.steps.enumerated() {
      try expect("the length of ctrl in step \(index)", task.actionCount, step.ctrl.count)
    }
  }
}
