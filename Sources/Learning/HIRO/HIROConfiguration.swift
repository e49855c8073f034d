/// Every constant of HIRO, with the value its authors published as the default.
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

  /// Who acts in these steps.
  public var warmUpPolicy: WarmUpPolicy = .untrained

  /// Environment steps at the start in which the lower level learns on subgoals drawn uniformly
  /// from the subgoal range, and the higher level neither acts nor learns; 0 is the paper's HIRO.
  public var pretrainingSteps: Int = 0

  /// Fraction of training episodes, after the pre-training, in which both levels act without
  /// exploration noise and held places, in [0, 1]; 0 is the paper's HIRO. A policy that is held up
  /// somewhere is freed by noise sooner or later, so that without such episodes nothing that is learned
  /// tells how it fares in an evaluation.
  public var quietEpisodes: Double = 0

  /// A training episode in which the robot has lain on its back for so many steps ends with the next
  /// decision of the higher level, as at a time limit; 0, the paper's HIRO, lets it lie to the end. Most
  /// robots can't get up again, and what is seen on the back teaches little: the sooner they start anew,
  /// the more they see of what makes them fall. Evaluations know nothing of it. Without effect on a robot
  /// that moves in the plane.
  public var overturnedSteps: Int = 0

  /// A training episode in which the robot has not come more than a metre away from a place for so many
  /// steps ends with the next decision of the higher level, as at a time limit; 0, the paper's HIRO, lets it
  /// stand to the end. In a dead end, such as the chasm of Ant Fall, it stands for most of an episode, and
  /// what is seen there teaches little; nor does standing at the target. Evaluations know nothing of it.
  public var standstillSteps: Int = 0

  /// A training episode in which the robot has come more than so many metres below where it began ends with
  /// the next decision of the higher level, and there is nothing to gain from there on: the transition is
  /// terminal; 0, the paper's HIRO, lets it go on. From the chasm of Ant Fall no way leads up, and what the
  /// lower level sees of a fall into it, which it can't know of, only spoils its walk. Evaluations know
  /// nothing of it. Without effect on a robot that moves in the plane.
  public var deepestDrop: Double = 0

  /// What the higher level asks of the lower one.
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

/// Who acts in the steps before the first update.
public enum WarmUpPolicy: String, Codable, CaseIterable, Sendable {
  /// The untrained networks with exploration noise, as published.
  case untrained
  /// Nobody: actions and subgoals are drawn uniformly from their ranges.
  case uniform
}

/// What a subgoal is and how it moves between two decisions of the higher level.
public struct SubgoalConfiguration: Equatable, Sendable {
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
  /// The robot's x and y.
  case xy
  /// The robot's x, y and z; needs a robot that can leave the plane.
  case xyz

  /// Numbers in a subgoal, where the space decides it.
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
  /// A change wanted from now on: reward −‖φ(s) + g − φ(s′)‖, and g follows h (paper, equation 2).
  case relative
  /// A state wanted: reward −‖g − φ(s′)‖, and g stays.
  case absolute
}

/// How the subgoal of a stored higher-level transition is replaced before learning from it.
public struct CorrectionConfiguration: Equatable, Sendable {
  /// The kind of relabelling.
  public var kind: CorrectionKind = .candidates

  /// Candidates of kind `candidates` drawn at random; the mean and the original come on top.
  public var randomCandidates: Int = 8

  /// Standard deviation of the random candidates around the achieved change, as a fraction of the
  /// half range.
  public var candidateNoise: Double = 0.5

  /// Fraction of a batch that is relabelled anew, in (0, 1]; the rest keeps the subgoals that it was
  /// given last, or the original ones. Most of an update's time is spent here, and a choice stays the
  /// best for a while: 1 is the paper's HIRO.
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

/// The level that drives the joints: its TD3, and what is asked of it.
@dynamicMemberLookup
public struct LowerLevelConfiguration: Equatable, Sendable {
  /// The constants of its TD3.
  public var learner = LevelConfiguration(rewardScale: 1)

  /// What it earns for a step.
  public var reward: LowerReward = .distance

  /// The subgoal from which the value of the next state is taken.
  public var nextSubgoal: NextSubgoal = .fresh

  /// What its values are known not to exceed.
  public var valueBound: ValueBound = .none

