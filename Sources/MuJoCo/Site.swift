import CMuJoCo

/// A site: a frame that is fixed to a body, to which sensors, tendons and actuators can be
/// attached.
public struct Site: Sendable, Equatable {
  /// The site's number in the model.
  public var id: Int
  /// The site's name; nil if it has none.
  public var name: String?
  /// The body to which the site is fixed.
  public var body: Int
  /// The site's shape, which is the volume of a touch sensor; nil for one that is not listed in
  /// ``Geom/Shape``.
  public var shape: Geom.Shape?
  /// Half-sizes in metres; their meaning depends on the shape.
  public var size: SIMD3<Double>
  /// Position in the body's frame, in metres.
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
