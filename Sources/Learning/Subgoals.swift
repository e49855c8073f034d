import Foundation
import NeuralNetworks

/// How subgoals move with the state, and what the lower level earns for them.
///
/// φ(s) is the first numbers of the state s, as many as the subgoal g has.
public struct Subgoals: Equatable, Sendable {
  /// Numbers in a subgoal.
  public let count: Int

  /// Whether a subgoal is a wanted change or a wanted state.
  public let semantics: GoalSemantics

  /// Gives the size and the meaning.
  public init(count: Int, semantics: GoalSemantics) {
    self.count = count
    self.semantics = semantics
  }

  /// h(s, g, s′) = φ(s) + g − φ(s′), so that the state wanted stays where it was; with absolute
  /// subgoals, g (paper, equation 2).
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
  /// equation 1).
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

  /// What is left of a subgoal in `state`: ‖g‖₂; with absolute subgoals ‖g − φ(s)‖₂. In the first
  /// `dimensions` only, where given.
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

  /// The subgoal that asks in `state` for what was reached in `reached`: φ(reached) − φ(s), or
  /// φ(reached) with absolute subgoals.
  package func achieved(
    from state: UnsafePointer<Float>, in reached: UnsafePointer<Float>,
    into result: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<count {
      let origin = semantics == .relative ? state[index] : 0
      result[index] = reached[index] - origin
    }
  }

  /// What a subgoal set in `start` has to be moved by to ask for the same in `state`:
  /// φ(start) − φ(state), or nothing with absolute subgoals.
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

  /// Numbers that the higher level's actor sees: the observation, then the target.
  package var higherInputCount: Int { observationCount + targetCount }

  /// The turn about the vertical from the world's frame to that of the lower level.
  package struct Turn: BitwiseCopyable {
    var cosine: Float = 1
    var sine: Float = 0

    /// Turns the two numbers that are a vector in the plane.
    func apply(to vector: UnsafeMutablePointer<Float>) {
      let (x, y) = (vector[0], vector[1])
      vector[0] = cosine * x + sine * y
      vector[1] = cosine * y - sine * x
    }
  }

  /// The turn that takes the heading in `observation` to the x axis; none in the world's frame.
  package func turn(_ observation: UnsafePointer<Float>) -> Turn {
    guard frame == .heading, let heading else { return Turn() }
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

  /// Writes an observation as the lower level sees it: without the robot's place, and in its frame.
  package func writeLowerObservation(
    _ observation: UnsafePointer<Float>, into input: UnsafeMutablePointer<Float>
  ) {
    input.update(from: observation, count: observationCount)
    for index in positionIndices { input[index] = 0 }
    guard frame == .heading, let heading else { return }
    let turn = turn(observation)
    turn.apply(to: input + heading.velocityIndex)
    let q = input + heading.index
    switch heading.kind {
    case .angle: q[0] = 0
    case .quaternion:
      // The orientation with the heading taken out, q(−ψ)·q, and of its two signs the one with w ≥ 0.
      let half = (
        cosine: max((1 + turn.cosine) / 2, 0).squareRoot(),
        sine: (turn.sine < 0 ? -1 : 1) * max((1 - turn.cosine) / 2, 0).squareRoot()
      )
      let (w, x, y, z) = (q[0], q[1], q[2], q[3])
      let sign: Float = half.cosine * w + half.sine * z < 0 ? -1 : 1
      q[0] = sign * (half.cosine * w + half.sine * z)
      q[1] = sign * (half.cosine * x + half.sine * y)
      q[2] = sign * (half.cosine * y - half.sine * x)
      q[3] = sign * (half.cosine * z - half.sine * w)
    }
  }

  /// Writes the input of the lower level's actor.
  package func writeLowerInput(
    _ observation: UnsafePointer<Float>, subgoal: UnsafePointer<Float>,
    into input: UnsafeMutablePointer<Float>
  ) {
    writeLowerObservation(observation, into: input)
    (input + observationCount).update(from: subgoal, count: subgoalCount)
    if frame == .heading { turn(observation).apply(to: input + observationCount) }
  }

  /// Writes the input of the higher level's actor (of the one agent, where there are no levels).
  package func writeHigherInput(
    _ observation: UnsafePointer<Float>, target: UnsafePointer<Float>,
    into input: UnsafeMutablePointer<Float>
  ) {
    input.update(from: observation, count: observationCount)
    (input + observationCount).update(from: target, count: targetCount)
  }
}
