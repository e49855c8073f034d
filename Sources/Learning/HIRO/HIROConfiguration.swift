/// Every constant of HIRO, with its authors' published value as the default, except ``schedule``.
///
/// Sources: Nachum et al. 2018 (arXiv 1805.08296), Fujimoto et al. 2018 (TD3, arXiv 1802.09477),
/// and the authors' published configuration, which wins where they differ.
public struct HIROConfiguration: Equatable, Sendable {
  /// Two levels, or one TD3 agent on the environment's own reward.
  public var hierarchy: Hierarchy = .hiro

  /// How collecting and learning are interleaved.
  public var schedule: Schedule = .pipelined

  /// Environment steps before the first update.
  public var warmUpSteps: Int = 2_500

  /// The policy that acts in the steps before the first update, and to the end of the window in
  /// which they end.
  public var warmUpPolicy: WarmUpPolicy = .untrained

  /// Environment steps at the start in which the lower level learns on subgoals drawn uniformly
  /// from the subgoal range, and the higher level neither acts nor learns; 0 is the paper's HIRO.
  /// The decision at their end is still drawn.
  public var pretrainingSteps: Int = 0

  /// Fraction of training episodes in which both levels act without exploration noise and held
  /// places, in [0, 1]; 0 is the paper's HIRO. During the pre-training only the lower level's noise
  /// is left out. Noise sooner or later frees a policy that is stuck, so that without such episodes
  /// nothing in training shows how the policy does in an evaluation.
  public var quietEpisodes: Double = 0

  /// A training episode in which the robot has been on its back for this many steps is truncated,
  /// as at a time limit, once the steps of the run are a multiple of `subgoals.interval`: at the
  /// next decision of the higher level, unless an earlier episode ended between two decisions. 0,
  /// the paper's HIRO, lets the robot lie to the end. Most robots can't get up again, and what they
  /// see on their back teaches little: the sooner they start anew, the more they see of what makes
  /// them fall. Evaluations are not affected, nor is a robot that moves in the plane.
  public var overturnedSteps: Int = 0

  /// A training episode in which the robot has not moved more than a metre away from a place for
  /// this many steps is truncated, at the same steps as with ``overturnedSteps``; 0, the paper's
  /// HIRO, lets the robot stand to the end. In a dead end, such as the chasm of Ant Fall, the robot
  /// stands for most of an episode, and what it sees there teaches little; the same is true of
  /// standing at the target. Evaluations are not affected.
  public var standstillSteps: Int = 0

  /// A training episode in which the robot is more than this many metres below its start ends, at
  /// the same steps as with ``overturnedSteps``. The higher level's transition is then terminal:
  /// there is nothing to gain from there on. 0, the paper's HIRO, lets the episode go on. No way
  /// leads up from the chasm of Ant Fall, of which the lower level can't know, so that what it sees
  /// of a fall into the chasm only spoils its walk. Evaluations are not affected, nor is a robot
  /// that moves in the plane.
  public var deepestDrop: Double = 0

  /// The subgoals that the higher level sets for the lower level.
  public var subgoals = SubgoalConfiguration()

  /// How old higher-level transitions are relabelled.
  public var correction = CorrectionConfiguration()

  /// Fraction of sampled lower-level transitions whose subgoal is replaced by one that the
  /// trajectory reached before the next decision, in [0, 1]; 0 is the paper's HIRO.
  public var lowerHindsight: Double = 0

  /// The level that drives the joints. With `hierarchy: flat`, the one agent.
  public var lower = LowerLevelConfiguration()

  /// The level that sets subgoals. With `hierarchy: flat`, only its `rewardScale` is used.
  public var higher = HigherLevelConfiguration()

  /// Makes the published configuration, except for ``schedule``.
  public init() {}
}

/// Whether a higher level sets subgoals for a lower one.
public enum Hierarchy: String, Codable, CaseIterable, Sendable {
  /// Two levels, as in the paper.
  case hiro
  /// One TD3 agent that sees the observation and the target and earns the environment's reward.
  case flat
}

/// How collecting experience and learning are interleaved; results depend on the seed alone.
public enum Schedule: String, Codable, CaseIterable, Sendable {
  /// One step, then one lower update, and a higher update every `subgoals.interval` steps. The
  /// published code makes the step and the lower update in one call, in no fixed order.
  case sequential
  /// In windows of `subgoals.interval` steps: one window is collected with a snapshot of the
  /// policies while the updates owed for the window before it are made.
  case pipelined
}

