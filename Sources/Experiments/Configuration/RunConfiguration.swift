import Learning

/// Everything that decides what a training run computes, as `config.yaml` holds it.
///
/// A file is less nested than these types: the fields of `HIROConfiguration` stand directly beside
/// the run's own, and the fields of a level's learner directly beside the level's own: `lower:
/// {discount: 0.95}`, not `learning: {lower: …}`. ``Setting`` lists the keys.
public struct RunConfiguration: Equatable, Sendable {
  /// The task's name, as `hiro list tasks` prints it.
  public var task = "ant-maze"

  /// Environment steps to train for; the paper's run length.
  public var steps = 10_000_000

  /// The seed from which every random stream of the run derives.
  public var seed: UInt64 = 0

  /// Environment steps from one row of the learning curves to the next.
  public var reportInterval = 5_000

  /// When and how the policy is measured.
  public var evaluation = EvaluationConfiguration()

  /// When the run's state is saved.
  public var checkpoint = CheckpointConfiguration()

  /// What is learned, and how.
  public var learning = HIROConfiguration()

  /// The paper's run on Ant Maze.
  public init() {}
}

/// When and how the policy is measured during training.
public struct EvaluationConfiguration: Equatable, Sendable {
  /// Environment steps from one evaluation to the next.
  public var interval = 50_000

  /// Episodes per evaluation target, without exploration noise.
  public var episodes = 10

  /// Episodes, to the task's own target, in which a policy that looks like the best so far is
  /// evaluated a second time before it is kept as the best: a success in ten episodes may be luck.
  /// 0 for no second evaluation.
  public var confirmationEpisodes = 0

  /// Ends the run once the policy's success on the task's own target is this high; 0 for never.
  public var stopAtSuccess = 0.0

  /// The defaults.
  public init() {}
}

/// When the run's state is saved.
public struct CheckpointConfiguration: Equatable, Sendable {
  /// Minutes from one checkpoint to the next.
  public var minutes = 10.0

  /// The defaults.
  public init() {}
}
