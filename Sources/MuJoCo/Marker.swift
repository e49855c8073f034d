/// A shape that is drawn into a picture and is no part of the world: a target, a subgoal, a path.
public struct Marker: Sendable, Equatable {
  /// What is drawn; sizes in metres.
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

  /// What is drawn.
  public var shape: Shape
  /// Its centre, or where a line or an arrow begins, in the world, in metres.
  public var position: SIMD3<Double>
  /// Red, green, blue and opacity, each in 0…1.
  public var rgba: SIMD4<Float>
  /// How much of its colour it shows in the dark, in 0…1.
  public var emission: Float

  /// A marker.
  public init(
    _ shape: Shape, at position: SIMD3<Double>, rgba: SIMD4<Float>, emission: Float = 0.3
  ) {
    self.shape = shape
    self.position = position
    self.rgba = rgba
    self.emission = emission
  }

  /// Lines from each point to the next, in metres. Points nearer than `spacing` to the last one
  /// drawn are left out.
  public static func path(
    _ points: [SIMD3<Double>], width: Double, spacing: Double = 0, rgba: SIMD4<Float>
  ) -> [Marker] {
    var markers: [Marker] = []
    var last = points.first
    for point in points.dropFirst() {
      guard let start = last, point != start else { continue }
      let step = point - start
      if (step * step).sum() < spacing * spacing { continue }
      markers.append(Marker(.line(end: point, width: width), at: start, rgba: rgba))
      last = point
    }
    return markers
  }
}
