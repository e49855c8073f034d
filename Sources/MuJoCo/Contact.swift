import CMuJoCo

/// A point where two geoms touch, or nearly do.
public struct Contact: Sendable, Equatable {
  /// The first geom.
  public var geom1: Int
  /// The second geom.
  public var geom2: Int
  /// Distance between them in metres; negative where they overlap.
  public var distance: Double
  /// The point in the world, in metres.
  public var position: SIMD3<Double>
  /// The direction from the first geom to the second.
  public var normal: SIMD3<Double>
}

/// A view of the contacts of a simulation: each is read when it is asked for.
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
      normal: [frame.0, frame.1, frame.2])
  }
}

extension Simulation {
  /// The contacts of the last computation.
  public var contacts: ContactList { ContactList(owner: self) }
}
