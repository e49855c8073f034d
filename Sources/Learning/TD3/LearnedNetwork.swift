import NeuralNetworks
import Parallel

/// A network that learns, the target network that follows it slowly, and its optimiser.
package final class LearnedNetwork: @unchecked Sendable {
  package let network: Perceptron
  package let target: Perceptron
  package let optimizer: Adam

  /// The running average of the network over its steps; nil if none is kept.
  package let average: Perceptron?
  private let averagingRate: Double

  /// The buffers for the gradients of the network's layers and parameters.
  package let gradients: Gradients

  private let targetUpdateRate: Double

  /// Ranges of the parameters that may be updated at the same time.
  private let parts: [Range<Int>]

  private let rows: Range<Int>

  /// Makes the target, and the average if there is one, as copies of `network`.
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

  /// Makes one step of Adam with the gradients in the layers; with `movesTarget`, moves the target.
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
  /// Propagates the gradient of the outputs back to both hidden layers, in two threads.
  func backwardToHidden(
    _ activations: Activations, _ gradients: Gradients, rows: Range<Int>, penalty: Float = 0,
    pool: WorkerPool
  ) {
    pool.forHalves(of: rows) {
      backwardToSecondHidden(activations, gradients, rows: $0, penalty: penalty)
    }
    // By columns, because with few rows oneDNN is slow at multiplying by a transposed matrix.
    pool.forHalves(of: firstHiddenColumns) { columns in
      backwardToFirstHidden(activations, gradients, rows: rows, columns: columns)
    }
    finishFirstHidden(activations, gradients, rows: rows)
  }
}
