import Foundation
import Learning
import NeuralNetworks
import Parallel
import Randomness
import Testing

@Suite("Steps before falls")
struct NearFallTests {
  /// Position, height, and a quaternion from index 3 on.
  private static let shape = AgentShape(
    observationCount: 7, targetCount: 0, actionLimits: [1], subgoalHalfRange: [1, 1],
    positionIndices: [0, 1], heading: .init(kind: .quaternion, index: 3, velocityIndex: 0))

  /// A recorded step: the robot's lean (rad), and whether an action followed the state.
  private struct Step {
    var lean: Double
    var hasAction: Bool
  }

  /// Episodes in which the lean changes at random; in some the robot turns over and comes back.
  private func makeExperience(capacity: Int, episodes: Int) -> (Experience, [Step]) {
    let experience = Experience(
      shape: Self.shape, lowerCapacity: capacity, higherCapacity: 50, interval: 10,
      notesFalls: true)
    let window = Window(capacity: 10, shape: Self.shape)
    var stream = RandomStream(seed: 1, name: "near fall tests")
    var steps: [Step] = []
    for _ in 0..<episodes {
      var lean = 0.0
      func show(_ row: Int, hasAction: Bool) {
        let state = window.observations.row(row)
        state[0] = Float(steps.count)
        (state[3], state[4]) = (Float(cos(lean / 2)), Float(sin(lean / 2)))
        if hasAction { steps.append(Step(lean: lean, hasAction: true)) }
      }
      let length = 20 + stream.index(below: 60)
      for step in 0..<length {
        show(step % 10, hasAction: true)
        lean = 0.97 * lean + 0.15 * stream.normal()
        guard step % 10 == 9 || step == length - 1 else { continue }
        window.count = step % 10 + 1
        show(window.count, hasAction: false)
        window.ending = step == length - 1 ? .truncated : .none
        window.endsInterval = true
        experience.append(window)
        window.advance()
      }
      steps.append(Step(lean: lean, hasAction: false))
    }
    return (experience, steps)
  }

  /// The expected slots by brute force, from the doc comment of `NearFalls`. A step's slot is its
  /// number.
  private func expected(_ steps: [Step], from oldest: Int) -> Set<Int> {
    var result: Set<Int> = []
    for slot in oldest..<steps.count
    where steps[slot].hasAction && cos(steps[slot].lean) >= 0 {
      var ahead = slot
      while ahead < steps.count, ahead <= slot + 15 {
        if cos(steps[ahead].lean) < 0.5.squareRoot() { result.insert(slot) }
        // The state without an action is the episode's last.
        if !steps[ahead].hasAction { break }
        ahead += 1
      }
    }
    return result
  }

  @Test(
    "They are those of which a state leans soon after, also where the oldest are forgotten",
    arguments: [400, 5_000])
  func matchesBruteForce(capacity: Int) throws {
    let (experience, steps) = makeExperience(capacity: capacity, episodes: 60)
    let oldest = steps.indices.reversed().filter { steps[$0].hasAction }.prefix(capacity).last!
    let expected = expected(steps, from: oldest)
    #expect(expected.count > 50 && expected.count < min(capacity, steps.count) * 3 / 4)
    #expect(experience.nearFallCount == expected.count)
    var stream = RandomStream(seed: 2, name: "near fall tests")
    var drawn: Set<Int> = []
    for _ in 0..<20 * expected.count {
      let slot = try #require(experience.drawNearFall(using: &stream))
      #expect(experience.observation(slot)[0] == Float(slot))
      drawn.insert(slot)
    }
    // Each slot is missed with a probability of e⁻²⁰.
    #expect(drawn == expected)
  }

  @Test("Where nobody asked for them, or nothing fell, there is none")
  func none() {
    var stream = RandomStream(seed: 3, name: "near fall tests")
    let untold = Experience(
      shape: Self.shape, lowerCapacity: 100, higherCapacity: 0, interval: 10)
    #expect(untold.drawNearFall(using: &stream) == nil && untold.nearFallCount == 0)
    let empty = makeExperience(capacity: 100, episodes: 0).0
    #expect(empty.drawNearFall(using: &stream) == nil)
  }
}
