import Foundation
import NeuralNetworks

/// How subgoals move with the state, and the lower level's reward for them.
///
/// φ(s) is the first numbers of the state s, as many as the subgoal g has.
public struct Subgoals: Equatable, Sendable {
  /// Numbers in a subgoal.
  public let count: Int

  /// Whether a subgoal is a wanted change or a wanted state.
  public let semantics: GoalSemantics

  /// Sets the size and the meaning of subgoals.
  public init(count: Int, semantics: GoalSemantics) {
    self.count = count
    self.semantics = semantics
  }

  /// The goal transition h(s, g, s′) = φ(s) + g − φ(s′), by which the wanted state stays the same;
  /// with absolute subgoals h = g (paper, equation 2).
  package func transition(
    _ subgoal: UnsafePointer<Float>, from state: UnsafePointer<Float>,
    to next: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>
  ) {
    switch semantics {
    case .relative:
      for index in 0..<count { result[index] = state[index] + subgoal[index] - next[index] }
    case .absolute:
      result.update(from: subgoal, count: count)
    }
  }

  /// The lower level's reward −‖φ(s) + g − φ(s′)‖₂; with absolute subgoals −‖g − φ(s′)‖₂ (paper,
  /// equation 3).
  package func reward(
    _ subgoal: UnsafePointer<Float>, from state: UnsafePointer<Float>,
    to next: UnsafePointer<Float>
  ) -> Float {
    var square: Float = 0
    for index in 0..<count {
      let origin = semantics == .relative ? state[index] : 0
      let difference = origin + subgoal[index] - next[index]
      square += difference * difference
    }
    return -square.squareRoot()
  }

  /// The distance of `state` from a subgoal: ‖g‖₂; with absolute subgoals ‖g − φ(s)‖₂. Only in the
  /// first `dimensions`, if given.
  package func distance(
    of subgoal: UnsafePointer<Float>, in state: UnsafePointer<Float>, dimensions: Int? = nil
  ) -> Float {
    var square: Float = 0
    for index in 0..<(dimensions ?? count) {
      let difference = semantics == .relative ? subgoal[index] : subgoal[index] - state[index]
      square += difference * difference
    }
    return square.squareRoot()
  }

  /// The subgoal in `state` that asks for the state `reached`: φ(reached) − φ(s), or φ(reached)
  /// with absolute subgoals.
  package func achieved(
    from state: UnsafePointer<Float>, in reached: UnsafePointer<Float>,
    into result: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<count {
      let origin = semantics == .relative ? state[index] : 0
      result[index] = reached[index] - origin
    }
  }

  /// The change by which a subgoal set in `start` asks for the same state in `state`:
  /// φ(start) − φ(state), or 0 with absolute subgoals.
  package func shift(
    from start: UnsafePointer<Float>, to state: UnsafePointer<Float>,
    into result: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<count {
      result[index] = semantics == .relative ? start[index] - state[index] : 0
    }
  }
}

extension AgentShape {
  /// Numbers that the lower level's actor sees: the observation, then the subgoal.
  package var lowerInputCount: Int { observationCount + subgoalCount }

  /// Numbers that a flat agent's actor sees: the observation, then the target.
  package var flatInputCount: Int { observationCount + targetCount }

  /// Numbers that the higher level's actor sees: the observation, the target, then earlier places.
  package var higherInputCount: Int { flatInputCount + 2 * pastPlaceCount }

  /// Writes an observation as the lower level sees it in the world's frame: hidden numbers are 0.
  package func writeLowerObservation(
    _ observation: UnsafePointer<Float>, into input: UnsafeMutablePointer<Float>
  ) {
    input.update(from: observation, count: observationCount)
    for index in positionIndices { input[index] = 0 }
  }

