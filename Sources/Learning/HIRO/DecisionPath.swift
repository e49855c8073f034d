/// Where the robot was at the higher level's decisions of an episode, for
/// ``HigherLevelConfiguration/pastPlaces``.
package struct DecisionPath: Codable, Equatable, Sendable {
  /// x and y at each of them (m), the last decision's at the end.
  private var places: [Float] = []

  /// An episode in which nothing has been decided.
  package init() {}

  /// Notes that it is decided in `state`, of an environment that may have no place in the plane, where
  /// somebody sees the path.
  mutating func append(_ state: UnsafePointer<Float>, seenBy shape: AgentShape) {
    if shape.pastPlaceCount > 0 { places += [state[0], state[1]] }
  }

  /// The place so many decisions before the last one (m), or the first of the episode.
  func place(decisionsAgo count: Int) -> (x: Float, y: Float) {
    let index = max(places.count / 2 - 1 - count, 0)
    return (places[2 * index], places[2 * index + 1])
  }

  /// Whether a run can have saved it.
  var isPossible: Bool { places.count % 2 == 0 && places.allSatisfy(\.isFinite) }
}

extension AgentShape {
  /// Writes what the higher level sees of the way that led to `state`: for 1, 2, 4, … decisions ago x and
  /// y less x and y now.
  ///
  /// - Parameter place: Where the robot was so many decisions ago (m).
  func writePastPlaces(
    before state: UnsafePointer<Float>, into input: UnsafeMutablePointer<Float>,
    place: (_ decisionsAgo: Int) -> (x: Float, y: Float)
  ) {
    for index in 0..<pastPlaceCount {
      let (x, y) = place(1 << index)
      (input[2 * index], input[2 * index + 1]) = (x - state[0], y - state[1])
    }
  }
}
