/// Counts for how long a robot has not moved away from a place.
struct Standstill: Codable, Equatable {
  /// The distance from the place beyond which the robot has moved away (m).
  static let reach: Float = 1

  /// Steps since the robot last moved away, or since the episode began.
  private(set) var steps = 0
  private var x: Float
  private var y: Float

  /// Starts at the place where an episode begins (m).
  init(at place: (x: Float, y: Float)) { (x, y) = place }

  /// Counts a step that led to `place` (m).
  mutating func note(_ place: (x: Float, y: Float)) {
    let (dx, dy) = (place.x - x, place.y - y)
    if dx * dx + dy * dy > Self.reach * Self.reach {
      self = Standstill(at: place)
    } else {
      steps += 1
    }
  }

  /// Whether a run can have saved this state.
  var isPossible: Bool { x.isFinite && y.isFinite && isPossibleCount(steps) }
}
