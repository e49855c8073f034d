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
      .text("task", at(\.task), "the task; `hiro list tasks` shows all"),
      .integer("steps", at(\.steps), 1...count, "environment steps to train for"),
      .seed("seed", at(\.seed), "seed of all random numbers of the run"),
      .choice(
        "hierarchy", at(\.learning.hierarchy),
        "hiro: two levels; flat: one TD3 agent that learns from the task's reward"),
      .choice(
        "schedule", at(\.learning.schedule),
        "sequential: collect and learn in turn, as published; pipelined: in parallel"),
      .integer(
        "warmUpSteps", at(\.learning.warmUpSteps), 0...count,
        "environment steps before the first update"),
      .choice(
        "warmUpPolicy", at(\.learning.warmUpPolicy),
        "warm-up actions and subgoals: from the untrained networks, or uniformly random"),
      .integer(
        "pretrainingSteps", at(\.learning.pretrainingSteps), 0...count,
        "number of first environment steps in which only the lower level learns, on random subgoals"
      ),
      .integer(
        "overturnedSteps", at(\.learning.overturnedSteps), 0...count,
        "steps with the robot on its back after which a training episode ends; 0: never"),
      .integer(
        "standstillSteps", at(\.learning.standstillSteps), 0...count,
        "steps within 1 m of one place after which a training episode ends; 0: never"),
      .number(
        "deepestDrop", at(\.learning.deepestDrop), 0...1e6,
        "drop of the robot below its start at which a training episode ends (m); 0: never"),
      .number(
        "quietEpisodes", at(\.learning.quietEpisodes), 0...1,
        "fraction of training episodes without exploration noise, as in evaluations"),
      .integer(
        "subgoals.interval", at(\.learning.subgoals.interval), 1...10_000,
        "c: environment steps from one subgoal to the next"),
      .choice(
        "subgoals.space", at(\.learning.subgoals.space),
        "dimensions of a subgoal: all that the task has (full), x and y, or x, y and z"),
      .choice(
        "subgoals.semantics", at(\.learning.subgoals.semantics),
        "a subgoal is a desired change (relative) or a desired state (absolute)"),
      .numbers(
        "subgoals.halfRange", at(\.learning.subgoals.halfRange),
        "half the range of each subgoal dimension, in its unit (m, rad); []: the task's own"),
      .choice(
        "correction.kind", at(\.learning.correction.kind),
        "relabelling of old subgoals: best candidate (published), none, or achieved change + noise"
      ),
      .integer(
        "correction.randomCandidates", at(\.learning.correction.randomCandidates), 0...1_000,
        "number of random candidates, besides the achieved change and the original subgoal"),
      .number(
        "correction.candidateNoise", at(\.learning.correction.candidateNoise), 0...100,
        "standard deviation of the random candidates, as a fraction of the half range"),
      .number(
        "correction.refreshed", at(\.learning.correction.refreshed), 1e-3...1,
        "fraction of a batch that is relabelled again; the rest keeps its last subgoals"),
      .number(
        "correction.meanNoise", at(\.learning.correction.meanNoise), 0...100,
        "standard deviation of the noise of kind `mean`, as a fraction of the half range"),
      .number(
        "lowerHindsight", at(\.learning.lowerHindsight), 0...1,
        "fraction of lower-level transitions whose subgoal is replaced by one that was reached"),
      .choice(
        "lower.reward", at(\.learning.lower.reward),
        "minus the distance that remains to the subgoal (distance), or that was gained (progress)"),
      .choice(
        "lower.nextSubgoal", at(\.learning.lower.nextSubgoal),
        "subgoal of the next state's value: the one seen there (fresh), or h(s, g, s') (transition)"
      ),
      .choice(
        "lower.valueBound", at(\.learning.lower.valueBound),
        "upper bound of values: none, or the distance to the subgoal (needs lower.reward: progress)"
      ),
      .choice(
        "lower.place", at(\.learning.lower.place),
        "whether the lower level sees x and y; automatic: only if subgoals.space is xy"),
      .choice(
        "lower.frame", at(\.learning.lower.frame),
        "input frame: world, heading, side facing the subgoal (quadrant); automatic: last possible"
      ),
      .number(
        "lower.otherSubgoals", at(\.learning.lower.otherSubgoals), 0...1,
        "fraction of lower-level transitions whose subgoal is replaced by a random one"),
      .number(
        "lower.fallCost", at(\.learning.lower.fallCost), 0...1e6,
        "cost of a step upside down, in subgoal units (m); decreases to 0 at a lean of 45°"),
      .number(
        "lower.nearFalls", at(\.learning.lower.nearFalls), 0...1,
        "fraction of lower-level transitions from steps of leaning and the 15 before them"),
    ] + level("lower", at(\.learning.lower.learner)) + [
      .choice(
        "higher.reward", at(\.learning.higher.reward),
        "sum of the task's rewards (sum), or the distance gained towards the target (progress)"),
      .choice(
        "higher.valueBound", at(\.learning.higher.valueBound),
        "upper bound of values: none, or the distance to the target (needs higher.reward: progress)"
      ),
      .choice(
        "higher.frame", at(\.learning.higher.frame),
        "frame in which the higher level sees the world and sets subgoals"),
      .integer(
        "higher.pastPlaces", at(\.learning.higher.pastPlaces), 0...16,
        "number of earlier places in its input: where the robot was 1, 2, 4, ... decisions ago"),
      .integer(
        "higher.nStep", at(\.learning.higher.nStep), 1...10_000,
        "n of the n-step returns, in decisions"
      ),
      .integer(
        "higher.updatesPerDecision", at(\.learning.higher.updatesPerDecision), 1...1_000,
        "updates for each decision of the higher level"),
      .number(
        "higher.otherTargets", at(\.learning.higher.otherTargets), 0...1,
        "fraction of a batch whose target is replaced by another one"),
      .choice(
        "higher.otherTargetPlaces", at(\.learning.higher.otherTargetPlaces),
        "source of the otherTargets: the training targets, or places where the robot has been"),
      .number(
        "higher.evaluationTargets", at(\.learning.higher.evaluationTargets), 0...1,
        "fraction of the otherTargets that are the task's own evaluation target"),
      .number(
        "higher.otherSurroundings", at(\.learning.higher.otherSurroundings), 0...1,
        "fraction of a batch whose apples and bombs are replaced by random ones"),
      .number(
        "higher.noiseCorrelation", at(\.learning.higher.noiseCorrelation), 0...0.999,
        "ρ: correlation of the exploration noise from one decision to the next"),
      .number(
        "higher.randomSubgoals", at(\.learning.higher.randomSubgoals), 0...1,
        "probability that a decision's subgoal is drawn uniformly from the subgoal range"),
      .number(
        "higher.holdProbability", at(\.learning.higher.holdProbability), 0...1,
        "probability that a decision starts to hold a random place as subgoal for some decisions"),
      .number(
        "higher.holdAtStart", at(\.learning.higher.holdAtStart), 0...1,
        "holdProbability for the first decision of an episode, if larger than holdProbability"),
      .number(
        "higher.holdEpisodes", at(\.learning.higher.holdEpisodes), 0...1,
        "fraction of the training episodes with noise in which places are held"),
      .integer(
        "higher.holdsPerEpisode", at(\.learning.higher.holdsPerEpisode), 0...10_000,
        "maximum number of held places in an episode; 0: any number"),
      .integer(
        "higher.longestHold", at(\.learning.higher.longestHold), 1...10_000,
        "maximum number of decisions for which a place is held"),
      .number(
        "higher.holdReach", at(\.learning.higher.holdReach), 0...1e6,
        "maximum distance in x and in y of a held place drawn around the robot (m)"),
      .choice(
        "higher.holdPlaces", at(\.learning.higher.holdPlaces),
        "where held places are drawn: around the robot, or where it has rarely been"),
      .number(
        "higher.noveltyReward", at(\.learning.higher.noveltyReward), 0...1e6,
        "β: extra reward β/N for a decision that ends where N decisions have been made so far"),
    ] + level("higher", at(\.learning.higher.learner)) + [
      .integer(
        "reportInterval", at(\.reportInterval), 1...count,
        "environment steps between rows of metrics.csv"),
      .integer(
        "evaluation.interval", at(\.evaluation.interval), 1...count,
        "environment steps between evaluations"),
      .integer(
        "evaluation.episodes", at(\.evaluation.episodes), 1...100_000,
        "episodes per target in each evaluation"),
      .integer(
        "evaluation.confirmationEpisodes", at(\.evaluation.confirmationEpisodes), 0...100_000,
        "episodes to measure a new best policy again before it is kept; 0: none"),
      .number(
        "evaluation.stopAtSuccess", at(\.evaluation.stopAtSuccess), 0...1,
        "success rate on the task's own target at which the run ends; 0: never"),
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
        "Adam's learning rate for the actor"),
      .number(
        "\(name).criticLearningRate", at(\.criticLearningRate), 0...1,
        "Adam's learning rate for the critics"),
      .number(
        "\(name).adamBeta1", at(\.adamBeta1), 0...0.999_999,
        "Adam's β1: decay of the first moment"),
      .number(
        "\(name).adamBeta2", at(\.adamBeta2), 0...0.999_999,
        "Adam's β2: decay of the second moment"),
      .number("\(name).adamEpsilon", at(\.adamEpsilon), 1e-30...1, "Adam's ε"),
      .number(
        "\(name).discount", at(\.discount), 0...1,
        "γ: discount factor per transition of this level"),
      .choice(
        "\(name).noiseUnits", at(\.noiseUnits),
        "unit of the noise: the action's own units (absolute), or the action's limits"),
      .number(
        "\(name).explorationNoise", at(\.explorationNoise), 0...1e6,
        "standard deviation of the exploration noise, in noiseUnits"),
      .number(
        "\(name).targetNoise", at(\.targetNoise), 0...1e6,
        "standard deviation of the target policy's smoothing noise, in noiseUnits"),
      .number(
        "\(name).targetNoiseClip", at(\.targetNoiseClip), 0...1e6,
        "bound of the target policy's smoothing noise, in noiseUnits"),
      .choice(
        "\(name).criticActions", at(\.criticActions),
        "unit of the critics' input actions: the action's own units (absolute), or its limits"),
      .choice(
        "\(name).criticNormalisation", at(\.criticNormalisation),
        "normalisation of the critics' hidden layers: none, or layer normalisation"),
      .number(
        "\(name).outputPenalty", at(\.outputPenalty), 0...1e6,
        "λ: penalty on the squares of the actor's outputs before the tanh, in units of the value"),
      .choice(
        "\(name).targetValue", at(\.targetValue),
        "how the two target critics' values are combined: their minimum, or their mean"),
      .number(
        "\(name).averagingRate", at(\.averagingRate), 0...1,
        "update rate of the averaged actor that is evaluated and saved; 0: no average"),
      .integer(
        "\(name).policyDelay", at(\.policyDelay), 1...1_000,
        "critic updates per actor update"),
      .number(
        "\(name).targetUpdateRate", at(\.targetUpdateRate), 0...1,
        "τ: update rate of the target networks"),
      .number(
        "\(name).huberDelta", at(\.huberDelta), 1e-6...1e9,
        "δ of the critics' Huber loss"),
      .number(
        "\(name).rewardScale", at(\.rewardScale), -1e9...1e9,
        "factor by which rewards are multiplied"),
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
