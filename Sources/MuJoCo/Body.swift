import CMuJoCo

/// A rigid body, as the model describes it.
public struct Body: Sendable, Equatable {
  /// The body's number in the model; 0 is the world.
  public var id: Int
  /// The body's name; nil if it has none.
  public var name: String?
  /// The parent: the body to which this one is attached.
  public var parent: Int
  /// Mass in kg.
  public var mass: Double
  /// Diagonal inertia in the body's principal frame, in kg·m².
  public var inertia: SIMD3<Double>
  /// Position in the parent's frame, in metres.
  public var position: SIMD3<Double>
  /// The body's first degree of freedom; nil if it has none.
  public var firstDegreeOfFreedom: Int?
  /// The number of the body's degrees of freedom.
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
