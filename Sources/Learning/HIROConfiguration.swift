/// Every constant of HIRO, with the value its authors published as the default.
///
/// Sources: Nachum et al. 2018 (arXiv 1805.08296), Fujimoto et al. 2018 (TD3, arXiv 1802.09477),
/// and the authors' published configuration, which wins where they differ.
public struct HIROConfiguration: Codable, Equatable, Sendable {
  /// Two levels, or one TD3 agent on the environment's own reward.
  public var hierarchy: Hierarchy = .hiro

  /// How collecting and learning are interleaved.
  public var schedule: Schedule = .pipelined

  /// Environment steps of noisy, untrained policy before the first update.
  public var warmUpSteps: Int = 2_500

  /// Environment steps at the start in which the lower level learns on subgoals drawn uniformly
  /// from the subgoal range, and the higher level neither acts nor learns; 0 is the paper's HIRO.
  public var pretrainingSteps: Int = 0

  /// What the higher level asks of the lower one.
  public var subgoals = SubgoalConfiguration()

  /// How old higher-level transitions are relabelled.
  public var correction = CorrectionConfiguration()

  /// Fraction of sampled lower-level transitions whose subgoal is replaced by one that the
  /// trajectory reached before the next decision, in [0, 1]; 0 is the paper's HIRO.
  public var lowerHindsight: Double = 0

  /// The level that drives the joints. With `hierarchy: flat`, the one agent.
  public var lower = LevelConfiguration(rewardScale: 1)

  /// The level that sets subgoals. With `hierarchy: flat`, only its `rewardScale` is used.
  public var higher = LevelConfiguration(rewardScale: 0.1)

  /// The published configuration.
  public init() {}
}

/// Whether a higher level sets subgoals for a lower one.
public enum Hierarchy: String, Codable, CaseIterable, Sendable {
  /// Two levels, as in the paper.
  case hiro
  /// One TD3 agent that sees the observation and the target and earns the environment's reward.
  case flat
}

/// How collecting experience and learning from it are interleaved. Both depend on the seed alone.
public enum Schedule: String, Codable, CaseIterable, Sendable {
  /// One step, one lower update, and a higher update every `subgoals.interval` steps, in this
  /// order, as published.
  case sequential
  /// In windows of `subgoals.interval` steps: one window is collected with a snapshot of the
  /// policies while the updates owed for the window before it are made.
  case pipelined
}

/// What a subgoal is and how it moves between two decisions of the higher level.
public struct SubgoalConfiguration: Codable, Equatable, Sendable {
  /// c: environment steps from one decision of the higher level to the next.
  public var interval: Int = 10

  /// The state dimensions that a subgoal speaks of.
  public var space: SubgoalSpace = .full

  /// Whether a subgoal is a wanted change or a wanted state.
  public var semantics: GoalSemantics = .relative

  /// Half the subgoal range of each dimension, in the state's own units (m, rad, quaternion
  /// components); empty means the task's own.
  public var halfRange: [Double] = []

  /// The published configuration.
  public init() {}
}

/// The state dimensions that a subgoal speaks of.
public enum SubgoalSpace: String, Codable, CaseIterable, Sendable {
  /// All of the robot's position coordinates (Ant: 15).
  case full
  /// The robot's x and y; these then stay in the lower level's observation.
  case xy
}

/// What the numbers of a subgoal g mean.
public enum GoalSemantics: String, Codable, CaseIterable, Sendable {
  /// A change wanted from now on: reward −‖φ(s) + g − φ(s′)‖, and g follows h (paper, equation 2).
  case relative
  /// A state wanted: reward −‖g − φ(s′)‖, and g stays.
  case absolute
}

/// How the subgoal of a stored higher-level transition is replaced before learning from it.
public struct CorrectionConfiguration: Codable, Equatable, Sendable {
  /// The kind of relabelling.
  public var kind: CorrectionKind = .candidates

  /// Candidates of kind `candidates` drawn at random; the mean and the original come on top.
  public var randomCandidates: Int = 8

  /// Standard deviation of the random candidates around the achieved change, as a fraction of the
  /// half range.
  public var candidateNoise: Double = 0.5

  /// Standard deviation of the noise of kind `mean`, as a fraction of the half range.
  public var meanNoise: Double = 0.1

  /// The published configuration.
  public init() {}
}

/// The kind of relabelling of old higher-level transitions.
public enum CorrectionKind: String, Codable, CaseIterable, Sendable {
  /// The candidate that best explains the lower level's stored actions (paper, section 3.3).
  case candidates
  /// The stored subgoal as it is.
  case none
  /// The change that was achieved, plus noise: the paper's FuN-style relabelling.
  case mean
}

/// The constants of one level's TD3.
public struct LevelConfiguration: Codable, Equatable, Sendable {
  /// Units of each of the two hidden layers.
  public var hiddenUnits: Int = 300

  /// Adam's step size for the actor.
  public var actorLearningRate: Double = 1e-4

  /// Adam's step size for the critics.
  public var criticLearningRate: Double = 1e-3

  /// Adam's decay of the first moment.
  public var adamBeta1: Double = 0.9

  /// Adam's decay of the second moment.
  public var adamBeta2: Double = 0.999

  /// Adam's ε.
  public var adamEpsilon: Double = 1e-8

  /// γ, per transition of this level.
  public var discount: Double = 0.99

  /// Standard deviation of the exploration noise, in action units.
  public var explorationNoise: Double = 1

  /// Standard deviation of the target policy's smoothing noise, in action units.
  public var targetNoise: Double = 0.2

  /// Bound of the smoothing noise, in action units.
  public var targetNoiseClip: Double = 0.5

  /// The actor and the target networks are updated every so many critic updates.
  public var policyDelay: Int = 2

  /// τ: how far the target networks move towards the learned ones at each of their updates.
  public var targetUpdateRate: Double = 0.005

  /// δ of the Huber loss of the critics.
  public var huberDelta: Double = 1

  /// What rewards are multiplied with before they are learned from.
  public var rewardScale: Double

  /// Transitions in a batch.
  public var batchSize: Int = 100

  /// Transitions that the replay buffer holds.
  public var replayCapacity: Int = 200_000

  /// The published configuration, with the level's own reward scale.
  public init(rewardScale: Double) {
    self.rewardScale = rewardScale
  }
}
