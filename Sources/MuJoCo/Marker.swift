/// A shape that is drawn into a picture but is not part of the world: a target, a subgoal, a path.
public struct Marker: Sendable, Equatable {
  /// The shapes; sizes in metres.
  public enum Shape: Sendable, Equatable {
    /// A ball.
    case sphere(radius: Double)
    /// A box along the world's axes.
    case box(halfSize: SIMD3<Double>)
    /// An upright cylinder; a flat one is a disc.
    case cylinder(radius: Double, halfHeight: Double)
    /// A round line from the position to `end`.
    case line(end: SIMD3<Double>, width: Double)
    /// An arrow from the position to `end`.
    case arrow(end: SIMD3<Double>, width: Double)
  }

  /// The shape that is drawn.
  public var shape: Shape
  /// The centre, or the start of a line or an arrow, in the world's frame, in metres.
  public var position: SIMD3<Double>
  /// Red, green, blue and opacity, each in 0…1.
  public var rgba: SIMD4<Float>
  /// The part of the colour that is visible without light, in 0…1.
  public var emission: Float

  /// Creates a marker.
  public init(
    _ shape: Shape, at position: SIMD3<Double>, rgba: SIMD4<Float>, emission: Float = 0.3
  ) {
    self.shape = shape
    self.position = position
    self.rgba = rgba
    self.emission = emission
  }

  /// Line markers along a path, in metres. Several steps share a line as long as it keeps within
  /// `tolerance` of all their points.
  ///
  /// The renderer draws a line as a round body with hundreds of triangles: without a graphics card,
  /// a path with a line for each step takes longer to draw than the world.
  public static func path(
    _ points: [SIMD3<Double>], width: Double, tolerance: Double = 0, rgba: SIMD4<Float>
  ) -> [Marker] {
    var markers: [Marker] = []
    var first = 0
    while first < points.count - 1 {
      var last = first + 1
      while last + 1 < points.count,
        points[first + 1...last].allSatisfy({
          isWithin(tolerance, $0, of: (points[first], points[last + 1]))
        })
      { last += 1 }
      if points[last] != points[first] {
        markers.append(
          Marker(.line(end: points[last], width: width), at: points[first], rgba: rgba))
      }
      first = last
    }
    return markers
  }

  /// Whether a point is no farther than `distance` from the line segment between two others (m).
  private static func isWithin(
    _ distance: Double, _ point: SIMD3<Double>, of line: (SIMD3<Double>, SIMD3<Double>)
  ) -> Bool {
    let (way, offset) = (line.1 - line.0, point - line.0)
    let length = (way * way).sum()
    let share = length > 0 ? min(max((way * offset).sum() / length, 0), 1) : 0
    let gap = offset - share * way
    return (gap * gap).sum() <= distance * distance
  }
}
