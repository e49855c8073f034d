import Foundation
import NeuralNetworks
import Randomness
import Testing

/// The same network in double precision, written from its definition.
private struct ReferencePerceptron {
  let shape: PerceptronShape
  let scale: [Double]?
  var weights: [String: [Double]]

  init(_ network: Perceptron, scale: [Double]?) {
    shape = network.shape
    self.scale = scale
    weights = network.tensors(prefix: "n").mapValues { $0.values.map(Double.init) }
  }

  func dense(_ layer: Int, _ x: [Double]) -> [Double] {
    let weight = weights["n.layer\(layer).weight"]!
    return weights["n.layer\(layer).bias"]!.enumerated().map { output, bias in
      bias
        + zip(weight[(output * x.count)..<((output + 1) * x.count)], x).reduce(0) {
          $0 + $1.0 * $1.1
        }
    }
  }

  func output(_ x: [Double]) -> [Double] {
    let hidden1 = rectified(dense(1, x))
    let hidden2 = rectified(dense(2, hidden1 + x.suffix(shape.reentering)))
    let linear = dense(3, hidden2)
    guard let scale else { return linear }
    return zip(linear, scale).map { tanh($0) * $1 }
  }

  func rectified(_ x: [Double]) -> [Double] {
    guard shape.isNormalised else { return x.map { max($0, 0) } }
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    return x.map { max(($0 - mean) / (variance + 1e-5).squareRoot(), 0) }
  }

  /// Σ over a batch and its outputs of coefficient × output.
  func loss(_ batch: [[Double]], _ coefficients: [[Double]]) -> Double {
    zip(batch, coefficients).reduce(0) { sum, pair in
      sum + zip(output(pair.0), pair.1).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }
}

@Suite("Perceptrons")
struct PerceptronTests {
  static let actor = PerceptronShape(inputs: 9, hidden: 21, outputs: 5)
  static let critic = PerceptronShape(inputs: 11, reentering: 4, hidden: 19, outputs: 1)
  static let normalised = PerceptronShape(
    inputs: 11, reentering: 4, hidden: 19, outputs: 1, isNormalised: true)
  /// The networks that are tested: the actor, whose outputs are bounded, and critics.
  static let shapes = [actor, critic, normalised]
  static let scale: [Float] = [30, 30, 0.5, 10, 1]

  private let rows = 7
  private var stream = RandomStream(seed: 5, name: "perceptron tests")

  private mutating func make(_ shape: PerceptronShape, scale: [Float]?) -> (
    Perceptron, ReferencePerceptron
  ) {
    let network = Perceptron(shape: shape, outputScale: scale, using: &stream)
    // With initial weights of the published size the gradients through the last layer vanish, so
    // use larger weights.
    network.parameters.withMutableValues { values in
      for index in values.indices where values[index] != 0 {
        values[index] = Float(0.4 * stream.normal())
      }
    }
    return (network, ReferencePerceptron(network, scale: scale?.map(Double.init)))
  }

  private mutating func makeNumbers(_ count: Int) -> [[Double]] {
    (0..<rows).map { _ in (0..<count).map { _ in Double(Float(stream.normal())) } }
  }

  private func fill(_ matrix: Matrix, _ values: [[Double]]) {
    for (row, numbers) in values.enumerated() {
      for (column, number) in numbers.enumerated() { matrix[row, column] = Float(number) }
    }
  }

  @Test("Outputs equal those of a double-precision network", arguments: shapes)
  mutating func forward(shape: PerceptronShape) {
    let (network, reference) = make(shape, scale: shape == Self.actor ? Self.scale : nil)
    let batch = makeNumbers(shape.inputs)
    let activations = Activations(shape: shape, rows: rows)
    fill(activations.input, batch)
    network.forward(activations, rows: 0..<rows)
    for (row, input) in batch.enumerated() {
      for (column, expected) in reference.output(input).enumerated() {
        // The tolerance is for single precision with a few dozen terms in a sum.
        #expect(
          abs(Double(activations.output[row, column]) - expected) < 1e-5 * max(1, abs(expected)))
      }
    }
  }

