/// Counts for how long a robot has not moved away from a place.
struct Standstill: Codable, Equatable {
  /// The distance from the place beyond which the robot has moved away (m).
  static let reach: Float = 1

  /// Steps since the robot last moved away, or since the episode began.
  private(set) var steps = 0
  private var x: Float
  private var y: Float

  /// Starts at the first observation of an episode, whose first numbers are the robot's place (m).
  init(_ observation: [Float]) {
    (x, y) = (observation[0], observation.count > 1 ? observation[1] : 0)
  }

  /// Counts a step that led to `observation`.
  mutating func note(_ observation: [Float]) {
    let now = Standstill(observation)
    let (dx, dy) = (now.x - x, now.y - y)
    if dx * dx + dy * dy > Self.reach * Self.reach { self = now } else { steps += 1 }
  }

  /// Whether a run can have saved this state.
  var isPossible: Bool { x.isFinite && y.isFinite && isPossibleCount(steps) }
}
