import CMuJoCo

/// A site: a frame that is fixed to a body, where sensors sit, tendons pass and actuators pull.
public struct Site: Sendable, Equatable {
  /// Its number in the model.
  public var id: Int
  /// Its name, where it has one.
  public var name: String?
  /// The body it is fixed to.
  public var body: Int
  /// Its shape, which a touch sensor feels with; nil for one that the list doesn't know.
  public var shape: Geom.Shape?
  /// Half-sizes in metres, by shape.
  public var size: SIMD3<Double>
  /// Position in its body's frame, in metres.
  public var position: SIMD3<Double>
}

extension Model {
  /// The site with this number.
  public func site(_ id: Int) -> Site {
    let model = pointer.pointee
    check(.site, id)
    return Site(
      id: id, name: name(of: .site, id), body: Int(model.site_bodyid[id]),
      shape: Geom.Shape(rawValue: Int(model.site_type[id])), size: vector(model.site_size, id),
      position: vector(model.site_pos, id))
  }
}
