import CKernels
import Randomness

/// The sizes of a perceptron with two hidden layers.
public struct PerceptronShape: Equatable, Sendable {
  /// Numbers in one input.
  public var inputs: Int

  /// How many of the last inputs enter again beside the first hidden layer's output: the action,
  /// in the published critics; 0 in the actors.
  public var reentering: Int

  /// Units of each hidden layer.
  public var hidden: Int

  /// Numbers in one output.
  public var outputs: Int

  /// Gives the sizes.
  public init(inputs: Int, reentering: Int = 0, hidden: Int, outputs: Int) {
    precondition(reentering <= inputs)
    self.inputs = inputs
    self.reentering = reentering
    self.hidden = hidden
    self.outputs = outputs
  }

  /// The three dense layers, in order.
  package var layers: [DenseLayer] {
    var layers: [DenseLayer] = []
    for (inputs, outputs) in [
      (inputs, hidden), (hidden + reentering, hidden), (hidden, self.outputs),
    ] {
      let offset = layers.last.map { $0.offset + $0.parameterCount } ?? 0
      layers.append(DenseLayer(inputs: inputs, outputs: outputs, offset: offset))
    }
    return layers
  }
}

/// Where one dense layer's weights lie in the parameters of a network: a row of weights per input,
/// then the row of biases.
package struct DenseLayer: Equatable, Sendable {
  package let inputs: Int
  package let outputs: Int
  package let offset: Int

  package var stride: Int { Matrix.stride(forColumns: outputs) }
  package var parameterCount: Int { (inputs + 1) * stride }
}

/// A perceptron with two hidden layers of rectified linear units, and outputs that are either
/// linear (a critic) or `scale·tanh` (an actor).
///
/// With x the input and x̃ its last `reentering` numbers:
/// h₁ = relu(W₁x + b₁), h₂ = relu(W₂[h₁; x̃] + b₂), y = W₃h₂ + b₃ or scale·tanh(W₃h₂ + b₃).
public final class Perceptron: @unchecked Sendable {
  /// The sizes.
  public let shape: PerceptronShape

  /// All weights and biases. Rows are padded to 64 bytes; the padding stays 0.
  public let parameters: FloatBuffer

  package let layers: [DenseLayer]
  private let outputScale: FloatBuffer?

  /// Makes a network of zeros; `outputScale` (one number per output) makes the outputs
  /// `scale·tanh`, nil leaves them linear.
  public init(shape: PerceptronShape, outputScale: [Float]? = nil) {
    precondition(outputScale == nil || outputScale!.count == shape.outputs)
    self.shape = shape
    layers = shape.layers
    parameters = FloatBuffer(count: layers.reduce(0) { $0 + $1.parameterCount })
    self.outputScale = outputScale.map { scale in
      let buffer = FloatBuffer(count: scale.count)
      buffer.withMutableValues { _ = $0.update(from: scale) }
      return buffer
    }
  }

  /// Makes a network with the published initial weights: uniform in ±√(1/fan-in), in the last
  /// layer ±0.003, biases 0.
  public convenience init(
    shape: PerceptronShape, outputScale: [Float]? = nil, using generator: inout RandomStream
  ) {
    self.init(shape: shape, outputScale: outputScale)
    for (index, layer) in layers.enumerated() {
      let bound = index == 2 ? 0.003 : (1 / Double(layer.inputs)).squareRoot()
      for input in 0..<layer.inputs {
        let row = parameters.pointer + layer.offset + input * layer.stride
        for output in 0..<layer.outputs {
          row[output] = Float(generator.uniform(in: -bound...bound))
        }
      }
    }
  }

  /// A network of the same shape with the same weights, sharing nothing.
  public func copy() -> Perceptron {
    let scale = outputScale.map { $0.withValues(Array.init) }
    let copy = Perceptron(shape: shape, outputScale: scale)
    copy.parameters.copy(from: parameters)
    return copy
  }

  /// Computes the outputs of the first `rows` inputs in `activations`.
  public func forward(_ activations: Activations, rows: Int) {
    multiply(activations.input, by: layers[0], into: activations.hidden1, rows: rows)
    kernels_relu(rows, shape.hidden, activations.hidden1.pointer, activations.hidden1.stride)
    if shape.reentering > 0 {
      activations.hidden1.copyColumns(
        shape.inputs - shape.reentering, count: shape.reentering, of: activations.input,
        to: shape.hidden, rows: rows)
    }
    forwardFromFirstHidden(activations, rows: rows)
  }

  /// Computes the outputs from what stands in `activations.hidden1`.
  package func forwardFromFirstHidden(_ activations: Activations, rows: Int) {
    multiply(activations.hidden1, by: layers[1], into: activations.hidden2, rows: rows)
    kernels_relu(rows, shape.hidden, activations.hidden2.pointer, activations.hidden2.stride)
    multiply(activations.hidden2, by: layers[2], into: activations.output, rows: rows)
    if let outputScale {
      kernels_scaled_tanh(
        rows, shape.outputs, activations.output.pointer, activations.output.stride,
        outputScale.pointer)
    }
  }

