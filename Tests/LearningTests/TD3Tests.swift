import Foundation
import Learning
import NeuralNetworks
import Parallel
import Randomness
import Testing

/// Updates as PyTorch computes them; `scripts/make-td3-fixture.py` makes the file and documents its
/// contents.
private struct Fixture: Decodable {
  struct StoredTensor: Decodable {
    var shape: [Int]
    var values: [Float]
    var tensor: Tensor { Tensor(shape: shape, values: values) }
  }
  struct StoredBatch: Decodable {
    var input, action, noise, nextInput, reward, discount: StoredTensor
  }
  struct Settings: Decodable {
    var actorLearningRate, criticLearningRate, adamBeta1, adamBeta2, adamEpsilon: Double
    var targetNoiseClip, targetUpdateRate, huberDelta: Double
    var policyDelay: Int
  }
  struct Case: Decodable, CustomTestStringConvertible {
    var name: String
    var inputCount, actionCount, hiddenUnits, batchSize: Int
    var noiseUnits: ActionUnits
    var targetValue: TargetValue
    var outputPenalty, averagingRate: Double
    var criticActions: ActionUnits
    var criticNormalisation: Normalisation
    var actionScale: [Float]
    var weights: [String: StoredTensor]
    var batches: [StoredBatch]
    var criticLosses: [Double]
    var actorLosses: [Double?]
    var expected: [String: [String: StoredTensor]]
    var testDescription: String { name }
  }
  var settings: Settings
  var cases: [Case]

  static func load() throws -> Fixture {
    let url = try #require(
      Bundle.module.url(forResource: "td3", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
  }
}

@Suite("TD3")
struct TD3Tests {
  @Test(
    "One and ten updates equal PyTorch's to 1e-5",
    arguments: ["lower", "higher", "recipe", "critics"],
    [1, 2])
  func updatesEqualPyTorch(level: String, threads: Int) throws {
    let fixture = try Fixture.load()
    let stored = try #require(fixture.cases.first { $0.name == level })
    let learner = try makeLearner(stored, fixture.settings)
    let pool = WorkerPool(threads: threads)

    for (index, transitions) in stored.batches.enumerated() {
      fill(learner.batch, from: 0, transitions, stored)
      learner.statistics = LearningStatistics()
      learner.update(1, pool: pool, noise: transitions.noise.values)
      let loss = stored.criticLosses[index]
      #expect(abs(learner.statistics.meanCriticLoss - loss) < 1e-5 * abs(loss))
      if let loss = stored.actorLosses[index] {
        // The loss is the mean of positive and negative values and may be near 0.
        #expect(abs(learner.statistics.meanActorLoss - loss) < 1e-5 * max(abs(loss), 0.1))
      }
      guard let expected = stored.expected["\(index + 1)"] else { continue }
      let found = tensors(of: learner)
      #expect(Set(found.keys) == Set(expected.keys))
      for (name, tensor) in expected {
        let values = try #require(found[name]).values
        #expect(relativeError(values, tensor.values) < 1e-5, "\(name) after \(index + 1)")
      }
    }
  }

  @Test(
    "Updates made at once are those made one by one", arguments: ["lower", "higher", "critics"],
    [1, 2])
  func updatesAtOnce(level: String, threads: Int) throws {
    let fixture = try Fixture.load()
    let stored = try #require(fixture.cases.first { $0.name == level })
    let pool = WorkerPool(threads: threads)
    let learners = try (0..<2).map { _ in try makeLearner(stored, fixture.settings) }
    for transitions in stored.batches {
      fill(learners[0].batch, from: 0, transitions, stored)
      learners[0].update(1, pool: pool, noise: transitions.noise.values)
    }
    var rest = stored.batches[...]
    while !rest.isEmpty {
      let count = min(learners[1].updatesAtOnce, rest.count)
      let batches = rest.prefix(count)
      for (index, transitions) in batches.enumerated() {
        fill(learners[1].batch, from: index * stored.batchSize, transitions, stored)
      }
      learners[1].update(count, pool: pool, noise: batches.flatMap(\.noise.values))
      rest = rest.dropFirst(count)
    }
    #expect(learners[1].updates == stored.batches.count)
    #expect(learners[0].statistics.updates == learners[1].statistics.updates)
    let losses = learners.map(\.statistics.meanCriticLoss)
    #expect(abs(losses[0] - losses[1]) < 1e-6 * losses[0])
    let (single, grouped) = (tensors(of: learners[0]), tensors(of: learners[1]))
    for (name, tensor) in single {
      #expect(relativeError(try #require(grouped[name]).values, tensor.values) < 1e-5, "\(name)")
    }
  }

