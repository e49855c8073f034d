import Learning

/// One setting of a run: its key, what it may be, and what it means.
public struct Setting: Sendable {
  /// The path of the setting, with dots: `lower.discount`.
  public let key: String
  /// What it may be.
  public let kind: Kind
  /// What it means, with its unit, in one line.
  public let meaning: String

  /// What a setting may be.
  public enum Kind: Sendable, Equatable {
    /// A whole number in a range.
    case integer(ClosedRange<Int>)
    /// A number in a range.
    case number(ClosedRange<Double>)
    /// A list of positive numbers.
    case numbers
    /// One of the words.
    case choice([String])
    /// Any text.
    case text
  }

  /// Every setting, in the order in which `config.yaml` holds them.
  public static let all: [Setting] =
    [
      .init("task", .text, "the task; `hiro list tasks` names them"),
      .init("steps", .integer(1...count), "environment steps to train for"),
      .init("seed", .integer(0...Int.max), "every random stream of the run derives from it"),
      .choice("hierarchy", Hierarchy.self, "two levels, or one TD3 agent on the task's reward"),
      .choice("schedule", Schedule.self, "collect and learn in turn as published, or in parallel"),
      .init("warmUpSteps", .integer(0...count), "environment steps before the first update"),
      .choice(
        "warmUpPolicy", WarmUpPolicy.self, "who acts in these: the untrained networks, or chance"),
      .init(
        "pretrainingSteps", .integer(0...count),
        "environment steps at the start with random subgoals and the lower level alone"),
      .init(
        "overturnedSteps", .integer(0...count),
        "steps on its back after which a robot's training episode ends; 0 for never"),
      .init(
        "quietEpisodes", .number(0...1),
        "fraction of training episodes without exploration noise, as in evaluations"),
      .init(
        "subgoals.interval", .integer(1...10_000), "c: environment steps from subgoal to subgoal"),
      .choice("subgoals.space", SubgoalSpace.self, "the state dimensions that subgoals speak of"),
      .choice("subgoals.semantics", GoalSemantics.self, "a wanted change, or a wanted state"),
      .init(
        "subgoals.halfRange", .numbers,
        "half the range of each dimension, in its unit (m, rad); [] for the task's own"),
      .choice("correction.kind", CorrectionKind.self, "how old subgoals are relabelled"),
      .init(
        "correction.randomCandidates", .integer(0...1_000),
        "random candidates, besides the achieved change and the original"),
      .init(
        "correction.candidateNoise", .number(0...100),
        "standard deviation of the random candidates, in half ranges"),
      .init(
        "correction.refreshed", .number(1e-3...1),
        "fraction of a batch relabelled anew; the rest keeps its last subgoals"),
      .init(
        "correction.meanNoise", .number(0...100),
        "standard deviation of the noise of kind `mean`, in half ranges"),
      .init(
        "lowerHindsight", .number(0...1),
        "fraction of lower transitions whose subgoal becomes one that was reached"),
      .choice("lower.reward", LowerReward.self, "the distance that remains, or that was gained"),
      .choice(
        "lower.nextSubgoal", NextSubgoal.self,
        "the next state's value under the subgoal seen there, or under h(s, g, s')"),
      .choice(
        "lower.place", PlaceVisibility.self,
        "whether the lower level sees x and y; automatic: only with subgoals in xy"),
      .choice(
        "lower.frame", LowerFrame.self,
        "what the lower level sees turns with the world, the heading, or the side facing the subgoal"
      ),
      .init(
        "lower.otherSubgoals", .number(0...1),
        "fraction of lower transitions whose subgoal is drawn anew from the subgoal range"),
      .init(
        "lower.fallCost", .number(0...1e6),
        "what a step on its back costs, and less from 45° on, in units of the subgoals (m)"),
      .init(
        "lower.nearFalls", .number(0...1),
        "fraction of lower transitions that are drawn from those before falls"),
    ] + level("lower") + [
      .choice(
        "higher.reward", HigherReward.self,
        "the task's rewards, or the distance gained to the target"),
      .choice(
        "higher.valueBound", ValueBound.self,
        "what values can't be above; distance: that to the target, with higher.reward progress"),
      .init("higher.nStep", .integer(1...10_000), "n of the n-step returns, in decisions"),
      .init("higher.updatesPerDecision", .integer(1...1_000), "updates for each of its decisions"),
      .init(
        "higher.otherTargets", .number(0...1),
        "fraction of a batch whose target is drawn anew from the training targets"),
      .init(
        "higher.evaluationTargets", .number(0...1),
        "fraction of these with the task's own evaluation target"),
      .init(
        "higher.noiseCorrelation", .number(0...0.999),
        "how much of the exploration noise stays from one decision to the next"),
      .init(
        "higher.holdProbability", .number(0...1),
        "probability that a decision begins to ask for one random place for a while"),
      .init(
        "higher.longestHold", .integer(1...10_000), "decisions that ask for this place, at most"),
      .init("higher.holdReach", .number(0...1e6), "how far in x and y this place is, at most (m)"),
      .choice(
        "higher.holdPlaces", HoldPlaces.self,
        "whether it is drawn around the robot, or where the robot has seldom been"),
    ] + level("higher") + [
      .init("reportInterval", .integer(1...count), "environment steps between rows of metrics.csv"),
      .init("evaluation.interval", .integer(1...count), "environment steps between evaluations"),
      .init("evaluation.episodes", .integer(1...100_000), "episodes per target"),
      .init(
        "evaluation.confirmationEpisodes", .integer(0...100_000),
        "episodes in which what looks best is measured again before it is kept; 0 for none"),
      .init(
        "evaluation.stopAtSuccess", .number(0...1),
        "ends the run at this success on the task's own target; 0 for never"),
      .init("checkpoint.minutes", .number(0...1e6), "minutes between checkpoints"),
    ]

