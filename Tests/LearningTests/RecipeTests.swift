import Foundation
import Learning
import NeuralNetworks
import Parallel
import Randomness
import Testing

/// Tests what each setting of the recipe changes, and what it leaves unchanged.
@Suite("The recipe's settings")
struct RecipeTests {
  private func trained(
    _ shape: AgentShape = smallShape, windows: Int = 60, world: ToyWorld = ToyWorld(seed: 1),
    target: [Float] = [3, -1], surroundings: (any Surroundings)? = nil,
    _ change: (inout HIROConfiguration) -> Void
  ) throws -> HIROAgent {
    var configuration = makeSmallConfiguration()
    change(&configuration)
    let agent = try HIROAgent(
      shape: shape, configuration: configuration, seed: 1, surroundings: surroundings,
      makeLearner: TD3.make)
    var world = world
    train(agent, in: &world, windows: windows, pool: WorkerPool(threads: 1), target: target)
    return agent
  }

  /// One row of a batch: the numbers that the actor sees, now and next, and the reward.
  private struct Row {
    var input, next: [Float]
    var reward: Float
  }

  private func rows(_ learner: any Learner) -> [Row] {
    let learner = learner as! TD3
    return (0..<learner.configuration.batchSize).map { row in
      Row(
        input: numbers(learner.batch.inputsAndActions.row(row), learner.inputCount),
        next: numbers(learner.batch.nextInputs.row(row), learner.inputCount),
        reward: learner.batch.rewards[row])
    }
  }

  /// A warm-up that no test outlasts: nothing is learned, and the untrained networks act.
  private static let noLearning = 1_000_000

  private func norm(_ values: some Sequence<Float>) -> Float {
    values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  // MARK: The lower level

  @Test("Progress is the distance gained, and the next subgoal is the one that is left")
  func progress() throws {
    let agent = try trained {
      $0.lower.reward = .progress
      $0.lower.nextSubgoal = .transition
    }
    for row in rows(agent.lower) {
      let gained = norm(row.input.suffix(4)) - norm(row.next.suffix(4))
      #expect(abs(row.reward - gained) < 1e-5)
    }
  }

  @Test("With fresh subgoals some rows go on with another subgoal than the one that is left")
  func freshSubgoals() throws {
    let agent = try trained { $0.lower.reward = .progress }
    let others = rows(agent.lower).count { row in
      abs(row.reward - (norm(row.input.suffix(4)) - norm(row.next.suffix(4)))) > 1e-3
    }
    // There is a decision every ten steps, and one at the end of each episode of 23 steps.
    #expect(1...15 ~= others)
  }

  @Test("The reward says nothing of how the robot acts, only of what it learns")
  func rewardsLeaveActing() throws {
    var configuration = makeSmallConfiguration()
    configuration.warmUpSteps = 10_000
    let first = try HIROAgent(shape: smallShape, configuration: configuration, seed: 1)
    configuration.lower.reward = .progress
    configuration.lower.nextSubgoal = .transition
    configuration.higher.otherTargets = 0.5
    let second = try HIROAgent(shape: mazeShape, configuration: configuration, seed: 1)
    var (world, sameWorld) = (ToyWorld(seed: 1), ToyWorld(seed: 1))
    train(first, in: &world, windows: 20, pool: WorkerPool(threads: 1))
    train(second, in: &sameWorld, windows: 20, pool: WorkerPool(threads: 1))
    #expect(world.state == sameWorld.state)
  }

  /// The third component of the body's own vertical axis in the world: that of q k q*, for q of any
  /// length.
  private func verticalOf(_ q: some Collection<Float>) -> Float {
    func product(_ a: [Float], _ b: [Float]) -> [Float] {
      [
        a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
        a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
        a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
        a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
      ]
    }
    let q = q.map { $0 / norm(q) }
    return product(product(q, [0, 0, 0, 1]), [q[0], -q[1], -q[2], -q[3]])[3]
  }

  @Test(
    "A fall costs what was asked for, leaning less, upright nothing; who lies on its back is counted"
  )
  func fallCost() throws {
    let agent = try trained(freeShape(.world), world: ToyWorld(seed: 1, count: 15)) {
      $0.lower.nextSubgoal = .transition
      $0.lower.fallCost = 3
      $0.subgoals.space = .xy
    }
    for row in rows(agent.lower) {
      let vertical = verticalOf(row.next[3..<7])
      #expect(
        abs(
          row.reward + norm(row.next.suffix(2)) + 3 * max(0, cos(.pi / 4) - vertical)
            / (cos(.pi / 4) + 1)) < 1e-4)
    }
    let overturned = (0..<agent.experience.higherHead).count { number in
      let transition = agent.experience.higherTransition(number)
      let end = agent.experience.observation(transition.start + transition.length)
      return verticalOf(numbers(end + 3, 4)) < 0
    }
    #expect(overturned > 0)
    #expect(agent.takeStatistics().obedience.overturned == overturned)
  }

  @Test("A robot that can't be upside down is always upright")
  func planarRobots() throws {
    let (plain, costly) = (try trained { _ in }, try trained { $0.lower.fallCost = 3 })
    #expect(costly.takeStatistics().obedience.overturned == nil)
    #expect(plain.makePolicy().tensors == costly.makePolicy().tensors)
  }

  // MARK: Noise

  @Test("Noise in limits is noise in the action's units times the limits")
  func noiseUnits() throws {
    // Powers of two, so that the products are exact.
    var shape = smallShape
    shape.actionLimits = [32, 32, 32]
    shape.subgoalHalfRange = [8, 8, 8, 8]
    func weights(_ units: ActionUnits, _ scale: (lower: Double, higher: Double)) throws
      -> [String: Tensor]
    {
      try trained(shape) {
        for (level, scale) in [
          (\HIROConfiguration.lower.learner, scale.lower), (\.higher.learner, scale.higher),
        ] {
          $0[keyPath: level].noiseUnits = units
          $0[keyPath: level].explorationNoise = 0.125 * scale
          $0[keyPath: level].targetNoise = 0.25 * scale
          $0[keyPath: level].targetNoiseClip = 0.5 * scale
        }
      }.makePolicy().tensors
    }
    let limits = try weights(.limits, (1, 1))
    #expect(try weights(.absolute, (32, 8)) == limits)
    #expect(try weights(.absolute, (1, 1)) != limits)
  }

  @Test("A uniform warm-up draws actions and subgoals from their whole range, then stops")
  func uniformWarmUp() throws {
    func spread(_ policy: WarmUpPolicy) throws -> (early: Double, late: Double) {
      let agent = try trained(windows: 240) {
        $0.warmUpSteps = 300
        $0.warmUpPolicy = policy
        $0.lower.explorationNoise = 0
        $0.lower.actorLearningRate = 0
      }
      func meanSquare(_ slots: Range<Int>) -> Double {
        let values = slots.flatMap { numbers(agent.experience.action($0), 3) }
        return values.reduce(0) { $0 + pow(Double($1) / 30, 2) } / Double(values.count)
      }
      // Each episode takes 24 slots, the last of which has no action; each range holds the actions
      // of one episode.
      return (meanSquare(120..<143), meanSquare(360..<383))
    }
    let uniform = try spread(.uniform)
    // A uniform distribution over ±1 has the variance 1/3; there are 69 draws.
    #expect(abs(uniform.early - 1.0 / 3) < 0.12)
    // An untrained actor without noise stays near 0.
    #expect(uniform.late < 0.01)
    let untrained = try spread(.untrained)
    #expect(untrained.early < 0.01)
  }

