import Learning

/// One setting of a run: its key, allowed values and meaning, and its place in
/// ``RunConfiguration``.
public struct Setting: Sendable {
  /// The path of the setting, with dots: `lower.discount`.
  public let key: String
  /// The type and range of its values.
  public let kind: Kind
  /// The meaning and the unit, in one line.
  public let meaning: String

  /// Reads the setting's value from a configuration.
  let read: @Sendable (RunConfiguration) -> SettingValue
  /// Writes a value of ``kind`` into a configuration.
  let write: @Sendable (inout RunConfiguration, SettingValue) -> Void

  /// The type and range of a setting's values.
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
      .text("task", at(\.task), "the task; `hiro list tasks` names them"),
      .integer("steps", at(\.steps), 1...count, "environment steps to train for"),
      .seed("seed", at(\.seed), "every random stream of the run derives from it"),
      .choice(
        "hierarchy", at(\.learning.hierarchy), "two levels, or one TD3 agent on the task's reward"),
      .choice(
        "schedule", at(\.learning.schedule),
        "collect and learn in turn as published, or in parallel"),
      .integer(
        "warmUpSteps", at(\.learning.warmUpSteps), 0...count,
        "environment steps before the first update"),
      .choice(
        "warmUpPolicy", at(\.learning.warmUpPolicy),
        "who acts in these: the untrained networks, or chance"),
      .integer(
        "pretrainingSteps", at(\.learning.pretrainingSteps), 0...count,
        "environment steps at the start with random subgoals and the lower level alone"),
      .integer(
        "overturnedSteps", at(\.learning.overturnedSteps), 0...count,
        "steps on its back after which a robot's training episode ends; 0 for never"),
      .integer(
        "standstillSteps", at(\.learning.standstillSteps), 0...count,
        "steps within a metre of a place after which a training episode ends; 0 for never"),
      .number(
        "deepestDrop", at(\.learning.deepestDrop), 0...1e6,
        "metres below its start from where a robot's training episode is lost; 0 for never"),
      .number(
        "quietEpisodes", at(\.learning.quietEpisodes), 0...1,
        "fraction of training episodes without exploration noise, as in evaluations"),
      .integer(
        "subgoals.interval", at(\.learning.subgoals.interval), 1...10_000,
        "c: environment steps from subgoal to subgoal"),
      .choice(
        "subgoals.space", at(\.learning.subgoals.space),
        "the state dimensions that subgoals speak of"),
      .choice(
        "subgoals.semantics", at(\.learning.subgoals.semantics),
        "a wanted change, or a wanted state"),
      .numbers(
        "subgoals.halfRange", at(\.learning.subgoals.halfRange),
        "half the range of each dimension, in its unit (m, rad); [] for the task's own"),
      .choice("correction.kind", at(\.learning.correction.kind), "how old subgoals are relabelled"),
      .integer(
        "correction.randomCandidates", at(\.learning.correction.randomCandidates), 0...1_000,
        "random candidates, besides the achieved change and the original"),
      .number(
        "correction.candidateNoise", at(\.learning.correction.candidateNoise), 0...100,
        "standard deviation of the random candidates, in half ranges"),
      .number(
        "correction.refreshed", at(\.learning.correction.refreshed), 1e-3...1,
        "fraction of a batch relabelled anew; the rest keeps its last subgoals"),
      .number(
        "correction.meanNoise", at(\.learning.correction.meanNoise), 0...100,
        "standard deviation of the noise of kind `mean`, in half ranges"),
      .number(
        "lowerHindsight", at(\.learning.lowerHindsight), 0...1,
        "fraction of lower transitions whose subgoal becomes one that was reached"),
      .choice(
        "lower.reward", at(\.learning.lower.reward),
        "the distance that remains, or that was gained"),
      .choice(
        "lower.nextSubgoal", at(\.learning.lower.nextSubgoal),
        "the next state's value under the subgoal seen there, or under h(s, g, s')"),
      .choice(
        "lower.valueBound", at(\.learning.lower.valueBound),
        "what values can't be above; distance: what is left of the subgoal, with lower.reward progress"
      ),
      .choice(
        "lower.place", at(\.learning.lower.place),
        "whether the lower level sees x and y; automatic: only with subgoals in xy"),
      .choice(
        "lower.frame", at(\.learning.lower.frame),
        "what the lower level sees turns with the world, the heading, or the side facing the subgoal"
      ),
      .number(
        "lower.otherSubgoals", at(\.learning.lower.otherSubgoals), 0...1,
        "fraction of lower transitions whose subgoal is drawn anew from the subgoal range"),
      .number(
        "lower.fallCost", at(\.learning.lower.fallCost), 0...1e6,
        "what a step on its back costs, and less from 45° on, in units of the subgoals (m)"),
      .number(
        "lower.nearFalls", at(\.learning.lower.nearFalls), 0...1,
        "fraction of lower transitions that are drawn from those before falls"),
    ] + level("lower", at(\.learning.lower.learner)) + [
      .choice(
        "higher.reward", at(\.learning.higher.reward),
        "the task's rewards, or the distance gained to the target"),
      .choice(
        "higher.valueBound", at(\.learning.higher.valueBound),
        "what values can't be above; distance: that to the target, with higher.reward progress"),
      .choice(
        "higher.frame", at(\.learning.higher.frame),
        "the frame in which it sees the world and sets subgoals"),
      .integer(
        "higher.pastPlaces", at(\.learning.higher.pastPlaces), 0...16,
        "earlier places that it sees: where the robot was 1, 2, 4, ... decisions ago"),
      .integer(
        "higher.nStep", at(\.learning.higher.nStep), 1...10_000,
        "n of the n-step returns, in decisions"
      ),
      .integer(
        "higher.updatesPerDecision", at(\.learning.higher.updatesPerDecision), 1...1_000,
        "updates for each of its decisions"),
      .number(
        "higher.otherTargets", at(\.learning.higher.otherTargets), 0...1,
        "fraction of a batch whose target is drawn anew"),
      .choice(
        "higher.otherTargetPlaces", at(\.learning.higher.otherTargetPlaces),
        "where: among the training targets, or where the robot has been"),
      .number(
        "higher.evaluationTargets", at(\.learning.higher.evaluationTargets), 0...1,
        "fraction of these with the task's own evaluation target"),
      .number(
        "higher.otherSurroundings", at(\.learning.higher.otherSurroundings), 0...1,
        "fraction of a batch whose apples and bombs are drawn anew"),
      .number(
        "higher.noiseCorrelation", at(\.learning.higher.noiseCorrelation), 0...0.999,
        "how much of the exploration noise stays from one decision to the next"),
      .number(
        "higher.randomSubgoals", at(\.learning.higher.randomSubgoals), 0...1,
        "probability that a decision's subgoal is drawn uniformly from the whole range"),
      .number(
        "higher.holdProbability", at(\.learning.higher.holdProbability), 0...1,
        "probability that a decision begins to ask for one random place for a while"),
      .number(
        "higher.holdAtStart", at(\.learning.higher.holdAtStart), 0...1,
        "the same probability for the first decision of an episode, where that is more"),
      .number(
        "higher.holdEpisodes", at(\.learning.higher.holdEpisodes), 0...1,
        "fraction of the training episodes with noise in which places are asked for so"),
      .integer(
        "higher.holdsPerEpisode", at(\.learning.higher.holdsPerEpisode), 0...10_000,
        "such places in an episode, at most; 0 for any number"),
      .integer(
        "higher.longestHold", at(\.learning.higher.longestHold), 1...10_000,
        "decisions that ask for this place, at most"),
      .number(
        "higher.holdReach", at(\.learning.higher.holdReach), 0...1e6,
        "how far in x and y this place is, at most (m)"),
      .choice(
        "higher.holdPlaces", at(\.learning.higher.holdPlaces),
        "whether it is drawn around the robot, or where the robot has seldom been"),
      .number(
        "higher.noveltyReward", at(\.learning.higher.noveltyReward), 0...1e6,
        "what a decision earns besides that ends where it has made N, times N"),
    ] + level("higher", at(\.learning.higher.learner)) + [
      .integer(
        "reportInterval", at(\.reportInterval), 1...count,
        "environment steps between rows of metrics.csv"),
      .integer(
        "evaluation.interval", at(\.evaluation.interval), 1...count,
        "environment steps between evaluations"),
      .integer(
        "evaluation.episodes", at(\.evaluation.episodes), 1...100_000, "episodes per target"),
      .integer(
        "evaluation.confirmationEpisodes", at(\.evaluation.confirmationEpisodes), 0...100_000,
        "episodes in which what looks best is measured again before it is kept; 0 for none"),
      .number(
        "evaluation.stopAtSuccess", at(\.evaluation.stopAtSuccess), 0...1,
        "ends the run at this success on the task's own target; 0 for never"),
      .number(
        "checkpoint.minutes", at(\.checkpoint.minutes), 0...1e6, "minutes between checkpoints"),
    ]

  /// The setting with `key`.
  public static func named(_ key: String) -> Setting? { settingOfKey[key] }

  /// The groups of settings: the part before the dot in keys that have one, such as `lower`.
  static let groups = Set(
    all.compactMap { setting -> String? in
      let parts = setting.key.split(separator: ".")
      return parts.count == 2 ? String(parts[0]) : nil
    })

  private static let settingOfKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

  /// An upper limit for numbers of steps, more than any run will make.
  private static let count = 1_000_000_000_000

  /// The constants of a level's learner.
  private static func level(
    _ name: String, _ level: Field<LevelConfiguration>
  ) -> [Setting] {
    func at<Value>(
      _ path: any WritableKeyPath<LevelConfiguration, Value> & Sendable
    ) -> Field<Value> { level.at(path) }
    return [
      .integer(
        "\(name).hiddenUnits", at(\.hiddenUnits), 1...8_192,
        "units of each of the two hidden layers"),
      .number(
        "\(name).actorLearningRate", at(\.actorLearningRate), 0...1,
        "Adam's step size for the actor"),
      .number(
        "\(name).criticLearningRate", at(\.criticLearningRate), 0...1,
        "Adam's step size for the critics"),
      .number(
        "\(name).adamBeta1", at(\.adamBeta1), 0...1,
        "Adam's decay of the first moment"),
      .number(
        "\(name).adamBeta2", at(\.adamBeta2), 0...1,
        "Adam's decay of the second moment"),
      .number("\(name).adamEpsilon", at(\.adamEpsilon), 0...1, "Adam's ε"),
      .number(
        "\(name).discount", at(\.discount), 0...1,
        "γ, per transition of this level"),
      .choice(
        "\(name).noiseUnits", at(\.noiseUnits),
        "what noise is measured in: the action's units, or its limits"),
      .number(
        "\(name).explorationNoise", at(\.explorationNoise), 0...1e6,
        "standard deviation of the exploration noise, in noiseUnits"),
      .number(
        "\(name).targetNoise", at(\.targetNoise), 0...1e6,
        "standard deviation of the target policy's noise, in noiseUnits"),
      .number(
        "\(name).targetNoiseClip", at(\.targetNoiseClip), 0...1e6,
        "bound of the target policy's noise, in noiseUnits"),
      .choice(
        "\(name).criticActions", at(\.criticActions),
        "what actions are measured in for the critics: the action's units, or its limits"),
      .choice(
        "\(name).criticNormalisation", at(\.criticNormalisation),
        "whether the critics' hidden layers are normalised over their units"),
      .number(
        "\(name).outputPenalty", at(\.outputPenalty), 0...1e6,
        "λ of the penalty on the actor's outputs before the tanh, in units of the value"),
      .choice(
        "\(name).targetValue", at(\.targetValue),
        "what the two target critics' values become one by"),
      .number(
        "\(name).averagingRate", at(\.averagingRate), 0...1,
        "step of the averaged actor that is evaluated and saved; 0 for the actor itself"),
      .integer(
        "\(name).policyDelay", at(\.policyDelay), 1...1_000,
        "critic updates per actor update"),
      .number(
        "\(name).targetUpdateRate", at(\.targetUpdateRate), 0...1,
        "τ: step of the target networks"),
      .number(
        "\(name).huberDelta", at(\.huberDelta), 1e-6...1e9,
        "δ of the critics' Huber loss"),
      .number(
        "\(name).rewardScale", at(\.rewardScale), -1e9...1e9,
        "what rewards are multiplied with"),
      .integer(
        "\(name).batchSize", at(\.batchSize), 1...65_536, "transitions in a batch"
      ),
      .integer(
        "\(name).replayCapacity", at(\.replayCapacity), 1...100_000_000,
        "transitions in the replay buffer"),
    ]
  }

  /// How a value is read from a configuration and written into it.
  private struct Field<Value>: Sendable {
    let read: @Sendable (RunConfiguration) -> Value
    let write: @Sendable (inout RunConfiguration, Value) -> Void

    /// Access to a part of the value.
    func at<Part>(_ path: any WritableKeyPath<Value, Part> & Sendable) -> Field<Part> {
      Field<Part>(
        read: { read($0)[keyPath: path] },
        write: { configuration, part in
          var value = read(configuration)
          value[keyPath: path] = part
          write(&configuration, value)
        })
    }
  }

  private static func at<Value>(
    _ path: any WritableKeyPath<RunConfiguration, Value> & Sendable
  ) -> Field<Value> {
    Field(read: { $0[keyPath: path] }, write: { $0[keyPath: path] = $1 })
  }

  private static func integer(
    _ key: String, _ field: Field<Int>,
    _ range: ClosedRange<Int>, _ meaning: String
  ) -> Setting {
    Setting(
      key, .integer(range), meaning, read: { .integer(field.read($0)) },
      write: { if case .integer(let value) = $1 { field.write(&$0, value) } })
  }

  private static func seed(
    _ key: String, _ field: Field<UInt64>, _ meaning: String
  ) -> Setting {
    Setting(
      key, .integer(0...Int.max), meaning,
      // A seed above `Int.max` cannot be written in a file: -1 is out of range, so that it is
      // refused.
      read: { .integer(Int(exactly: field.read($0)) ?? -1) },
      write: { if case .integer(let value) = $1 { field.write(&$0, UInt64(value)) } })
  }

  private static func number(
    _ key: String, _ field: Field<Double>,
    _ range: ClosedRange<Double>, _ meaning: String
  ) -> Setting {
    Setting(
      key, .number(range), meaning, read: { .number(field.read($0)) },
      write: { if case .number(let value) = $1 { field.write(&$0, value) } })
  }

  private static func numbers(
    _ key: String, _ field: Field<[Double]>,
    _ meaning: String
  ) -> Setting {
    Setting(
      key, .numbers, meaning, read: { .numbers(field.read($0)) },
      write: { if case .numbers(let values) = $1 { field.write(&$0, values) } })
  }

  private static func text(
    _ key: String, _ field: Field<String>,
    _ meaning: String
  ) -> Setting {
    Setting(
      key, .text, meaning, read: { .text(field.read($0)) },
      write: { if case .text(let text) = $1 { field.write(&$0, text) } })
  }

  private static func choice<Choice: CaseIterable & RawRepresentable<String> & Sendable>(
    _ key: String, _ field: Field<Choice>,
    _ meaning: String
  ) -> Setting {
    Setting(
      key, .choice(Choice.allCases.map(\.rawValue)), meaning,
      read: { .text(field.read($0).rawValue) },
      write: { configuration, value in
        guard case .text(let word) = value, let choice = Choice(rawValue: word) else { return }
        field.write(&configuration, choice)
      })
  }

  private init(
    _ key: String, _ kind: Kind, _ meaning: String,
    read: @escaping @Sendable (RunConfiguration) -> SettingValue,
    write: @escaping @Sendable (inout RunConfiguration, SettingValue) -> Void
  ) {
    (self.key, self.kind, self.meaning) = (key, kind, meaning)
    (self.read, self.write) = (read, write)
  }
}

extension Setting.Kind: CustomStringConvertible {
  /// The type and range in words.
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
