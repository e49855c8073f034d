import NeuralNetworks

/// A network with buffers for a single input, used for acting.
final class ActingNetwork: @unchecked Sendable {
  private let network: Perceptron
  private let activations: Activations

  init(_ network: Perceptron) {
    self.network = network
    activations = Activations(shape: network.shape, rows: 1)
  }

  /// The input, to be filled before ``forward()``.
  var input: UnsafeMutablePointer<Float> { activations.input.row(0) }

  /// Computes the network's output for the input.
  func forward() -> UnsafeMutablePointer<Float> {
    network.forward(activations, rows: 0..<1)
    return activations.output.row(0)
  }
}
