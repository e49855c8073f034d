import NeuralNetworks

/// A network with room for one input: what acts.
final class ActingNetwork: @unchecked Sendable {
  private let network: Perceptron
  private let activations: Activations

  init(_ network: Perceptron) {
    self.network = network
    activations = Activations(shape: network.shape, rows: 1)
  }

  /// To be filled before ``forward()``.
  var input: UnsafeMutablePointer<Float> { activations.input.row(0) }

  /// What the network says to the input.
  func forward() -> UnsafeMutablePointer<Float> {
    network.forward(activations, rows: 0..<1)
    return activations.output.row(0)
  }
}
