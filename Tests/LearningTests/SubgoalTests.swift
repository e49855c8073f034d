import Learning
import Randomness
import Testing

@Suite("Subgoals")
struct SubgoalTests {
  private var stream = RandomStream(seed: 1, name: "subgoal tests")

  private mutating func makeState() -> [Float] { (0..<7).map { _ in Float(stream.normal()) } }

  @Test("The goal transition, composed ten times, keeps the absolute target")
  mutating func transitionKeepsTarget() {
    let subgoals = Subgoals(count: 4, semantics: .relative)
    var state = makeState()
    var subgoal: [Float] = [5, -3, 0.2, 0.9]
    let wanted = (0..<4).map { state[$0] + subgoal[$0] }
    for _ in 0..<10 {
      let next = makeState()
      var moved = [Float](repeating: 0, count: 4)
      subgoals.transition(subgoal, from: state, to: next, into: &moved)
      (state, subgoal) = (next, moved)
    }
    // The tolerance allows for ten roundings of numbers below 8.
    for index in 0..<4 { #expect(abs(state[index] + subgoal[index] - wanted[index]) < 1e-5) }
  }

  @Test("An absolute subgoal stays, and is rewarded by the distance to it")
  mutating func absoluteSubgoals() {
    let subgoals = Subgoals(count: 2, semantics: .absolute)
    var moved: [Float] = [0, 0]
    subgoals.transition([3, 4], from: makeState(), to: makeState(), into: &moved)
    #expect(moved == [3, 4])
    #expect(subgoals.reward([3, 4], from: makeState(), to: [0, 0]) == -5)
  }

  @Test("The relative reward is minus the distance that remains, in the subgoal's dimensions only")
  func relativeReward() {
    let subgoals = Subgoals(count: 2, semantics: .relative)
    #expect(subgoals.reward([4, 0], from: [1, 1, 9], to: [2, 5, -9]) == -5)
  }

  @Test("The subgoal for what was achieved earns 0 once it is reached")
  mutating func achievedSubgoals() {
    for semantics in GoalSemantics.allCases {
      let subgoals = Subgoals(count: 4, semantics: semantics)
      let (state, reached) = (makeState(), makeState())
      var subgoal = [Float](repeating: 0, count: 4)
      subgoals.achieved(from: state, in: reached, into: &subgoal)
      #expect(subgoals.reward(subgoal, from: state, to: reached) > -1e-6)
    }
  }

  @Test("The space xy leaves x and y in sight of the lower level, and only they are subgoals")
  func spaces() throws {
    var configuration = HIROConfiguration()
    #expect(try smallShape.adapted(to: configuration) == smallShape)
    configuration.subgoals.space = .xy
    let shape = try smallShape.adapted(to: configuration)
    #expect(shape.subgoalHalfRange == [10, 10])
    #expect(shape.positionIndices == [])
    var input = [Float](repeating: .nan, count: 9)
    shape.writeLowerInput([1, 2, 3, 4, 5, 6, 7], subgoal: [8, 9], into: &input)
    #expect(input == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    var full = [Float](repeating: .nan, count: 11)
    smallShape.writeLowerInput([1, 2, 3, 4, 5, 6, 7], subgoal: [8, 9, 10, 11], into: &full)
    #expect(full == [0, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  }

  @Test("A half range of another length, or not positive, is refused")
  func halfRanges() throws {
    var configuration = HIROConfiguration()
    configuration.subgoals.halfRange = [1, 2]
    #expect(throws: AgentShapeError.halfRangeCount(expected: 4, found: 2)) {
      try smallShape.adapted(to: configuration)
    }
    configuration.subgoals.halfRange = [1, 2, 3, 0]
    #expect(throws: AgentShapeError.halfRangeValue) { try smallShape.adapted(to: configuration) }
    configuration.subgoals.halfRange = [1, 2, 3, 4]
    #expect(try smallShape.adapted(to: configuration).subgoalHalfRange == [1, 2, 3, 4])
  }
}