  @Test("Gradients in the parameters equal central differences", arguments: shapes)
  mutating func parameterGradients(shape: PerceptronShape) throws {
    let (network, reference) = make(shape, scale: shape == Self.actor ? Self.scale : nil)
    let batch = makeNumbers(shape.inputs)
    let coefficients = makeNumbers(shape.outputs)
    let activations = Activations(shape: shape, rows: rows)
    let gradients = Gradients(shape: shape, rows: rows)
    fill(activations.input, batch)
    fill(gradients.output, coefficients)
    network.forward(activations, rows: 0..<rows)
    network.backward(activations, gradients, rows: 0..<rows)

    let found = Perceptron.tensors(of: gradients.parameters, shape: shape, prefix: "n")
    for (name, tensor) in found {
      let expected = tensor.values.indices.map { index in
        difference(1e-5) { step in
          var moved = reference
          moved.weights[name]![index] += step
          return moved.loss(batch, coefficients)
        }
      }
      #expect(relativeError(tensor.values.map(Double.init), expected) < 1e-4, "\(name)")
    }
    let padding = gradients.parameters.withValues { $0.count { $0 != 0 } }
    #expect(padding <= found.values.reduce(0) { $0 + $1.values.count }, "padding has gradients")
  }

  @Test(
    "The gradient of a critic in its action equals central differences",
    arguments: [critic, normalised])
  mutating func actionGradients(shape: PerceptronShape) {
    let (network, reference) = make(shape, scale: nil)
    let batch = makeNumbers(shape.inputs)
    let coefficients = makeNumbers(shape.outputs)
    let activations = Activations(shape: shape, rows: rows)
    let gradients = Gradients(shape: shape, rows: rows)
    let result = Matrix(rows: rows, columns: shape.reentering)
    fill(activations.input, batch)
    fill(gradients.output, coefficients)
    network.forward(activations, rows: 0..<rows)
    network.backwardToReentering(activations, gradients, rows: 0..<rows, into: result)

    var found: [Double] = []
    var expected: [Double] = []
    for row in 0..<rows {
      for action in 0..<shape.reentering {
        found.append(Double(result[row, action]))
        expected.append(
          difference(1e-5) { step in
            var moved = batch
            moved[row][shape.inputs - shape.reentering + action] += step
            return reference.loss(moved, coefficients)
          })
      }
    }
    #expect(relativeError(found, expected) < 1e-4)
  }

  private func difference(_ step: Double, _ function: (Double) -> Double) -> Double {
    (function(step) - function(-step)) / (2 * step)
  }

  private func relativeError(_ found: [Double], _ expected: [Double]) -> Double {
    let error = zip(found, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (error / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  @Test("Initial weights are uniform in the published bounds, biases 0")
  mutating func initialisation() throws {
    let shape = PerceptronShape(inputs: 53, reentering: 8, hidden: 300, outputs: 1)
    let tensors = Perceptron(shape: shape, using: &stream).tensors(prefix: "n")
    for (layer, bound) in [(1, (1.0 / 53).squareRoot()), (2, (1.0 / 308).squareRoot()), (3, 0.003)]
    {
      let weights = try #require(tensors["n.layer\(layer).weight"]).values.map(Double.init)
      #expect(weights.allSatisfy { abs($0) <= bound * 1.000001 })
      // A uniform distribution has the variance bound²/3.
      let variance = weights.reduce(0) { $0 + $1 * $1 } / Double(weights.count)
      #expect(abs(variance / (bound * bound / 3) - 1) < (layer == 3 ? 0.3 : 0.05))
      #expect(try #require(tensors["n.layer\(layer).bias"]).values.allSatisfy { $0 == 0 })
    }
  }

  @Test("Tensors go out and come in unchanged; one of another shape is refused by name")
  mutating func tensorsRoundTrip() throws {
    let (network, _) = make(Self.critic, scale: nil)
    var tensors = network.tensors(prefix: "critic")
    let other = Perceptron(shape: Self.critic)
    try other.load(tensors, prefix: "critic")
    #expect(other.tensors(prefix: "critic") == tensors)

    tensors["critic.layer2.bias"] = Tensor(shape: [2], values: [1, 2])
    #expect(throws: TensorError.shape(name: "critic.layer2.bias", expected: [19], found: [2])) {
      try other.load(tensors, prefix: "critic")
    }
    tensors["critic.layer2.bias"] = nil
    #expect(throws: TensorError.missing(name: "critic.layer2.bias")) {
      try other.load(tensors, prefix: "critic")
    }
  }
}

@Suite("Vector loops")
struct KernelTests {
  @Test("The scaled tanh is within three units in the last place of the library's")
  func tanhIsAccurate() {
    let shape = PerceptronShape(inputs: 1, hidden: 1, outputs: 1)
    let network = Perceptron(shape: shape, outputScale: [1])
    // Passing x through the hidden layers, with h₂ = relu(x + 50) and y = tanh(h₂ − 50), would
    // round it: instead x is the bias of the last layer.
    let activations = Activations(shape: shape, rows: 1)
    var worst = 0.0
    for index in -4000...4000 {
      let x = Float(index) * 0.004 + Float(index) * 1e-7
      let bias = Tensor(shape: [1], values: [x])
      var tensors = network.tensors(prefix: "n")
      tensors["n.layer3.bias"] = bias
      try? network.load(tensors, prefix: "n")
      network.forward(activations, rows: 0..<1)
      let expected = tanh(Double(x))
      let unit = Double(Float(expected).ulp)
      if expected != 0 {
        worst = max(worst, abs(Double(activations.output[0, 0]) - expected) / unit)
      }
    }
    #expect(worst < 3)
  }

