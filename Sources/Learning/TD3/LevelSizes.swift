import NeuralNetworks

/// The sizes of a level's networks: the inputs and outputs of its actor. All code that makes, reads
/// or counts networks gets the sizes from here.
package struct LevelSizes: Sendable {
  /// The prefix of the names of the level's tensors: `lower`, `higher` or `flat`.
  package let name: String
  /// Numbers in the actor's input.
  package let inputCount: Int
  /// The largest magnitude of each of the actor's outputs.
  package let limits: [Float]

  /// The actor's layers.
  package func actor(hidden: Int) -> PerceptronShape {
    PerceptronShape(inputs: inputCount, hidden: hidden, outputs: limits.count)
  }

  /// A critic's layers: its input is the actor's input and output.
  package func critic(_ configuration: LevelConfiguration) -> PerceptronShape {
    PerceptronShape(
      inputs: inputCount + limits.count, reentering: limits.count,
      hidden: configuration.hiddenUnits, outputs: 1,
      isNormalised: configuration.criticNormalisation == .layer)
  }
}

extension AgentShape {
  /// The lower level, from `[observation, subgoal]` to an action.
  package var lowerLevel: LevelSizes {
    LevelSizes(name: "lower", inputCount: lowerInputCount, limits: actionLimits)
  }

  /// The higher level, from `[observation, target, earlier places]` to a subgoal.
  package var higherLevel: LevelSizes {
    LevelSizes(name: "higher", inputCount: higherInputCount, limits: subgoalHalfRange)
  }

  /// The flat agent, from `[observation, target]` to an action.
  package var flatLevel: LevelSizes {
    LevelSizes(name: "flat", inputCount: flatInputCount, limits: actionLimits)
  }
}

extension HIROConfiguration {
  /// The levels that the configuration asks for, each with its constants.
  package func levels(
    of shape: AgentShape
  ) -> [(sizes: LevelSizes, configuration: LevelConfiguration)] {
    switch hierarchy {
    case .hiro: [(shape.lowerLevel, lower.learner), (shape.higherLevel, higher.learner)]
    case .flat: [(shape.flatLevel, lower.learner)]
    }
  }
}
