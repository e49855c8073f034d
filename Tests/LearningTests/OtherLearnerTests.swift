import Learning
import NeuralNetworks
import Parallel
import Randomness
import Testing

/// A learner other than TD3: its actor imitates the actions of the batch.
private final class ImitationLearner: Learner, @unchecked Sendable {
  let batch: Batch
  private let actorNetwork: LearnedNetwork
  private let activations: Activations
  private let rows: Range<Int>
  private var statistics = LearningStatistics()
  private var updates = 0

  init(
    _ level: LevelSizes, _ configuration: LevelConfiguration, _ generator: inout RandomStream
  ) {
    rows = 0..<configuration.batchSize
    batch = Batch(
      capacity: rows.count, inputCount: level.inputCount, actionCount: level.limits.count)
    let shape = level.actor(hidden: configuration.hiddenUnits)
    actorNetwork = LearnedNetwork(
      Perceptron(shape: shape, outputScale: level.limits, using: &generator),
      configuration: configuration, learningRate: 0.01, parts: 1)
    activations = Activations(shape: shape, rows: rows.count)
  }

  static func make(
    _ level: LevelSizes, _ configuration: LevelConfiguration, _ generator: inout RandomStream
  ) -> any Learner {
    ImitationLearner(level, configuration, &generator)
  }

  var actor: Perceptron { actorNetwork.network }
  var steadyActor: Perceptron { actor }
  let updatesAtOnce = 1
  var networks: [(name: String, network: LearnedNetwork)] { [("actor", actorNetwork)] }

  func update(_ count: Int, pool: WorkerPool, noise generator: inout RandomStream) {
    activations.input.copyColumns(
      0, count: activations.input.columns, of: batch.inputsAndActions, to: 0, rows: rows)
    actor.forward(activations, rows: rows)
    var loss = 0.0
    for row in rows {
      let action = batch.inputsAndActions.row(row) + activations.input.columns
      for column in 0..<activations.output.columns {
        let error = activations.output[row, column] - action[column]
        loss += Double(error * error)
        actorNetwork.gradients.output.row(row)[column] = error / Float(rows.count)
      }
    }
    actor.backwardToHidden(activations, actorNetwork.gradients, rows: rows)
    actorNetwork.step(from: activations, movesTarget: true, pool: pool)
    updates += 1
    statistics.updates += 1
    statistics.criticLoss += loss / Double(rows.count)
  }

  func takeStatistics() -> LearningStatistics {
    defer { statistics = LearningStatistics() }
    return statistics
  }

  var progress: LearnerProgress {
    get {
      LearnerProgress(
        updates: updates, optimizerSteps: [actorNetwork.optimizer.steps], statistics: statistics)
    }
    set {
      updates = newValue.updates
      statistics = newValue.statistics
      actorNetwork.optimizer.steps = newValue.optimizerSteps[0]
    }
  }
}

@Suite("Learners other than TD3")
struct OtherLearnerTests {
  private func makeAgent(_ hierarchy: Hierarchy, seed: UInt64 = 1) throws -> any Agent {
    var configuration = makeSmallConfiguration()
    configuration.hierarchy = hierarchy
    return hierarchy == .hiro
      ? try HIROAgent(
        shape: smallShape, configuration: configuration, seed: seed,
        makeLearner: ImitationLearner.make)
      : FlatAgent(
        shape: smallShape, configuration: configuration, seed: seed,
        makeLearner: ImitationLearner.make)
  }

  @Test(
    "An agent learns with one, and its state goes on to the same bits",
    arguments: Hierarchy.allCases)
  func learns(hierarchy: Hierarchy) throws {
    let agent = try makeAgent(hierarchy)
    let pool = WorkerPool(threads: 1)
    var world = ToyWorld(seed: 1)
    let untrained = agent.makePolicy().tensors
    train(agent, in: &world, windows: 200, pool: pool)
    let statistics = agent.takeStatistics().lower
    #expect(statistics.updates > 500 && statistics.meanCriticLoss > 0)
    #expect(agent.makePolicy().tensors != untrained)

    let saved = MemoryArchive()
    try agent.visitState(saved, restoring: nil)
    let restored = try makeAgent(hierarchy, seed: 99)
    saved.isFilling = true
    try restored.visitState(saved, restoring: agent.encodeProgress())
    var (here, there) = (ToyWorld(seed: 5), ToyWorld(seed: 5))
    train(agent, in: &here, windows: 30, pool: pool)
    train(restored, in: &there, windows: 30, pool: pool)
    #expect(agent.makePolicy().tensors == restored.makePolicy().tensors)
    #expect(agent.firstNonFinite() == nil)
  }
}