  /// Whether it sees where the robot is (x, y).
  public var place: PlaceVisibility = .automatic

  /// The frame in which it sees the world.
  public var frame: LowerFrame = .world

  /// Fraction of sampled transitions whose subgoal is drawn anew, uniformly from the subgoal range,
  /// in [0, 1]: what the robot did is also a lesson in going elsewhere. 0 is the paper's HIRO.
  public var otherSubgoals: Double = 0

  /// What falling over costs the robot for each step: r loses fallCost · max(0, cos 45° − cos θ)/(cos 45° + 1),
  /// where θ is the angle between the robot's own vertical and the world's: nothing up to 45°, fallCost
  /// upside down; in the units of the subgoals (m), before the reward scale. Most robots can't get up
  /// again: a fall costs the rest of the episode, of which a short discount sees little, so that a
  /// little more speed seems worth it. With subgoals in the whole state the higher level could ask for an
  /// upright body, with subgoals in the plane it can't. 0 is the paper's HIRO. A robot that moves in the
  /// plane is always upright.
  public var fallCost: Double = 0

  /// Fraction of sampled transitions that are drawn from those of the last 15 steps
  /// before the robot leaned by more than 45°, and not from all, in [0, 1]. Such steps are one in a
  /// hundred, and what is done in them decides whether the episode goes on. 0 is the paper's HIRO.
  public var nearFalls: Double = 0

  /// The published configuration.
  public init() {}

  /// The constants of its TD3, by their own names.
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
  /// r = ‖g‖ − ‖φ(s) + g − φ(s′)‖: the distance gained. With `nextSubgoal: transition` it is the
  /// published reward shaped by the potential −‖g‖ (Ng et al. 1999): the same best policy, and
  /// values of some metres instead of a thousand.
  case progress
}

/// The subgoal g′ from which the value Q(s′, g′) of the next state is taken.
public enum NextSubgoal: String, Codable, CaseIterable, Sendable {
  /// What the lower level really saw next: h(s, g, s′), or a new subgoal after a decision of the
  /// higher level (the published code).
  case fresh
  /// h(s, g, s′) always (the paper's section 3.1): the lower level learns to reach its subgoal, whoever
  /// sets the next one.
  case transition
}

/// Whether the lower level sees where the robot is (x, y).
public enum PlaceVisibility: String, Codable, CaseIterable, Sendable {
  /// As published: in sight with subgoals in `xy`, hidden otherwise.
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
  /// Turned about the vertical with the robot's heading: what is learned facing one way holds facing
  /// every other. The motion of a robot does not depend on its heading, so that nothing is lost but
  /// where the walls are, of which the lower level knows nothing anyway. Needs relative subgoals
  /// and a robot with a heading.
  case heading
  /// As `heading`; and of the four sides of a robot that is the same from all of them, the one that
  /// faces the subgoal is called its front: what is learned walking one way holds for every other.
  /// Needs a robot of which the task says so, such as the Ant.
  case quadrant
  /// The last of these that the robot and the subgoals allow.
  case automatic
}

/// The level that sets subgoals: its TD3, how it explores, and what it learns from.
@dynamicMemberLookup
public struct HigherLevelConfiguration: Equatable, Sendable {
  /// The constants of its TD3.
  public var learner = LevelConfiguration(rewardScale: 0.1)

  /// What it earns for the steps from one of its decisions to the next.
  public var reward: HigherReward = .sum

  /// The frame in which it sees the world and sets subgoals.
  public var frame: HigherFrame = .world

  /// What its values are known not to exceed.
  public var valueBound: ValueBound = .none

  /// How many earlier places it sees besides the state: where the robot was 1, 2, 4, … decisions ago, x and
  /// y less x and y now (m), or where the episode began; 0 is the paper's HIRO. What the observation does
  /// not show, such as where a block is, follows from where the robot has been.
  public var pastPlaces: Int = 0

  /// n of the n-step returns that its critics learn: Σ γⁱ R_{t+i} over so many decisions of the episode,
  /// then γⁿ Q of the state after them. What the observation does not show, such as where a block is,
  /// a value that is bootstrapped from the next state forgets; the return over several decisions does
  /// not. 1 is the paper's HIRO, and what is done where a transition has another target than it had
  /// (`otherTargets`). The sum ends before a decision in which exploration
  /// held a place. The decisions after the first are those that were made then, so that a long memory
  /// (`replayCapacity`) and a large n do not go together.
  public var nStep: Int = 1

