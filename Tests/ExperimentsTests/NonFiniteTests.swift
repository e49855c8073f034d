import Environments
import Experiments
import Learning
import MuJoCo
import NeuralNetworks
import Parallel
import Randomness
import TestSupport
import Testing

@Suite("Numbers that are not finite stop a run; a diverged simulation only ends its episode")
struct NonFiniteTests {
  /// Point Maze with a fault in its fifth step, or in its observations from the first one on.
  private final class BrokenEnvironment: PhysicsEnvironment {
    enum Fault { case observation, firstObservation, reward, divergence }

    let fault: Fault
    private let inner: RobotEnvironment
    private var steps = 0

    init(_ fault: Fault) throws {
      self.fault = fault
      inner = try TaskRegistry.makeEnvironment(named: "point-maze")
    }

    private var isBroken: Bool { steps == 5 }

    var observation: [Float] {
      let isShown = fault == .observation && isBroken || fault == .firstObservation
      return isShown ? [.nan] + inner.observation.dropFirst() : inner.observation
    }

    func step(_ action: [Float]) throws -> StepOutcome {
      #expect(action.allSatisfy { $0.isFinite })
      steps += 1
      var outcome = try inner.step(action)
      if fault == .reward, isBroken { outcome.reward = .infinity }
      if fault == .divergence, isBroken { outcome.isDiverged = true }
      return outcome
    }

    func reset(using generator: inout RandomStream, target: TargetChoice) throws {
      try inner.reset(using: &generator, target: target)
    }

    var task: TaskDescription { inner.task }
    var target: [Float] { inner.target }
    var distanceToTarget: Double? { inner.distanceToTarget }
    var isSuccess: Bool? { inner.isSuccess }
    var simulation: Simulation { inner.simulation }
    var robotBody: Int { inner.robotBody }
    var robotPosition: SIMD3<Double> { inner.robotPosition }
    var markers: [Marker] { inner.markers }
    var objects: [GatherObject] { inner.objects }
    func saveState() -> RobotEnvironmentState { inner.saveState() }
    func restore(_ state: RobotEnvironmentState) throws { try inner.restore(state) }
  }

  private func configuration(_ schedule: Schedule) -> RunConfiguration {
    var configuration = RunConfiguration()
    configuration.task = "point-maze"
    configuration.steps = 100
    configuration.learning.schedule = schedule
    configuration.learning.subgoals.space = .xy
    configuration.learning.lower.hiddenUnits = 8
    configuration.learning.higher.hiddenUnits = 8
    return configuration
  }

  private func failure(
    _ fault: BrokenEnvironment.Fault, _ schedule: Schedule
  ) throws -> TrainingError? {
    let trainer = try Trainer(
      configuration: configuration(schedule), environment: BrokenEnvironment(fault),
      pool: WorkerPool(threads: 1))
    return #expect(throws: TrainingError.self) {
      while trainer.steps < 100 { try trainer.advance() }
    }
  }

  @Test("An observation and a reward", arguments: Schedule.allCases)
  func environment(schedule: Schedule) throws {
    #expect(
      try failure(.observation, schedule)
        == .notFinite(quantity: "an observation", step: 4, checkpoint: nil))
    #expect(
      try failure(.reward, schedule)
        == .notFinite(quantity: "a reward", step: 4, checkpoint: nil))
    #expect(
      try failure(.firstObservation, schedule)
        == .notFinite(
          quantity: "the first observation of an episode", step: 0, checkpoint: nil))
  }

  @Test("An action, from finite weights and from one that is not", arguments: [true, false])
  func action(weightIsFinite: Bool) throws {
    let folder = try TemporaryFolder()
    let run = try TrainingRun(
      configuration: configuration(.sequential),
      definition: TaskRegistry.definition(named: "point-maze"), folder: folder.file("run"))
    let agent = try #require(run.trainer.agent as? HIROAgent)
    let actor = agent.lower.actor
    if weightIsFinite {
      // The hidden units are infinite, and the last layer subtracts one from another: ∞ − ∞.
      var tensors = actor.tensors(prefix: "")
      for (name, tensor) in tensors {
        let values = tensor.values.indices.map { index -> Float in
          name.contains("layer3") && index.isMultiple(of: 2) ? -3e38 : 3e38
        }
        tensors[name] = Tensor(shape: tensor.shape, values: values)
      }
      try actor.load(tensors, prefix: "")
    } else {
      actor.parameters.withMutableValues { $0.update(repeating: .nan) }
    }
    let error = #expect(throws: TrainingError.self) { try run.run() }
    #expect(
      error
        == .notFinite(
          quantity: weightIsFinite ? "an action" : "a weight of the lower actor", step: 0,
          checkpoint: folder.file("run/checkpoint-0.safetensors")))
  }

  @Test("A diverged episode is cut and counted; its last step is not learned from")
  func divergence() throws {
    let trainer = try Trainer(
      configuration: configuration(.sequential), environment: BrokenEnvironment(.divergence),
      pool: WorkerPool(threads: 1))
    while trainer.steps < 50 { try trainer.advance() }
    let agent = try #require(trainer.agent as? HIROAgent)
    #expect(trainer.statistics.diverged == 1)
    #expect(trainer.statistics.episodes == 1)
    #expect(trainer.statistics.completed == 0 && trainer.statistics.episodeReturn == 0)
    #expect(agent.experience.lowerCount == 49)
    // The interval that the divergence cut short is not stored; the four complete ones after it
    // are.
    #expect(agent.experience.higherCount == 4)
  }
}
