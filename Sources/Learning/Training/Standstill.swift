/// For how long a robot has not come away from a place.
struct Standstill: Codable, Equatable {
  /// How far away from the place is away (m).
  static let reach: Float = 1

  /// Steps since it last came away, or since the episode began.
  private(set) var steps = 0
  private var x: Float
  private var y: Float

  /// An episode begins with `observation`, whose first numbers are the robot's place (m).
  init(_ observation: [Float]) {
    (x, y) = (observation[0], observation.count > 1 ? observation[1] : 0)
  }

  /// Notes where a step has led.
  mutating func note(_ observation: [Float]) {
    let now = Standstill(observation)
    let (dx, dy) = (now.x - x, now.y - y)
    if dx * dx + dy * dy > Self.reach * Self.reach { self = now } else { steps += 1 }
  }

  /// Whether a run can have saved it.
  var isPossible: Bool { x.isFinite && y.isFinite && isPossibleCount(steps) }
}