  /// Computes the gradient of a loss in the parameters.
  ///
  /// - Parameters:
  ///   - activations: what ``forward(_:rows:)`` left there.
  ///   - gradients: its `output` holds the gradient in the outputs and is used up; its
  ///     `parameters` receive the result.
  public func backward(_ activations: Activations, _ gradients: Gradients, rows: Int) {
    backwardThroughHidden(activations, gradients, rows: rows)
    let inputs = [activations.input, activations.hidden1, activations.hidden2]
    let outputs = [gradients.hidden1, gradients.hidden2, gradients.output]
    for (layer, (input, output)) in zip(layers, zip(inputs, outputs)) {
      kernels_multiply(
        true, false, layer.inputs + 1, layer.outputs, rows, input.pointer, input.stride,
        output.pointer, output.stride, 0, gradients.parameters.pointer + layer.offset,
        layer.stride)
    }
  }

  /// Computes the gradient of a loss in the reentering inputs (of a critic: in the action), and
  /// none in the parameters.
  ///
  /// The columns of `result` receive it; `gradients.output` holds the gradient in the outputs.
  public func backwardToReentering(
    _ activations: Activations, _ gradients: Gradients, rows: Int, into result: Matrix
  ) {
    backwardThroughHidden(activations, gradients, rows: rows)
    result.copyColumns(
      shape.hidden, count: shape.reentering, of: gradients.hidden1, to: 0, rows: rows)
    let first = layers[0]
    kernels_multiply(
      false, true, rows, shape.reentering, shape.hidden, gradients.hidden1.pointer,
      gradients.hidden1.stride,
      parameters.pointer + first.offset + (shape.inputs - shape.reentering) * first.stride,
      first.stride, 1, result.pointer, result.stride)
  }

  /// Carries the gradient from the outputs to both hidden layers' pre-activations; the columns of
  /// `gradients.hidden1` behind the units hold the gradient in the reentering inputs.
  private func backwardThroughHidden(_ activations: Activations, _ gradients: Gradients, rows: Int)
  {
    if let outputScale {
      kernels_scaled_tanh_backward(
        rows, shape.outputs, activations.output.pointer, activations.output.stride,
        outputScale.pointer, gradients.output.pointer, gradients.output.stride)
    }
    multiplyTransposed(
      gradients.output, by: layers[2], into: gradients.hidden2, rows: rows)
    kernels_relu_backward(
      rows, shape.hidden, activations.hidden2.pointer, activations.hidden2.stride,
      gradients.hidden2.pointer, gradients.hidden2.stride)
    multiplyTransposed(gradients.hidden2, by: layers[1], into: gradients.hidden1, rows: rows)
    kernels_relu_backward(
      rows, shape.hidden, activations.hidden1.pointer, activations.hidden1.stride,
      gradients.hidden1.pointer, gradients.hidden1.stride)
  }

  private func multiply(_ input: Matrix, by layer: DenseLayer, into output: Matrix, rows: Int) {
    precondition(rows <= input.rows && rows <= output.rows, "more rows than there is room for")
    kernels_multiply(
      false, false, rows, layer.outputs, layer.inputs + 1, input.pointer, input.stride,
      parameters.pointer + layer.offset, layer.stride, 0, output.pointer, output.stride)
  }

  private func multiplyTransposed(
    _ output: Matrix, by layer: DenseLayer, into input: Matrix, rows: Int
  ) {
    kernels_multiply(
      false, true, rows, layer.inputs, layer.outputs, output.pointer, output.stride,
      parameters.pointer + layer.offset, layer.stride, 0, input.pointer, input.stride)
  }
}

/// The inputs and outputs of a network's layers for a batch, kept for the backward pass.
public final class Activations: @unchecked Sendable {
  /// `[rows, inputs]`: to be filled before the forward pass.
  public let input: Matrix

  /// `[rows, hidden + reentering]`.
  package let hidden1: Matrix

  /// `[rows, hidden]`.
  package let hidden2: Matrix

  /// `[rows, outputs]`.
  public let output: Matrix

  /// Makes room for `rows` inputs. Networks with the same inputs may share an `input` matrix.
  public init(shape: PerceptronShape, rows: Int, sharing input: Matrix? = nil) {
    self.input = input ?? Matrix(rows: rows, columns: shape.inputs, feedsLayer: true)
    precondition(self.input.columns == shape.inputs && self.input.rows >= rows)
    hidden1 = Matrix(rows: rows, columns: shape.hidden + shape.reentering, feedsLayer: true)
    hidden2 = Matrix(rows: rows, columns: shape.hidden, feedsLayer: true)
    output = Matrix(rows: rows, columns: shape.outputs)
  }
}

/// The gradients of a loss in a network's layers and parameters.
public final class Gradients: @unchecked Sendable {
  package let hidden1: Matrix
  package let hidden2: Matrix

  /// `[rows, outputs]`: to be filled before the backward pass.
  public let output: Matrix

  /// As many numbers as the network has parameters, in the same places.
  public let parameters: FloatBuffer

  /// Makes room for a batch of `rows`.
  public init(shape: PerceptronShape, rows: Int) {
    hidden1 = Matrix(rows: rows, columns: shape.hidden + shape.reentering)
    hidden2 = Matrix(rows: rows, columns: shape.hidden)
    output = Matrix(rows: rows, columns: shape.outputs)
    parameters = FloatBuffer(count: shape.layers.reduce(0) { $0 + $1.parameterCount })
  }
}
