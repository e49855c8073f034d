/// Where the robot was at the higher level's decisions of an episode, for
/// ``HigherLevelConfiguration/pastPlaces``.
package struct DecisionPath: Codable, Equatable, Sendable {
  /// x and y at each decision (m), the last decision's at the end.
  private var places: [Float] = []

  /// Makes the path of an episode without a decision yet.
  package init() {}

  /// Adds the place in `state`, where a decision was made, if the higher level sees earlier places.
  mutating func append(_ state: UnsafePointer<Float>, seenBy shape: AgentShape) {
    guard shape.pastPlaceCount > 0 else { return }
    let (x, y) = shape.place(in: state)
    places += [x, y]
  }

  /// The place `count` decisions before the last one (m), or that of the episode's first decision.
  func place(decisionsAgo count: Int) -> (x: Float, y: Float) {
    let index = max(places.count / 2 - 1 - count, 0)
    return (places[2 * index], places[2 * index + 1])
  }

  /// Whether a run can have saved this path.
  var isPossible: Bool { places.count % 2 == 0 && places.allSatisfy(\.isFinite) }
}

extension AgentShape {
  /// Writes the earlier places that the higher level sees in `state`: x and y of 1, 2, 4, …
  /// decisions ago minus the current x and y (m).
  ///
  /// - Parameter place: The robot's place a given number of decisions ago (m).
  func writePastPlaces(
    before state: UnsafePointer<Float>, into input: UnsafeMutablePointer<Float>,
    place: (_ decisionsAgo: Int) -> (x: Float, y: Float)
  ) {
    let now = self.place(in: state)
    for index in 0..<pastPlaceCount {
      let (x, y) = place(1 << index)
      (input[2 * index], input[2 * index + 1]) = (x - now.x, y - now.y)
    }
  }
}
