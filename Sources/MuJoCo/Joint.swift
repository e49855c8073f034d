import CMuJoCo

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

  /// The joint's number in the model.
  public var id: Int
  /// The joint's name; nil if it has none.
  public var name: String?
  /// The body that the joint moves.
  public var body: Int
  /// The joint's type.
  public var kind: Kind
  /// Index of the joint's first number in `qpos`.
  public var qposAddress: Int
  /// Index of the joint's first number in `qvel`.
  public var dofAddress: Int
  /// Whether ``range`` limits the joint.
  public var isLimited: Bool
  /// Lower and upper limit, in rad or m.
  public var range: ClosedRange<Double>
  /// Axis in the body's frame.
  public var axis: SIMD3<Double>
  /// Distance from a limit at which the limit begins to act, in rad or m.
  public var margin: Double
  /// Rotor inertia of the first degree of freedom, in kg·m² or kg.
  public var armature: Double
  /// Damping of the first degree of freedom.
  public var damping: Double
  /// Stiffness of the joint's spring.
  public var stiffness: Double
}

extension Model {
  /// The joint with this number.
  public func joint(_ id: Int) -> Joint {
    let model = pointer.pointee
    check(.joint, id)
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
}
