import CMuJoCo

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
  /// Its first number in ``Simulation/act``; nil where it has no state of its own.
  public var activation: Int?
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
}
