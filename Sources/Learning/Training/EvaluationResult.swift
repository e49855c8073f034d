/// The result of an evaluation.
public struct EvaluationResult: Sendable, Equatable {
  /// The name of the task.
  public let task: String
  /// The seed of the episodes.
  public let seed: UInt64
  /// The summary of the episodes of all targets.
  public let overall: Summary
  /// The summary of each target's episodes.
  public let targets: [TargetSummary]
  /// Every episode.
  public let episodes: [Evaluation.Episode]

  /// A summary of several episodes.
  public struct Summary: Sendable, Equatable {
    /// The number of episodes.
    public let episodes: Int
    /// The proportion of successes at the end, as in the paper; `nil` in a task with a score only.
    public let success: Proportion?
    /// The proportion of successes at any time, which HRAC and LESSON report; `nil` as above.
    public let successAtAnyTime: Proportion?
    /// The mean distance from the target at the end (m).
    public let meanFinalDistance: Double?
    /// The mean sum of rewards; in Ant Gather this is the score.
    public let meanReturn: Double
    /// The standard error of ``meanReturn``.
    public let returnStandardError: Double?
    /// Episodes at whose end the robot lay on its back; `nil` for a robot that can't.
    public let overturned: Int?
    /// Episodes in which the simulation became unstable.
    public let diverged: Int

    init(_ episodes: [Evaluation.Episode]) {
      self.episodes = episodes.count
      func proportion(_ successes: [Bool]) -> Proportion? {
        successes.isEmpty
          ? nil : Proportion(successes: successes.count { $0 }, of: successes.count)
      }
      success = proportion(episodes.compactMap(\.isSuccess))
      successAtAnyTime = proportion(episodes.compactMap(\.isSuccessAtAnyTime))
      meanFinalDistance = episodes.compactMap(\.finalDistance).mean
      let returns = episodes.map(\.episodeReturn)
      meanReturn = returns.mean ?? 0
      returnStandardError = returns.standardError
      let overturns = episodes.compactMap(\.isOverturned)
      overturned = overturns.isEmpty ? nil : overturns.count { $0 }
      diverged = episodes.count { $0.isDiverged }
    }
  }

  /// The episodes of one target.
  public struct TargetSummary: Sendable, Equatable {
    /// The target.
    public let target: Evaluation.Target
    /// The summary of the target's episodes.
    public let summary: Summary
  }

  package init(evaluation: Evaluation, episodes: [Evaluation.Episode]) {
    task = evaluation.task.name
    seed = evaluation.seed
    self.episodes = episodes
    overall = Summary(episodes)
    targets = evaluation.targets.enumerated().map { index, target in
      TargetSummary(target: target, summary: Summary(episodes.filter { $0.target == index }))
    }
  }
}

extension EvaluationResult: Encodable {
  private enum CodingKeys: String, CodingKey {
    case task, seed, overall, targets, episodes
  }

  /// Encodes the numbers under the names that `hiro evaluate --json` documents.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(task, forKey: .task)
    try container.encode(seed, forKey: .seed)
    try container.encode(overall, forKey: .overall)
    try container.encode(targets, forKey: .targets)
    try container.encode(episodes, forKey: .episodes)
  }
}

extension EvaluationResult.TargetSummary: Encodable {
  private enum CodingKeys: String, CodingKey {
    case name, target
  }

  /// Encodes the target and, in the same object, the summary of its episodes.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(target.name, forKey: .name)
    try container.encode(target.position, forKey: .target)
    try summary.encode(to: encoder)
  }
}

extension EvaluationResult.Summary: Encodable {
  private enum CodingKeys: String, CodingKey {
    case episodes
    case success
    case successInterval = "success_interval_95"
    case successAtAnyTime = "success_at_any_time"
    case meanFinalDistance = "mean_final_distance"
    case meanReturn = "mean_return"
    case returnStandardError = "return_standard_error"
    case overturned
    case diverged
  }

  /// Encodes the numbers; what a task does not have is `null`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(episodes, forKey: .episodes)
    try container.encode(success?.value, forKey: .success)
    try container.encode(
      success.map { [$0.interval.lowerBound, $0.interval.upperBound] }, forKey: .successInterval)
    try container.encode(successAtAnyTime?.value, forKey: .successAtAnyTime)
    try container.encode(meanFinalDistance, forKey: .meanFinalDistance)
    try container.encode(meanReturn, forKey: .meanReturn)
    try container.encode(returnStandardError, forKey: .returnStandardError)
    try container.encode(overturned, forKey: .overturned)
    try container.encode(diverged, forKey: .diverged)
  }
}
