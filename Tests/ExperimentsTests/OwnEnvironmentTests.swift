import Environments
import Experiments
import Foundation
import Learning
import Randomness
import TestSupport
import Testing

/// A point in the plane that actions move to a target.
private final class Plane: Environment {
  struct State: Codable {
    var place: [Float] = [0, 0]
    var target: [Float] = [1, 1]
    var steps = 0
  }

  let task: TaskDescription
  private var state = State()

  static func task(named name: String) -> TaskDescription {
    TaskDescription(
      name: name, summary: "a point in the plane", observationCount: 2, actionLimits: [1, 1],
      subgoalHalfRange: [2, 2], trainingTarget: .uniform(lower: [-3, -3], upper: [3, 3]),
      evaluationTargets: [[2, 0], [0, -2]], evaluationTargetNames: ["right", "down"],
      successRadius: 1, episodeSteps: 20, stepDuration: 1,
      suggestedSettings: ["lower.explorationNoise": "0.3"])
  }

  init(_ name: String) { task = Self.task(named: name) }

  var observation: [Float] { state.place }
  var target: [Float] { state.target }

  func reset(using generator: inout RandomStream, target choice: TargetChoice) throws {
    let place = try task.place(of: choice) ?? task.trainingTarget.draw(using: &generator)
    state = State(place: [Float(generator.uniform()), 0], target: place.map { Float($0) })
  }

  func step(_ action: [Float]) throws -> StepOutcome {
    for index in 0..<2 { state.place[index] += 0.2 * min(max(action[index], -1), 1) }
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

  private func makeRun(_ name: String) throws -> TrainingRun {
    let environments = EnvironmentFactory(Plane.task(named: name)) { Plane(name) }
    var configuration = try RunConfiguration(for: environments.task, preset: "dependable")
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
