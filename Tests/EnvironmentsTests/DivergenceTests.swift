import Environments
import Learning
import MuJoCo
import Randomness
import Testing

@Suite("Instability in the last physics step")
struct DivergenceTests {
  /// An Ant after one step of five physics steps, of which only the last one has led to a state
  /// from which MuJoCo would not go on.
  private func diverged() throws -> (RobotEnvironment, outcome: StepOutcome, before: [Float]) {
    let environment = try TaskRegistry.makeEnvironment(named: "ant-maze")
    var generator = RandomStream(seed: 1, name: "environment")
    try environment.reset(using: &generator, target: .training)
    let before = environment.observation
    // 0.08 s take it to 9.988e9 m, 0.1 s to 1.001e10 m.
    environment.simulation.qpos[2] = 9.9e9
    environment.simulation.qvel[2] = 1.1e9
    let outcome = try environment.step(Array(repeating: 0, count: 8))
    return (environment, outcome, before)
  }

  @Test("It ends the episode, although MuJoCo has not counted it yet and the numbers are finite")
  func lastStep() throws {
    let (environment, outcome, before) = try diverged()
    #expect(environment.simulation.instabilityCount == 0)
    #expect(environment.simulation.qpos[2] > 1e10 && environment.simulation.qpos[2] < 1.1e10)
    #expect(outcome.isDiverged && outcome.isEnd && outcome.reward == 0)
    #expect(environment.observation == before)

    var generator = RandomStream(seed: 1, name: "environment")
    try environment.reset(using: &generator, target: .training)
    #expect(!(try environment.step(Array(repeating: 0, count: 8))).isDiverged)
  }

  @Test("Its state is restored as one, and refused where it claims to be none")
  func state() throws {
    var (environment, _, _) = try diverged()
    var state = environment.saveState()
    environment = try TaskRegistry.makeEnvironment(named: "ant-maze")
    try environment.restore(state)
    #expect(environment.saveState() == state)
    state.isDiverged = false
    let error = #expect(throws: EnvironmentError.self) { try environment.restore(state) }
    #expect(error?.description.contains("its physics are unstable") == true)
  }
}
