import Foundation
import Parallel

/// Something that acts in an environment and learns from it.
///
/// One pass of data: ``beginEpisode(observation:target:)``, then per step ``chooseAction()`` and
/// ``record(reward:observation:ending:)``, until ``windowIsFull``; then ``commit()``, which makes
/// the recorded steps part of what is learned from, and ``learn(pool:)``, which makes the updates
/// that are owed. Collecting and learning share nothing that changes between two commits, so that
/// they may run at the same time.
public protocol Agent: AnyObject {
  /// The sizes and ranges of the task.
  var shape: AgentShape { get }

  /// Begins to act in a new episode.
  func beginEpisode(observation: [Float], target: [Float])

  /// The action for the current state, with exploration noise. `[actions]`
  func chooseAction() -> [Float]

  /// Takes in what the action led to.
  func record(reward: Float, observation: [Float], ending: Window.Ending)

  /// Whether the recorded steps are to be committed before the next one is chosen.
  var windowIsFull: Bool { get }

  /// Steps recorded since the last commit.
  var windowCount: Int { get }

  /// Makes the recorded steps part of the experience, and the current networks those that act.
  func commit()

  /// Makes the updates owed for the steps that were committed.
  func learn(pool: WorkerPool)

  /// The current policy without noise, sharing nothing with the agent.
  func makePolicy() -> HierarchicalPolicy

  /// What was measured since the last call.
  func takeStatistics() -> AgentStatistics

  /// The first quantity found that is not finite, by name; nil while all is well.
  func firstNonFinite() -> String?

  /// The counters and random streams, between two windows.
  func encodeProgress() throws -> Data

  /// Shows the networks and the experience to `visitor`. Where it fills them, `progress` is what
  /// ``encodeProgress()`` gave when they were saved.
  func visitState(_ visitor: some StateVisitor, restoring progress: Data?) throws
}

/// What an agent measured over some updates.
public struct AgentStatistics: Codable, Equatable, Sendable {
  /// The lower level, or the one agent.
  public var lower = LearningStatistics()
  /// The higher level.
  public var higher = LearningStatistics()
  /// How well the lower level obeyed.
  public var obedience = ObedienceStatistics()
  /// Rows that the off-policy correction put through the lower actor.
  public var correctionRows = 0
  /// Rows that it would have taken to score every step of every candidate.
  public var correctionRowsInFull = 0

  /// Nothing measured yet.
  public init() {}
}
