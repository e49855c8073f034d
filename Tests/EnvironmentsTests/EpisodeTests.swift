import Environments
import Foundation
import Learning
import MuJoCo
import Randomness
import Testing

@Suite("Episodes")
struct EpisodeTests {
  static let names = TaskRegistry.all.map(\.name)

  // MARK: Reset

  @Test(
    "A reset adds U(-0.1, 0.1) to each position and 0.1 N(0, 1) to each velocity",
    arguments: ["ant-maze", "ant-fall", "ant-gather"])
  func resetDraws(task: String) throws {
    let environment = try TaskRegistry.makeEnvironment(named: task)
    let start = environment.simulation.model.qpos0
    var generator = RandomStream(seed: 5, name: "environment")
    var same = generator
    try environment.reset(using: &generator, target: .training)

    var positions = (0..<15).map { start[$0] + same.uniform(in: -0.1...0.1) }
    let velocities = (0..<14).map { _ in 0.1 * same.normal() }
    // mj_forward normalises the quaternion, as in the reference.
    let length = positions[3..<7].reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(length - 1) > 1e-3)
    for index in 3..<7 { positions[index] /= length }
    for index in 0..<15 {
      #expect(abs(environment.simulation.qpos[index] - positions[index]) < 1e-15)
    }
    #expect(Array(environment.simulation.qvel).prefix(14) == velocities[...])
    #expect(environment.simulation.qpos.dropFirst(15).allSatisfy { $0 == 0 })
    #expect(environment.simulation.qvel.dropFirst(14).allSatisfy { $0 == 0 })
  }

  @Test("Over 2,000 resets the noise has the spread of its distributions")
  func resetDistribution() throws {
    let environment = try TaskRegistry.makeEnvironment(named: "ant-maze")
    var generator = RandomStream(seed: 11, name: "environment")
    let count = 2000
    var sums = [Double](repeating: 0, count: 29)
    var squares = sums
    for _ in 0..<count {
      try environment.reset(using: &generator, target: .training)
      let (q, v) = (environment.simulation.qpos, environment.simulation.qvel)
      #expect(abs(q[0]) <= 0.1 && abs(q[1]) <= 0.1 && abs(q[2] - 0.75) <= 0.1)
      for index in 0..<29 {
        let value = index < 15 ? q[index] - (index == 2 ? 0.75 : 0) : v[index - 15]
        sums[index] += value
        squares[index] += value * value
      }
    }
    for index in 0..<29 where !(3..<7).contains(index) {
      let deviation = (squares[index] / Double(count)).squareRoot()
      let expected = index < 15 ? 0.2 / 12.0.squareRoot() : 0.1
      // The tolerances are five standard errors: of the mean, and of the deviation (at most
      // 1/sqrt(2 n) of it).
      #expect(abs(sums[index] / Double(count)) < 5 * expected / Double(count).squareRoot())
      #expect(abs(deviation / expected - 1) < 5 / Double(2 * count).squareRoot())
    }
  }

  @Test("The Point begins at rest near its start")
  func pointReset() throws {
    let environment = try TaskRegistry.makeEnvironment(named: "point-maze")
    var generator = RandomStream(seed: 2, name: "environment")
    try environment.reset(using: &generator, target: .training)
    #expect(environment.simulation.qpos.allSatisfy { abs($0) <= 0.1 && $0 != 0 })
    #expect(environment.simulation.qvel.allSatisfy { $0 == 0 })
  }

  @Test("The same stream gives the same episode", arguments: names)
  func sameSeed(task: String) throws {
    let (first, second) = (
      try TaskRegistry.makeEnvironment(named: task), try TaskRegistry.makeEnvironment(named: task)
    )
    var (g1, g2) = (RandomStream(seed: 3, name: "e"), RandomStream(seed: 3, name: "e"))
    try second.reset(using: &g2, target: .training)
    g2 = RandomStream(seed: 3, name: "e")
    for (environment, generator) in [(first, 1), (second, 2)] {
      if generator == 1 {
        try environment.reset(using: &g1, target: .training)
      } else {
        try environment.reset(using: &g2, target: .training)
      }
      try play(environment, steps: 30)
    }
    #expect(first.saveState() == second.saveState())
  }

  // MARK: Observation

  @Test("The observation is qpos, qvel and 0.001 t, without the block", arguments: names)
  func observationLayout(task: String) throws {
    let environment = try TaskRegistry.makeEnvironment(named: task)
    var generator = RandomStream(seed: 4, name: "environment")
    try environment.reset(using: &generator, target: .evaluation(0))
    let (nq, nv) = task == "point-maze" ? (3, 3) : (15, 14)
    for step in 0...40 {
      let observation = environment.observation
      #expect(observation.count == environment.task.observationCount)
      #expect(Array(observation[..<nq]) == environment.simulation.qpos.prefix(nq).map(Float.init))
      #expect(
        Array(observation[nq..<(nq + nv)]) == environment.simulation.qvel.prefix(nv).map(Float.init)
      )
      #expect(observation.last == Float(0.001 * Double(step)))
      try play(environment, steps: 1)
    }
    #expect(
      environment.task.observationCount == nq + nv + 1 + (task == "ant-gather" ? 20 : 0))
  }

  // MARK: Targets

  @Test("Targets are the table's in training and in evaluation")
  func targets() throws {
    let expected: [String: (TargetDistribution, [[Double]])] = [
      "point-maze": (.uniform(lower: [-2, -2], upper: [10, 10]), [[0, 8], [8, 0], [8, 8]]),
      "ant-maze": (.uniform(lower: [-4, -4], upper: [20, 20]), [[0, 16], [16, 0], [16, 16]]),
      "ant-push": (.fixed([0, 19]), [[0, 19]]),
      "ant-push-multi": (.uniform(lower: [-16, -4], upper: [16, 20]), [[0, 19]]),
      "ant-fall": (.fixed([0, 27, 4.5]), [[0, 27, 4.5]]),
      "ant-fall-multi": (.uniform(lower: [-4, -4, 0], upper: [12, 28, 5]), [[0, 27, 4.5]]),
      "ant-gather": (.none, []),
    ]
    #expect(expected.count == TaskRegistry.all.count)
    for task in TaskRegistry.all {
      let (training, evaluation) = try #require(expected[task.name])
      #expect(task.trainingTarget == training && task.evaluationTargets == evaluation)
      #expect(task.episodeSteps == 500)
    }
  }

  @Test("Training draws fill the box of their distribution and stay in it")
  func trainingTargets() throws {
    let environment = try TaskRegistry.makeEnvironment(named: "ant-fall-multi")
    var generator = RandomStream(seed: 8, name: "environment")
    var lower: [Float] = [99, 99, 99]
    var upper: [Float] = [-99, -99, -99]
    for _ in 0..<1000 {
      try environment.reset(using: &generator, target: .training)
      for axis in 0..<3 {
        lower[axis] = min(lower[axis], environment.target[axis])
        upper[axis] = max(upper[axis], environment.target[axis])
      }
    }
    for (axis, range) in [(-4.0, 12.0), (-4, 28), (0, 5)].enumerated() {
      let slack = 0.02 * (range.1 - range.0)
      #expect(Double(lower[axis]) >= range.0 && Double(lower[axis]) < range.0 + slack)
      #expect(Double(upper[axis]) <= range.1 && Double(upper[axis]) > range.1 - slack)
    }
  }

  @Test("A target that the task can't have is refused in one line")
  func badTargets() throws {
    let environment = try TaskRegistry.makeEnvironment(named: "ant-maze")
    var generator = RandomStream(seed: 8, name: "environment")
    for choice in [TargetChoice.evaluation(3), .evaluation(-1), .fixed([1]), .fixed([1, .nan])] {
      #expect(throws: EnvironmentError.self) {
        try environment.reset(using: &generator, target: choice)
      }
    }
  }

  // MARK: Reward and success

  @Test("The reward is the distance after the step, negated")
  func reward() throws {
    for (task, target) in [("ant-maze", [3.0, -4.0]), ("ant-fall", [3, -4, 4])] {
      let environment = try TaskRegistry.makeEnvironment(named: task)
      var generator = RandomStream(seed: 9, name: "environment")
      try environment.reset(using: &generator, target: .fixed(target))
      for _ in 0..<5 {
        let outcome = try environment.step(Array(repeating: 20, count: 8))
        let square = zip(environment.simulation.qpos, target).reduce(0) { sum, pair in
          sum + (pair.0 - pair.1) * (pair.0 - pair.1)
        }
        #expect(outcome.reward == Float(-square.squareRoot()))
        #expect(environment.distanceToTarget == square.squareRoot())
      }
    }
  }

  @Test("Success is a distance below 5, in space where the target is in space")
  func success() throws {
    func isSuccess(_ task: String, at place: [Double]) throws -> Bool? {
      let environment = try TaskRegistry.makeEnvironment(named: task)
      var generator = RandomStream(seed: 9, name: "environment")
      try environment.reset(using: &generator, target: .evaluation(0))
      for (axis, value) in place.enumerated() { environment.simulation.qpos[axis] = value }
      return environment.isSuccess
    }
    #expect(try isSuccess("ant-maze", at: [0, 16, 0.5]) == true)
    #expect(try isSuccess("ant-maze", at: [0, 11.01, 0.5]) == true)
    #expect(try isSuccess("ant-maze", at: [0, 11, 0.5]) == false)
    #expect(try isSuccess("ant-maze", at: [3, 12.001, 50]) == true)
    #expect(try isSuccess("ant-fall", at: [3, 27, 0.5]) == false)
    #expect(try isSuccess("ant-fall", at: [3, 27, 0.501]) == true)
    #expect(try isSuccess("point-maze", at: [0, 6.01]) == true)
    #expect(try isSuccess("point-maze", at: [0, 6]) == false)
    #expect(try isSuccess("ant-gather", at: [0, 0]) == nil)
  }

  @Test("An episode is cut after exactly 500 steps, and nothing terminates it", arguments: names)
  func truncation(task: String) throws {
    let environment = try TaskRegistry.makeEnvironment(named: task)
    var generator = RandomStream(seed: 10, name: "environment")
    try environment.reset(using: &generator, target: .training)
    let still = [Float](repeating: 0, count: environment.task.actionCount)
    for step in 1...500 {
      let outcome = try environment.step(still)
      #expect(!outcome.isTerminated && !outcome.isDiverged)
      #expect(outcome.isTruncated == (step == 500))
    }
  }

  @Test("An action of the wrong length is refused")
  func actionCount() throws {
    let environment = try TaskRegistry.makeEnvironment(named: "ant-maze")
    #expect(throws: EnvironmentError.actionCount(task: "ant-maze", expected: 8, found: 7)) {
      try environment.step(Array(repeating: 0, count: 7))
    }
  }

  @Test("Actions beyond their limits count as the limits", arguments: ["ant-maze", "point-maze"])
  func clipping(task: String) throws {
    let (first, second) = (
      try TaskRegistry.makeEnvironment(named: task), try TaskRegistry.makeEnvironment(named: task)
    )
    for (environment, factor) in [(first, Float(1)), (second, Float(7))] {
      var generator = RandomStream(seed: 3, name: "environment")
      try environment.reset(using: &generator, target: .evaluation(0))
      for _ in 0..<5 { _ = try environment.step(environment.task.actionLimits.map { factor * $0 }) }
    }
    #expect(first.observation == second.observation)
  }

  // MARK: Point Maze

  @Test("The Point turns, moves 0.2 m along its heading, and does not enter walls")
  func pointMoves() throws {
    let environment = try TaskRegistry.makeEnvironment(named: "point-maze")
    var generator = RandomStream(seed: 1, name: "environment")
    try environment.reset(using: &generator, target: .evaluation(0))
    let positions = environment.simulation.qpos
    positions.assign([0, 0, 0.25] as [Double])
    _ = try environment.step([0.5, 0.25])
    #expect(abs(positions[0] - 0.1 * cos(0.5)) < 1e-12)
    #expect(abs(positions[1] - 0.1 * sin(0.5)) < 1e-12 && abs(positions[2] - 0.5) < 1e-12)

    positions.assign([8, 0, 0] as [Double])
    for _ in 0..<50 { _ = try environment.step([1, 0]) }
    #expect(positions[0] > 9 && positions[0] < 10)
    positions.assign([0, 0, Double.pi / 2])
    for _ in 0..<50 { _ = try environment.step([1, 0]) }
    #expect(positions[1] > 1 && positions[1] < 2)
    // After the Point has moved away from a wall, the wall's push has no effect any more.
    for _ in 0..<8 { _ = try environment.step([-1, 0]) }
    let place = Array(positions)
    for _ in 0..<20 { _ = try environment.step([0, 0]) }
    #expect(zip(place, positions).allSatisfy { abs($0 - $1) < 1e-9 })
  }

  // MARK: Divergence

  @Test("An unstable simulation is reported and never shows a number that is not finite")
  func divergence() throws {
    for (task, velocity) in [("ant-maze", 1e12), ("ant-push", .nan), ("ant-gather", .infinity)] {
      let environment = try TaskRegistry.makeEnvironment(named: task)
      var generator = RandomStream(seed: 1, name: "environment")
      try environment.reset(using: &generator, target: .training)
      let before = environment.observation
      environment.simulation.qvel[2] = velocity
      for _ in 0..<3 {
        let outcome = try environment.step(Array(repeating: 0, count: 8))
        #expect(outcome.isDiverged && outcome.reward.isFinite)
        #expect(environment.observation == before)
        #expect(environment.isSuccess != true)
      }
      try environment.reset(using: &generator, target: .training)
      let outcome = try environment.step(Array(repeating: 0, count: 8))
      #expect(!outcome.isDiverged)
    }
  }

  @Test("An action that is not a number is reported as divergence", arguments: names)
  func notANumber(task: String) throws {
    let environment = try TaskRegistry.makeEnvironment(named: task)
    var generator = RandomStream(seed: 1, name: "environment")
    try environment.reset(using: &generator, target: .training)
    var action = [Float](repeating: 0, count: environment.task.actionCount)
    action[1] = .nan
    let outcome = try environment.step(action)
    #expect(outcome.isDiverged && outcome.reward.isFinite)
    #expect(environment.observation.allSatisfy { $0.isFinite })
  }

  // MARK: Saving

  @Test("A restored episode goes on to the same bits", arguments: names)
  func saveAndRestore(task: String) throws {
    let environment = try TaskRegistry.makeEnvironment(named: task)
    var generator = RandomStream(seed: 6, name: "environment")
    try environment.reset(using: &generator, target: .training)
    try play(environment, steps: 123)
    let saved = environment.saveState()
    let outcomes = try play(environment, steps: 60)
    let end = environment.saveState()

    let text = try JSONEncoder().encode(saved)
    let other = try TaskRegistry.makeEnvironment(named: task)
    try other.restore(JSONDecoder().decode(RobotEnvironmentState.self, from: text))
    #expect(other.saveState() == saved)
    #expect(other.observation == saved.observation)
    #expect(try play(other, steps: 60) == outcomes)
    #expect(other.saveState() == end)
  }

  @Test("A state of another task, or one that is damaged, is refused and changes nothing")
  func badStates() throws {
    let environment = try TaskRegistry.makeEnvironment(named: "ant-maze")
    var generator = RandomStream(seed: 6, name: "environment")
    try environment.reset(using: &generator, target: .training)
    let good = environment.saveState()
    let changes: [(inout RobotEnvironmentState) -> Void] = [
      { $0.task = "ant-push" }, { $0.stepCount = -1 }, { $0.target = [1] },
      { $0.target = [1, .nan] }, { $0.observation.removeLast() },
      { $0.rules = Data() },
      { $0.physics.qpos[3] = .nan }, { $0.physics.qvel = [] },
    ]
    for change in changes {
      var bad = good
      change(&bad)
      #expect(throws: (any Error).self) { try environment.restore(bad) }
      #expect(environment.saveState() == good)
    }
  }

  @Test("An unknown task is answered with the nearest name")
  func unknownTask() {
    #expect(throws: EnvironmentError.self) { try TaskRegistry.task(named: "ant-mace") }
    let error = EnvironmentError.unknownTask("ant-mace", known: Self.names)
    #expect(error.description.contains("did you mean ant-maze?"))
  }

  /// Takes steps with actions that depend only on the step's number.
  @discardableResult
  private func play(_ environment: RobotEnvironment, steps: Int) throws -> [StepOutcome] {
    try (0..<steps).map { _ in
      let phase = Double(environment.stepCount)
      let action = environment.task.actionLimits.enumerated().map { index, limit in
        limit * Float(sin(phase * (0.3 + 0.11 * Double(index)) + Double(index)))
      }
      return try environment.step(action)
    }
  }
}
