import Environments
import Foundation
import Learning
import MuJoCo
import NeuralNetworks
import Parallel
import Randomness

/// How fast this machine trains Ant Maze in the published configuration, where the time goes, and
/// how close the speed comes to the machine's limit.
///
/// All quantities are measured in turn within one run, and each figure is the median over the
/// rounds: the machine's speed drifts over time, but the ratios between the figures of one run do
/// not.
package struct BenchmarkReport: Codable, Equatable, Sendable {
  /// Threads that training used.
  package var threads: Int
  /// GFLOP/s of `[100, 300]·[300, 300]` with one thread busy.
  package var productRate: Double
  /// GFLOP/s per thread of the same product while all threads are busy.
  package var productRateAllThreads: Double
  /// Five `mj_step` of Ant Maze in a C loop (µs).
  package var physicsMicroseconds: Double
  /// One step of the environment: the physics, observation and reward (µs).
  package var environmentStepMicroseconds: Double
  /// One update of the lower level on one thread (µs).
  package var lowerUpdateMicroseconds: Double
  /// One update of the higher level on one thread, without the correction (µs).
  package var higherUpdateMicroseconds: Double
  /// The off-policy correction of one batch on one thread (µs).
  package var correctionMicroseconds: Double
  /// Rows that the correction put through the lower actor, as a fraction of the rows that scoring
  /// every step of every candidate would need.
  package var correctionRows: Double
  /// Environment steps per second of whole training.
  package var trainingStepsPerSecond: Double
  /// (physics + matrix products of the updates ÷ product rate) ÷ threads, per environment step (µs).
  package var limitMicroseconds: Double
  /// Limit ÷ measured time per step.
  package var efficiency: Double
  /// Time of evaluating some episodes on one thread ÷ that on all.
  package var evaluationSpeedup: Double
  /// Resident memory of the process with both replay buffers full (MB).
  package var residentMegabytes: Double

  /// Environment step ÷ the bare physics.
  package var environmentOverhead: Double { environmentStepMicroseconds / physicsMicroseconds }

  /// How long ten million steps take here (h).
  package var hoursForTenMillionSteps: Double { 1e7 / trainingStepsPerSecond / 3600 }
}

