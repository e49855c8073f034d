import NeuralNetworks
import Parallel
import Randomness

/// The learner of one level of an agent, or of a whole flat agent: an off-policy actor and critic
/// such as ``TD3``, which learns to act from batches of transitions.
///
/// The agent fills ``batch`` and asks for updates; how the actor improves is up to the learner.
/// Acting, relabelling and saving use the actor without noise: a learner with a stochastic policy
/// provides its mean as the actor.
package protocol Learner: AnyObject, Sendable {
  /// The transitions to learn from: the batches of all updates of one call, one after another.
  var batch: Batch { get }

  /// The actor network: maps an input of the level to an action.
  var actor: Perceptron { get }

  /// The actor to evaluate and to save: ``actor`` itself, or a running average of it.
  var steadyActor: Perceptron { get }

  /// How many updates one call of ``update(_:pool:noise:)`` can make now at most; at least 1.
  var updatesAtOnce: Int { get }

  /// Makes `count` updates, each from its part of ``batch``.
  ///
  /// - Parameters:
  ///   - count: 1 to ``updatesAtOnce``.
  ///   - pool: The threads to use; their number must not change the result.
  ///   - generator: The only source of random numbers.
  func update(_ count: Int, pool: WorkerPool, noise generator: inout RandomStream)

  /// The statistics since the last call.
  func takeStatistics() -> LearningStatistics

  /// All networks that learn, by names that are unique in the learner: this is what is saved.
  var networks: [(name: String, network: LearnedNetwork)] { get }

  /// What is to be saved besides the networks.
  var progress: LearnerProgress { get set }
}

/// Makes a level's learner from its sizes and constants; the generator draws the first weights.
package typealias MakeLearner = (
  _ level: LevelSizes, _ configuration: LevelConfiguration, _ generator: inout RandomStream
) -> any Learner

/// The state of a learner besides its networks.
package struct LearnerProgress: Codable, Equatable, Sendable {
  /// Updates made.
  package var updates: Int
  /// For each of ``Learner/networks``, the steps that its optimiser has made.
  package var optimizerSteps: [Int]
  /// Statistics since they were last taken.
  package var statistics: LearningStatistics

  /// Makes a learner's progress; each parameter sets the property of the same name.
  package init(updates: Int, optimizerSteps: [Int], statistics: LearningStatistics) {
    self.updates = updates
    self.optimizerSteps = optimizerSteps
    self.statistics = statistics
  }
}

extension Learner {
  /// The first network with a weight that is not finite, by name; nil if all weights are finite.
  func firstNonFinite(level: String) -> String? {
    networks.first { !$0.network.network.parameters.isFinite }
      .map { "a weight of the \(level) \($0.name)" }
  }

  /// Throws unless `progress` can have been saved by this learner.
  func check(_ progress: LearnerProgress) throws(StateError) {
    let statistics = progress.statistics
    let counts =
      progress.optimizerSteps + [progress.updates, statistics.updates, statistics.actorUpdates]
    guard progress.optimizerSteps.count == networks.count, counts.allSatisfy(isPossibleCount)
    else { throw .inconsistent("the number of updates") }
  }

  /// Passes all networks that learn to `visitor`.
  func visit(_ visitor: some StateVisitor, name: String) throws {
    for (network, learner) in networks { try visitor.visit(name, network, learner) }
  }
}

/// What one or more updates of a learner measured.
public struct LearningStatistics: Codable, Equatable, Sendable {
  /// Critic updates.
  public var updates = 0
  /// Sum over the updates of the critics' loss.
  public var criticLoss = 0.0
  /// Sum over the updates of the first critic's mean value in the batch.
  public var value = 0.0

  /// Updates of the actor.
  public var actorUpdates = 0
  /// Sum over the actor's updates of the actor's loss: minus the first critic's value of the
  /// actor's actions, plus the penalty on its outputs, averaged over the batch.
  public var actorLoss = 0.0
  /// Sum over the actor's updates of the fraction of its outputs beyond 0.95 of their limits.
  public var saturation = 0.0

  /// Nothing measured yet.
  public init() {}

  /// Mean loss of the critics; NaN before the first update.
  public var meanCriticLoss: Double { criticLoss / Double(updates) }
  /// Mean loss of the actor; NaN before its first update.
  public var meanActorLoss: Double { actorLoss / Double(actorUpdates) }
  /// Mean fraction of saturated outputs of the actor; NaN before its first update.
  public var meanSaturation: Double { saturation / Double(actorUpdates) }
  /// Mean value of the first critic; NaN before the first update.
  public var meanValue: Double { value / Double(updates) }
}