  /// The setting with `key`.
  public static func named(_ key: String) -> Setting? { settingOfKey[key] }

  /// What stands before the dot in some of the keys.
  static let groups = Set(
    all.compactMap { setting -> String? in
      let parts = setting.key.split(separator: ".")
      return parts.count == 2 ? String(parts[0]) : nil
    })

  private static let settingOfKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

  /// More steps than any run will make.
  private static let count = 1_000_000_000_000

  private static func level(_ name: String) -> [Setting] {
    [
      .init("\(name).hiddenUnits", .integer(1...8_192), "units of each of the two hidden layers"),
      .init("\(name).actorLearningRate", .number(0...1), "Adam's step size for the actor"),
      .init("\(name).criticLearningRate", .number(0...1), "Adam's step size for the critics"),
      .init("\(name).adamBeta1", .number(0...1), "Adam's decay of the first moment"),
      .init("\(name).adamBeta2", .number(0...1), "Adam's decay of the second moment"),
      .init("\(name).adamEpsilon", .number(0...1), "Adam's ε"),
      .init("\(name).discount", .number(0...1), "γ, per transition of this level"),
      .choice(
        "\(name).noiseUnits", NoiseUnits.self,
        "what noise is measured in: the action's units, or its limits"),
      .init(
        "\(name).explorationNoise", .number(0...1e6),
        "standard deviation of the exploration noise, in noiseUnits"),
      .init(
        "\(name).targetNoise", .number(0...1e6),
        "standard deviation of the target policy's noise, in noiseUnits"),
      .init(
        "\(name).targetNoiseClip", .number(0...1e6),
        "bound of the target policy's noise, in noiseUnits"),
      .init(
        "\(name).outputPenalty", .number(0...1e6),
        "λ of the penalty on the actor's outputs before the tanh, in units of the value"),
      .choice(
        "\(name).targetValue", TargetValue.self,
        "what the two target critics' values become one by"),
      .init(
        "\(name).averagingRate", .number(0...1),
        "step of the averaged actor that is evaluated and saved; 0 for the actor itself"),
      .init("\(name).policyDelay", .integer(1...1_000), "critic updates per actor update"),
      .init("\(name).targetUpdateRate", .number(0...1), "τ: step of the target networks"),
      .init("\(name).huberDelta", .number(1e-6...1e9), "δ of the critics' Huber loss"),
      .init("\(name).rewardScale", .number(-1e9...1e9), "what rewards are multiplied with"),
      .init("\(name).batchSize", .integer(1...65_536), "transitions in a batch"),
      .init(
        "\(name).replayCapacity", .integer(1...100_000_000), "transitions in the replay buffer"),
    ]
  }

  private init(_ key: String, _ kind: Kind, _ meaning: String) {
    self.key = key
    self.kind = kind
    self.meaning = meaning
  }

  private static func choice<Choice: CaseIterable & RawRepresentable>(
    _ key: String, _ choices: Choice.Type, _ meaning: String
  ) -> Setting where Choice.RawValue == String {
    .init(key, .choice(choices.allCases.map(\.rawValue)), meaning)
  }
}

extension Setting.Kind: CustomStringConvertible {
  /// What it may be, in words.
  public var description: String {
    switch self {
    case .integer(let range):
      range.upperBound == .max
        ? "a whole number, at least \(range.lowerBound)"
        : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
    case .numbers: "a list of positive numbers"
    case .choice(let words): "one of " + words.joined(separator: ", ")
    case .text: "a word"
    }
  }
}
