import CMuJoCo

/// A tendon: a path over sites and geoms, or a weighted sum of joints.
public struct Tendon: Sendable, Equatable {
  /// Its number in the model.
  public var id: Int
  /// Its name, where it has one.
  public var name: String?
  /// Its length in the initial configuration: in metres along a path; in what the joints have, rad or
  /// m, for a sum of them.
  public var initialLength: Double
  /// Whether its range is a limit.
  public var isLimited: Bool
  /// The least and the greatest length.
  public var range: ClosedRange<Double>
}

extension Model {
  /// The tendon with this number.
  public func tendon(_ id: Int) -> Tendon {
    let model = pointer.pointee
    check(.tendon, id)
    return Tendon(
      id: id, name: name(of: .tendon, id), initialLength: model.tendon_length0[id],
      isLimited: isTrue(model.tendon_limited[id]), range: range(model.tendon_range, id))
  }
}
