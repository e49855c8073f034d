import Environments
import Experiments
import Foundation
import Learning
import Randomness
import TestSupport
import Testing

/// A point in the plane, or on a line, that actions move to a target.
private final class Plane: Environment {
  struct State: Codable {
    var place: [Float]
    var target: [Float]
    var steps = 0
  }

  let task: TaskDescription
  private var state: State

  static func task(named name: String, dimensions: Int = 2) -> TaskDescription {
    func all<Number>(_ number: Number) -> [Number] { Array(repeating: number, count: dimensions) }
    return TaskDescription(
      name: name, summary: "a point", observationCount: dimensions, actionLimits: all(1),
      positionIndices: Array(0..<dimensions), placeCount: dimensions, subgoalHalfRange: all(2),
      trainingTarget: .uniform(lower: all(-3), upper: all(3)),
      evaluationTargets: [[2, 0], [0, -2]].map { Array($0.prefix(dimensions)) },
      evaluationTargetNames: ["right", "down"],
      successRadius: 1, episodeSteps: 20, stepDuration: 1,
      suggestedSettings: ["lower.explorationNoise": "0.3"])
  }

  init(_ name: String, dimensions: Int = 2) {
    task = Self.task(named: name, dimensions: dimensions)
    let origin = [Float](repeating: 0, count: dimensions)
    state = State(place: origin, target: origin)
  }

  var observation: [Float] { state.place }
  var target: [Float] { state.target }

  func reset(using generator: inout RandomStream, target choice: TargetChoice) throws {
    let place = try task.place(of: choice) ?? task.trainingTarget.draw(using: &generator)
    state = State(
      place: [Float(generator.uniform())] + state.place.dropFirst().map { _ in 0 },
      target: place.map { Float($0) })
  }

  func step(_ action: [Float]) throws -> StepOutcome {
    for index in state.place.indices { state.place[index] += 0.2 * min(max(action[index], -1), 1) }
    state.steps += 1
    return StepOutcome(
      reward: -Float(distanceToTarget ?? 0), isTruncated: state.steps == task.episodeSteps)
  }

  func saveState() -> State { state }
  func restore(_ state: State) { self.state = state }
}

@Suite("Runs in environments of one's own")
struct OwnEnvironmentTests {
  let folder = try! TemporaryFolder()

  /// The configuration of a run whose networks are small: these tests are not about learning.
  private func configuration(for task: TaskDescription) throws -> RunConfiguration {
    var configuration = try RunConfiguration(for: task, preset: "dependable")
    for level in [\HIROConfiguration.lower.learner, \.higher.learner] {
      configuration.learning[keyPath: level].hiddenUnits = 8
      configuration.learning[keyPath: level].batchSize = 8
    }
    return configuration
  }

  private func makeRun(_ name: String) throws -> TrainingRun {
    let environments = EnvironmentFactory(Plane.task(named: name)) { Plane(name) }
    var configuration = try configuration(for: environments.task)
    configuration.steps = 200
    configuration.learning.warmUpSteps = 50
    configuration.evaluation.interval = 100
    configuration.evaluation.episodes = 2
    configuration.evaluation.confirmationEpisodes = 0
    return try TrainingRun(
      configuration: configuration, environments: environments, folder: folder.file("run"))
  }

  @Test("The run's folder tells what was asked, and curves can be compared by the targets' names")
  func history() throws {
    _ = try makeRun("plane").run()
    let history = try RunHistory(folder: folder.file("run"))
    #expect(history.task == Plane.task(named: "plane"))
    #expect(history.targets.map(\.name) == ["right", "down"])
    #expect(history.evaluations.map(\.step) == [100, 200])
    #expect(try Comparison(paths: [folder.file("run")]).tasks == ["plane"])
  }

  @Test(
    "A robot on a line has no y: what refers to places reads and writes one number",
    arguments: HoldPlaces.allCases)
  func line(holdPlaces: HoldPlaces) throws {
    let environments = EnvironmentFactory(Plane.task(named: "line", dimensions: 1)) {
      Plane("line", dimensions: 1)
    }
    var configuration = try configuration(for: environments.task)
    #expect(throws: AgentShapeError.noSpace(.xy)) {
      try environments.task.agentShape(for: configuration.learning)
    }
    configuration.steps = 400
    configuration.learning.warmUpSteps = 50
    configuration.learning.subgoals.space = .full
    configuration.learning.standstillSteps = 15
    configuration.learning.higher.holdProbability = 1
    configuration.learning.higher.holdsPerEpisode = 0
    configuration.learning.higher.holdPlaces = holdPlaces
    configuration.learning.higher.noveltyReward = 1
    configuration.learning.higher.otherTargetPlaces = .visited
    configuration.evaluation.interval = 200
    configuration.evaluation.episodes = 2
    configuration.evaluation.confirmationEpisodes = 0
    _ = try TrainingRun(
      configuration: configuration, environments: environments, folder: folder.file("run")
    ).run()
    let curves = try MetricsFile(
      path: folder.file("run/metrics.csv"), columns: MetricsRow.columns(for: environments.task),
      continuingAfter: 400)
    let gained = try #require(curves.lastRow["gained_per_decision"])
    // Ten steps of at most 0.2 m.
    #expect(abs(gained) <= 2)
  }

  @Test("A task's description that contradicts itself is refused before anything is written")
  func contradictions() throws {
    func refuse(_ words: String, _ change: (inout TaskDescription) -> Void) throws {
      var task = Plane.task(named: "plane")
      change(&task)
      let environments = EnvironmentFactory(task) { Plane("plane") }
      let error = #expect(throws: AgentShapeError.self) {
        try TrainingRun(
          configuration: RunConfiguration(for: task), environments: environments,
          folder: folder.file("refused"))
      }
      #expect("\(try #require(error))".contains(words))
      #expect(!FileManager.default.fileExists(atPath: folder.file("refused")))
    }
    try refuse("task.placeCount is 3, but must be from 1 to task.observationCount, 2") {
      $0.placeCount = 3
    }
    try refuse("task.observationCount is 0") { $0.observationCount = 0 }
    try refuse("task.positionIndices refers to numbers") { $0.positionIndices = [2] }
    try refuse("task.heading refers to numbers") {
      $0.heading = AgentShape.Heading(kind: .quaternion, index: 0, velocityIndex: 0)
    }
    try refuse("task.quarterTurn must have a source for each number") {
      $0.quarterTurn = AgentShape.QuarterTurn(
        observation: .init(sources: [0], signs: [1]),
        action: .init(sources: [1, 0], signs: [1, 1]))
    }
  }

  @Test("Acting in it is refused with the reason, and so is a description that says something else")
  func refusals() throws {
    _ = try makeRun("plane").run()
    let policy = try PolicyFile(path: folder.file("run/latest.safetensors"))
    #expect(throws: WorldError.ownEnvironment(task: "plane")) { try policy.world.definition() }
    let path = folder.file("run/task.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for other in ["", "{}", text.replacingOccurrences(of: "\"plane\"", with: "\"plain\"")] {
      try Data(other.utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: ComparisonError.self) { try RunHistory(folder: folder.file("run")) }
    }
  }

  @Test("It can't have the name of a built-in task, for which its files would be taken")
  func names() throws {
    #expect(throws: RunError.builtInName(task: "ant-maze")) { try makeRun("ant-maze") }
    #expect(!FileManager.default.fileExists(atPath: folder.file("run")))
  }
}
