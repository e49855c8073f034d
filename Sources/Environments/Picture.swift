import MuJoCo

/// The colours that distinguish things in every picture: red, green, blue and opacity.
public enum Palette {
  /// The target.
  public static let target = SIMD4<Float>(0.1, 0.8, 0.3, 1)
  /// The current subgoal. It is often at the robot's own position, so it is partly transparent and
  /// does not hide the robot.
  public static let subgoal = SIMD4<Float>(0.75, 0.3, 0.95, 0.6)
  /// An arrow of the subgoal field: the subgoal that the higher level would set if the robot were
  /// there.
  public static let fieldSubgoal = SIMD4<Float>(0.75, 0.3, 0.95, 1)
  /// An arrow of the subgoal field whose subgoal is close to its limits in both x and y.
  public static let saturatedSubgoal = SIMD4<Float>(0.95, 0.35, 0.15, 1)
  /// The path that the robot has taken.
  public static let path = SIMD4<Float>(1, 0.92, 0.45, 1)
  /// An apple.
  public static let apple = SIMD4<Float>(0.35, 0.8, 0.2, 1)
  /// A bomb.
  public static let bomb = SIMD4<Float>(0.8, 0.1, 0.12, 1)
}

extension RobotEnvironment {
  /// The markers to draw in addition to the world: the target as a ball on a vertical beam of
  /// light, apples and bombs.
  public var markers: [Marker] {
    var markers: [Marker] = []
    if target.count >= 2 {
      let ground = target.count > 2 ? Double(target[2]) - 0.5 : 0
      let place = SIMD3(Double(target[0]), Double(target[1]), ground)
      var beam = Palette.target
      beam.w = 0.35
      let size = pictureScale
      markers.append(
        Marker(
          .sphere(radius: 0.5 * size), at: place + [0, 0, 0.5 * size], rgba: Palette.target))
      markers.append(
        Marker(
          .cylinder(radius: 0.12 * size, halfHeight: 4 * size), at: place + [0, 0, 4 * size],
          rgba: beam, emission: 1))
    }
    for object in objects {
      markers.append(
        Marker(
          .sphere(radius: 0.4), at: [object.x, object.y, 0.4],
          rgba: object.kind == .apple ? Palette.apple : Palette.bomb))
    }
    return markers
  }

  /// A ball at the x and y of the subgoal, the first two numbers of the absolute subgoal (m), and
  /// at the robot's height, at least 0.5 m; `nil` if the subgoal has fewer numbers.
  public func subgoalMarker(at absoluteSubgoal: [Float]) -> Marker? {
    guard absoluteSubgoal.count >= 2 else { return nil }
    let height = Double(robotPosition.z)
    return Marker(
      .sphere(radius: 0.45 * pictureScale),
      at: [Double(absoluteSubgoal[0]), Double(absoluteSubgoal[1]), max(height, 0.5)],
      rgba: Palette.subgoal)
  }

  /// The distance between neighbouring ``freePlaces`` (m).
  public var placeSpacing: Double { map.map { $0.cellSize / 2 } ?? 4 }

  /// Positions all over the world where a robot can stand (m), row by row: four in each cell of a
  /// maze that is neither wall nor chasm, or a grid over an arena.
  public var freePlaces: [SIMD2<Double>] {
    guard let map else {
      let grid = stride(from: -8.0, through: 8, by: placeSpacing)
      return grid.flatMap { y in grid.map { x in SIMD2(x, y) } }
    }
    var places: [SIMD2<Double>] = []
    let offset = map.cellSize / 4
    for row in map.cells.indices {
      for y in [-offset, offset] {
        for column in map.cells[row].indices
        where ![.wall, .chasm].contains(map.cells[row][column]) {
          let center = map.center(of: MazeMap.Index(row: row, column: column))
          places += [-offset, offset].map { SIMD2(center.x + $0, center.y + y) }
        }
      }
    }
    return places
  }

  /// The scale of drawn things: 1 in the mazes of the paper, proportional to the cell size in
  /// others.
  package var pictureScale: Double { map.map { $0.cellSize / 8 } ?? 1 }

  /// The centre and the larger side (m) of the part of the world to show, which includes only a
  /// part of the outer walls.
  package var worldBox: (center: (x: Double, y: Double), extent: Double) {
    guard let map else { return ((0, 0), 25) }
    let (lower, upper) = map.bounds
    return (
      ((lower.x + upper.x) / 2, (lower.y + upper.y) / 2),
      max(upper.x - lower.x, upper.y - lower.y) - 1.2 * map.cellSize
    )
  }
}
