import CMuJoCo

/// A geom: a shape with which a body collides and is drawn.
public struct Geom: Sendable, Equatable {
  /// The shapes, with MuJoCo's numbers.
  public enum Shape: Int, Sendable {
    /// An infinite plane (or a rectangle, when drawn).
    case plane
    /// A height field.
    case heightField
    /// A sphere.
    case sphere
    /// A capsule.
    case capsule
    /// An ellipsoid.
    case ellipsoid
    /// A cylinder.
    case cylinder
    /// A box.
    case box
    /// A mesh.
    case mesh
  }

  /// The geom's number in the model.
  public var id: Int
  /// The geom's name; nil if it has none.
  public var name: String?
  /// The body to which the geom belongs.
  public var body: Int
  /// The geom's shape; nil for one that is not listed in ``Geom/Shape``.
  public var shape: Shape?
  /// Half-sizes in metres; their meaning depends on the shape.
  public var size: SIMD3<Double>
  /// Position in the body's frame, in metres.
  public var position: SIMD3<Double>
  /// The geom's group; viewers show and hide geoms by group.
  public var group: Int
  /// Contact type bits.
  public var contype: Int
  /// Contact affinity bits.
  public var conaffinity: Int
  /// Dimension of the geom's contacts.
  public var condim: Int
  /// Distance at which a contact is detected, in metres.
  public var margin: Double
  /// Sliding, torsional and rolling friction.
  public var friction: SIMD3<Double>
  /// Solver reference: time constant in s, damping ratio.
  public var solref: [Double]
  /// Solver impedance: dmin, dmax, width, midpoint, power.
  public var solimp: [Double]
  /// Colour and opacity, each in 0…1.
  public var rgba: SIMD4<Float>
}

extension Model {
  /// The geom with this number.
  public func geom(_ id: Int) -> Geom {
    let model = pointer.pointee
    check(.geom, id)
    let rgba = model.geom_rgba!
    return Geom(
      id: id, name: name(of: .geom, id), body: Int(model.geom_bodyid[id]),
      shape: Geom.Shape(rawValue: Int(model.geom_type[id])), size: vector(model.geom_size, id),
      position: vector(model.geom_pos, id), group: Int(model.geom_group[id]),
      contype: Int(model.geom_contype[id]),
      conaffinity: Int(model.geom_conaffinity[id]), condim: Int(model.geom_condim[id]),
      margin: model.geom_margin[id], friction: vector(model.geom_friction, id),
      solref: (0..<Int(mjNREF)).map { model.geom_solref[id * Int(mjNREF) + $0] },
      solimp: (0..<Int(mjNIMP)).map { model.geom_solimp[id * Int(mjNIMP) + $0] },
      rgba: [rgba[4 * id], rgba[4 * id + 1], rgba[4 * id + 2], rgba[4 * id + 3]])
  }
}