  /// Updates for each of its decisions.
  public var updatesPerDecision: Int = 1

  /// Fraction of a batch whose target is drawn anew, and whose reward is computed for it, in [0, 1]; 0 is
  /// the paper's HIRO.
  public var otherTargets: Double = 0

  /// Where these are drawn.
  public var otherTargetPlaces: TargetPlaces = .training

  /// Fraction of these for which the task's own evaluation target is taken, in [0, 1].
  public var evaluationTargets: Double = 0

  /// Fraction of a batch whose surroundings are drawn anew, such as the apples and bombs of Ant Gather, in
  /// [0, 1]: what the robot would have sensed and earned among them follows from the way that it went. 0 is
  /// the paper's HIRO. The same step taken a thousand times among other apples is a thousand lessons in where
  /// to go. Refused where nobody can tell what others would have done.
  public var otherSurroundings: Double = 0

  /// ρ: how much of the exploration noise stays from one decision to the next, in [0, 1);
  /// ε_t = ρ ε_{t−1} + √(1 − ρ²) N(0, σ²), so that its size is σ with every ρ. 0 is the paper's HIRO.
  /// Where only several decisions in one direction make a difference, as in keeping clear of a block, white
  /// noise shows none; and with n-step returns what the noise did afterwards counts for the decision that
  /// it began with.
  public var noiseCorrelation: Double = 0

  /// Probability that a decision's subgoal is drawn uniformly from the subgoal range, in [0, 1]; 0 is the
  /// paper's HIRO. Noise about a subgoal 10 m ahead leaves it ahead: what comes of turning round, nothing
  /// tells at the end of a way that few episodes reach (after DDPG with hindsight, Andrychowicz et al. 2017,
  /// where a fifth of the actions are such).
  public var randomSubgoals: Double = 0

  /// Probability that a decision begins to ask for a place drawn uniformly around the robot, and
  /// asks for the same one in the decisions that follow (after εz-greedy, Dabney et al. 2021); 0 is
  /// the paper's HIRO.
  public var holdProbability: Double = 0

  /// The same probability for the first decision of an episode, where that is more. What can't be undone, such
  /// as a block that is pushed to where it jams, is done in the first decisions: exploration that begins later
  /// comes too late.
  public var holdAtStart: Double = 0

  /// Fraction of the training episodes with noise in which places are held at all, in [0, 1]. In the
  /// others the policy acts with nothing but noise, so that the returns over several decisions (`nStep`)
  /// tell of the policy.
  public var holdEpisodes: Double = 1

  /// Places that are held in an episode, at most; 0 for any number.
  public var holdsPerEpisode: Int = 0

  /// The longest time for which such a place is asked for (decisions): each from 1 to this is as
  /// likely.
  public var longestHold: Int = 15

  /// How far in x and in y such a place is at most (m).
  public var holdReach: Double = 10

  /// Where such places are drawn.
  public var holdPlaces: HoldPlaces = .around

  /// β: what a decision earns besides that ends where N decisions were made so far, β/N (Kolter and Ng
  /// 2009), in units of its rewards before they are scaled; N counts those in the same square of 2 m. 0 is the
  /// paper's HIRO. What it takes several decisions to come to is sought as the target is, until it is known.
  /// A `valueBound` cuts it as it cuts everything.
  public var noveltyReward: Double = 0

  /// Whether anything asks how often it has decided in which place.
  var notesPlaces: Bool { noveltyReward > 0 || holdsPlaces && holdPlaces == .rare }

  /// Whether places are ever held.
  var holdsPlaces: Bool { holdProbability > 0 || holdAtStart > 0 }

  /// The published configuration.
  public init() {}