  @Test("Normal noise is what Box and Muller make of the stream's bits", arguments: [2, 33, 800])
  func normalNoise(count: Int) {
    let buffer = FloatBuffer(count: count)
    var stream = RandomStream(seed: 1, name: "noise")
    var same = stream
    buffer.fillNormal(count, standardDeviation: 0.5, using: &stream)
    let words = (0..<(count + 1) / 2).flatMap { _ in
      let bits = same.next()
      return [UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32)]
    }
    #expect(stream == same)
    let pairs = words.count / 2
    for index in 0..<count {
      let (first, second) = (words[index % pairs], words[pairs + index % pairs])
      let radius = (-2 * log(Double((first >> 8) + 1) * 0x1p-24)).squareRoot() / 2
      let angle = 2 * Double.pi * Double(Int32(bitPattern: second)) * 0x1p-32
      let expected = radius * (index < pairs ? cos(angle) : sin(angle))
      let found = buffer.withValues { Double($0[index]) }
      #expect(abs(found - expected) < 1e-6)
    }
  }

  @Test("Normal noise has the distribution function of N(0, 1)")
  func normalDistribution() {
    let count = 200_000
    let buffer = FloatBuffer(count: count)
    var stream = RandomStream(seed: 2, name: "noise")
    buffer.fillNormal(count, standardDeviation: 1, using: &stream)
    let sorted = buffer.withValues { $0.map(Double.init).sorted() }
    // Kolmogorov–Smirnov test: the largest difference exceeds 1.95 ÷ √n once in a thousand cases.
    let worst = sorted.enumerated().reduce(0.0) { worst, entry in
      let expected = 0.5 * erfc(-entry.element / 2.0.squareRoot())
      return max(worst, abs(Double(entry.offset) / Double(count) - expected))
    }
    #expect(worst < 1.95 / Double(count).squareRoot())
    let neighbours = buffer.withValues { values in
      (1..<count).reduce(0.0) { $0 + Double(values[$1] * values[$1 - 1]) } / Double(count)
    }
    #expect(abs(neighbours) < 5 / Double(count).squareRoot())
  }

  @Test("A buffer with an infinite number or NaN anywhere is not finite")
  func finiteness() {
    let buffer = FloatBuffer(count: 37)
    #expect(buffer.isFinite)
    for index in 0..<37 {
      for value in [Float.infinity, -.infinity, .nan] {
        buffer.withMutableValues { $0[index] = value }
        #expect(!buffer.isFinite)
        buffer.withMutableValues { $0[index] = -.greatestFiniteMagnitude }
        #expect(buffer.isFinite)
      }
    }
  }
}