/// Who acts in the steps before the first update.
public enum WarmUpPolicy: String, Codable, CaseIterable, Sendable {
  /// The untrained networks with exploration noise, as published.
  case untrained
  /// No policy: actions and subgoals are drawn uniformly from their ranges.
  case uniform
}

/// What a subgoal is and how it moves between two decisions of the higher level.
public struct SubgoalConfiguration: Equatable, Sendable {
  /// c: environment steps from one decision of the higher level to the next.
  public var interval: Int = 10

  /// The state dimensions to which a subgoal refers.
  public var space: SubgoalSpace = .full

  /// Whether a subgoal is a wanted change or a wanted state.
  public var semantics: GoalSemantics = .relative

  /// Half the subgoal range of each dimension, in the state's own units (m, rad, quaternion
  /// components); empty means the task's own.
  public var halfRange: [Double] = []

  /// The published configuration.
  public init() {}
}

/// The state dimensions to which a subgoal refers.
public enum SubgoalSpace: String, Codable, CaseIterable, Sendable {
  /// All numbers that the task's subgoals have: the Ant's 15 position coordinates, the Point's x
  /// and y.
  case full
  /// The robot's x and y.
  case xy
  /// The robot's x, y and z; needs a robot that can leave the plane.
  case xyz

  /// Numbers in a subgoal; nil if the task decides it.
  var count: Int? {
    switch self {
    case .full: nil
    case .xy: 2
    case .xyz: 3
    }
  }
}

/// What the numbers of a subgoal g mean.
public enum GoalSemantics: String, Codable, CaseIterable, Sendable {
  /// A wanted change: reward −‖φ(s) + g − φ(s′)‖; g follows the transition h (paper, equation 2).
  case relative
  /// A wanted state: reward −‖g − φ(s′)‖, and g does not move.
  case absolute
}

/// How the subgoal of a stored higher-level transition is replaced before learning from it.
public struct CorrectionConfiguration: Equatable, Sendable {
  /// The kind of relabelling.
  public var kind: CorrectionKind = .candidates

  /// Random candidates of kind `candidates`, in addition to the achieved change and the original.
  public var randomCandidates: Int = 8

  /// Standard deviation of the random candidates around the achieved change, as a fraction of the
  /// half range.
  public var candidateNoise: Double = 0.5

  /// Fraction of a batch that is relabelled anew, in (0, 1]; the rest keeps the subgoals of its
  /// last relabelling, or the original ones. Most of an update's time is spent on relabelling, and
  /// a chosen subgoal stays the best one for a while. 1 is the paper's HIRO.
  public var refreshed: Double = 1

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

/// The level that drives the joints: its TD3, its reward and what it sees.
@dynamicMemberLookup
public struct LowerLevelConfiguration: Equatable, Sendable {
  /// The constants of the level's TD3.
  public var learner = LevelConfiguration(rewardScale: 1)

  /// The level's reward for a step.
  public var reward: LowerReward = .distance

  /// The subgoal from which the value of the next state is taken.
  public var nextSubgoal: NextSubgoal = .fresh

  /// A known upper bound of the level's values.
  public var valueBound: ValueBound = .none

  /// Whether the level sees where the robot is (x, y).
  public var place: PlaceVisibility = .automatic

  /// The frame in which the level sees the world.
  public var frame: LowerFrame = .world

  /// Fraction of sampled transitions whose subgoal is drawn anew, uniformly from the subgoal range,
  /// in [0, 1]: a stored step also teaches how to reach other subgoals. 0 is the paper's HIRO.
  public var otherSubgoals: Double = 0

  /// The cost of leaning and falling over, for each step: the reward is reduced by
  /// fallCost · max(0, cos 45° − cos θ)/(cos 45° + 1), where θ is the angle between the robot's own
  /// vertical and the world's: nothing up to 45°, fallCost upside down; in the units of the
  /// subgoals (m), before the reward scale. Most robots can't get up again, so a fall costs the
  /// rest of the episode; but a short discount sees little of that, so that a little more speed
  /// seems worth the risk. With subgoals in the whole state the higher level could ask for an
  /// upright body; with subgoals in the plane it can't. 0 is the paper's HIRO. A robot that moves
  /// in the plane is always upright.
  public var fallCost: Double = 0

