import Foundation
import Parallel

/// An agent that acts in an environment and learns from it.
///
/// The order of the calls: ``beginEpisode(observation:target:)``; then, for each step,
/// ``chooseAction()`` and ``record(reward:observation:ending:)``, until ``windowIsFull``; then
/// ``commit()``, which adds the recorded steps to the replay buffer, and ``learn(pool:)``, which
/// makes the updates that are due. Between two commits, acting and learning share no data that
/// changes, so they may run at the same time.
public protocol Agent: AnyObject {
  /// The sizes and ranges of the task.
  var shape: AgentShape { get }

  /// Begins a new episode with its first observation.
  func beginEpisode(observation: [Float], target: [Float])

  /// The action for the current state, with exploration noise. `[actions]`
  func chooseAction() -> [Float]

  /// Records the result of the last chosen action.
  func record(reward: Float, observation: [Float], ending: Window.Ending)

  /// Whether the recorded steps must be committed before the next action is chosen.
  var windowIsFull: Bool { get }

  /// Steps recorded since the last commit.
  var windowCount: Int { get }

  /// Adds the recorded steps to the replay buffer, and makes the current networks act.
  func commit()

  /// Makes the updates that are due for the committed steps.
  func learn(pool: WorkerPool)

  /// A copy of the current policy without exploration noise; it shares no memory with the agent.
  func makePolicy() -> HierarchicalPolicy

  /// The statistics since the last call.
  func takeStatistics() -> AgentStatistics

  /// The name of the first quantity found that is not finite; nil if all are finite.
  func firstNonFinite() -> String?

  /// The counters and random streams, encoded; to be called between two windows only.
  func encodeProgress() throws -> Data

  /// Passes the networks and the replay buffer to `visitor`. If the visitor restores them,
  /// `progress` is the result of ``encodeProgress()`` from when they were saved.
  func visitState(_ visitor: some StateVisitor, restoring progress: Data?) throws
}

/// What an agent measured since its statistics were last taken.
public struct AgentStatistics: Codable, Equatable, Sendable {
  /// The lower level's learning, or a flat agent's.
  public var lower = LearningStatistics()
  /// The higher level's learning.
  public var higher = LearningStatistics()
  /// How well the lower level reached its subgoals.
  public var obedience = ObedienceStatistics()
  /// Rows (one per candidate and step) that the off-policy correction put through the lower actor.
  public var correctionRows = 0
  /// Rows that scoring every candidate at every step would have taken.
  public var correctionRowsInFull = 0

  /// Nothing measured yet.
  public init() {}
}
