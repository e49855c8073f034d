import Foundation
import Learning
import Randomness
import Testing

/// A point on a line that has to go to a target, with one fault.
private final class Line: Environment {
  enum Fault: CaseIterable {
    case none, count, limits, alike, chance, endless, early, state, restored, size, notFinite,
      target
    case success, distance, both, nothing, bonus, declaredBonus
  }

  struct State: Codable {
    var place = 0.0
    var velocity = 0.0
    var target = 0.0
    var steps = 0
  }

  let fault: Fault
  let task: TaskDescription
  private var state = State()

  static func task(_ fault: Fault) -> TaskDescription {
    TaskDescription(
      name: "line", summary: "a line", observationCount: fault == .count ? 3 : 2,
      actionLimits: [fault == .limits ? 0 : 1], positionIndices: [0], placeCount: 1,
      subgoalHalfRange: [1], trainingTarget: .uniform(lower: [-5], upper: [5]),
      evaluationTargets: fault == .nothing ? [] : [[5]],
      evaluationTargetNames: fault == .nothing ? [] : ["end"], successRadius: 1,
      rewardIsDistance: fault != .declaredBonus, episodeSteps: 20,
      stepDuration: 1)
  }

  init(_ fault: Fault) {
    self.fault = fault
    task = Self.task(fault)
  }

  var observation: [Float] {
    [Float(state.place), fault == .notFinite && state.steps > 4 ? .nan : 0]
  }
  var target: [Float] { [Float(state.target)] }
  var distanceToTarget: Double? {
    abs(state.place - state.target) * (fault == .distance ? 2 : 1)
  }
  var isSuccess: Bool? {
    fault == .success ? false : distanceToTarget.map { $0 < 1 }
  }

  func reset(using generator: inout RandomStream, target choice: TargetChoice) throws {
    let place = try task.place(of: choice) ?? task.trainingTarget.draw(using: &generator)
    state = State()
    state.target = fault == .target ? 4 : place[0]
    state.place = fault == .alike ? 0 : generator.uniform()
  }

  func step(_ action: [Float]) throws -> StepOutcome {
    guard action.count == 1 || fault == .size else {
      throw EnvironmentError.actionCount(task: task.name, expected: 1, found: action.count)
    }
    state.velocity += 0.1 * Double(min(max(action[0], -1), 1))
    state.place += state.velocity + (fault == .chance ? .random(in: 0...1) : 0)
    state.steps += 1
    let end = fault == .early ? 15 : 20
    let isOver = state.steps == end && fault != .endless
    let bonus: Float = fault == .bonus || fault == .declaredBonus ? 0.1 : 0
    return StepOutcome(
      reward: bonus - Float(abs(state.place - state.target)),
      isTerminated: isOver && fault == .both,
      isTruncated: isOver)
  }

  func saveState() -> State {
    var saved = state
    if fault == .state { saved.velocity = 0 }
    return saved
  }

  func restore(_ state: State) { if fault != .restored { self.state = state } }
}

@Suite("The checker of environments")
struct EnvironmentCheckerTests {
  private func problems(_ fault: Line.Fault) throws -> [String] {
    try EnvironmentChecker(EnvironmentFactory(Line.task(fault)) { Line(fault) }).problems()
  }

  @Test("An environment that does nothing wrong has no problem")
  func good() throws {
    #expect(try problems(.none) == [])
    #expect(try problems(.declaredBonus) == [])
  }

  @Test(
    "Each fault is told by its name",
    arguments: [
      (.count, "an observation has 2 numbers after reset, and task.observationCount is 3"),
      (.limits, "task.actionLimits must be positive"),
      (.alike, "every episode begins the same"),
      (.chance, "the same seed and the same actions gave another episode"),
      (.endless, "an episode was not truncated after task.episodeSteps, 20"),
      (.early, "an episode was truncated after 15 steps, and task.episodeSteps is 20"),
      (.state, "the state is incomplete"),
      (.restored, "restore(_:) does not bring back the observation and the target"),
      (.size, "step(_:) accepted an action with one number too many"),
      (.notFinite, "an observation or a target is not finite after a step"),
      (.target, "the target of evaluation 0 is [4.0], not [5.0]"),
      (.success, "isSuccess after a step is not whether distanceToTarget"),
      (.distance, "is not the distance of the observation's first 1 numbers from the target"),
      (.both, "a step both terminated and truncated the episode"),
      (.bonus, "a reward is not minus distanceToTarget: set rewardIsDistance: false"),
      (.nothing, "task.evaluationTargets is empty"),
    ] as [(Line.Fault, String)])
  private func fault(fault: Line.Fault, words: String) throws {
    let problems = try problems(fault)
    #expect(problems.contains { $0.contains(words) }, "\(problems)")
  }

  @Test("Where the reward is another than minus the distance, no setting may compute it")
  func otherRewards() throws {
    var configuration = HIROConfiguration()
    configuration.higher.reward = .progress
    _ = try Line.task(.none).agentShape(for: configuration)
    #expect(throws: AgentShapeError.noTarget(setting: "higher.reward: progress")) {
      try Line.task(.declaredBonus).agentShape(for: configuration)
    }
    _ = try Line.task(.declaredBonus).agentShape(for: HIROConfiguration())
  }

  @Test("A factory that gives one environment to all is told, and one of another task")
  func factories() throws {
    let one = Mutexed(Line(.none))
    let problems = try EnvironmentChecker(
      EnvironmentFactory(Line.task(.none)) { one.line }
    ).problems()
    #expect(problems.contains { $0.contains("the same environment twice") })
    let other = EnvironmentFactory(Line.task(.count)) { Line(.none) }
    #expect(
      try EnvironmentChecker(other).problems()
        == ["the environment's task is not that of the factory"])
  }

  /// Lets a factory give the same environment twice, which it must not do.
  private struct Mutexed: @unchecked Sendable {
    let line: Line
    init(_ line: Line) { self.line = line }
  }
}
