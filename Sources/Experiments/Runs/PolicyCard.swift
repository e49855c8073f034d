import Environments
import Files
import Foundation
import Learning

/// The score that a policy reached in an evaluation, and the software used: enough to repeat the
/// evaluation, with exactly the same numbers if the versions and the processor are the same.
public struct PolicyCard: Codable, Equatable, Sendable {
  /// The score; nil if the policy was not evaluated at its step.
  public var score: Score?
  /// The software that the policy was trained or measured with.
  public var software: SoftwareVersions

  /// Creates a card; each parameter sets the property of the same name.
  public init(score: Score?, software: SoftwareVersions) {
    self.score = score
    self.software = software
  }

  /// The result of an evaluation without exploration noise.
  public struct Score: Codable, Equatable, Sendable {
    /// The task.
    public var task: String
    /// Episodes to each target.
    public var episodes: Int
    /// The seed from which the initial states of the episodes derive.
    public var seed: UInt64
    /// One entry for each target, the task's own first; in a task without targets, one entry with
    /// an empty position.
    public var targets: [Target]

    /// The results of the episodes to one target.
    public struct Target: Codable, Equatable, Sendable {
      /// The name of the target.
      public var name: String
      /// The coordinates of the target (m).
      public var position: [Double]
      /// The success rate at the last step, in [0, 1]; nil in a task that counts only the score.
      public var success: Double?
      /// The lower and the upper end of the success rate's 95 % interval (Wilson).
      public var successInterval: [Double]?
      /// The mean distance from the target at the end of an episode (m).
      public var meanFinalDistance: Double?
      /// The mean return.
      public var meanReturn: Double

      /// Creates the results for a target; each parameter sets the property of the same name.
      package init(
        name: String, position: [Double], success: Double?, successInterval: [Double]?,
        meanFinalDistance: Double?, meanReturn: Double
      ) {
        self.name = name
        self.position = position
        self.success = success
        self.successInterval = successInterval
        self.meanFinalDistance = meanFinalDistance
        self.meanReturn = meanReturn
      }
    }

    /// Creates a score; each parameter sets the property of the same name.
    package init(task: String, episodes: Int, seed: UInt64, targets: [Target]) {
      self.task = task
      self.episodes = episodes
      self.seed = seed
      self.targets = targets
    }
  }

  /// Reads the JSON of a file's metadata.
  package init(json: String) throws {
    self = try SnakeCaseJSON.value(Self.self, in: json)
  }

  /// The card as JSON, the same text for the same card.
  package func json() throws -> String { try SnakeCaseJSON.text(self) }
}

extension PolicyCard.Score {
  /// Creates a score from the result of an evaluation.
  public init(_ result: EvaluationResult) {
    task = result.task
    episodes = result.targets.first?.summary.episodes ?? 0
    seed = result.seed
    targets = result.targets.map { entry in
      let success = entry.summary.success
      return Target(
        name: entry.target.name, position: entry.target.position, success: success?.value,
        successInterval: success.map { [$0.interval.lowerBound, $0.interval.upperBound] },
        meanFinalDistance: entry.summary.meanFinalDistance, meanReturn: entry.summary.meanReturn)
    }
  }
}

/// Whether a policy reaches the score on its card when it is evaluated in the same way again.
public struct CardCheck: Sendable, Equatable, Encodable {
  /// Whether every number is the same to the last bit.
  public let isReproduced: Bool
  /// Each number that differs, with its old and its new value.
  public let scoreDifferences: [String]
  /// What differs in the program, the libraries and the processor.
  public let softwareDifferences: [String]

  /// Compares `score`, measured by `software`, with what `card` says.
  public init(_ card: PolicyCard, score: PolicyCard.Score, software: SoftwareVersions = .current) {
    let old = card.score
    isReproduced = old == score
    scoreDifferences = zip(old?.targets ?? [], score.targets).flatMap { old, new in
      let numbers: [(String, Double?, Double?)] = [
        ("success", old.success, new.success),
        ("mean final distance", old.meanFinalDistance, new.meanFinalDistance),
        ("mean return", old.meanReturn, new.meanReturn),
      ]
      let place = score.targets.count > 1 ? " at \(printable(old.name))" : ""
      return numbers.filter { $0.1 != $0.2 }.map { name, old, new in
        "\(name)\(place) was \(old.map { "\($0)" } ?? "none") and is now "
          + "\(new.map { "\($0)" } ?? "none")"
      }
    }
    func difference(_ name: String, _ old: String?, _ new: String?) -> String? {
      old == new
        ? nil : "\(name): \(printable(old ?? "unknown")) then, \(printable(new ?? "unknown")) now"
    }
    let then = card.software
    softwareDifferences = [
      difference("hiro", then.program, software.program),
      difference("commit", then.commit, software.commit),
      difference("libmujoco", then.mujoco, software.mujoco),
      difference("oneDNN", then.oneDNN, software.oneDNN),
      difference("instruction set", then.instructionSet, software.instructionSet),
    ].compactMap(\.self)
  }

  /// The outcome in words.
  public var description: String {
    let software =
      softwareDifferences.isEmpty
      ? "with the same versions" : softwareDifferences.joined(separator: "; ")
    return isReproduced
      ? "the card's score is reproduced exactly (\(software))"
      : "the card's score is NOT reproduced: "
        + (scoreDifferences + [software]).joined(separator: "; ")
  }
}

extension Evaluation {
  /// The most episodes per target of an evaluation that a card may ask for: an untrusted file may
  /// contain any number.
  public static let mostEpisodesOfCard = 1_000

  /// The evaluation that gave `score`: of all targets of the task, or only of the first ones, as in
  /// the second measurement of a training run. Nil if `task` does not have the same name and
  /// targets, or if there are more than ``mostEpisodesOfCard`` episodes per target.
  public init?(_ score: PolicyCard.Score, of task: TaskDescription, threads: Int) {
    self.init(task: task, episodes: score.episodes, seed: score.seed, threads: threads)
    targets = Array(targets.prefix(score.targets.count))
    guard score.task == task.name, 1...Self.mostEpisodesOfCard ~= score.episodes,
      !score.targets.isEmpty, score.targets.map(\.name) == targets.map(\.name),
      score.targets.map(\.position) == targets.map(\.position)
    else { return nil }
  }
}
