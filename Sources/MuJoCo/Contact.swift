import CMuJoCo

/// A contact: a point where two geoms touch, or nearly do.
public struct Contact: Sendable, Equatable {
  /// The first geom.
  public var geom1: Int
  /// The second geom.
  public var geom2: Int
  /// The distance between the geoms in metres; negative where they overlap.
  public var distance: Double
  /// The point in the world, in metres.
  public var position: SIMD3<Double>
  /// The direction from the first geom to the second: the contact frame's first axis.
  public var normal: SIMD3<Double>
  /// The contact frame's second axis, along the surface.
  public var tangent1: SIMD3<Double>
  /// The contact frame's third axis, along the surface.
  public var tangent2: SIMD3<Double>

  /// Converts a vector in the contact frame, such as a ``ContactForce/force``, to the world's
  /// frame.
  public func inWorld(_ vector: SIMD3<Double>) -> SIMD3<Double> {
    normal * vector.x + tangent1 * vector.y + tangent2 * vector.z
  }
}

/// The force and torque that the first geom of a contact exerts on the second; the second exerts
/// the opposite on the first. Both vectors are in the contact frame: see ``Contact/inWorld(_:)``.
public struct ContactForce: Sendable, Equatable {
  /// The force in N: along the normal, never negative, then friction along both tangents.
  public var force: SIMD3<Double>
  /// The torque in N·m: torsional friction about the normal, then rolling friction about both
  /// tangents.
  public var torque: SIMD3<Double>
}

/// A view of the contacts of a simulation; each contact is read from MuJoCo when it is accessed.
public struct ContactList: RandomAccessCollection {
  let owner: Simulation

  /// 0.
  public var startIndex: Int { 0 }
  /// The number of contacts.
  public var endIndex: Int { Int(owner.data.pointee.ncon) }

  /// The contact at `index`. Out of bounds is a programming error.
  public subscript(index: Int) -> Contact {
    precondition(index >= 0 && index < endIndex, "index out of bounds")
    let contact = owner.data.pointee.contact + index
    let (position, frame) = (contact.pointee.pos, contact.pointee.frame)
    return Contact(
      geom1: Int(contact.pointee.geom1), geom2: Int(contact.pointee.geom2),
      distance: contact.pointee.dist, position: [position.0, position.1, position.2],
      normal: [frame.0, frame.1, frame.2], tangent1: [frame.3, frame.4, frame.5],
      tangent2: [frame.6, frame.7, frame.8])
  }
}

extension Simulation {
  /// The contacts that MuJoCo found in its last computation (see ``Simulation``).
  public var contacts: ContactList { ContactList(owner: self) }

  /// The force in a contact: `index` is its place in ``contacts``. Zero where the geoms are within
  /// their margin but do not touch yet.
  ///
  /// Like ``contacts``, the force is that of the last ``forward()``, or of the state *before* the
  /// last physics step of ``step(count:)``.
  public func contactForce(_ index: Int) -> ContactForce {
    precondition(contacts.indices.contains(index), "contact \(index) of \(contacts.count)")
    var wrench = [0.0, 0, 0, 0, 0, 0]
    mj_contactForce(model.pointer, data, Int32(index), &wrench)
    return ContactForce(
      force: [wrench[0], wrench[1], wrench[2]], torque: [wrench[3], wrench[4], wrench[5]])
  }
}
