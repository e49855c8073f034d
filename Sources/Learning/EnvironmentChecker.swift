import Randomness

/// Finds mistakes in an environment before training hides them, and reports each in one line, like
/// the checkers of Gymnasium and Stable-Baselines3.
public struct EnvironmentChecker {
  /// The number of episodes checked for each choice of target.
  public var episodes = 3
  /// The largest number of steps for which two episodes are compared.
  public var steps = 1_000
  /// The seed of all start states and actions.
  public var seed: UInt64 = 0

  private let environments: EnvironmentFactory

  /// A checker of the environments that training would use.
  public init(_ environments: EnvironmentFactory) {
    self.environments = environments
  }

  /// The mistakes found, the most serious first; empty if there are none.
  ///
  /// - Throws: An error of the environment in a call that should succeed.
  public func problems() throws -> [String] {
    let environment = try environments.makeEnvironment()
    var problems = environment.task.problems
    if environment.task != environments.task {
      problems.append("the environment's task is not that of the factory")
    }
    // If the sizes do not fit, nothing else can be checked.
    guard problems.isEmpty else { return problems }
    var found = Findings(task: environment.task)
    for choice in choices {
      let starts = try (0..<episodes).map { number in
        try check(environment, choice, "checker \(choice) \(number)", &found)
      }
      if choice == .training, zip(starts, starts.dropFirst()).contains(where: ==) {
        found.add(
          "every episode begins the same: reset(using:target:) draws nothing from its generator")
      }
    }
    try checkRepeats(&found)
    try checkState(&found)
    try checkSizes(environment, &found)
    return found.problems
  }

  private var choices: [TargetChoice] {
    [.training] + environments.task.evaluationTargets.indices.map { .evaluation($0) }
  }

  /// Runs an episode of random actions, some of them beyond the limits, and returns its first
  /// observation.
  private func check(
    _ environment: any Environment, _ choice: TargetChoice, _ name: String,
    _ found: inout Findings
  ) throws -> [Float] {
    let task = environment.task
    var stream = RandomStream(seed: seed, name: name)
    try environment.reset(using: &stream, target: choice)
    let start = environment.observation
    found.look(at: environment, when: "after reset")
    if case .evaluation(let index) = choice {
      let place = task.evaluationTargets[index].map { Float($0) }
      if environment.target != place {
        found.add("the target of evaluation \(index) is \(environment.target), not \(place)")
      }
    }
    for step in 1...task.episodeSteps {
      let outcome = try environment.step(action(using: &stream, beyond: step.isMultiple(of: 10)))
      found.look(at: environment, when: "after a step")
      if !outcome.reward.isFinite { found.add("a reward is \(outcome.reward)") }
      if task.rewardIsDistance, let distance = environment.distanceToTarget, !outcome.isDiverged,
        abs(Double(outcome.reward) + distance) > 1e-4 * (1 + distance)
      {
        found.add(
          "a reward is not minus distanceToTarget: set rewardIsDistance: false in the task; "
            + "otherwise settings that compute rewards (higher.reward: progress, higher.otherTargets) "
            + "teach another task"
        )
      }
      if outcome.isTerminated, outcome.isTruncated {
        found.add("a step both terminated and truncated the episode: only one of them is possible")
      }
      if outcome.isTerminated || outcome.isDiverged { return start }
      if outcome.isTruncated {
        if step != task.episodeSteps {
          found.add(
            "an episode was truncated after \(step) steps, and task.episodeSteps is "
              + "\(task.episodeSteps)")
        }
        return start
      }
    }
    found.add(
      "an episode was not truncated after task.episodeSteps, \(task.episodeSteps): it would never end"
    )
    return start
  }

  /// The same seed must give the same episode, also in another environment.
  private func checkRepeats(_ found: inout Findings) throws {
    let (one, other) = (try environments.makeEnvironment(), try environments.makeEnvironment())
    if one === other {
      found.add("the factory gives the same environment twice: each thread needs its own")
      return
    }
    var streams = (
      RandomStream(seed: seed, name: "repeat"), RandomStream(seed: seed, name: "repeat")
    )
    try one.reset(using: &streams.0, target: .training)
    try other.reset(using: &streams.1, target: .training)
    for _ in 0..<min(steps, environments.task.episodeSteps) {
      let action = action(using: &streams.0, beyond: false)
      _ = self.action(using: &streams.1, beyond: false)
      let outcomes = (try one.step(action), try other.step(action))
      guard one.observation == other.observation, one.target == other.target,
        outcomes.0 == outcomes.1
      else {
        found.add(
          "the same seed and the same actions gave another episode: random numbers must "
            + "come only from the generator of reset(using:target:)")
        return
      }
      if outcomes.0.isEnd { return }
    }
  }