  private func makeLearner(_ stored: Fixture.Case, _ settings: Fixture.Settings) throws -> TD3 {
    var configuration = LevelConfiguration(rewardScale: 1)
    configuration.hiddenUnits = stored.hiddenUnits
    configuration.batchSize = stored.batchSize
    configuration.actorLearningRate = settings.actorLearningRate
    configuration.criticLearningRate = settings.criticLearningRate
    configuration.adamBeta1 = settings.adamBeta1
    configuration.adamBeta2 = settings.adamBeta2
    configuration.adamEpsilon = settings.adamEpsilon
    configuration.targetNoiseClip = settings.targetNoiseClip
    configuration.targetUpdateRate = settings.targetUpdateRate
    configuration.huberDelta = settings.huberDelta
    configuration.noiseUnits = stored.noiseUnits
    configuration.targetValue = stored.targetValue
    configuration.outputPenalty = stored.outputPenalty
    configuration.averagingRate = stored.averagingRate
    configuration.criticActions = stored.criticActions
    configuration.criticNormalisation = stored.criticNormalisation
    configuration.policyDelay = settings.policyDelay
    var stream = RandomStream(seed: 1, name: "overwritten")
    let learner = TD3(
      inputCount: stored.inputCount, actionLimits: stored.actionScale,
      configuration: configuration, using: &stream)
    let weights = stored.weights.mapValues(\.tensor)
    for (prefix, network) in networks(of: learner) { try network.load(weights, prefix: prefix) }
    learner.actorLearner.average?.parameters.copy(from: learner.actor.parameters)
    return learner
  }

  private func networks(of learner: TD3) -> [String: Perceptron] {
    [
      "actor": learner.actor, "target.actor": learner.actorLearner.target,
      "critic1": learner.critics[0].network, "critic2": learner.critics[1].network,
      "target.critic1": learner.critics[0].learner.target,
      "target.critic2": learner.critics[1].learner.target,
    ]
  }

  private func tensors(of learner: TD3) -> [String: Tensor] {
    var networks = networks(of: learner)
    networks["average.actor"] = learner.actorLearner.average
    return networks.reduce(into: [:]) { tensors, entry in
      tensors.merge(entry.value.tensors(prefix: entry.key)) { first, _ in first }
    }
  }

  private func fill(
    _ batch: Batch, from first: Int, _ stored: Fixture.StoredBatch, _ shape: Fixture.Case
  ) {
    func row(_ tensor: Fixture.StoredTensor, _ index: Int, _ width: Int) -> [Float] {
      Array(tensor.values[(index * width)..<((index + 1) * width)])
    }
    for index in 0..<shape.batchSize {
      batch.set(
        first + index, input: row(stored.input, index, shape.inputCount),
        action: row(stored.action, index, shape.actionCount),
        reward: stored.reward.values[index], discount: stored.discount.values[index],
        nextInput: row(stored.nextInput, index, shape.inputCount))
    }
  }

  /// ‖found − expected‖ ÷ ‖expected‖.
  private func relativeError(_ found: [Float], _ expected: [Float]) -> Double {
    let error = zip(found, expected).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
    let size = expected.reduce(0.0) { $0 + pow(Double($1), 2) }
    return (error / size).squareRoot()
  }
}