  // MARK: What the lower level sees

  /// The shape of a free robot, whose observation is position, quaternion, a joint; velocity,
  /// angular velocity; the time.
  private func freeShape(_ frame: LowerFrame) -> AgentShape {
    var shape = AgentShape(
      observationCount: 15, targetCount: 2, actionLimits: [1], subgoalHalfRange: [10, 10],
      positionIndices: [0, 1], placeCount: 3,
      heading: .init(kind: .quaternion, index: 3, velocityIndex: 8))
    shape.frame = frame
    return shape
  }

  private func lowerInput(_ shape: AgentShape, _ observation: [Float], _ subgoal: [Float])
    -> [Float]
  {
    var input = [Float](repeating: .nan, count: shape.lowerInputCount)
    shape.writeLowerInput(observation, subgoal: subgoal, into: &input)
    return input
  }

  /// The observation and the subgoal of a robot that has been turned about the vertical.
  private func turned(_ observation: [Float], _ subgoal: [Float], by angle: Float)
    -> ([Float], [Float])
  {
    func turn(_ x: Float, _ y: Float) -> (Float, Float) {
      (cos(angle) * x - sin(angle) * y, sin(angle) * x + cos(angle) * y)
    }
    var (state, wanted) = (observation, subgoal)
    (state[0], state[1]) = turn(state[0], state[1])
    (state[8], state[9]) = turn(state[8], state[9])
    (wanted[0], wanted[1]) = turn(wanted[0], wanted[1])
    // The product of the turn's quaternion and the orientation.
    let (c, s) = (cos(angle / 2), sin(angle / 2))
    let (w, x, y, z) = (observation[3], observation[4], observation[5], observation[6])
    (state[3], state[4], state[5], state[6]) = (
      c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w
    )
    return (state, wanted)
  }

