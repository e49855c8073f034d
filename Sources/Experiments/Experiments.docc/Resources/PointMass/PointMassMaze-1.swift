import Learning
import Randomness

/// A point with a mass that two forces push through a small U: an environment without MuJoCo.
///
/// It sees its place (m), its velocity (m/s) and how far the episode is; it is to come within half a metre
/// of the target.
final class PointMassMaze: Environment {
  static let description = TaskDescription(
    name: "point-mass", summary: "round a wall to its other side", observationCount: 5,
    actionLimits: [1, 1], subgoalHalfRange: [2, 2],
    trainingTarget: .uniform(lower: [-1, -1], upper: [3, 3]), evaluationTargets: [[0, 2.5]],
    evaluationTargetNames: ["other side"], successRadius: 0.5, episodeSteps: 200,
    stepDuration: 0.1)
}