/// Measures a ``BenchmarkReport``.
package struct Benchmark {
  /// Rounds to measure.
  package var rounds = 9

  /// Environment steps of training per round.
  package var stepsPerRound = 500

  /// Makes a benchmark of the default length, about half a minute.
  package init() {}

  /// Runs the benchmark; `progress` is called after each round with the number of that round and
  /// the number of all rounds.
  package func run(
    threads: Int = WorkerPool.processorCount,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> BenchmarkReport {
    let pool = WorkerPool(threads: threads)
    let single = WorkerPool(threads: 1)
    let definition = try TaskRegistry.definition(named: "ant-maze")
    let configuration = RunConfiguration()
    let trainer = try Trainer(
      configuration: configuration, environment: try definition.makeEnvironment(), pool: pool)
    let agent = trainer.agent as! HIROAgent
    while trainer.steps < configuration.learning.warmUpSteps + stepsPerRound {
      try trainer.advance()
    }
    let parts = LearningParts(agent: agent, seed: configuration.seed)
    var physics = try PhysicsLoops(definition: definition)
    _ = trainer.agent.takeStatistics()

    var samples = Samples()
    for round in 1...rounds {
      samples.add(\.productRate, measureMatrixProductRate())
      samples.add(\.productRateAllThreads, productRate(pool))
      let (bare, environment) = try physics.measure()
      samples.add(\.physicsMicroseconds, bare)
      samples.add(\.environmentStepMicroseconds, environment)
      let before = trainer.steps
      let elapsed = try seconds {
        while trainer.steps < before + stepsPerRound { try trainer.advance() }
      }
      samples.add(\.trainingStepsPerSecond, Double(trainer.steps - before) / elapsed)
      samples.add(\.lowerUpdateMicroseconds, parts.lowerUpdate(single))
      samples.add(\.higherUpdateMicroseconds, parts.higherUpdate(single))
      samples.add(\.correctionMicroseconds, parts.correction(single))
      progress(round, rounds)
    }
    let statistics = agent.takeStatistics()
    var report = samples.report(threads: threads)
    report.correctionRows =
      Double(statistics.correctionRows) / Double(statistics.correctionRowsInFull)
    let operations = parts.operationsPerStep(rowFraction: report.correctionRows)
    report.limitMicroseconds =
      (report.physicsMicroseconds + operations / (report.productRateAllThreads * 1e3))
      / Double(threads)
    report.efficiency = report.limitMicroseconds * 1e-6 * report.trainingStepsPerSecond
    report.evaluationSpeedup = try evaluationSpeedup(agent, definition, threads: threads)
    parts.fillReplay()
    report.residentMegabytes = residentMegabytes()
    return report
  }

  /// The mean rate of a thread (GFLOP/s) while all threads of `pool` multiply matrices.
  private func productRate(_ pool: WorkerPool) -> Double {
    let rates = FloatBuffer(count: pool.threadCount)
    pool.forEach(below: pool.threadCount) { index in
      let rate = measureMatrixProductRate()
      rates.withMutableValues { $0[index] = Float(rate) }
    }
    return rates.withValues { Double($0.reduce(0, +)) } / Double(pool.threadCount)
  }

  private func evaluationSpeedup(
    _ agent: HIROAgent, _ definition: TaskDefinition, threads: Int
  ) throws -> Double {
    let policy = agent.makePolicy()
    let model = try definition.makeModel()
    func time(_ threads: Int) throws -> Double {
      var evaluation = Evaluation(
        task: definition.description, episodes: 8, seed: 0, threads: threads)
      evaluation.targets = Array(evaluation.targets.prefix(1))
      return try seconds {
        _ = try evaluation.run(
          makeEnvironment: { try definition.makeEnvironment(model: model) },
          makePolicy: { policy.copy() })
      }
    }
    return try time(1) / time(threads)
  }
}

/// The measured values of all rounds, keyed by the report's property that gets their median.
private struct Samples {
  private var values: [WritableKeyPath<BenchmarkReport, Double>: [Double]] = [:]

  mutating func add(_ key: WritableKeyPath<BenchmarkReport, Double>, _ value: Double) {
    values[key, default: []].append(value)
  }

  func report(threads: Int) -> BenchmarkReport {
    var report = BenchmarkReport(
      threads: threads, productRate: 0, productRateAllThreads: 0, physicsMicroseconds: 0,
      environmentStepMicroseconds: 0, lowerUpdateMicroseconds: 0, higherUpdateMicroseconds: 0,
      correctionMicroseconds: 0, correctionRows: 0, trainingStepsPerSecond: 0,
      limitMicroseconds: 0, efficiency: 0, evaluationSpeedup: 0, residentMegabytes: 0)
    for (key, samples) in values { report[keyPath: key] = samples.sorted()[samples.count / 2] }
    return report
  }
}

/// Times the bare physics and the environment with the same actions from the same initial state.
private struct PhysicsLoops {
  private let simulation: Simulation
  private let environment: RobotEnvironment
  private let actions: [[Float]]

  init(definition: TaskDefinition) throws {
    simulation = try Simulation(model: definition.makeModel())
    environment = try definition.makeEnvironment()
    var stream = RandomStream(seed: 1, name: "benchmark")
    actions = (0..<200).map { _ in
      (0..<definition.description.actionCount).map { index in
        let limit = Double(definition.description.actionLimits[index])
        return Float(stream.uniform(in: -limit...limit))
      }
    }
  }

  /// Microseconds per environment step for each; the two alternate step by step, so that both are
  /// measured under the same conditions.
  mutating func measure() throws -> (bare: Double, environment: Double) {
    var stream = RandomStream(seed: 1, name: "start")
    try environment.reset(using: &stream, target: .training)
    simulation.reset()
    try simulation.restore(environment.simulation.saveState())
    var bare: UInt64 = 0
    var whole: UInt64 = 0
    for action in actions {
      let start = DispatchTime.now().uptimeNanoseconds
      _ = try environment.step(action)
      let middle = DispatchTime.now().uptimeNanoseconds
      for index in action.indices { simulation.ctrl[index] = Double(action[index]) }
      try simulation.step(count: 5)
      whole += middle - start
      bare += DispatchTime.now().uptimeNanoseconds - middle
    }
    let scale = 1e-3 / Double(actions.count)
    return (Double(bare) * scale, Double(whole) * scale)
  }
}

/// Times each part of learning separately.
private final class LearningParts {
  private let agent: HIROAgent
  private var stream: RandomStream
  private let lower: TD3
  private let higher: TD3
  private let relabelled: Matrix

  init(agent: HIROAgent, seed: UInt64) {
    self.agent = agent
    var stream = RandomStream(seed: seed, name: "benchmark")
    let levels = agent.configuration.levels(of: agent.shape).map { level in
      TD3(level.sizes, configuration: level.configuration, using: &stream)
    }
    (lower, higher) = (levels[0], levels[1])
    self.stream = stream
    relabelled = Matrix(
      rows: agent.configuration.higher.batchSize, columns: agent.shape.subgoalCount)
  }

  func lowerUpdate(_ pool: WorkerPool) -> Double { update(lower, pool) }

  func higherUpdate(_ pool: WorkerPool) -> Double { update(higher, pool) }

  private func update(_ learner: TD3, _ pool: WorkerPool) -> Double {
    let count = learner.updatesAtOnce
    return microseconds(40 / count) { learner.update(count, pool: pool, noise: &stream) }
      / Double(count)
  }

  func correction(_ pool: WorkerPool) -> Double {
    let transitions = (0..<agent.configuration.higher.batchSize).map { _ in
      agent.experience.drawHigherTransition(using: &stream)
    }
    return microseconds(4) {
      _ = agent.relabelling.relabel(
        transitions, of: agent.experience, actor: agent.lower.actor, pool: pool, using: &stream,
        into: relabelled, column: 0)
    }
  }

  /// Fills both replay buffers of the agent with meaningless data; the agent must not be trained
  /// afterwards.
  func fillReplay() {
    let interval = agent.configuration.subgoals.interval
    let window = Window(capacity: interval, shape: agent.shape)
    for _ in 0..<agent.configuration.higher.replayCapacity {
      window.count = interval
      window.endsInterval = true
      agent.experience.append(window)
    }
  }

  /// Floating-point operations of the matrix products that one environment step of training needs.
  func operationsPerStep(rowFraction: Double) -> Double {
    let interval = Double(agent.configuration.subgoals.interval)
    return lower.operationsPerUpdate
      + (higher.operationsPerUpdate + agent.relabelling.operations(rowFraction: rowFraction))
      / interval
  }

  private func microseconds(_ count: Int, _ body: () -> Void) -> Double {
    body()
    return seconds { for _ in 0..<count { body() } } / Double(count) * 1e6
  }
}

private func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = DispatchTime.now().uptimeNanoseconds
  try body()
  return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
}

/// Resident memory of this process (MB), as the operating system counts it.
private func residentMegabytes() -> Double {
  guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii),
    let pages = Double(text.split(separator: " ").dropFirst().first ?? "")
  else { return .nan }
  return pages * Double(sysconf(Int32(_SC_PAGESIZE))) * 1e-6
}
