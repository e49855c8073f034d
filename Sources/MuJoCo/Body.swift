import CMuJoCo

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

extension Model {
  /// The body with this number.
  public func body(_ id: Int) -> Body {
    let model = pointer.pointee
    check(.body, id)
    let firstDof = Int(model.body_dofadr[id])
    return Body(
      id: id, name: name(of: .body, id), parent: Int(model.body_parentid[id]),
      mass: model.body_mass[id], inertia: vector(model.body_inertia, id),
      position: vector(model.body_pos, id),
      firstDegreeOfFreedom: firstDof < 0 ? nil : firstDof,
      degreesOfFreedom: Int(model.body_dofnum[id]))
  }
}
