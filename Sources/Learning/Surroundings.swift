import Randomness

/// What a robot senses and earns on its way without being moved by it, and without moving it: apples and
/// bombs, say. Had they lain elsewhere, the robot would have walked the same; so what it would have sensed
/// and earned among others can be told from where it went, and every step that is remembered teaches what
/// to do among any of them (``HigherLevelConfiguration/otherSurroundings``).
package protocol Surroundings: Sendable {
  /// Draws other surroundings for the steps from one decision to the next.
  ///
  /// - Parameters:
  ///   - steps: How many steps were made.
  ///   - state: The observation after so many of them, 0 to `steps`.
  ///   - generator: The only source of chance.
  ///   - first: An input of the higher level that begins with the observation before the first step; what
  ///     is sensed of the surroundings is written into it.
  ///   - last: The same for the observation after the last step.
  /// - Returns: The sum of what the steps would have earned.
  func redraw(
    steps: Int, state: (Int) -> UnsafePointer<Float>, using generator: inout RandomStream,
    first: UnsafeMutablePointer<Float>, last: UnsafeMutablePointer<Float>
  ) -> Float
}

extension HIROConfiguration {
  /// Refuses ``HigherLevelConfiguration/otherSurroundings`` in a task without.
  package func check(_ surroundings: (any Surroundings)?) throws(AgentShapeError) {
    guard hierarchy == .flat || higher.otherSurroundings == 0 || surroundings != nil else {
      throw .noSurroundings
    }
  }
}

/// An environment that can tell what other surroundings would have done.
package protocol RearrangeableEnvironment: Environment {
  /// The task's surroundings; `nil` in a task where they are always the same, or move the robot.
  var surroundings: (any Surroundings)? { get }
}
