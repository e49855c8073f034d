import Learning
import Randomness

/// A point mass that two forces push through a small U-shaped maze: an environment without MuJoCo.
///
/// The observation is the position (m), the velocity (m/s) and the elapsed fraction of the episode;
/// an episode is a success if it ends within 0.5 m of the target.
final class PointMassMaze: Environment {
  static let description = TaskDescription(
    name: "point-mass", summary: "round a wall to its other side", observationCount: 5,
    actionLimits: [1, 1], subgoalHalfRange: [2, 2],
    trainingTarget: .uniform(lower: [-1, -1], upper: [3, 3]), evaluationTargets: [[0, 2.5]],
    evaluationTargetNames: ["other side"], successRadius: 0.5, episodeSteps: 200,
    stepDuration: 0.1)

  /// The complete state of an episode.
  struct State: Codable {
    var place = SIMD2(0.0, 0.0)
    var velocity = SIMD2(0.0, 0.0)
    var target = [0.0, 0.0]
    var steps = 0
  }
  private var state = State()

  let task = description
  var target: [Float] { state.target.map { Float($0) } }
  var observation: [Float] {
    [
      state.place.x, state.place.y, state.velocity.x, state.velocity.y,
      Double(state.steps) / Double(task.episodeSteps),
    ].map { Float($0) }
  }

  func reset(using generator: inout RandomStream, target choice: TargetChoice) throws {
    let target = try task.place(of: choice)
    state = State()
    state.place = [generator.uniform(in: -0.1...0.1), generator.uniform(in: -0.1...0.1)]
    state.target = target ?? task.trainingTarget.draw(using: &generator)
  }
}
