import Learning

/// Everything that decides what a training run computes, as `config.yaml` holds it.
///
/// The fields of ``HIROConfiguration`` stand beside the run's own at the top level, so that a
/// file says `lower: {discount: 0.95}` and not `learning: {lower: …}`.
public struct RunConfiguration: Codable, Equatable, Sendable {
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

  private enum CodingKeys: String, CodingKey {
    case task, steps, seed, reportInterval, evaluation, checkpoint
  }

  /// Decodes the run's own fields and, from the same level, those of the learner.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    task = try container.decode(String.self, forKey: .task)
    steps = try container.decode(Int.self, forKey: .steps)
    seed = try container.decode(UInt64.self, forKey: .seed)
    reportInterval = try container.decode(Int.self, forKey: .reportInterval)
    evaluation = try container.decode(EvaluationConfiguration.self, forKey: .evaluation)
    checkpoint = try container.decode(CheckpointConfiguration.self, forKey: .checkpoint)
    learning = try HIROConfiguration(from: decoder)
  }

  /// Encodes the run's own fields and, at the same level, those of the learner.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(task, forKey: .task)
    try container.encode(steps, forKey: .steps)
    try container.encode(seed, forKey: .seed)
    try container.encode(reportInterval, forKey: .reportInterval)
    try container.encode(evaluation, forKey: .evaluation)
    try container.encode(checkpoint, forKey: .checkpoint)
    try learning.encode(to: encoder)
  }
}

/// When and how the policy is measured during training.
public struct EvaluationConfiguration: Codable, Equatable, Sendable {
  /// Environment steps from one evaluation to the next.
  public var interval = 50_000

  /// Episodes per evaluation target, without exploration noise.
  public var episodes = 10

  /// Episodes to the task's own target in which a policy that looks like the best so far is measured
  /// again before it is kept as the best: ten lucky episodes are no merit. 0 for no second look.
  public var confirmationEpisodes = 0

  /// Ends the run once the policy's success on the task's own target is this high; 0 for never.
  public var stopAtSuccess = 0.0

  /// The defaults.
  public init() {}
}

/// When the run's state is saved.
public struct CheckpointConfiguration: Codable, Equatable, Sendable {
  /// Minutes from one checkpoint to the next.
  public var minutes = 10.0

  /// The defaults.
  public init() {}
}
