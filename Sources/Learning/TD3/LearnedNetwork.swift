import NeuralNetworks
import Parallel

/// A network that learns, the target network that follows it slowly, and its optimiser.
package final class LearnedNetwork: @unchecked Sendable {
  package let network: Perceptron
  package let target: Perceptron
  package let optimizer: Adam

  /// The average of the network over its steps, where one is kept.
  package let average: Perceptron?
  private let averagingRate: Double

  /// Where the gradients of its layers and parameters are computed.
  package let gradients: Gradients

  private let targetUpdateRate: Double

  /// The parameters in the parts that may be learned at the same time.
  private let parts: [Range<Int>]

  private let rows: Range<Int>

  /// Begins with the target, and the average, equal to `network`.
  package init(
    _ network: Perceptron, configuration: LevelConfiguration, learningRate: Double, parts: Int,
    averagingRate: Double = 0
  ) {
    self.network = network
    self.averagingRate = averagingRate
    average = averagingRate > 0 ? network.copy() : nil
    target = network.copy()
    optimizer = Adam(
      count: network.parameters.count,
      settings: Adam.Settings(
        learningRate: learningRate, beta1: configuration.adamBeta1,
        beta2: configuration.adamBeta2, epsilon: configuration.adamEpsilon))
    gradients = Gradients(shape: network.shape, rows: configuration.batchSize)
    rows = 0..<configuration.batchSize
    targetUpdateRate = configuration.targetUpdateRate
    self.parts = network.parameterParts(parts)
  }

  /// One step of Adam with the gradients that stand in the layers; then the target follows, where it is time.
  package func step(from activations: Activations, movesTarget: Bool, pool: WorkerPool) {
    optimizer.beginStep()
    pool.forEach(parts) { part in
      network.backwardToParameters(activations, gradients, rows: rows, in: part)
      optimizer.step(network.parameters, gradients: gradients.parameters, in: part)
      if movesTarget {
        target.parameters.move(towards: network.parameters, rate: targetUpdateRate, in: part)
      }
      average?.parameters.move(towards: network.parameters, rate: averagingRate, in: part)
    }
  }
}

extension Perceptron {
  /// Carries the gradient in the outputs down to both hidden layers, in two threads.
  func backwardToHidden(
    _ activations: Activations, _ gradients: Gradients, rows: Range<Int>, penalty: Float = 0,
    pool: WorkerPool
  ) {
    pool.forHalves(of: rows) {
      backwardToSecondHidden(activations, gradients, rows: $0, penalty: penalty)
    }
    // By columns: oneDNN multiplies by a transposed matrix slowly where the rows are few.
    pool.forHalves(of: firstHiddenColumns) { columns in
      backwardToFirstHidden(activations, gradients, rows: rows, columns: columns)
    }
    finishFirstHidden(activations, gradients, rows: rows)
  }
}
