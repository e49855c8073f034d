import CMuJoCo

/// A tendon: a path over sites and geoms, or a weighted sum of joints.
public struct Tendon: Sendable, Equatable {
  /// The tendon's number in the model.
  public var id: Int
  /// The tendon's name; nil if it has none.
  public var name: String?
  /// The length in the initial configuration: in metres for a path; in the joints' unit, rad or m,
  /// for a weighted sum of joints.
  public var initialLength: Double
  /// Whether ``range`` limits the tendon.
  public var isLimited: Bool
  /// The smallest and the largest length.
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
