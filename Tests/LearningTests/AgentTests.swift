import Foundation
import Learning
import NeuralNetworks
import Parallel
import Randomness
import Testing

@Suite("Agents")
struct AgentTests {
  private func weights(_ agent: any Agent) -> [String: Tensor] { agent.makePolicy().tensors }

  private func makeAgent(
    _ configuration: HIROConfiguration, seed: UInt64 = 1
  ) throws -> any Agent {
    configuration.hierarchy == .hiro
      ? try HIROAgent(shape: smallShape, configuration: configuration, seed: seed)
      : FlatAgent(shape: smallShape, configuration: configuration, seed: seed)
  }

  private func trained(
    _ configuration: HIROConfiguration, seed: UInt64 = 1, threads: Int = 1, windows: Int = 60
  ) throws -> any Agent {
    let agent = try makeAgent(configuration, seed: seed)
    var world = ToyWorld(seed: seed)
    let scale = configuration.schedule == .sequential ? 10 : 1
    train(agent, in: &world, windows: windows * scale, pool: WorkerPool(threads: threads))
    return agent
  }

  @Test(
    "The same seed gives the same bits, for any number of threads; another seed does not",
    arguments: Schedule.allCases, Hierarchy.allCases)
  func determinism(schedule: Schedule, hierarchy: Hierarchy) throws {
    var configuration = makeSmallConfiguration()
    configuration.schedule = schedule
    configuration.hierarchy = hierarchy
    func weights(seed: UInt64 = 1, threads: Int = 1) throws -> [String: Tensor] {
      self.weights(try trained(configuration, seed: seed, threads: threads, windows: 20))
    }
    let first = try weights()
    #expect(try weights() == first)
    #expect(try weights(threads: 2) == first)
    #expect(try weights(threads: 4) == first)
    #expect(try weights(seed: 2) != first)
  }

