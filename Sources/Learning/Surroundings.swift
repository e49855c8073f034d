import Randomness

/// What a robot senses and earns on its way, without the robot moving it or being moved by it: for
/// example apples and bombs. If these lay elsewhere, the robot would have walked the same way; so
/// what it would have sensed and earned there can be computed from where it went, and each stored
/// step teaches how to act in any surroundings (``HigherLevelConfiguration/otherSurroundings``).
package protocol Surroundings: Sendable {
  /// Draws other surroundings for the steps from one decision of the higher level to the next.
  ///
  /// - Parameters:
  ///   - steps: The number of these steps.
  ///   - state: Gives the observation after a number of the steps, 0 to `steps`.
  ///   - generator: The only source of random numbers.
  ///   - first: An input of the higher level that begins with the observation before the first
  ///     step; what the robot senses of the new surroundings is written into it.
  ///   - last: The same for the observation after the last step.
  /// - Returns: The sum of the rewards that the steps would have earned.
  func redraw(
    steps: Int, state: (Int) -> UnsafePointer<Float>, using generator: inout RandomStream,
    first: UnsafeMutablePointer<Float>, last: UnsafeMutablePointer<Float>
  ) -> Float
}

extension HIROConfiguration {
  /// Throws if no buffers can be made for the configuration, or if
  /// ``HigherLevelConfiguration/otherSurroundings`` is set and there are none.
  package func check(_ surroundings: (any Surroundings)?) throws(AgentShapeError) {
    try checkCounts()
    guard hierarchy == .flat || higher.otherSurroundings == 0 || surroundings != nil else {
      throw .noSurroundings
    }
  }
}

/// An environment that can compute what other surroundings would have given.
package protocol RearrangeableEnvironment: Environment {
  /// The task's surroundings; `nil` if they are always the same, or can move the robot.
  var surroundings: (any Surroundings)? { get }
}
