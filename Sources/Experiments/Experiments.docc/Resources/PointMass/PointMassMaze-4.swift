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

  /// All that an episode is in.
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

  func step(_ action: [Float]) throws -> StepOutcome {
    guard action.count == task.actionCount else {
      throw EnvironmentError.actionCount(
        task: task.name, expected: task.actionCount, found: action.count)
    }
    let force = SIMD2(action.map { Double(min(max($0, -1), 1)) })
    state.velocity = 0.8 * state.velocity + 0.4 * force
    // What leads into a wall is left out: it slides along.
    for axis in 0..<2 {
      var next = state.place
      next[axis] += task.stepDuration * state.velocity[axis]
      if isFree(next) { state.place = next } else { state.velocity[axis] = 0 }
    }
    state.steps += 1
    return StepOutcome(
      reward: -Float(distanceToTarget ?? 0), isTruncated: state.steps == task.episodeSteps)
  }

  /// Within the square, and not in the wall between start and target, which leaves a way on the right.
  private func isFree(_ place: SIMD2<Double>) -> Bool {
    let isInside = all(place .>= [-1, -1]) && all(place .<= [3, 3])
    return isInside && !(place.x < 2 && 1...1.5 ~= place.y)
  }
}
