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

  /// Writes an observation as the lower level sees it: without the robot's place.
  package func writeLowerObservation(
    _ observation: UnsafePointer<Float>, into input: UnsafeMutablePointer<Float>
  ) {
    input.update(from: observation, count: observationCount)
    for index in positionIndices { input[index] = 0 }
  }

  /// Writes the input of the lower level's actor.
  package func writeLowerInput(
    _ observation: UnsafePointer<Float>, subgoal: UnsafePointer<Float>,
    into input: UnsafeMutablePointer<Float>
  ) {
    writeLowerObservation(observation, into: input)
    (input + observationCount).update(from: subgoal, count: subgoalCount)
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
