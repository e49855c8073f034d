import Environments
import Experiments
import Foundation
import Learning
import MuJoCo
import Randomness
import Testing

@Suite("The Ant's symmetry")
struct SymmetryTests {
  /// The numbers of the Ant after calling its left side its front.
  private func relabelled(_ values: [Double], sources: [Int], signs: [Float], from first: Int)
    -> [Double]
  {
    values.indices.map { Double(signs[first + $0]) * values[sources[first + $0] - first] }
  }

  @Test("With its left side called its front, and its legs renumbered, the Ant moves the same")
  func physics() throws {
    let definition = try TaskRegistry.definition(named: "ant-maze")
    let turn = try #require(definition.description.quarterTurn)
    let (one, other) = (try definition.makeEnvironment(), try definition.makeEnvironment())
    var stream = RandomStream(seed: 4, name: "symmetry tests")
    try one.reset(using: &stream, target: .evaluation(0))
    try other.reset(using: &stream, target: .evaluation(0))

    let (qpos, qvel) = (Array(one.simulation.qpos), Array(one.simulation.qvel))
    let half = 0.5.squareRoot()
    let (w, x, y, z) = (qpos[3], qpos[4], qpos[5], qpos[6])
    var positions = relabelled(
      qpos, sources: turn.observation.sources, signs: turn.observation.signs, from: 0)
    positions.replaceSubrange(
      3..<7, with: [half * (w - z), half * (x + y), half * (y - x), half * (z + w)])
    other.simulation.qpos.assign(positions)
    other.simulation.qvel.assign(
      relabelled(qvel, sources: turn.observation.sources, signs: turn.observation.signs, from: 15))
    try other.simulation.forward()

    for _ in 0..<15 {
      let action = (0..<8).map { _ in Float(stream.uniform(in: -30...30)) }
      let same = action.indices.map { turn.action.signs[$0] * action[turn.action.sources[$0]] }
      _ = try one.step(action)
      _ = try other.step(same)
      // Contacts amplify rounding errors.
      let step = one.robotPosition - other.robotPosition
      #expect((step * step).sum() < 1e-10)
    }
    #expect(one.robotPosition != SIMD3(qpos[0], qpos[1], qpos[2]))
  }

  @Test("In the frame of the quadrant both look the same to the lower level, and act the same")
  func lowerInputs() throws {
    let description = try TaskRegistry.task(named: "ant-maze")
    var configuration = HIROConfiguration()
    configuration.subgoals.space = .xy
    configuration.lower.place = .hidden
    configuration.lower.frame = .quadrant
    let shape = try description.agentShape(for: configuration)
    let turn = try #require(description.quarterTurn)
    var stream = RandomStream(seed: 5, name: "symmetry tests")
    var sides: Set<Int> = []
    for _ in 0..<100 {
      // The Ant is almost upright, as when it walks.
      var state = (0..<30).map { _ in Float(0.3 * stream.normal()) }
      let angle = Float(stream.uniform(in: -3...3))
      state[3...6] = [cos(angle / 2), 0.05 * state[4], 0.05 * state[5], sin(angle / 2)]
      let length = state[3...6].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for index in 3...6 { state[index] /= length }
      let subgoal = (0..<2).map { _ in Float(5 * stream.normal()) }
      let action = (0..<8).map { _ in Float(stream.normal()) }

      var other = state.indices.map {
        turn.observation.signs[$0] * state[turn.observation.sources[$0]]
      }
      let half = Float(0.5).squareRoot()
      let (w, x, y, z) = (state[3], state[4], state[5], state[6])
      other[3...6] = [half * (w - z), half * (x + y), half * (y - x), half * (z + w)]
      var same = action.indices.map { turn.action.signs[$0] * action[turn.action.sources[$0]] }

      var seen = [[Float]](repeating: Array(repeating: 0, count: 32), count: 2)
      let quarters = shape.writeLowerInput(state, subgoal: subgoal, into: &seen[0])
      let others = shape.writeLowerInput(other, subgoal: subgoal, into: &seen[1])
      sides.insert(quarters)
      // Near a diagonal, the two views of a tilted body may differ in which side they choose.
      guard (quarters - others + 4) % 4 == 1 else { continue }
      for (a, b) in zip(seen[0], seen[1]) { #expect(abs(a - b) < 1e-3) }
      // The subgoal lies ahead, within 45° and a little more because of the tilt.
      #expect(seen[0][30] > 0.95 * abs(seen[0][31]))
      var turned = action
      shape.turnAction(&turned, quarters: quarters)
      shape.turnAction(&same, quarters: others)
      #expect(turned == same)
      shape.restoreAction(&turned, quarters: quarters)
      #expect(turned == action)
    }
    #expect(sides == [0, 1, 2, 3])
  }
}