  /// Fraction of sampled transitions that are drawn only from the steps in which the robot leans by
  /// more than 45° without lying on its back, and the 15 steps before, in [0, 1]. Such steps are one
  /// in a hundred, and the actions in them decide whether the episode goes on. 0 is the paper's
  /// HIRO.
  public var nearFalls: Double = 0

  /// The published configuration.
  public init() {}

  /// The constants of the level's TD3, by their own names.
  public subscript<Value>(
    dynamicMember path: WritableKeyPath<LevelConfiguration, Value>
  ) -> Value {
    get { learner[keyPath: path] }
    set { learner[keyPath: path] = newValue }
  }
}

/// What the lower level earns for a step from s to s′ under the subgoal g.
public enum LowerReward: String, Codable, CaseIterable, Sendable {
  /// r = −‖φ(s) + g − φ(s′)‖: minus the distance that remains (paper, equation 3).
  case distance
  /// r = ‖g‖ − ‖φ(s) + g − φ(s′)‖: the distance gained. With `nextSubgoal: transition` it is
  /// 1 − γ times the published reward, shaped by the potential −‖g‖ (Ng et al. 1999): the same
  /// optimal policy, but values of a few metres instead of a thousand.
  case progress
}

/// The subgoal g′ from which the value Q(s′, g′) of the next state is taken.
public enum NextSubgoal: String, Codable, CaseIterable, Sendable {
  /// What the lower level really saw next: h(s, g, s′), or a new subgoal after a decision of the
  /// higher level (the published code).
  case fresh
  /// Always h(s, g, s′) (the paper's section 3.1): the lower level learns to reach its own subgoal,
  /// whatever the next one will be.
  case transition
}

/// Whether the lower level sees where the robot is (x, y).
public enum PlaceVisibility: String, Codable, CaseIterable, Sendable {
  /// As published: visible with subgoals in `xy`, hidden otherwise.
  case automatic
  /// Never: what is learned in one place holds everywhere.
  case hidden
  /// Always.
  case visible
}

/// The frame in which the lower level sees subgoals, orientation and velocity.
public enum LowerFrame: String, Codable, CaseIterable, Sendable {
  /// The world's, as published.
  case world
  /// Turned about the vertical with the robot's heading, so that what is learned facing one way is
  /// valid for every other. The motion of a robot does not depend on its heading: only the
  /// direction of walls is lost, and the lower level does not see these anyway. Needs relative
  /// subgoals and a robot with a heading.
  case heading
  /// As `heading`, for a robot that is the same from four sides; in addition, the side that faces
  /// the subgoal is called the front, so that what is learned walking one way is valid for every
  /// other. Needs a task that says so of its robot, such as those of the Ant.
  case quadrant
  /// The last of these cases that the robot and the subgoals allow.
  case automatic
}

/// The level that sets subgoals: its TD3, how it explores, and what it learns from.
@dynamicMemberLookup
public struct HigherLevelConfiguration: Equatable, Sendable {
  /// The constants of the level's TD3.
  public var learner = LevelConfiguration(rewardScale: 0.1)

  /// The level's reward for the steps from one of its decisions to the next.
  public var reward: HigherReward = .sum

  /// The frame in which the level sees the world and sets subgoals.
  public var frame: HigherFrame = .world

  /// A known upper bound of the level's values.
  public var valueBound: ValueBound = .none

  /// How many earlier places the level sees besides the state: the robot's x and y of 1, 2, 4, …
  /// decisions ago, or of the start of the episode, minus the current x and y (m). What the
  /// observation does not show, such as where a block is, follows from where the robot has been. 0
  /// is the paper's HIRO.
  public var pastPlaces: Int = 0

  /// n of the n-step returns that the critics learn: Σ γⁱ R_{t+i} over n decisions of the episode,
  /// then γⁿ Q of the state after them. A value that is bootstrapped from the next state loses what
  /// the observation does not show, such as where a block is; the return over several decisions
  /// does not. 1 is the paper's HIRO, and is also used for a transition whose target or
  /// surroundings are drawn anew (`otherTargets`, `otherSurroundings`). The sum ends before a
  /// decision in which exploration held a place. The decisions after the first are those of an
  /// older policy: a large replay buffer (`replayCapacity`) and a large n do not go together.
  public var nStep: Int = 1

  /// Updates for each decision of the level.
  public var updatesPerDecision: Int = 1

  /// Fraction of a batch whose target is drawn anew and whose reward is computed for the new
  /// target, in [0, 1]; 0 is the paper's HIRO.
  public var otherTargets: Double = 0