  @Test("In the frame of the heading a robot that is turned about the vertical sees the same")
  func headingFrame() {
    var stream = RandomStream(seed: 2, name: "heading tests")
    let (shape, world) = (freeShape(.heading), freeShape(.world))
    for _ in 0..<200 {
      var observation = (0..<15).map { _ in Float(stream.normal()) }
      let length = norm(observation[3..<7])
      for index in 3..<7 { observation[index] /= length }
      let subgoal = (0..<2).map { _ in Float(10 * stream.normal()) }
      let seen = lowerInput(shape, observation, subgoal)
      let angle = Float(stream.uniform(in: -10...10))
      let (state, wanted) = turned(observation, subgoal, by: angle)
      for (one, other) in zip(seen, lowerInput(shape, state, wanted)) {
        #expect(abs(one - other) < 2e-4 * max(1, abs(one)))
      }
      // Only the heading is lost: lengths, height, joints and angular velocity stay.
      #expect(abs(norm(seen.suffix(2)) - norm(subgoal)) < 1e-4 * norm(subgoal))
      #expect(abs(norm(seen[3..<7]) - 1) < 1e-5 && seen[3] >= 0)
      let plain = lowerInput(world, observation, subgoal)
      for index in [0, 1, 2, 7, 10, 11, 12, 13, 14] { #expect(seen[index] == plain[index]) }
    }
  }

  @Test("In the frame of the heading x points where the robot looks")
  func headingFrameDirections() {
    let shape = freeShape(.heading)
    // The robot faces +y.
    let half = Float(0.5).squareRoot()
    var observation = [Float](repeating: 0, count: 15)
    (observation[3], observation[6]) = (half, half)
    (observation[8], observation[9]) = (0, 2)
    let seen = lowerInput(shape, observation, [-3, 5])
    for (found, expected) in zip(seen[3...6], [1, 0, 0, 0] as [Float]) {
      #expect(abs(found - expected) < 1e-6)
    }
    #expect(abs(seen[8] - 2) < 1e-6 && abs(seen[9]) < 1e-6)
    #expect(abs(seen[15] - 5) < 1e-5 && abs(seen[16] - 3) < 1e-5)

    var planar = AgentShape(
      observationCount: 7, targetCount: 2, actionLimits: [1, 1], subgoalHalfRange: [10, 10],
      positionIndices: [0, 1], heading: .init(kind: .angle, index: 2, velocityIndex: 3))
    planar.frame = .heading
    let driving = lowerInput(planar, [9, 9, .pi / 2, 0, 2, 0.5, 0.1], [-3, 5])
    for (found, expected) in zip(driving, [0, 0, 0, 2, 0, 0.5, 0.1, 5, 3] as [Float]) {
      #expect(abs(found - expected) < 1e-5)
    }
  }

  // MARK: What the higher level sees

  @Test("In its robot's frame the higher level sees and wants the same when the world is turned")
  func higherFrame() throws {
    var shape = freeShape(.world)
    shape.higherFrame = .heading
    shape.pastPlaceCount = 2
    func input(_ observation: [Float], _ target: [Float], _ way: [[Float]]) -> [Float] {
      var input = [Float](repeating: .nan, count: shape.higherInputCount)
      shape.writeHigherInput(
        observation, target: target, into: &input,
        place: { way[$0 == 1 ? 0 : 1].withUnsafeBufferPointer { ($0[0], $0[1]) } })
      return input
    }
    var stream = RandomStream(seed: 3, name: "heading tests")
    for _ in 0..<100 {
      func vector(_ count: Int) -> [Float] { (0..<count).map { _ in Float(stream.normal()) } }
      let (observation, target, wanted) = (vector(15), vector(2), vector(2))
      let way = [vector(2), vector(2)]
      let angle = Float(stream.uniform(in: -3...3))
      let (state, itsTarget) = turned(observation, target, by: angle)
      let itsWay = way.map { turned(observation, $0, by: angle).1 }
      let (one, other) = (input(observation, target, way), input(state, itsTarget, itsWay))
      // Compares everything but the orientation, which stays as it is in the world.
      for index in one.indices where !(3..<7).contains(index) {
        #expect(abs(one[index] - other[index]) < 1e-4 * max(1, abs(one[index])))
      }
      #expect(Array(one[3..<7]) == Array(observation[3..<7]))
      #expect(abs(norm(one[15..<17]) - norm(target)) < 1e-4)

      var (subgoal, turnedSubgoal) = (wanted, wanted)
      shape.subgoal(fromActor: &subgoal, in: observation)
      shape.subgoal(fromActor: &turnedSubgoal, in: state)
      for (found, expected) in zip(turnedSubgoal, turned(observation, subgoal, by: angle).1) {
        #expect(abs(found - expected) < 1e-4)
      }
      shape.actorOutput(fromSubgoal: &subgoal, in: observation)
      for (found, expected) in zip(subgoal, wanted) { #expect(abs(found - expected) < 1e-5) }
    }
    // For a robot that faces +y, ahead is +y.
    var facing = [Float](repeating: 0, count: 15)
    (facing[3], facing[6]) = (1, 1)
    var ahead: [Float] = [2, 0]
    shape.subgoal(fromActor: &ahead, in: facing)
    #expect(abs(ahead[0]) < 1e-6 && abs(ahead[1] - 2) < 1e-6)
  }

  @Test("What the higher level learns from is what its actor would have said, turned back")
  func higherFrameInBatches() throws {
    func agent(_ frame: HigherFrame) throws -> HIROAgent {
      try trained(freeShape(.world), world: ToyWorld(seed: 1, count: 15)) {
        $0.warmUpPolicy = .uniform
        $0.warmUpSteps = 300
        $0.subgoals.space = .xy
        $0.correction.kind = .none
        $0.higher.frame = frame
      }
    }
    let turnedAgent = try agent(.heading)
    let (shape, experience) = (turnedAgent.shape, turnedAgent.experience)
    // For each input that the actor saw: where its transition starts, and the subgoal that was
    // followed.
    var stored: [[Float]: (start: Int, subgoal: [Float])] = [:]
    for number in experience.higherHead - experience.higherCount..<experience.higherHead {
      let start = experience.higherTransition(number).start
      var input = [Float](repeating: 0, count: shape.higherInputCount)
      shape.writeHigherInput(
        experience.observation(start), target: experience.higherTarget(number), into: &input,
        place: { _ in (0, 0) })
      stored[input] = (start, numbers(experience.higherSubgoal(number), 2))
    }
    let batch = (turnedAgent.higher as! TD3).batch
    var turnedRows = 0
    for (index, row) in rows(turnedAgent.higher).enumerated() {
      let (start, followed) = try #require(stored[row.input])
      let learned = numbers(batch.inputsAndActions.row(index) + shape.higherInputCount, 2)
      var expected = followed
      shape.actorOutput(fromSubgoal: &expected, in: experience.observation(start))
      #expect(learned == expected)
      turnedRows += learned == followed ? 0 : 1
    }
    #expect(turnedRows > batch.rewards.count / 3)
    #expect(try agent(.world).makePolicy().tensors != turnedAgent.makePolicy().tensors)
  }

  @Test(
    "Whatever the higher level learns from, its actor could have said it, in the heading's frame",
    arguments: CorrectionKind.allCases)
  func higherFrameRange(kind: CorrectionKind) throws {
    let agent = try trained(freeShape(.world), world: ToyWorld(seed: 1, count: 15)) {
      $0.warmUpPolicy = .uniform
      $0.warmUpSteps = 300
      $0.subgoals.space = .xy
      $0.correction.kind = kind
      $0.correction.candidateNoise = 2
      $0.correction.meanNoise = 2
      $0.higher.frame = .heading
      $0.higher.randomSubgoals = 0.2
      $0.higher.holdProbability = 0.5
      $0.higher.holdReach = 50
    }
    let (shape, experience) = (agent.shape, agent.experience)
    func expectInRange(_ subgoal: [Float], at start: Int) -> Bool {
      var output = subgoal
      shape.actorOutput(fromSubgoal: &output, in: experience.observation(start))
      for (number, bound) in zip(output, shape.subgoalHalfRange) {
        #expect(abs(number) <= bound * 1.0001)
      }
      return zip(subgoal, shape.subgoalHalfRange).contains { abs($0) > $1 * 1.001 }
    }
    var corners = 0
    let all = Array(experience.higherHead - experience.higherCount..<experience.higherHead)
    let relabelled = Matrix(rows: all.count, columns: 2)
    var stream = RandomStream(seed: 3, name: "correction")
    for first in stride(from: 0, to: all.count - 29, by: 30) {
      let transitions = Array(all[first..<first + 30])
      _ = agent.relabelling.relabel(
        transitions, of: experience, actor: agent.lower.actor, pool: WorkerPool(threads: 1),
        using: &stream, into: relabelled, column: 0)
      for (row, number) in transitions.enumerated() {
        let start = experience.higherTransition(number).start
        let followed = numbers(experience.higherSubgoal(number), 2)
        corners += expectInRange(followed, at: start) ? 1 : 0
        corners += expectInRange(numbers(relabelled.row(row), 2), at: start) ? 1 : 0
      }
    }
    // Some of them are beyond the range along an axis of the world.
    #expect(corners > 5)
  }

  @Test("The correction chooses in the frame of the heading as one row at a time does")
  func correctionInHeadingFrame() throws {
    var shape = freeShape(.world)
    shape.actionLimits = [1, 1, 1]
    var configuration = makeSmallConfiguration()
    configuration.subgoals.space = .xy
    configuration.lower.place = .hidden
    configuration.lower.frame = .heading
    let agent = try HIROAgent(shape: shape, configuration: configuration, seed: 1)
    var world = ToyWorld(seed: 1, count: 15)
    train(agent, in: &world, windows: 60, pool: WorkerPool(threads: 1))

    let first = agent.experience.higherHead - agent.experience.higherCount
    var sampling = RandomStream(seed: 3, name: "transitions")
    let transitions = (0..<30).map { _ in
      first + sampling.index(below: agent.experience.higherCount)
    }
    var stream = RandomStream(seed: 3, name: "correction")
    let result = Matrix(rows: 30, columns: 2)
    let correction = try #require(agent.relabelling as? OffPolicyCorrection)
    _ = correction.relabel(
      transitions, of: agent.experience, actor: agent.lower.actor, pool: WorkerPool(threads: 1),
      using: &stream, into: result, column: 0)
    let activations = Activations(shape: agent.lower.actor.shape, rows: 1)
    for (row, number) in transitions.enumerated() {
      let transition = agent.experience.higherTransition(number)
      let errors = (0..<10).map { index -> Float in
        let candidate = numbers(correction.candidates.row(row * 10 + index), 2)
        let start = numbers(agent.experience.observation(transition.start), 15)
        var error: Float = 0
        for slot in transition.start..<transition.start + transition.length {
          let state = numbers(agent.experience.observation(slot), 15)
          let subgoal = (0..<2).map { candidate[$0] + start[$0] - state[$0] }
          agent.shape.writeLowerInput(state, subgoal: subgoal, into: activations.input.row(0))
          agent.lower.actor.forward(activations, rows: 0..<1)
          for (action, output) in zip(
            numbers(agent.experience.action(slot), 3), numbers(activations.output.row(0), 3))
          {
            error += (action - output) * (action - output)
          }
        }
        return error
      }
      // Sums in another order may choose another of two candidates that are equally good.
      #expect(errors[correction.choices[row]] <= errors.min()! * 1.000_1)
    }
  }

  @Test("The automatic frame is the one that makes most of the robot")
  func automaticFrame() throws {
    var configuration = HIROConfiguration()
    configuration.lower.frame = .automatic
    #expect(try smallShape.adapted(to: configuration).frame == .world)
    var shape = freeShape(.world)
    #expect(try shape.adapted(to: configuration).frame == .heading)
    let same = AgentShape.QuarterTurn.Relabelling(
      sources: Array(0..<15), signs: Array(repeating: 1, count: 15))
    shape.quarterTurn = .init(observation: same, action: .init(sources: [0], signs: [1]))
    #expect(try shape.adapted(to: configuration).frame == .quadrant)
    configuration.subgoals.semantics = .absolute
    #expect(try shape.adapted(to: configuration).frame == .world)
    configuration.subgoals.semantics = .relative
    configuration.lower.frame = .world
    #expect(try shape.adapted(to: configuration).frame == .world)
  }

  @Test("Place and space are chosen independently")
  func placeAndSpace() throws {
    var configuration = HIROConfiguration()
    configuration.subgoals.space = .xy
    configuration.lower.place = .hidden
    var shape = try smallShape.adapted(to: configuration)
    #expect(shape.positionIndices == [0, 1] && shape.subgoalCount == 2)
    configuration.subgoals.space = .full
    configuration.lower.place = .visible
    shape = try smallShape.adapted(to: configuration)
    #expect(shape.positionIndices == [] && shape.subgoalCount == 4)
    configuration.subgoals.space = .xyz
    configuration.lower.place = .automatic
    shape = try freeShape(.world).adapted(to: HIROConfiguration())
    shape.subgoalHalfRange = [10, 10, 0.5, 1]
    shape = try shape.adapted(to: configuration)
    #expect(shape.positionIndices == [0, 1] && shape.subgoalHalfRange == [10, 10, 0.5])
  }

  @Test("What a task can't have is refused by the name of the setting")
  func refusals() throws {
    func error(_ shape: AgentShape, _ change: (inout HIROConfiguration) -> Void)
      -> AgentShapeError?
    {
      var configuration = HIROConfiguration()
      change(&configuration)
      do throws(AgentShapeError) {
        _ = try shape.adapted(to: configuration)
        return nil
      } catch { return error }
    }
    #expect(error(smallShape) { $0.subgoals.space = .xyz } == .noSpace(.xyz))
    #expect(error(smallShape) { $0.lower.frame = .heading } == .noHeading(setting: "lower.frame"))
    #expect(error(smallShape) { $0.higher.frame = .heading } == .noHeading(setting: "higher.frame"))
    #expect(
      error(freeShape(.world)) {
        $0.lower.frame = .heading
        $0.subgoals.semantics = .absolute
      } == .noHeading(setting: "lower.frame"))
    for change: (inout HIROConfiguration) -> Void in [
      { $0.higher.reward = .progress }, { $0.higher.otherTargets = 0.5 },
    ] {
      let found = error(smallShape, change)
      guard case .noTarget(let setting) = found else {
        Issue.record("\(String(describing: found))")
        continue
      }
      #expect(found!.description.hasPrefix(setting))
      #expect(error(mazeShape, change) == nil)
    }
  }

  @Test("A bound needs rewards that are progress")
  func refusedBound() {
    func refusal(_ change: (inout HIROConfiguration) -> Void) -> String? {
      var configuration = HIROConfiguration()
      change(&configuration)
      do {
        _ = try mazeShape.adapted(to: configuration)
        return nil
      } catch { return error.description }
    }
    #expect(
      refusal { $0.higher.valueBound = .distance }?.hasPrefix("higher.valueBound: ") == true)
    for change: (inout HIROConfiguration) -> Void in [
      { $0.lower.reward = .progress }, { $0.lower.nextSubgoal = .transition },
    ] {
      let message = refusal {
        $0.lower.valueBound = .distance
        change(&$0)
      }
      #expect(message?.hasPrefix("lower.valueBound: ") == true)
    }
    #expect(
      refusal {
        $0.lower.valueBound = .distance
        $0.lower.reward = .progress
        $0.lower.nextSubgoal = .transition
      } == nil)
  }

  // MARK: The higher level

  /// `smallShape` with targets in the plane.
  private var mazeShape: AgentShape {
    var shape = smallShape
    shape.targets = .init(lower: [-4, -2], upper: [0, 2], evaluation: [3, -1])
    return shape
  }

  private func distance(_ state: some Collection<Float>, _ target: [Float]) -> Float {
    norm(zip(state, target).map { $0 - $1 })
  }

  @Test("Progress above is the distance to the target that was gained between decisions")
  func higherProgress() throws {
    let agent = try trained(mazeShape) {
      $0.higher.reward = .progress
      $0.higher.rewardScale = 2
    }
    for row in rows(agent.higher) {
      #expect(Array(row.input.suffix(2)) == [3, -1])
      let gained = distance(row.input.prefix(2), [3, -1]) - distance(row.next.prefix(2), [3, -1])
      #expect(abs(row.reward - 2 * gained) < 1e-5)
    }
  }

  @Test("An n-step return sums the rewards of n decisions of an episode, and no further")
  func nStep() throws {
    let agent = try trained(mazeShape, windows: 120) {
      $0.higher.reward = .progress
      $0.higher.rewardScale = 1
      $0.higher.discount = 0.5
      $0.higher.nStep = 2
    }
    // The states at decisions: an episode of 23 steps has four, which are 10, 10 and 3 steps apart.
    let experience = agent.experience
    var expected: [[Float]: (next: [Float], reward: Float, discount: Float)] = [:]
    for number in experience.higherHead - experience.higherCount..<experience.higherHead {
      let (place, transition) = (number % 3, experience.higherTransition(number))
      let states = (place..<4).prefix(3).map {
        numbers(
          experience.observation(transition.start + min(10 * ($0 - place), 23 - 10 * place)), 7)
      }
      let distances = states.map { distance($0.prefix(2), [3, -1]) }
      var reward = distances[0] - distances[1]
      if distances.count > 2 { reward += 0.5 * (distances[1] - distances[2]) }
      expected[states[0]] = (states.last!, reward, distances.count > 2 ? 0.25 : 0.5)
    }
    for (index, row) in rows(agent.higher).enumerated() {
      let (next, reward, discount) = try #require(expected[Array(row.input.prefix(7))])
      #expect(Array(row.next.prefix(7)) == next && abs(row.reward - reward) < 1e-5)
      #expect(agent.higher.batch.discounts[index] == discount)
    }
  }

  @Test("An n-step return ends before a decision in which exploration held a place")
  func nStepEndsBeforeHeld() throws {
    let agent = try trained(mazeShape, windows: 240) {
      $0.higher.reward = .progress
      $0.higher.rewardScale = 1
      $0.higher.nStep = 3
      $0.higher.holdProbability = 0.3
      $0.higher.longestHold = 2
      $0.higher.explorationNoise = 0
      $0.higher.actorLearningRate = 0
    }
    let experience = agent.experience
    let numbersOfAll = experience.higherHead - experience.higherCount..<experience.higherHead
    var ends: [[Float]: [Float]] = [:]
    var (held, small, cut) = (0, 0, 0)
    for number in numbersOfAll {
      let transition = experience.higherTransition(number)
      // An actor that does not learn asks for small subgoals; few held places are as near.
      let asked = numbers(experience.higherSubgoal(number), 2).map(abs).max()!
      if transition.isHeld {
        held += 1
        small += asked < 0.3 ? 1 : 0
      } else {
        #expect(asked < 0.3)
      }
      var end = transition.start + transition.length
      for next in number + 1..<number + 3 where next < experience.higherHead {
        let following = experience.higherTransition(next)
        guard following.start == end else { break }
        if following.isHeld {
          cut += 1
          break
        }
        end += following.length
      }
      ends[numbers(experience.observation(transition.start), 7)] = numbers(
        experience.observation(end), 7)
    }
    #expect(held > 20 && held < numbersOfAll.count * 3 / 4 && small < held / 10 && cut > 10)
    for row in rows(agent.higher) {
      #expect(Array(row.next.prefix(7)) == ends[Array(row.input.prefix(7))])
    }
  }

  /// Trains towards (1, 1) with other targets in half of a batch of 400; a quarter of these are the
  /// evaluation's own target, (3, −1). Checks the shares and the rewards, and returns the targets
  /// that were drawn.
  private func otherTargets(
    _ change: (inout HIROConfiguration) -> Void
  ) throws -> (agent: HIROAgent, drawn: [[Float]]) {
    let agent = try trained(mazeShape, windows: 400, target: [1, 1]) {
      // Of the 3,069 steps the last are enough: only the last batch is looked at.
      $0.warmUpSteps = 2_950
      $0.higher.batchSize = 400
      $0.higher.reward = .progress
      $0.higher.otherTargets = 0.5
      $0.higher.evaluationTargets = 0.25
      change(&$0)
    }
    var (own, evaluation, drawn) = (0, 0, [[Float]]())
    for row in rows(agent.higher) {
      let target = Array(row.input.suffix(2))
      #expect(Array(row.next.suffix(2)) == target)
      // In this test the target of the episodes is not that of the evaluation.
      if target == [3, -1] {
        evaluation += 1
      } else if target == [1, 1] {
        own += 1
      } else {
        drawn.append(target)
      }
      let gained = distance(row.input.prefix(2), target) - distance(row.next.prefix(2), target)
      #expect(abs(row.reward - 0.1 * gained) < 1e-5)
    }
    // Expected are 200, 50 and 150 of 400; the tolerance is four standard deviations.
    #expect(160...240 ~= own && 24...76 ~= evaluation && 111...189 ~= drawn.count)
    return (agent, drawn)
  }

  @Test("Other targets are drawn from the training targets, some are the evaluation's own")
  func trainingTargets() throws {
    for target in try otherTargets({ _ in }).drawn {
      #expect(-4...0 ~= target[0] && -2...2 ~= target[1])
    }
  }

  @Test("Targets from where the robot has been are places in the memory, each its own")
  func visitedTargets() throws {
    let (agent, drawn) = try otherTargets {
      $0.higher.otherTargetPlaces = .visited
      $0.lower.replayCapacity = 10_000
    }
    let last = agent.experience.higherTransition(agent.experience.higherHead - 1)
    let places = Set(
      (0..<last.start + last.length).map { numbers(agent.experience.observation($0), 2) })
    for target in drawn {
      let isPlace = places.contains(target)
      #expect(isPlace)
    }
    #expect(Set(drawn).count > drawn.count * 3 / 4)
  }

  @Test("The sum of rewards for another target is what the environment would have given")
  func sumForOtherTargets() throws {
    var world = ToyWorld(seed: 1)
    world.target = [3, -1]
    func rewards(_ fraction: Double) throws -> [Float] {
      // With every target replaced by the same one, the rewards must be those of the environment.
      let agent = try trained(mazeShape, windows: 61, world: world) {
        $0.higher.otherTargets = fraction
        $0.higher.evaluationTargets = 1
      }
      return rows(agent.higher).map(\.reward)
    }
    let (stored, computed) = (try rewards(0), try rewards(1))
    for (one, other) in zip(stored, computed) { #expect(abs(one - other) < 1e-4 * abs(one)) }
  }

  @Test(
    "Other surroundings replace what is sensed and earned in their share of the batch, and no more")
  func otherSurroundings() throws {
    func rows(_ share: Double) throws -> [Row] {
      let agent = try trained(windows: 300, surroundings: MarkedSurroundings()) {
        // Of the 2,300 steps the last are enough: only the last batch is looked at.
        $0.warmUpSteps = 2_200
        $0.higher.batchSize = 400
        $0.higher.otherSurroundings = share
      }
      return self.rows(agent.higher)
    }
    let mark = MarkedSurroundings.mark
    for row in try rows(0) {
      #expect(row.input[6] != mark && row.next[6] != mark && row.reward < 0)
    }
    let some = try rows(0.75)
    // Expected are 300 of 400; the tolerance is four standard deviations.
    #expect(265...335 ~= some.count { $0.input[6] == mark })
    for row in some {
      let isRedrawn = row.input[6] == mark
      #expect((row.next[6] == mark) == isRedrawn && (row.reward > 0) == isRedrawn)
      // An interval has 10 steps, or 3 at the end of an episode of 23.
      if isRedrawn { #expect(abs(row.reward - 1) < 1e-5 || abs(row.reward - 0.3) < 1e-5) }
    }
  }

  @Test("Other surroundings are refused where nobody can tell of them")
  func refusedSurroundings() throws {
    var configuration = makeSmallConfiguration()
    configuration.higher.otherSurroundings = 0.5
    let error = #expect(throws: AgentShapeError.noSurroundings) {
      _ = try HIROAgent(shape: smallShape, configuration: configuration, seed: 1)
    }
    #expect(error?.description.hasPrefix("higher.otherSurroundings") == true)
  }

  @Test("Random subgoals are the share that was asked for, spread over the whole range")
  func randomSubgoals() throws {
    func subgoals(_ share: Double) throws -> [[Float]] {
      let agent = try trained(windows: 1_000) {
        $0.higher.randomSubgoals = share
        $0.higher.explorationNoise = 0.01
        $0.subgoals.space = .xy
        $0.warmUpSteps = Self.noLearning
      }
      let experience = agent.experience
      return (experience.higherHead - experience.higherCount..<experience.higherHead).map {
        numbers(experience.higherSubgoal($0), 2)
      }
    }
    // All subgoals of an untrained actor are near one place.
    let (none, some) = (try subgoals(0), try subgoals(0.3))
    #expect(none.allSatisfy { distance($0, none[0]) < 1 })
    let drawn = some.filter { distance($0, none[0]) >= 1 }
    #expect(Double(drawn.count) / Double(some.count) > 0.2 && drawn.count < some.count * 3 / 8)
    for (index, bound) in smallShape.subgoalHalfRange.prefix(2).enumerated() {
      let values = drawn.map { $0[index] / bound }
      #expect(values.min()! < -0.8 && values.max()! > 0.8 && values.allSatisfy { abs($0) <= 1 })
      #expect(abs(values.reduce(0, +) / Float(values.count)) < 0.3)
    }
  }

  @Test("A held place is asked for in several decisions, within reach, and then let go")
  func holding() throws {
    let agent = try trained(windows: 300) {
      $0.higher.holdProbability = 0.3
      $0.higher.longestHold = 4
      $0.higher.holdReach = 5
      $0.higher.explorationNoise = 0
    }
    let experience = agent.experience
    var places: [SIMD2<Float>] = []
    var runs: [Int] = []
    for number in experience.higherHead - experience.higherCount..<experience.higherHead {
      let transition = experience.higherTransition(number)
      let state = numbers(experience.observation(transition.start), 2)
      let subgoal = numbers(experience.higherSubgoal(number), 2)
      let place = SIMD2(state[0] + subgoal[0], state[1] + subgoal[1])
      let step = place - (places.last ?? SIMD2(repeating: .infinity))
      if abs(step.x) < 1e-4, abs(step.y) < 1e-4 {
        runs[runs.count - 1] += 1
      } else {
        runs.append(1)
      }
      places.append(place)
    }
    // Episodes have three decisions, and a hold ends with its episode.
    #expect(runs.max()! == 3)
    #expect(runs.contains(2) && runs.contains(1))
  }

  /// For each whole episode in the memory, which of its decisions held a place.
  private func heldDecisions(of agent: HIROAgent) -> [[Bool]] {
    let experience = agent.experience
    var episodes: [[Bool]] = []
    var end = -1
    for number in experience.higherHead - experience.higherCount..<experience.higherHead {
      let transition = experience.higherTransition(number)
      if transition.start != end { episodes.append([]) }
      episodes[episodes.count - 1].append(transition.isHeld)
      end = transition.isTerminal ? -1 : transition.start + transition.length
    }
    // The first episode may have lost its beginning to the ring buffer, and the last has not ended.
    return Array(episodes.dropFirst().dropLast())
  }

  @Test("Places are held in the share of episodes that was asked for, and in each as often")
  func holdsPerEpisode() throws {
    let agent = try trained(windows: 3_000) {
      $0.schedule = .sequential
      $0.warmUpSteps = Self.noLearning
      $0.higher.holdProbability = 1
      $0.higher.longestHold = 1
      $0.higher.holdEpisodes = 0.5
      $0.higher.holdsPerEpisode = 2
    }
    let episodes = heldDecisions(of: agent).map { $0.count { $0 } }
    let without = episodes.count { $0 == 0 }
    #expect(episodes.count > 80 && episodes.allSatisfy { $0 == 0 || $0 == 2 })
    #expect(abs(Double(without) / Double(episodes.count) - 0.5) < 0.2)
  }

  @Test("At the start places are held in the share of episodes that was asked for, and only there")
  func holdAtStart() throws {
    let agent = try trained(windows: 3_000) {
      $0.schedule = .sequential
      $0.warmUpSteps = Self.noLearning
      $0.higher.holdAtStart = 0.4
      $0.higher.longestHold = 1
    }
    let episodes = heldDecisions(of: agent)
    let held = episodes.count { $0[0] }
    #expect(episodes.count > 80 && episodes.allSatisfy { !$0.dropFirst().contains(true) })
    #expect(abs(Double(held) / Double(episodes.count) - 0.4) < 0.2)
  }

  @Test(
    "Of the noise of a decision as much stays as was asked for, and its size does not change",
    arguments: [0, 0.5, 0.9])
  func noiseCorrelation(kept: Double) throws {
    let agent = try trained(windows: 4_000) {
      $0.schedule = .sequential
      $0.higher.noiseCorrelation = kept
      $0.higher.explorationNoise = 0.05
      $0.higher.noiseUnits = .limits
      // The final actor is the one that acted.
      $0.warmUpSteps = Self.noLearning
    }
    let experience = agent.experience
    let activations = Activations(shape: agent.higher.actor.shape, rows: 1)
    var noise: [[Double]] = []
    var episodeBegins: [Bool] = []
    for number in experience.higherHead - experience.higherCount..<experience.higherHead {
      let transition = experience.higherTransition(number)
      let target = numbers(experience.higherTarget(number), agent.shape.targetCount)
      agent.shape.writeHigherInput(
        experience.observation(transition.start), target: target,
        into: activations.input.row(0), place: { _ in (0, 0) })
      agent.higher.actor.forward(activations, rows: 0..<1)
      let (chosen, asked) = (activations.output.row(0), experience.higherSubgoal(number))
      noise.append(
        agent.shape.subgoalHalfRange.enumerated().map { index, limit in
          Double((asked[index] - chosen[index]) / (0.05 * limit))
        })
      episodeBegins.append(
        number == experience.higherHead - experience.higherCount
          || experience.higherTransition(number - 1).isTerminal
          || experience.higherTransition(number - 1).start
            + experience.higherTransition(number - 1).length != transition.start
      )
    }
    var (squares, products, pairs) = (0.0, 0.0, 0)
    for (number, values) in noise.enumerated() {
      squares += values.reduce(0) { $0 + $1 * $1 }
      guard !episodeBegins[number] else { continue }
      products += zip(noise[number - 1], values).reduce(0) { $0 + $1.0 * $1.1 }
      pairs += values.count
    }
    let count = Double(noise.count * agent.shape.subgoalCount)
    #expect(count > 300 && pairs > 150)
    #expect(abs(squares / count - 1) < 0.15)
    #expect(abs(products / Double(pairs) - kept) < 0.15)
  }

  @Test(
    "The higher level sees where the robot was 1, 2, 4 and 8 decisions ago, in acting, learning and evaluation",
    arguments: [false, true])
  func pastPlaces(forgets: Bool) throws {
    var world = ToyWorld(seed: 1)
    world.length = 117
    let agent = try trained(windows: 300, world: world) {
      $0.higher.pastPlaces = 4
      if forgets { $0.higher.replayCapacity = 30 }
      // Without learning and noise the final actor is the one that acted, and its outputs are the
      // subgoals that were set.
      $0.higher.actorLearningRate = 0
      $0.higher.explorationNoise = 0
    }
    let (shape, experience) = (agent.shape, agent.experience)
    let known = experience.higherHead - experience.higherCount..<experience.higherHead
    #expect(shape.higherInputCount == shape.flatInputCount + 8)
    #expect(forgets == (known.count == 30))
    let activations = Activations(shape: agent.higher.actor.shape, rows: 1)
    let policy = agent.makePolicy()
    var path: [(x: Float, y: Float)] = []
    var isWhole = false
    var end = -1
    var seen = 0
    for number in known {
      let transition = experience.higherTransition(number)
      let state = numbers(experience.observation(transition.start), shape.observationCount)
      let target = numbers(experience.higherTarget(number), shape.targetCount)
      if transition.start != end {
        // The beginning of the first episode may be forgotten.
        isWhole = number > known.lowerBound || number == 0
        path = []
        policy.beginEpisode()
      }
      end = transition.start + transition.length
      path.append((state[0], state[1]))
      func place(_ decisionsAgo: Int) -> (x: Float, y: Float) {
        path[max(path.count - 1 - decisionsAgo, 0)]
      }
      for count in [1, 2, 4, 8] {
        #expect(experience.place(decisions: count, before: number) == place(count))
      }
      guard isWhole else { continue }
      shape.writeHigherInput(
        state, target: target, into: activations.input.row(0), place: place)
      let input = numbers(activations.input.row(0), shape.higherInputCount)
      #expect(Array(input.dropLast(8)) == state + target)
      let expected = [1, 2, 4, 8].flatMap { [place($0).x - state[0], place($0).y - state[1]] }
      #expect(Array(input.suffix(8)) == expected)
      agent.higher.actor.forward(activations, rows: 0..<1)
      let chosen = numbers(activations.output.row(0), shape.subgoalCount)
      #expect(chosen == numbers(experience.higherSubgoal(number), shape.subgoalCount))
      for slot in transition.start..<end {
        let state = numbers(experience.observation(slot), shape.observationCount)
        _ = policy.action(observation: state, target: target)
        if slot == transition.start { #expect(policy.subgoal == chosen) }
      }
      seen += 1
    }
    #expect(seen > (forgets ? 10 : 200) && path.count > 0)

    // In the next input, the place of one decision ago is the present place, and that of two
    // decisions ago is the present input's place of one decision ago.
    for row in rows(agent.higher) {
      let (now, next) = (Array(row.input.suffix(8)), Array(row.next.suffix(8)))
      for axis in 0..<2 {
        #expect(abs(next[axis] + row.next[axis] - row.input[axis]) < 1e-4)
        #expect(
          abs(next[2 + axis] + row.next[axis] - (now[axis] + row.input[axis])) < 1e-4)
      }
    }
  }

  @Test("With n-step returns the next state's places are those before the last decision of the sum")
  func pastPlacesOfReturns() throws {
    var world = ToyWorld(seed: 1)
    world.length = 117
    let agent = try trained(windows: 300, world: world) {
      $0.higher.pastPlaces = 1
      $0.higher.nStep = 5
    }
    let experience = agent.experience
    var ends: [[Float]: [Float]] = [:]
    for number in experience.higherHead - experience.higherCount..<experience.higherHead {
      let transition = experience.higherTransition(number)
      let state = numbers(experience.observation(transition.start), 2)
      let end = numbers(experience.observation(transition.start + transition.length), 2)
      ends[end] = [state[0] - end[0], state[1] - end[1]]
    }
    let rows = rows(agent.higher)
    #expect(rows.allSatisfy { ends[Array($0.next.prefix(2))] == Array($0.next.suffix(2)) })
  }

  @Test("A decision earns the more the fewer were made where it ends", arguments: Schedule.allCases)
  func noveltyReward(schedule: Schedule) throws {
    let agent = try trained(windows: 400) {
      $0.schedule = schedule
      $0.warmUpPolicy = .untrained
      $0.higher.noveltyReward = 3
      $0.higher.rewardScale = 0.5
    }
    // Makes the updates that are still due, so that the last batch uses the counts of all
    // decisions.
    agent.learn(pool: WorkerPool(threads: 1))
    let experience = agent.experience
    struct Square: Hashable { var x, y: Float }
    func square(_ state: [Float]) -> Square {
      Square(x: (state[0] / 2).rounded(), y: (state[1] / 2).rounded())
    }
    var counts: [Square: Int] = [:]
    var earned: [[Float]: (reward: Float, end: [Float])] = [:]
    var transitions = 0
    for number in 0..<experience.higherHead {
      let transition = experience.higherTransition(number)
      let end = transition.start + transition.length
      let state = numbers(experience.observation(transition.start), agent.shape.observationCount)
      let next = numbers(experience.observation(end), agent.shape.observationCount)
      // Every state in which a decision is made counts, and so does the last state of an episode,
      // which no transition follows.
      counts[square(state), default: 0] += 1
      let isLast =
        number + 1 == experience.higherHead || experience.higherTransition(number + 1).start != end
      if isLast { counts[square(next), default: 0] += 1 }
      earned[state] = (transition.reward, next)
      transitions += 1
    }
    #expect(transitions == experience.higherCount && counts.count > 5)
    for row in rows(agent.higher) {
      let state = Array(row.input.prefix(agent.shape.observationCount))
      let (reward, end) = try #require(earned[state])
      let expected = 0.5 * (reward + 3 / Float(try #require(counts[square(end)])))
      #expect(abs(row.reward - expected) < 1e-4 * max(1, abs(expected)))
    }
  }

  @Test("Places are drawn the more often the fewer decisions were there, and from just beyond")
  func visitedPlaces() throws {
    var places = VisitedPlaces()
    var stream = RandomStream(seed: 1, name: "visited places")
    #expect(places.draw(using: &stream) == nil)
    // Cells of 1, 2 and 5 decisions, so far apart that their neighbourhoods do not overlap.
    for (x, count) in [(0, 1), (100, 2), (200, 5)] {
      for index in 0..<count { places.visit((Float(x) + Float(index) / 8, -0.9)) }
    }
    places.visit((.infinity, 0))
    places.visit((.nan, 0))
    var counts = [0, 0, 0]
    var (nearest, farthest) = (Float.infinity, Float(0))
    for _ in 0..<17_000 {
      let place = try #require(places.draw(using: &stream))
      let index = Int((place.x / 100).rounded())
      counts[index] += 1
      nearest = min(nearest, place.x - 100 * Float(index))
      farthest = max(farthest, place.x - 100 * Float(index))
      #expect(-3...3 ~= place.y)
    }
    // The expected shares are 10, 5 and 2 of 17; five standard errors are about 350.
    for (count, expected) in zip(counts, [10_000, 5_000, 2_000]) {
      #expect(abs(count - expected) < 350)
    }
    #expect(nearest < -2.9 && farthest > 2.9 && nearest >= -3 && farthest <= 3)
  }

  @Test(
    "A rare place that is held is one near where the robot has been, and is let go when reached")
  func rarePlaces() throws {
    let agent = try trained(windows: 600) {
      $0.higher.holdProbability = 1
      $0.higher.longestHold = 1_000
      $0.higher.holdPlaces = .rare
      $0.higher.explorationNoise = 0
    }
    let experience = agent.experience
    var (held, reached) = (0, 0)
    for number in experience.higherHead - experience.higherCount + 1..<experience.higherHead {
      let (before, now) = (
        experience.higherTransition(number - 1), experience.higherTransition(number)
      )
      // Episodes have three decisions. Of two consecutive ones in one episode, the second shows
      // whether the place was let go.
      guard before.start + before.length == now.start else { continue }
      let places = [(number - 1, before), (number, now)].map { index, transition in
        let state = numbers(experience.observation(transition.start), 2)
        let subgoal = numbers(experience.higherSubgoal(index), 2)
        return SIMD2(state[0] + subgoal[0], state[1] + subgoal[1])
      }
      // The subgoal of a place out of reach is clipped, so the place can't be computed from it.
      let cut = [number - 1, number].contains { index in
        numbers(experience.higherSubgoal(index), 2).contains { abs($0) > 9.999 }
      }
      if cut { continue }
      let state = numbers(experience.observation(now.start), 2)
      let left = places[0] - SIMD2(state[0], state[1])
      let change = places[1] - places[0]
      if (left * left).sum() < 1 {
        reached += 1
        #expect((change * change).sum() > 1e-6)
      } else {
        held += 1
        #expect((change * change).sum() < 1e-6)
      }
    }
    #expect(held > 50 && reached > 5)
  }

  @Test("A quiet episode is one without noise and held places, the others stay as they are")
  func quietEpisodes() throws {
    func actions(_ change: (inout HIROConfiguration) -> Void) throws -> [[Float]] {
      // Nothing is learned, so an action shows whether there was noise.
      let agent = try trained(windows: 300) {
        $0.warmUpSteps = Self.noLearning
        $0.higher.holdProbability = 0.3
        change(&$0)
      }
      return (0..<480).map { numbers(agent.experience.action($0), 3) }
    }
    let silent = try actions {
      $0.lower.explorationNoise = 0
      $0.higher.explorationNoise = 0
      $0.higher.holdProbability = 0
    }
    #expect(try actions { $0.quietEpisodes = 1 } == silent)
    #expect(try actions { _ in } != silent)
    // An untrained actor's actions are small and the noise is large, so the actions of an episode
    // of 23 steps show whether it was quiet.
    let mixed = try actions { $0.quietEpisodes = 0.5 }
    let loudest = (0..<20).map { episode in
      mixed[episode * 24..<episode * 24 + 23].flatMap(\.self).map(abs).max()!
    }
    #expect(4...16 ~= loudest.count { $0 < 0.1 })
  }

  @Test("The mean of the target critics is above their minimum")
  func targetValues() throws {
    func value(_ kind: TargetValue) throws -> Double {
      let agent = try trained(mazeShape, windows: 200) {
        $0.higher.targetValue = kind
        $0.lower.targetValue = kind
      }
      return agent.takeStatistics().lower.meanValue
    }
    #expect(try value(.mean) > value(.minimum))
  }

  @Test("With bounded values no critic of the higher level is taught more than there is to gain")
  func valueBound() throws {
    func excess(_ bound: ValueBound) throws -> Float {
      let agent = try trained(mazeShape, windows: 400) {
        $0.higher.reward = .progress
        $0.higher.rewardScale = 1
        $0.higher.valueBound = bound
        $0.higher.updatesPerDecision = 8
        $0.higher.targetValue = .mean
        $0.higher.criticLearningRate = 1e-2
        $0.higher.targetUpdateRate = 0.5
      }
      // A target value is at most the reward plus the remaining distance, which is the bound.
      for (index, row) in rows(agent.higher).enumerated() where bound == .distance {
        #expect(
          abs(agent.higher.batch.bounds[index] - distance(row.next.prefix(2), [3, -1])) < 1e-4)
      }
      let distances = rows(agent.higher).map { distance($0.input.prefix(2), [3, -1]) }
      return Float(agent.takeStatistics().higher.meanValue) - distances.reduce(0, +) / 30
    }
    let (free, bounded) = (try excess(.none), try excess(.distance))
    #expect(bounded < free)
    #expect(bounded < 1)
  }

  @Test("With bounded values no critic of the lower level is taught more than is left of a subgoal")
  func lowerValueBound() throws {
    func excess(_ bound: ValueBound) throws -> Float {
      let agent = try trained(windows: 400) {
        $0.lower.reward = .progress
        $0.lower.nextSubgoal = .transition
        $0.lower.valueBound = bound
        $0.lower.targetValue = .mean
        $0.lower.criticLearningRate = 1e-2
        $0.lower.targetUpdateRate = 0.5
      }
      for (index, row) in rows(agent.lower).enumerated() where bound == .distance {
        #expect(abs(agent.lower.batch.bounds[index] - norm(row.next.suffix(4))) < 1e-4)
      }
      let left = rows(agent.lower).map { norm($0.input.suffix(4)) }
      return Float(agent.takeStatistics().lower.meanValue) - left.reduce(0, +) / Float(left.count)
    }
    let (free, bounded) = (try excess(.none), try excess(.distance))
    #expect(bounded < free)
    #expect(bounded < 1)
  }

  @Test("A penalty on the outputs keeps them from the limits, without one they drift there")
  func outputPenalty() throws {
    func saturation(_ penalty: Double) throws -> Double {
      let agent = try trained(mazeShape, windows: 600) {
        $0.higher.reward = .progress
        $0.higher.rewardScale = 10
        $0.higher.actorLearningRate = 1e-2
        $0.higher.outputPenalty = penalty
      }
      _ = agent.takeStatistics()
      var world = ToyWorld(seed: 9)
      train(agent, in: &world, windows: 100, pool: WorkerPool(threads: 1))
      return agent.takeStatistics().higher.meanSaturation
    }
    let (free, held) = (try saturation(0), try saturation(3))
    #expect(free > 0.5)
    #expect(held < 0.05)
  }

  @Test("The averaged actor is evaluated and saved, and changes nothing in what is learned")
  func averaging() throws {
    let plain = try trained { _ in }
    let averaged = try trained {
      $0.lower.averagingRate = 0.1
      $0.higher.averagingRate = 0.1
    }
    #expect(plain.lower.actor.tensors(prefix: "") == averaged.lower.actor.tensors(prefix: ""))
    #expect(plain.higher.actor.tensors(prefix: "") == averaged.higher.actor.tensors(prefix: ""))
    #expect(plain.makePolicy().tensors != averaged.makePolicy().tensors)
  }

  @Test("Obedience is measured over the decisions: what is left, and what was gained")
  func obedience() throws {
    let agent = try trained(windows: 30) { $0.warmUpSteps = Self.noLearning }
    let statistics = agent.takeStatistics().obedience
    let experience = agent.experience
    var (gained, reached) = (0.0, 0)
    for number in 0..<experience.higherHead {
      let transition = experience.higherTransition(number)
      let start = numbers(experience.observation(transition.start), 2)
      let end = numbers(experience.observation(transition.start + transition.length), 2)
      let subgoal = numbers(experience.higherSubgoal(number), 2)
      let left = norm((0..<2).map { start[$0] + subgoal[$0] - end[$0] })
      gained += Double(norm(subgoal) - left)
      reached += left < ObedienceStatistics.reach ? 1 : 0
    }
    #expect(statistics.decisions == experience.higherHead)
    #expect(statistics.reached == reached)
    #expect(abs(statistics.gained - gained) < 1e-3)
    #expect(agent.takeStatistics().obedience == ObedienceStatistics())
  }
}

/// Surroundings in which each step earns 1 and the last number of an observation is a mark. They
/// check that the states of the steps are those in the inputs.
private struct MarkedSurroundings: Surroundings {
  static let mark: Float = 1_000

  func redraw(
    steps: Int, state: (Int) -> UnsafePointer<Float>, using generator: inout RandomStream,
    first: UnsafeMutablePointer<Float>, last: UnsafeMutablePointer<Float>
  ) -> Float {
    for index in 0..<7 {
      precondition(first[index] == state(0)[index] && last[index] == state(steps)[index])
    }
    (first[6], last[6]) = (Self.mark, Self.mark)
    return Float(steps)
  }
}
