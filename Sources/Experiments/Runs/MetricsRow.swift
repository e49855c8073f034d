import Environments
import Learning

/// A row of the learning curves: the results of training and evaluation since the previous row.
package struct MetricsRow {
  package let episodes: EpisodeStatistics
  package let learning: AgentStatistics
  package let evaluation: EvaluationResult?
  /// The second evaluation of a policy that looked like the best so far, on the task's own target.
  package let confirmation: EvaluationResult?
  package let timing: Timing

  /// How long the run took. Unlike all other values, times are not determined by the seed, so they
  /// have their own columns, the last ones.
  package struct Timing {
    /// Training and evaluation so far, in all sessions of the run (s).
    var wallTime: Double
    /// Environment steps per second since the row before.
    var stepsPerSecond: Double?

    static let columns = ["wall_time", "steps_per_second"]
  }

  /// The columns after `step`, in order.
  package static func columns(for task: TaskDescription) -> [String] {
    var columns = [
      "episodes", "episode_return", "final_distance", "success", "diverged", "lower_loss",
      "lower_value", "lower_actor_loss", "lower_saturation", "higher_loss", "higher_value",
      "higher_actor_loss", "higher_saturation", "subgoals_reached", "gained_per_decision",
      "overturned", "correction_rows",
    ]
    for name in Evaluation(task: task, episodes: 1, seed: 0).targets.map(\.name) {
      columns += quantities.map { column($0, of: name) }
    }
    return columns + quantities.map(confirmedColumn) + Timing.columns
  }

  /// The values by column; what was not measured is left out.
  package var values: [String: Double] {
    var values: [String: Double] = [
      "episodes": Double(episodes.episodes), "diverged": Double(episodes.diverged),
      "wall_time": timing.wallTime,
    ]
    values["steps_per_second"] = timing.stepsPerSecond
    if episodes.completed > 0 {
      let count = Double(episodes.completed)
      values["episode_return"] = episodes.episodeReturn / count
      values["final_distance"] = episodes.finalDistance / count
      values["success"] = Double(episodes.successes) / count
    }
    for (level, statistics) in [("lower", learning.lower), ("higher", learning.higher)]
    where statistics.updates > 0 {
      values["\(level)_loss"] = statistics.meanCriticLoss
      values["\(level)_value"] = statistics.meanValue
      guard statistics.actorUpdates > 0 else { continue }
      values["\(level)_actor_loss"] = statistics.meanActorLoss
      values["\(level)_saturation"] = statistics.meanSaturation
    }
    if learning.obedience.decisions > 0 {
      let count = Double(learning.obedience.decisions)
      values["subgoals_reached"] = Double(learning.obedience.reached) / count
      values["gained_per_decision"] = learning.obedience.gained / count
      values["overturned"] = learning.obedience.overturned.map { Double($0) / count }
    }
    if learning.correctionRowsInFull > 0 {
      values["correction_rows"] =
        Double(learning.correctionRows) / Double(learning.correctionRowsInFull)
    }
    for target in evaluation?.targets ?? [] {
      for (quantity, value) in Self.measured(target.summary) {
        values[Self.column(quantity, of: target.target.name)] = value
      }
    }
    for (quantity, value) in confirmation?.targets.first.map({ Self.measured($0.summary) }) ?? [] {
      values[Self.confirmedColumn(quantity)] = value
    }
    return values
  }

  /// What is measured on each target.
  private static let quantities = [
    "success", "success_at_any_time", "final_distance", "return", "overturned",
  ]

  /// The values of ``quantities``.
  private static func measured(_ summary: EvaluationResult.Summary) -> [(String, Double?)] {
    let values = [
      summary.success?.value, summary.successAtAnyTime?.value, summary.meanFinalDistance,
      summary.meanReturn, summary.overturned.map { Double($0) / Double(summary.episodes) },
    ]
    return Array(zip(quantities, values))
  }

  /// The first column, in alphabetical order, whose value is not finite; nil if there is none.
  package var firstNonFinite: String? {
    values.sorted { $0.key < $1.key }.first { !$0.value.isFinite }?.key
  }

  /// The column of a quantity in the second evaluation, which is on the task's own target.
  package static func confirmedColumn(_ quantity: String) -> String { "confirmed_\(quantity)" }

  /// The column of a quantity in the evaluation on `target`.
  package static func column(_ quantity: String, of target: String) -> String {
    "evaluation_\(quantity)_\(TaskDescription.curveName(ofTarget: target))"
  }
}