  /// Where the new targets are drawn.
  public var otherTargetPlaces: TargetPlaces = .training

  /// Fraction of the new targets that are the task's own evaluation target, in [0, 1].
  public var evaluationTargets: Double = 0

  /// Fraction of a batch whose surroundings are drawn anew, such as the apples and bombs of Ant
  /// Gather, in [0, 1]: what the robot would have sensed and earned there follows from the way that
  /// it went. One stored step among a thousand different sets of apples gives a thousand lessons in
  /// where to go. 0 is the paper's HIRO. Refused in a task that can't compute what other
  /// surroundings would have given.
  public var otherSurroundings: Double = 0

  /// ρ: how strongly the exploration noise of successive decisions is correlated, in [0, 1);
  /// ε_t = ρ ε_{t−1} + √(1 − ρ²) N(0, σ²), so that the standard deviation is σ for every ρ. 0 is
  /// the paper's HIRO. If only several decisions in the same direction make a difference, as in
  /// keeping clear of a block, uncorrelated noise does not find this out; and with n-step returns,
  /// what the noise does later counts for the decision with which it began.
  public var noiseCorrelation: Double = 0

  /// Probability that a decision's subgoal is drawn uniformly from the subgoal range, in [0, 1]; 0
  /// is the paper's HIRO. A subgoal 10 m ahead is still ahead with noise: at the end of a way that
  /// few episodes reach, nothing else shows what comes of turning round (after DDPG with hindsight,
  /// Andrychowicz et al. 2017, where a fifth of the actions are drawn uniformly).
  public var randomSubgoals: Double = 0

  /// Probability that a decision begins to hold a place: it draws a place, as `holdPlaces` says,
  /// and asks for this same place in the decisions that follow (after εz-greedy, Dabney et al.
  /// 2021); 0 is the paper's HIRO.
  public var holdProbability: Double = 0

  /// The same probability for the first decision of an episode, if larger. What can't be undone,
  /// such as pushing a block to where it jams, is done in the first decisions: exploration that
  /// begins later comes too late.
  public var holdAtStart: Double = 0

  /// Fraction of the training episodes with noise in which places are held at all, in [0, 1]. In
  /// the other episodes the policy acts with noise only, so that the returns over several decisions
  /// (`nStep`) are those of the policy.
  public var holdEpisodes: Double = 1

  /// The largest number of places held in an episode; 0 for any number.
  public var holdsPerEpisode: Int = 0

  /// The longest time for which a place is held (decisions); each number from 1 to this is equally
  /// likely.
  public var longestHold: Int = 15

  /// The largest distance in x and in y of a place drawn around the robot (m).
  public var holdReach: Double = 10

  /// Where the held places are drawn.
  public var holdPlaces: HoldPlaces = .around

  /// β: a decision that ends in a place where N decisions have been made so far earns β/N more
  /// (Kolter and Ng 2009), in the units of the level's rewards before they are scaled; N counts the
  /// decisions in the same square of 2 m, up to 2 km from the origin. 0 is the paper's HIRO. The level seeks a place that takes
  /// several decisions to reach as it seeks the target, until the place is well known. A
  /// `valueBound` limits the values with this reward as all others.
  public var noveltyReward: Double = 0

  /// Whether any setting needs to know how often the level has decided in which place.
  var notesPlaces: Bool { noveltyReward > 0 || holdsPlaces && holdPlaces == .rare }

  /// Whether places are ever held.
  var holdsPlaces: Bool { holdProbability > 0 || holdAtStart > 0 }

  /// The published configuration.
  public init() {}

