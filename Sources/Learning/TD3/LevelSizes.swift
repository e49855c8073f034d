import NeuralNetworks

/// The sizes of a level's networks: what its actor sees and says. Whoever makes, reads or counts networks
/// asks here.
package struct LevelSizes: Sendable {
  /// What the names of its tensors begin with: `lower`, `higher` or `flat`.
  package let name: String
  /// Numbers that the actor sees.
  package let inputCount: Int
  /// The largest magnitude of each number that the actor says.
  package let limits: [Float]

  /// The actor's layers.
  package func actor(hidden: Int) -> PerceptronShape {
    PerceptronShape(inputs: inputCount, hidden: hidden, outputs: limits.count)
  }

  /// A critic's layers: it sees what the actor sees and says.
  package func critic(_ configuration: LevelConfiguration) -> PerceptronShape {
    PerceptronShape(
      inputs: inputCount + limits.count, reentering: limits.count,
      hidden: configuration.hiddenUnits, outputs: 1,
      isNormalised: configuration.criticNormalisation == .layer)
  }
}

extension AgentShape {
  /// `[observation, subgoal]` to an action.
  package var lowerLevel: LevelSizes {
    LevelSizes(name: "lower", inputCount: lowerInputCount, limits: actionLimits)
  }

  /// `[observation, target, earlier places]` to a subgoal.
  package var higherLevel: LevelSizes {
    LevelSizes(name: "higher", inputCount: higherInputCount, limits: subgoalHalfRange)
  }

  /// `[observation, target]` to an action.
  package var flatLevel: LevelSizes {
    LevelSizes(name: "flat", inputCount: flatInputCount, limits: actionLimits)
  }
}

extension HIROConfiguration {
  /// The levels that it asks for, each with its constants.
  package func levels(
    of shape: AgentShape
  ) -> [(sizes: LevelSizes, configuration: LevelConfiguration)] {
    switch hierarchy {
    case .hiro: [(shape.lowerLevel, lower.learner), (shape.higherLevel, higher.learner)]
    case .flat: [(shape.flatLevel, lower.learner)]
    }
  }
}