  @Test("Each variant of the paper changes what is learned", arguments: 0..<7)
  func variantsMatter(index: Int) throws {
    let changes: [(inout HIROConfiguration) -> Void] = [
      { $0.correction.kind = .none }, { $0.correction.kind = .mean },
      { $0.subgoals.semantics = .absolute }, { $0.lowerHindsight = 0.5 },
      { $0.pretrainingSteps = 200 }, { $0.subgoals.space = .xy }, { $0.hierarchy = .flat },
    ]
    let published = makeSmallConfiguration()
    var changed = published
    changes[index](&changed)
    let (before, after) = (try trained(published), try trained(changed))
    #expect(weights(before) != weights(after))
    #expect(after.firstNonFinite() == nil)
    // Weights of other shapes differ in any case: what counts is that they were learned.
    let untrained = weights(try makeAgent(changed))
    for (name, tensor) in weights(after) { #expect(tensor != untrained[name], "\(name)") }
  }

  @Test("Updates are owed one per step below, one per interval above, after the warm-up")
  func updateCounts() throws {
    var configuration = makeSmallConfiguration()
    configuration.schedule = .sequential
    let agent = try HIROAgent(shape: smallShape, configuration: configuration, seed: 1)
    var world = ToyWorld(seed: 1)
    train(agent, in: &world, windows: 231, pool: WorkerPool(threads: 1))
    // Each update comes before its step is collected, so there is none for the last of the 231
    // steps; 40 of them are warm-up.
    #expect(agent.lower.progress.updates == 190)
    // 10 episodes of 23 steps have 3 intervals each; the intervals that end at the steps 10, 20, 23
    // and 33 belong to the warm-up.
    #expect(agent.higher.progress.updates == 30 - 4)
  }

  @Test("In pre-training the higher level does not learn, and subgoals are uniform in their range")
  func pretraining() throws {
    var configuration = makeSmallConfiguration()
    configuration.pretrainingSteps = 5_000
    let agent = try trained(configuration, windows: 200) as! HIROAgent
    #expect(agent.higher.progress.updates == 0)
    #expect(agent.lower.progress.updates > 0)
    var squares = [Double](repeating: 0, count: 4)
    let count = agent.experience.higherCount
    for number in 0..<count {
      let subgoal = agent.experience.higherSubgoal(number)
      for index in 0..<4 {
        squares[index] += pow(Double(subgoal[index] / smallShape.subgoalHalfRange[index]), 2)
      }
    }
    // A uniform distribution over ±1 has the variance 1/3; there are about 200 draws.
    for square in squares { #expect(abs(square / Double(count) - 1.0 / 3) < 0.09) }
  }

  /// The published configuration, and one with all components that keep state of their own.
  private var configurations: [HIROConfiguration] {
    var recipe = makeSmallConfiguration()
    recipe.warmUpPolicy = .uniform
    recipe.higher.holdProbability = 0.3
    recipe.higher.noiseCorrelation = 0.8
    recipe.higher.pastPlaces = 3
    recipe.higher.noveltyReward = 2
    recipe.higher.holdEpisodes = 0.7
    recipe.higher.holdsPerEpisode = 1
    recipe.quietEpisodes = 0.5
    for level in [\HIROConfiguration.lower.learner, \.higher.learner] {
      recipe[keyPath: level].averagingRate = 0.1
    }
    return [makeSmallConfiguration(), recipe]
  }

  @Test(
    "State that is saved and restored goes on to the same bits", arguments: Hierarchy.allCases,
    0..<2)
  func stateRoundTrip(hierarchy: Hierarchy, index: Int) throws {
    var configuration = configurations[index]
    configuration.hierarchy = hierarchy
    let agent = try trained(configuration)
    let saved = MemoryArchive()
    try agent.visitState(saved, restoring: nil)
    let progress = try agent.encodeProgress()

    let restored = try makeAgent(configuration, seed: 99)
    saved.isFilling = true
    try restored.visitState(saved, restoring: progress)
    let pool = WorkerPool(threads: 1)
    var (world, sameWorld) = (ToyWorld(seed: 5), ToyWorld(seed: 5))
    train(agent, in: &world, windows: 30, pool: pool)
    train(restored, in: &sameWorld, windows: 30, pool: pool)
    #expect(weights(agent) == weights(restored))
    #expect(agent.takeStatistics() == restored.takeStatistics())
  }

  @Test("State that contradicts itself is refused")
  func hostileState() throws {
    let agent = try trained(makeSmallConfiguration())
    let saved = MemoryArchive()
    try agent.visitState(saved, restoring: nil)
    let progress = try agent.encodeProgress()
    saved.isFilling = true

    saved.values["replay.higher.starts"]![3] = 200
    let other = try makeAgent(makeSmallConfiguration())
    #expect(throws: StateError.self) { try other.visitState(saved, restoring: progress) }
    #expect(throws: StateError.self) {
      try other.visitState(saved, restoring: Data("{\"steps\": 1}".utf8))
    }
    let text = String(decoding: progress, as: UTF8.self)
    let moved = text.replacing(/"head":\d+/, with: "\"head\":1000000000000")
    #expect(moved != text)
    #expect(throws: StateError.self) {
      try other.visitState(saved, restoring: Data(moved.utf8))
    }
  }