  /// Writes the input of the lower level's actor, in its frame.
  ///
  /// - Returns: The number of quarter turns after which the robot's front faces the subgoal: its
  ///   actions must be turned as often. Always 0 except in the frame `quadrant`.
  @discardableResult
  package func writeLowerInput(
    _ observation: UnsafePointer<Float>, subgoal: UnsafePointer<Float>,
    into input: UnsafeMutablePointer<Float>
  ) -> Int {
    writeLowerObservation(observation, into: input)
    let wanted = input + observationCount
    wanted.update(from: subgoal, count: subgoalCount)
    guard frame != .world, let heading else { return 0 }
    var quarters = 0
    var turn = turn(input, heading)
    if frame == .quadrant, let quarterTurn {
      let (ahead, aside) = turn.applied(to: subgoal)
      // The subgoal lies in the 90° sector about the front, left, back or right side.
      quarters =
        abs(ahead) >= abs(aside) ? (ahead >= 0 ? 0 : 2) : (aside >= 0 ? 1 : 3)
      for _ in 0..<quarters {
        quarterTurn.observation.apply(to: input)
        // q·(√½ + √½ k): the body turned about its own vertical.
        let q = input + heading.index
        let (w, x, y, z) = (q[0], q[1], q[2], q[3])
        let c = Float(0.5).squareRoot()
        (q[0], q[1], q[2], q[3]) = (c * (w - z), c * (x + y), c * (y - x), c * (z + w))
      }
      if quarters > 0 { turn = self.turn(input, heading) }
    }
    turn.apply(to: input + heading.velocityIndex)
    turn.apply(to: wanted)
    turn.removeHeading(of: input + heading.index, heading.kind)
    return quarters
  }

  /// The rotation that takes the heading in `observation` to the x axis.
  private func turn(_ observation: UnsafePointer<Float>, _ heading: Heading) -> Turn {
    let q = observation + heading.index
    switch heading.kind {
    case .angle: return Turn(cosine: cos(q[0]), sine: sin(q[0]))
    case .quaternion:
      // Where the body's x axis points in the plane, for a quaternion of any length.
      let x = q[0] * q[0] + q[1] * q[1] - q[2] * q[2] - q[3] * q[3]
      let y = 2 * (q[1] * q[2] + q[0] * q[3])
      let length = (x * x + y * y).squareRoot()
      // Straight up or down, there is no heading.
      return length > 1e-6 ? Turn(cosine: x / length, sine: y / length) : Turn()
    }
  }

  /// cos θ of the angle between the robot's own vertical and the world's: 1 upright, −1 upside down;
  /// nil for a robot that moves in the plane or of which this is not known.
  package func uprightness(of observation: UnsafePointer<Float>) -> Float? {
    guard let heading, heading.kind == .quaternion else { return nil }
    let q = observation + heading.index
    let (upright, tilted) = (q[0] * q[0] + q[3] * q[3], q[1] * q[1] + q[2] * q[2])
    let square = upright + tilted
    return square > 0 ? (upright - tilted) / square : 1
  }

  /// Whether the robot lies on its back: its own vertical points down. Nil for a robot that can't.
  package func isOverturned(_ observation: UnsafePointer<Float>) -> Bool? {
    uprightness(of: observation).map { $0 < 0 }
  }

  /// The robot's height (m); nil for one that moves in the plane.
  package func height(of observation: UnsafePointer<Float>) -> Float? {
    placeCount > 2 ? observation[2] : nil
  }

  /// Turns an action of the robot by as many quarter turns as its observation was turned.
  package func turnAction(_ action: UnsafeMutablePointer<Float>, quarters: Int) {
    for _ in 0..<quarters { quarterTurn?.action.apply(to: action) }
  }

  /// Undoes ``turnAction(_:quarters:)``: four quarter turns are a whole turn.
  package func restoreAction(_ action: UnsafeMutablePointer<Float>, quarters: Int) {
    turnAction(action, quarters: (4 - quarters) % 4)
  }

  /// Writes the input of the higher level's actor.
  ///
  /// - Parameter place: The robot's place a given number of decisions ago (m).
  package func writeHigherInput(
    _ observation: UnsafePointer<Float>, target: UnsafePointer<Float>,
    into input: UnsafeMutablePointer<Float>,
    place: (_ decisionsAgo: Int) -> (x: Float, y: Float)
  ) {
    writeFlatInput(observation, target: target, into: input)
    writePastPlaces(before: observation, into: input + flatInputCount, place: place)
    guard let turn = higherTurn(observation), let heading else { return }
    turn.apply(to: input)
    turn.apply(to: input + heading.velocityIndex)
    if targetCount > 1 { turn.apply(to: input + observationCount) }
    for index in 0..<pastPlaceCount { turn.apply(to: input + flatInputCount + 2 * index) }
  }