  /// A saved state must continue with the same bits, in another environment and through JSON.
  private func checkState(_ found: inout Findings) throws {
    func check<World: Environment>(_ one: World, _ other: World) throws {
      var stream = RandomStream(seed: seed, name: "state")
      try one.reset(using: &stream, target: .training)
      // The other environment is in another episode, so that anything missing from the state shows.
      try other.reset(using: &stream, target: .training)
      for _ in 0..<7 { _ = try other.step(action(using: &stream, beyond: false)) }
      for _ in 0..<min(10, environments.task.episodeSteps / 2) {
        _ = try one.step(action(using: &stream, beyond: false))
      }
      let text = try StateCoding.encode(one.saveState())
      try other.restore(StateCoding.decode(World.State.self, from: text))
      guard one.observation == other.observation, one.target == other.target else {
        found.add("restore(_:) does not bring back the observation and the target")
        return
      }
      for _ in 0..<min(steps, environments.task.episodeSteps) {
        let action = action(using: &stream, beyond: false)
        let outcomes = (try one.step(action), try other.step(action))
        guard one.observation == other.observation, outcomes.0 == outcomes.1 else {
          found.add(
            "an episode that was saved and restored continues differently: the state is incomplete")
          return
        }
        if outcomes.0.isEnd { return }
      }
    }
    func opened<World: Environment>(_ one: World) throws {
      guard let other = try environments.makeEnvironment() as? World else {
        found.add("the factory gives environments of different types")
        return
      }
      try check(one, other)
    }
    try opened(environments.makeEnvironment())
  }

  /// An action of the wrong size must throw an error and not crash.
  private func checkSizes(_ environment: any Environment, _ found: inout Findings) throws {
    var stream = RandomStream(seed: seed, name: "sizes")
    try environment.reset(using: &stream, target: .training)
    let action = [Float](repeating: 0, count: environments.task.actionCount + 1)
    if (try? environment.step(action)) != nil {
      found.add(
        "step(_:) accepted an action with one number too many: throw EnvironmentError.actionCount")
    }
  }

  private func action(using stream: inout RandomStream, beyond: Bool) -> [Float] {
    environments.task.actionLimits.map { limit in
      let reach = Double(limit) * (beyond ? 3 : 1)
      return Float(stream.uniform(in: -reach...reach))
    }
  }
}

/// The problems found, each listed once.
private struct Findings {
  let task: TaskDescription
  private(set) var problems: [String] = []

  init(task: TaskDescription) { self.task = task }

  mutating func add(_ problem: String) {
    if !problems.contains(problem) { problems.append(problem) }
  }

  /// Checks the observation, the target and the distance that an environment reports.
  mutating func look(at environment: any Environment, when: String) {
    let (observation, target) = (environment.observation, environment.target)
    if observation.count != task.observationCount {
      add(
        "an observation has \(observation.count) numbers \(when), and task.observationCount is "
          + "\(task.observationCount)")
    }
    if target.count != task.targetCount {
      add(
        "the target has \(target.count) numbers \(when), and task.targetCount is \(task.targetCount)"
      )
    }
    if !(observation + target).allSatisfy(\.isFinite) {
      add("an observation or a target is not finite \(when)")
    }
    guard task.targetCount > 0 else { return }
    guard let distance = environment.distanceToTarget else {
      add("distanceToTarget is nil \(when), although there is a target")
      return
    }
    if !(distance >= 0 && distance.isFinite) { add("distanceToTarget is \(distance) \(when)") }
    guard let radius = task.successRadius else { return }
    if environment.isSuccess != (distance < radius) {
      add("isSuccess \(when) is not whether distanceToTarget is below task.successRadius")
    }
    // `higher.reward: progress` computes this distance from the observation.
    if target.count <= task.placeCount, observation.count >= target.count {
      if abs(environment.observedDistance - distance) > 1e-4 * (1 + distance) {
        add(
          "distanceToTarget \(when) is not the distance of the observation's first "
            + "\(target.count) numbers from the target, as higher.reward: progress assumes"
        )
      }
    }
  }
}