  /// The constants of its TD3, by their own names.
  public subscript<Value>(
    dynamicMember path: WritableKeyPath<LevelConfiguration, Value>
  ) -> Value {
    get { learner[keyPath: path] }
    set { learner[keyPath: path] = newValue }
  }
}

/// Where the places are drawn that exploration asks for again and again.
public enum HoldPlaces: String, Codable, CaseIterable, Sendable {
  /// Uniformly around the robot, up to `holdReach` away in x and in y.
  case around
  /// Where the robot has seldom been, or just beyond: a cell of those that it has been in, each as likely
  /// as its decisions there were few, `VisitedPlaces`. A place that is reached is not asked for any
  /// longer. What is found only at the end of a long way round is found so (after Go-Explore, Ecoffet
  /// et al. 2021).
  case rare
}

/// The frame in which the higher level sees the world and sets subgoals.
public enum HigherFrame: String, Codable, CaseIterable, Sendable {
  /// The world's, as published.
  case world
  /// Turned about the vertical with the robot's heading, the place and the target about the origin; the
  /// orientation is left as it is, so that nothing is lost. What a robot senses by the direction in which it
  /// lies, such as the apples of Ant Gather, is where the subgoal has to be; in the world's frame the
  /// networks have to learn to turn it. Needs relative subgoals and a robot with a heading.
  case heading
}

/// Where other targets than a transition's own are drawn.
public enum TargetPlaces: String, Codable, CaseIterable, Sendable {
  /// As in training.
  case training
  /// Where the robot was in a step that is remembered, each as likely. With one training target there are
  /// no others; so the way to it is learned together with the ways to all that has been seen (hindsight,
  /// Andrychowicz et al. 2017, with targets from the whole memory).
  case visited
}

/// What the higher level earns for the steps from s_t to s_{t+c}.
public enum HigherReward: String, Codable, CaseIterable, Sendable {
  /// Σ R: the sum of the environment's rewards (published).
  case sum
  /// d(s_t) − d(s_{t+c}): the distance to the target that was gained, which is the published reward,
  /// taken at decisions, shaped by the potential −d. Tasks with a target only.
  case progress
}

/// What a level's values are known not to exceed.
public enum ValueBound: String, Codable, CaseIterable, Sendable {
  /// Nothing (published).
  case none
  /// The distance d(s) from the target, or below what is left of the subgoal, where rewards are progress:
  /// whatever is done, Σ γᵗ (d_t − d_{t+1}) = d_0 − (1 − γ) Σ γᵗ d_{t+1} ≤ d_0. So the value that is
  /// bootstrapped from is cut at d(s′), and critics that have seen little can't talk each other up. Below,
  /// the next subgoal must be the one that is left.
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

  /// What the three numbers of noise below are measured in.
  public var noiseUnits: ActionUnits = .absolute

  /// Standard deviation of the exploration noise, in ``noiseUnits``.
  public var explorationNoise: Double = 1

  /// Standard deviation of the target policy's smoothing noise, in ``noiseUnits``.
  public var targetNoise: Double = 0.2

  /// Bound of the smoothing noise, in ``noiseUnits``.
  public var targetNoiseClip: Double = 0.5

  /// What actions are measured in where the critics see them: the task's units (published), or the limits.
  /// A torque of 30 beside angles of 1 rad makes a step of Adam thirty times as large for it.
  public var criticActions: ActionUnits = .absolute

  /// How the critics' hidden layers are normalised before they are rectified.
  public var criticNormalisation: Normalisation = .none

  /// λ: the loss of the actor gets λ·Σ u², in the mean over the batch, with u its outputs before
  /// the tanh, so that they do not drift to where tanh is flat; 0 is TD3. In units of the value.
  public var outputPenalty: Double = 0

  /// What the two target critics' values become one by.
  public var targetValue: TargetValue = .minimum

  /// ρ: the actor that is evaluated and saved is θ̄ ← θ̄ + ρ (θ − θ̄) after each of its updates; 0 is
  /// TD3, where it is θ itself.
  public var averagingRate: Double = 0

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

/// How a hidden layer is normalised.
public enum Normalisation: String, Codable, CaseIterable, Sendable {
  /// Not at all (published).
  case none
  /// Over its units, to mean 0 and variance 1, for each input by itself (layer normalisation, Ba et al.
  /// 2016): values far from all that was seen stay bounded.
  case layer
}

/// What a level's actions, and its noise, are measured in.
public enum ActionUnits: String, Codable, CaseIterable, Sendable {
  /// The action's own units, the same number for each of its dimensions (published).
  case absolute
  /// The limits of each dimension of the action.
  case limits
}

/// How the values of the two target critics become the one that is bootstrapped from.
public enum TargetValue: String, Codable, CaseIterable, Sendable {
  /// The smaller one (TD3).
  case minimum
  /// Their mean.
  case mean
}