  /// Turns the output of the higher level's actor into a subgoal in the world's frame, in place.
  package func subgoal(
    fromActor output: UnsafeMutablePointer<Float>, in observation: UnsafePointer<Float>
  ) {
    higherTurn(observation)?.inverse.apply(to: output)
  }

  /// Turns a subgoal in the world's frame into an output of the higher level's actor, in place.
  package func actorOutput(
    fromSubgoal subgoal: UnsafeMutablePointer<Float>, in observation: UnsafePointer<Float>
  ) {
    higherTurn(observation)?.apply(to: subgoal)
  }

  /// Clips a subgoal in the world's frame to what the higher level's actor can ask for.
  func clipSubgoal(
    _ subgoal: UnsafeMutablePointer<Float>, in observation: UnsafePointer<Float>
  ) {
    func clipped(_ value: Float, _ index: Int) -> Float {
      min(max(value, -subgoalHalfRange[index]), subgoalHalfRange[index])
    }
    var first = 0
    if let turn = higherTurn(observation) {
      let (ahead, aside) = turn.applied(to: subgoal)
      let range = (clipped(ahead, 0), clipped(aside, 1))
      // A subgoal within the range keeps its bits.
      if range != (ahead, aside) {
        (subgoal[0], subgoal[1]) = range
        turn.inverse.apply(to: subgoal)
      }
      first = 2
    }
    for index in first..<subgoalCount { subgoal[index] = clipped(subgoal[index], index) }
  }

  /// The rotation from the world's frame to the higher level's; nil if the two are the same.
  private func higherTurn(_ observation: UnsafePointer<Float>) -> Turn? {
    guard higherFrame == .heading, let heading else { return nil }
    return turn(observation, heading)
  }

  /// Writes the input of a flat agent's actor.
  package func writeFlatInput(
    _ observation: UnsafePointer<Float>, target: UnsafePointer<Float>,
    into input: UnsafeMutablePointer<Float>
  ) {
    input.update(from: observation, count: observationCount)
    (input + observationCount).update(from: target, count: targetCount)
  }
}

extension AgentShape.QuarterTurn.Relabelling {
  /// Moves the numbers to their new places, with their signs.
  func apply(to values: UnsafeMutablePointer<Float>) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: sources.count) { before in
      for index in sources.indices { before.initializeElement(at: index, to: values[index]) }
      for (index, source) in sources.enumerated() { values[index] = signs[index] * before[source] }
    }
  }
}

/// A rotation about the vertical, from the world's frame to that of a level.
private struct Turn {
  var cosine: Float = 1
  var sine: Float = 0

  /// The rotation back.
  var inverse: Turn { Turn(cosine: cosine, sine: -sine) }

  /// A vector in the plane, rotated.
  func applied(to vector: UnsafePointer<Float>) -> (Float, Float) {
    let (x, y) = (vector[0], vector[1])
    return (cosine * x + sine * y, cosine * y - sine * x)
  }

  /// Rotates a vector in the plane, in place.
  func apply(to vector: UnsafeMutablePointer<Float>) {
    (vector[0], vector[1]) = applied(to: vector)
  }

  /// Removes the heading from an orientation.
  func removeHeading(
    of q: UnsafeMutablePointer<Float>, _ kind: AgentShape.Heading.Kind
  ) {
    switch kind {
    case .angle: q[0] = 0
    case .quaternion:
      // q(−ψ)·q; of the two signs, which mean the same orientation, the one with w ≥ 0.
      let half = (
        cosine: max((1 + cosine) / 2, 0).squareRoot(),
        sine: (sine < 0 ? -1 : 1) * max((1 - cosine) / 2, 0).squareRoot()
      )
      let (w, x, y, z) = (q[0], q[1], q[2], q[3])
      let sign: Float = half.cosine * w + half.sine * z < 0 ? -1 : 1
      q[0] = sign * (half.cosine * w + half.sine * z)
      q[1] = sign * (half.cosine * x + half.sine * y)
      q[2] = sign * (half.cosine * y - half.sine * x)
      q[3] = sign * (half.cosine * z - half.sine * w)
    }
  }
}