  @Test(
    "Counters from which no run could go on are refused",
    arguments: [
      (#""intervalStart":\d+"#, #""intervalStart":0"#),
      (#""stepsSinceDecision":\d+"#, #""stepsSinceDecision":10"#),
      (#""lowerUpdatesOwed":\d+"#, #""lowerUpdatesOwed":1000000000000"#),
      (#""higherUpdatesOwed":\d+"#, #""higherUpdatesOwed":-1"#),
      (#""updates":\d+"#, #""updates":9223372036854775807"#),
      (#""steps":\d+"#, #""steps":9223372036854775807"#),
      (#""optimizerSteps":\[\d+,"#, #""optimizerSteps":["#),
      (#""optimizerSteps":\[\d+,"#, #""optimizerSteps":[-1,"#),
      (#""correctionRows":\[\d+,"#, #""correctionRows":[9223372036854775807,"#),
      (#""s0":\d+,"s1":\d+,"s2":\d+,"s3":\d+"#, #""s0":0,"s1":0,"s2":0,"s3":0"#),
    ])
  func hostileCounters(pattern: String, replacement: String) throws {
    let agent = try trained(makeSmallConfiguration())
    let saved = MemoryArchive()
    try agent.visitState(saved, restoring: nil)
    let progress = try agent.encodeProgress()
    saved.isFilling = true
    let other = try makeAgent(makeSmallConfiguration())
    try other.visitState(saved, restoring: progress)

    let text = String(decoding: progress, as: UTF8.self)
    let changed = try text.replacing(Regex(pattern), with: replacement, maxReplacements: 1)
    #expect(changed != text)
    #expect(throws: StateError.self) { try other.visitState(saved, restoring: Data(changed.utf8)) }
  }

  @Test("A saved policy acts as the agent's own networks do, and follows its subgoal in between")
  func policies() throws {
    let agent = try trained(makeSmallConfiguration()) as! HIROAgent
    let policy = agent.makePolicy()
    let loaded = try HierarchicalPolicy(
      shape: policy.shape, settings: policy.settings, tensors: policy.tensors)
    var world = ToyWorld(seed: 3)
    world.reset()
    var wanted: [Float]?
    for step in 0..<20 {
      let action = policy.action(observation: world.state, target: [3, -1])
      #expect(loaded.action(observation: world.state, target: [3, -1]) == action)
      if step % 10 == 0 {
        wanted = policy.absoluteSubgoal
      } else {
        for (now, then) in zip(policy.absoluteSubgoal!, wanted!) { #expect(abs(now - then) < 1e-4) }
      }
      _ = world.step(action)
    }
  }
}

/// Keeps the elements that it visits in memory, or fills them from there.
final class MemoryArchive: StateVisitor {
  var values: [String: [UInt8]] = [:]
  var isFilling = false

  func visit<Element: StateElement>(
    _ name: String, _ elements: UnsafeMutableBufferPointer<Element>
  ) throws {
    let bytes = UnsafeMutableRawBufferPointer(elements)
    if isFilling {
      try #require(values[name]?.count == bytes.count)
      bytes.copyBytes(from: values[name]!)
    } else {
      values[name] = Array(bytes)
    }
  }
}

@Suite("The pipelined schedule")
struct PipelineTests {
  /// The weights after training with collecting and learning at the same time, each delayed at
  /// random.
  private func weights(delays: (learning: UInt32, collecting: UInt32), threads: Int) throws
    -> [String: Tensor]
  {
    let agent = try HIROAgent(
      shape: smallShape, configuration: makeSmallConfiguration(), seed: 1)
    let pool = WorkerPool(threads: threads)
    var world = ToyWorld(seed: 1)
    var isInEpisode = false
    func wait(_ bound: UInt32) {
      if bound > 0 { usleep(UInt32.random(in: 0..<bound)) }
    }
    for _ in 0..<60 {
      pool.concurrently(
        {
          wait(delays.learning)
          agent.learn(pool: pool)
        },
        {
          if !isInEpisode {
            world.reset()
            agent.beginEpisode(observation: world.state, target: [3, -1])
          }
          repeat {
            wait(delays.collecting)
            let (reward, ending) = world.step(agent.chooseAction())
            agent.record(reward: reward, observation: world.state, ending: ending)
            isInEpisode = ending == .none
          } while !agent.windowIsFull
        })
      agent.commit()
    }
    return agent.makePolicy().tensors
  }

  @Test("Delays in either thread change nothing, nor does the number of threads")
  func timingDoesNotMatter() throws {
    let undisturbed = try weights(delays: (0, 0), threads: 1)
    #expect(try weights(delays: (0, 0), threads: 2) == undisturbed)
    #expect(try weights(delays: (3_000, 0), threads: 2) == undisturbed)
    #expect(try weights(delays: (0, 400), threads: 2) == undisturbed)
    #expect(try weights(delays: (2_000, 200), threads: 4) == undisturbed)
  }
}