  /// The constants of the level's TD3, by their own names.
  public subscript<Value>(
    dynamicMember path: WritableKeyPath<LevelConfiguration, Value>
  ) -> Value {
    get { learner[keyPath: path] }
    set { learner[keyPath: path] = newValue }
  }
}

/// Where exploration draws the places that it holds.
public enum HoldPlaces: String, Codable, CaseIterable, Sendable {
  /// Uniformly around the robot, up to `holdReach` away in x and in y.
  case around
  /// Where the robot has seldom been, or just beyond: around a visited cell, drawn with a
  /// probability inversely proportional to the number of decisions in it (see `VisitedPlaces`). A
  /// place that has been reached is not held any longer. This finds what is only at the end of a
  /// long way round (after Go-Explore, Ecoffet et al. 2021).
  case rare
}

/// The frame in which the higher level sees the world and sets subgoals.
public enum HigherFrame: String, Codable, CaseIterable, Sendable {
  /// The world's, as published.
  case world
  /// Turned about the vertical with the robot's heading, the place and the target about the origin;
  /// the orientation stays as it is, so that no information is lost. If the robot senses the
  /// directions of things from its own body, such as those of the apples of Ant Gather, a subgoal
  /// at a thing has the same direction; in the world's frame the networks have to learn this turn.
  /// The range of a subgoal is in this frame. Needs relative subgoals and a robot with a heading.
  case heading
}

/// Where the new targets of stored transitions are drawn.
public enum TargetPlaces: String, Codable, CaseIterable, Sendable {
  /// As in training.
  case training
  /// Where the robot was in a stored step, each step equally likely. With one training target there
  /// are no other training targets; this way the way to it is learned together with the ways to all
  /// places seen (hindsight, Andrychowicz et al. 2017, with targets from the whole replay buffer).
  case visited
}

/// What the higher level earns for the steps from s_t to s_{t+c}.
public enum HigherReward: String, Codable, CaseIterable, Sendable {
  /// Σ R: the sum of the environment's rewards (published).
  case sum
  /// d(s_t) − d(s_{t+c}): the distance gained towards the target, which is 1 − γ times the
  /// published reward, taken at decisions, shaped by the potential −d. Only for tasks with a target.
  case progress
}

/// A known upper bound of a level's values.
public enum ValueBound: String, Codable, CaseIterable, Sendable {
  /// Nothing (published).
  case none
  /// The distance d(s), for the higher level to the target, for the lower level to the subgoal.
  /// Needs rewards that are progress: then Σ γᵗ (d_t − d_{t+1}) = d_0 − (1 − γ) Σ γᵗ d_{t+1} ≤ d_0
  /// for every policy. So the value that is bootstrapped from is limited to d(s′), and critics that
  /// have seen little can't drive each other's values up. The lower level also needs
  /// `nextSubgoal: transition`.
  case distance
}

/// The constants of one level's TD3.
public struct LevelConfiguration: Equatable, Sendable {
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

  /// The unit of the three noise settings below.
  public var noiseUnits: ActionUnits = .absolute

  /// Standard deviation of the exploration noise, in ``noiseUnits``.
  public var explorationNoise: Double = 1

  /// Standard deviation of the target policy's smoothing noise, in ``noiseUnits``.
  public var targetNoise: Double = 0.2

  /// Bound of the smoothing noise, in ``noiseUnits``.
  public var targetNoiseClip: Double = 0.5

  /// The unit of actions as the critics see them: the task's units (published), or the limits. Next
  /// to angles of 1 rad, a step of Adam is thirty times as large for a torque of 30.
  public var criticActions: ActionUnits = .absolute

  /// How the critics' hidden layers are normalised before the ReLU.
  public var criticNormalisation: Normalisation = .none

  /// λ: the loss of the actor gets the term λ·Σ u², averaged over the batch, u the outputs before
  /// the tanh, so that these do not drift to where tanh is flat; 0 is TD3. In units of the value.
  public var outputPenalty: Double = 0

  /// How the values of the two target critics are combined into one.
  public var targetValue: TargetValue = .minimum

  /// ρ: after each update of the actor θ, its average becomes θ̄ ← θ̄ + ρ (θ − θ̄), and θ̄ is the
  /// actor that is evaluated and saved; 0 is TD3, where θ itself is.
  public var averagingRate: Double = 0

  /// Critic updates for each update of the actor and of the target networks.
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

/// How a hidden layer is normalised.
public enum Normalisation: String, Codable, CaseIterable, Sendable {
  /// Not at all (published).
  case none
  /// Over the units of the layer, to mean 0 and variance 1, for each input separately (layer
  /// normalisation, Ba et al. 2016): values stay bounded for inputs far from all that was seen.
  case layer
}

/// The unit of a level's actions, or of its noise.
public enum ActionUnits: String, Codable, CaseIterable, Sendable {
  /// The action's own units, the same number for each of its dimensions (published).
  case absolute
  /// The limit of each dimension of the action.
  case limits
}

/// How the values of the two target critics are combined into the one that is bootstrapped from.
public enum TargetValue: String, Codable, CaseIterable, Sendable {
  /// The smaller one (TD3).
  case minimum
  /// Their mean.
  case mean
}
