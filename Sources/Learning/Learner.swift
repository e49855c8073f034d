import NeuralNetworks
import Parallel
import Randomness

/// What learns to act from batches of transitions at one level of an agent, or in the whole of a flat
/// one: an off-policy actor and critic such as ``TD3``.
///
/// The agent fills ``batch`` and asks for updates; how the actor gets better is the learner's own. What
/// acts, is relabelled with and is saved is the actor without noise: a learner with a stochastic policy
/// has its mean there.
package protocol Learner: AnyObject, Sendable {
  /// Transitions to learn from, those of each update of a call one after the other.
  var batch: Batch { get }

  /// The actor: from an input of the level to an action.
  var actor: Perceptron { get }

  /// The actor to evaluate and to keep: ``actor`` itself, or an average of it.
  var steadyActor: Perceptron { get }

  /// How many updates one call of ``update(_:pool:noise:)`` can make now, from 1.
  var updatesAtOnce: Int { get }

  /// Makes `count` updates, each from its part of ``batch``.
  ///
  /// - Parameters:
  ///   - count: 1 to ``updatesAtOnce``.
  ///   - pool: The threads; how many they are must change nothing.
  ///   - generator: The only source of chance.
  func update(_ count: Int, pool: WorkerPool, noise generator: inout RandomStream)

  /// What was measured since the last call.
  func takeStatistics() -> LearningStatistics

  /// Everything that learns, by names that are unique in the learner: this is what is saved.
  var networks: [(name: String, network: LearnedNetwork)] { get }

  /// What is to be saved besides the networks.
  var progress: LearnerProgress { get set }
}

/// Makes the learner of a level from its sizes and its constants; the generator draws its first weights.
package typealias MakeLearner = (
  _ level: LevelSizes, _ configuration: LevelConfiguration, _ generator: inout RandomStream
) -> any Learner

/// What a learner has to keep besides its networks.
package struct LearnerProgress: Codable, Equatable, Sendable {
  /// Updates made.
  package var updates: Int
  /// Steps of the optimiser of each of ``Learner/networks``.
  package var optimizerSteps: [Int]
  /// What was measured and not yet taken.
  package var statistics: LearningStatistics

  /// Makes it; each parameter is the property of its name.
  package init(updates: Int, optimizerSteps: [Int], statistics: LearningStatistics) {
    self.updates = updates
    self.optimizerSteps = optimizerSteps
    self.statistics = statistics
  }
}

extension Learner {
  /// The first of the weights found that are not finite, by name.
  func firstNonFinite(level: String) -> String? {
    networks.first { !$0.network.network.parameters.isFinite }
      .map { "a weight of the \(level) \($0.name)" }
  }

  /// Throws unless `progress` can be that of this learner.
  func check(_ progress: LearnerProgress) throws(StateError) {
    let counts = progress.optimizerSteps + [progress.updates, progress.statistics.updates]
    guard progress.optimizerSteps.count == networks.count, counts.allSatisfy(isPossibleCount)
    else { throw .inconsistent("the number of updates") }
  }

  /// Shows everything that learns.
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
  /// Sum over the updates of the mean over the batch of the first critic's value.
  public var value = 0.0

  /// Updates of the actor.
  public var actorUpdates = 0
  /// Sum over these of the actor's loss: minus the first critic's value of what the actor chose, in
  /// the mean over the batch, and the penalty on its outputs.
  public var actorLoss = 0.0
  /// Sum over these of the fraction of the actor's outputs beyond 0.95 of their limits.
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
