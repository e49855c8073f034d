import Environments
import Files
import Foundation
import Learning

/// What a policy was measured to be worth, and by what: enough to measure it again, to the same
/// numbers where the versions and the processor are the same.
public struct PolicyCard: Codable, Equatable, Sendable {
  /// What was measured; nil where the policy was not measured at its step.
  public var score: Score?
  /// What it was trained or measured with.
  public var software: SoftwareVersions

  /// Describes a policy; each parameter is the property of its name.
  public init(score: Score?, software: SoftwareVersions) {
    self.score = score
    self.software = software
  }

  /// What an evaluation without noise came to.
  public struct Score: Codable, Equatable, Sendable {
    /// The task.
    public var task: String
    /// Episodes to each target.
    public var episodes: Int
    /// From which the episodes' starts derive.
    public var seed: UInt64
    /// For each target, the task's own first; one without a place in a task without targets.
    public var targets: [Target]

    /// What the episodes to a target came to.
    public struct Target: Codable, Equatable, Sendable {
      /// What the target is called.
      public var name: String
      /// Where it is (m).
      public var position: [Double]
      /// The rate of success at the last step; nil in a task that counts only the score.
      public var success: Double?
      /// Its 95 % interval (Wilson).
      public var successInterval: [Double]?
      /// The mean distance at the end (m).
      public var meanFinalDistance: Double?
      /// The mean return.
      public var meanReturn: Double

      /// Describes a target's episodes; each parameter is the property of its name.
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

    /// Describes a score; each parameter is the property of its name.
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
  /// The numbers of `result`.
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

/// Whether a policy is worth what its card says, when it is measured in the same way again.
public struct CardCheck: Sendable, Equatable, Encodable {
  /// Whether every number is the same to the last bit.
  public let isReproduced: Bool
  /// Each number that is not, and what it was.
  public let scoreDifferences: [String]
  /// What of the program, the libraries and the processor is not as it was.
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
        "\(name)\(place) was \(old.map { "\($0)" } ?? "none") and is "
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
  /// The evaluation by which `score` was measured, where that can be had in `task` in a reasonable
  /// time: a stranger's file may ask for anything.
  public init?(_ score: PolicyCard.Score, of task: TaskDescription, threads: Int) {
    self.init(task: task, episodes: score.episodes, seed: score.seed, threads: threads)
    guard score.task == task.name, (1...1_000).contains(score.episodes),
      score.targets.map(\.name) == targets.map(\.name),
      score.targets.map(\.position) == targets.map(\.position)
    else { return nil }
  }
}
