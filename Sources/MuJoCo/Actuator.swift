import CMuJoCo

/// An actuator.
public struct Actuator: Sendable, Equatable {
  /// The meanings of a control.
  public enum Kind: Sendable {
    /// A force, or a kind that is not listed here.
    case other
    /// A target position: the actuator is a position servo.
    case position
    /// A target velocity: the actuator is a velocity servo.
    case velocity
  }

  /// The actuator's number in the model.
  public var id: Int
  /// The actuator's name; nil if it has none.
  public var name: String?
  /// The joint that the actuator moves; nil if it acts on something else.
  public var joint: Int?
  /// What the control of the actuator means.
  public var kind: Kind
  /// The index of the actuator's first control in `ctrl`.
  public var firstControl: Int
  /// The index of the actuator's first activation in ``Simulation/act``; nil if it has no state of
  /// its own.
  public var activation: Int?
  /// Whether the (first) control is clamped to ``controlRange``.
  public var isLimited: Bool
  /// The lower and upper limit of the (first) control.
  public var controlRange: ClosedRange<Double>
  /// The force per unit of control (N or N·m), before the gear; 0 if it is not constant.
  public var gain: Double
  /// The smallest and the largest force (N or N·m), from the actuator's own limits and from those
  /// of its joint divided by the gear; nil if there are none.
  public var forceRange: ClosedRange<Double>?
  /// The gear: force on the moved object per unit of the actuator's force, on the first axis.
  public var gear: Double
}

extension Model {
  /// The actuator with this number.
  public func actuator(_ id: Int) -> Actuator {
    let model = pointer.pointee
    check(.actuator, id)
    let actsOnJoint = model.actuator_trntype[id] == Int32(mjTRN_JOINT.rawValue)
    let joint = actsOnJoint ? Int(model.actuator_trnid[2 * id]) : nil
    let control = Int(cmj_firstControl(pointer, Int32(id)))
    let activation = Int(cmj_actuatorActivation(pointer, Int32(id)))
    let isFixed = model.actuator_gaintype[id] == Int32(mjGAIN_FIXED.rawValue)
    let gear = model.actuator_gear[6 * id]
    return Actuator(
      id: id, name: name(of: .actuator, id), joint: joint, kind: kind(ofActuator: id),
      firstControl: control, activation: activation < 0 ? nil : activation,
      isLimited: isTrue(model.actuator_ctrllimited[control]),
      controlRange: range(model.actuator_ctrlrange, control),
      gain: isFixed ? model.actuator_gainprm[id * Int(mjNGAIN)] : 0,
      forceRange: forceRange(ofActuator: id, joint: joint, gear: gear), gear: gear)
  }

  /// The actuator to which this control belongs.
  public func actuator(ofControl control: Int) -> Actuator {
    precondition(control >= 0 && control < nu, "control \(control) of \(nu)")
    return actuator(Int(cmj_actuatorOfControl(pointer, Int32(control))))
  }

  /// The range to which a control is clamped; nil if it is not clamped.
  public func controlRange(_ control: Int) -> ClosedRange<Double>? {
    precondition(control >= 0 && control < nu, "control \(control) of \(nu)")
    guard isTrue(pointer.pointee.actuator_ctrllimited[control]) else { return nil }
    return range(pointer.pointee.actuator_ctrlrange, control)
  }

  /// Recognises a servo by its force, gain · (control − length) or gain · (control − velocity): the
  /// coefficient of its bias is minus the gain.
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
}
