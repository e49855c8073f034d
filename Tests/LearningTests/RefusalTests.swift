import Learning
import NeuralNetworks
import Parallel
import Randomness
import Testing

@Suite("Settings that do not fit")
struct RefusalTests {
  /// A robot that is the same from four sides, with joints behind its place.
  private let turningShape: AgentShape = {
    var shape = AgentShape(
      observationCount: 11, targetCount: 2, actionLimits: [30, 30],
      subgoalHalfRange: [10, 10, 0.5, 1], positionIndices: [0, 1])
    shape.heading = .init(kind: .quaternion, index: 3, velocityIndex: 7)
    shape.quarterTurn = .init(
      observation: .init(sources: Array(0..<11), signs: Array(repeating: 1, count: 11)),
      action: .init(sources: [0, 1], signs: [1, 1]))
    return shape
  }()

  private func adapted(_ change: (inout HIROConfiguration) -> Void) throws -> AgentShape {
    var configuration = HIROConfiguration()
    change(&configuration)
    return try turningShape.adapted(to: configuration)
  }

  @Test("The lower level's view turns only where all of a subgoal turns with it")
  func frames() throws {
    #expect(try adapted { $0.lower.frame = .automatic }.frame == .world)
    #expect(
      try adapted {
        $0.lower.frame = .automatic
        $0.subgoals.space = .xy
      }.frame == .quadrant)
    for frame in [LowerFrame.heading, .quadrant] {
      #expect(throws: AgentShapeError.noTurn(frame)) { try adapted { $0.lower.frame = frame } }
      #expect(
        try adapted {
          $0.lower.frame = frame
          $0.subgoals.space = .xy
        }.frame == frame)
    }
    #expect(AgentShapeError.noTurn(.heading).description.contains("subgoals.space: xy"))
  }

  @Test(
    "A half range that is no useful number in single precision is refused",
    arguments: [
      1e-60, 1e39, 0, -1, .nan, .infinity,
    ])
  func halfRange(value: Double) {
    #expect(throws: AgentShapeError.halfRangeValue) {
      try adapted {
        $0.subgoals.space = .xy
        $0.subgoals.halfRange = [10, value]
      }
    }
  }

  @Test("Counts that no buffer can have are refused, not trapped", arguments: Hierarchy.allCases)
  func counts(hierarchy: Hierarchy) throws {
    func refusal(_ change: (inout HIROConfiguration) -> Void) -> AgentShapeError? {
      var configuration = makeSmallConfiguration()
      configuration.hierarchy = hierarchy
      change(&configuration)
      do {
        _ = try makeAgent(configuration, seed: 1, for: Self.task)
        return nil
      } catch { return error }
    }
    #expect(refusal { _ in } == nil)
    #expect(
      refusal { $0.subgoals.interval = 0 } == .tooFew(setting: "subgoals.interval", minimum: 1))
    #expect(
      refusal { $0.lower.policyDelay = 0 } == .tooFew(setting: "lower.policyDelay", minimum: 1))
    #expect(
      refusal { $0.higher.batchSize = -1 } == .tooFew(setting: "higher.batchSize", minimum: 1))
    #expect(
      refusal { $0.lower.replayCapacity = 0 }
        == .tooFew(setting: "lower.replayCapacity", minimum: 1))
  }

  private static let task = TaskDescription(
    name: "refusals", summary: "a task for tests", observationCount: 7,
    actionLimits: [30, 30, 30], placeCount: 2, subgoalHalfRange: [10, 10],
    trainingTarget: .fixed([1, 1]), evaluationTargets: [[1, 1]],
    evaluationTargetNames: ["there"], successRadius: 1, episodeSteps: 23, stepDuration: 0.1)

  @Test("Any number of visited squares can be saved, and far away nothing is counted")
  func visitedPlaces() {
    var places = VisitedPlaces()
    for x in 0..<80 { for y in 0..<80 { places.visit((Float(2 * x), Float(2 * y))) } }
    #expect(places.isPossible)
    #expect(places.count((4, 6)) == 1 && places.count((-4, 6)) == 0)
    #expect(places.count((3_000, 0)) == nil)
  }

  @Test("An n-step return is cut by what follows it, and ended only by its own end")
  func nStepDiscounts() throws {
    var configuration = makeSmallConfiguration()
    configuration.higher.nStep = 3
    configuration.higher.holdProbability = 0.4
    configuration.higher.longestHold = 2
    let agent = try HIROAgent(shape: smallShape, configuration: configuration, seed: 1)
    var world = ToyWorld(seed: 1)
    world.ending = .terminated
    train(agent, in: &world, windows: 200, pool: WorkerPool(threads: 1))
    let (experience, discount) = (agent.experience, Float(configuration.higher.discount))
    var expected: [[Float]: Float] = [:]
    var cutBeforeTerminal = 0
    for number in experience.higherHead - experience.higherCount..<experience.higherHead {
      let first = experience.higherTransition(number)
      var (last, steps) = (first, 1)
      for next in number + 1..<number + 3 where next < experience.higherHead {
        let following = experience.higherTransition(next)
        guard !last.isTerminal, following.start == last.start + last.length, !following.isHeld
        else {
          if !last.isTerminal, following.isTerminal { cutBeforeTerminal += 1 }
          break
        }
        (last, steps) = (following, steps + 1)
      }
      var power: Float = 1
      for _ in 0..<steps { power *= discount }
      expected[numbers(experience.observation(first.start), 7)] = last.isTerminal ? 0 : power
    }
    #expect(cutBeforeTerminal > 3)
    let learner = agent.higher as! TD3
    // The batch was drawn before the last window was added.
    for row in 0..<configuration.higher.batchSize {
      let start = numbers(learner.batch.inputsAndActions.row(row), 7)
      let found = learner.batch.discounts[row]
      guard let wanted = expected[start] else {
        Issue.record("row \(row) begins in an unknown state")
        continue
      }
      #expect(abs(found - wanted) < 1e-6, "row \(row)")
    }
  }
}
