import CKernels
import Randomness

/// The sizes of a perceptron with two hidden layers.
public struct PerceptronShape: Equatable, Sendable {
  /// Numbers in one input.
  public var inputs: Int

  /// How many of the last inputs are also inputs of the second hidden layer: in the published
  /// critics those of the action; 0 in the actors.
  public var reentering: Int

  /// Units of each hidden layer.
  public var hidden: Int

  /// Numbers in one output.
  public var outputs: Int

  /// Whether each hidden layer is normalised over its units before the ReLU (layer normalisation,
  /// Ba et al. 2016, without weights of its own).
  public var isNormalised: Bool

  /// Makes a shape from its sizes.
  public init(
    inputs: Int, reentering: Int = 0, hidden: Int, outputs: Int, isNormalised: Bool = false
  ) {
    precondition(reentering <= inputs)
    self.isNormalised = isNormalised
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
/// With x the input and x̃ its last `reentering` numbers: h₁ = relu(W₁x + b₁),
/// h₂ = relu(W₂[h₁; x̃] + b₂), y = W₃h₂ + b₃ or scale·tanh(W₃h₂ + b₃). If the shape is normalised,
/// the argument of each relu is first shifted to mean 0 and divided by its standard deviation.
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

  /// Computes the outputs of the inputs in `rows` of `activations`.
  public func forward(_ activations: Activations, rows: Range<Int>) {
    multiply(activations.input, by: layers[0], into: activations.hidden1, rows: rows)
    let hidden = activations.hidden1
    rectify(hidden, keeping: activations.normal1, rows: rows)
    if shape.reentering > 0 {
      hidden.copyColumns(
        shape.inputs - shape.reentering, count: shape.reentering, of: activations.input,
        to: shape.hidden, rows: rows)
    }
    forwardFromFirstHidden(activations, rows: rows)
  }

  /// Computes the outputs from the first hidden layer's output in `activations.hidden1`.
  package func forwardFromFirstHidden(_ activations: Activations, rows: Range<Int>) {
    let (hidden, output) = (activations.hidden2, activations.output)
    multiply(activations.hidden1, by: layers[1], into: hidden, rows: rows)
    rectify(hidden, keeping: activations.normal2, rows: rows)
    multiply(hidden, by: layers[2], into: output, rows: rows)
    if let outputScale {
      activations.unboundedOutput?.copyColumns(
        0, count: shape.outputs, of: output, to: 0, rows: rows)
      kernels_scaled_tanh(
        rows.count, shape.outputs, output.row(rows.lowerBound), output.stride, outputScale.pointer)
    }
  }

  private func rectify(_ hidden: Matrix, keeping normal: NormalisedLayer?, rows: Range<Int>) {
    let first = rows.lowerBound
    if let normal {
      kernels_normalise_relu(
        rows.count, shape.hidden, hidden.row(first), hidden.stride, normal.values.row(first),
        normal.values.stride, normal.scales.pointer + first)
    } else {
      kernels_relu(rows.count, shape.hidden, hidden.row(first), hidden.stride)
    }
  }

  /// Propagates a gradient back from the output of a normalisation to its input.
  private func backwardThroughNormalisation(
    _ normal: NormalisedLayer?, _ gradient: Matrix, rows: Range<Int>
  ) {
    guard let normal else { return }
    let first = rows.lowerBound
    kernels_normalise_backward(
      rows.count, shape.hidden, normal.values.row(first), normal.values.stride,
      normal.scales.pointer + first, gradient.row(first), gradient.stride)
  }

  /// Computes the gradient of a loss with respect to the parameters.
  ///
  /// - Parameters:
  ///   - activations: what ``forward(_:rows:)`` left there.
  ///   - gradients: its `output` holds the gradient with respect to the outputs and is overwritten;
  ///     its `parameters` receive the result.
  ///   - rows: the rows of the batch.
  public func backward(_ activations: Activations, _ gradients: Gradients, rows: Range<Int>) {
    backwardToHidden(activations, gradients, rows: rows)
    backwardToParameters(activations, gradients, rows: rows, in: 0..<parameters.count)
  }

  /// Computes the gradient of a loss with respect to the reentering inputs (of a critic: the
  /// action), without that of the parameters.
  ///
  /// The columns of `result` receive it; `gradients.output` holds the gradient of the outputs.
  public func backwardToReentering(
    _ activations: Activations, _ gradients: Gradients, rows: Range<Int>, into result: Matrix
  ) {
    backwardToHidden(activations, gradients, rows: rows)
    backwardFromFirstHiddenToReentering(gradients, rows: rows, into: result)
  }

  /// Propagates the gradient of the outputs back to both hidden layers.
  package func backwardToHidden(
    _ activations: Activations, _ gradients: Gradients, rows: Range<Int>
  ) {
    backwardToSecondHidden(activations, gradients, rows: rows)
    backwardToFirstHidden(activations, gradients, rows: rows, columns: firstHiddenColumns)
    finishFirstHidden(activations, gradients, rows: rows)
  }

  // MARK: The backward pass in steps

  // Each step may be split among threads: `backwardToSecondHidden`, `finishFirstHidden` and
  // `backwardFromFirstHiddenToReentering` by rows, `backwardToFirstHidden` by columns,
  // `backwardToParameters` by ranges of parameters.

  /// Columns of the first hidden layer's output with a gradient: its units, then the reentering
  /// inputs.
  package var firstHiddenColumns: Range<Int> { 0..<(shape.hidden + shape.reentering) }

  /// Propagates the gradient from the outputs back to the second hidden layer's pre-activations.
  ///
  /// - Parameter penalty: The loss has an additional term ½·penalty·Σ u², where u are the outputs
  ///   before the tanh, which `activations` must have kept.
  package func backwardToSecondHidden(
    _ activations: Activations, _ gradients: Gradients, rows: Range<Int>, penalty: Float = 0
  ) {
    let first = rows.lowerBound
    let output = gradients.output
    if let outputScale {
      kernels_scaled_tanh_backward(
        rows.count, shape.outputs, activations.output.row(first), activations.output.stride,
        outputScale.pointer, output.row(first), output.stride)
    }
    if penalty != 0, let unbounded = activations.unboundedOutput {
      for row in rows {
        for column in 0..<shape.outputs {
          output.row(row)[column] += penalty * unbounded.row(row)[column]
        }
      }
    }
    multiplyTransposed(
      output, by: layers[2], into: gradients.hidden2, rows: rows, columns: 0..<shape.hidden)
    kernels_relu_backward(
      rows.count, shape.hidden, activations.hidden2.row(first), activations.hidden2.stride,
      gradients.hidden2.row(first), gradients.hidden2.stride)
    backwardThroughNormalisation(activations.normal2, gradients.hidden2, rows: rows)
  }

  /// Propagates the gradient back to some columns of the first hidden layer's output: through the
  /// ReLU in the columns of its units, and to the reentering inputs in the others.
  package func backwardToFirstHidden(
    _ activations: Activations, _ gradients: Gradients, rows: Range<Int>, columns: Range<Int>
  ) {
    let (active, gradient) = (activations.hidden1, gradients.hidden1)
    multiplyTransposed(
      gradients.hidden2, by: layers[1], into: gradient, rows: rows, columns: columns)
    let units = columns.clamped(to: 0..<shape.hidden)
    kernels_relu_backward(
      rows.count, units.count, active.row(rows.lowerBound) + units.lowerBound, active.stride,
      gradient.row(rows.lowerBound) + units.lowerBound, gradient.stride)
  }

  /// Propagates the gradient to the first hidden layer's pre-activations; needs all columns done.
  package func finishFirstHidden(
    _ activations: Activations, _ gradients: Gradients, rows: Range<Int>
  ) {
    backwardThroughNormalisation(activations.normal1, gradients.hidden1, rows: rows)
  }

  /// Adds up the gradients of the reentering inputs from both layers that have these inputs.
  package func backwardFromFirstHiddenToReentering(
    _ gradients: Gradients, rows: Range<Int>, into result: Matrix
  ) {
    let (first, hidden) = (layers[0], gradients.hidden1)
    result.copyColumns(shape.hidden, count: shape.reentering, of: hidden, to: 0, rows: rows)
    kernels_multiply(
      false, true, rows.count, shape.reentering, shape.hidden, hidden.row(rows.lowerBound),
      hidden.stride,
      parameters.pointer + first.offset + (shape.inputs - shape.reentering) * first.stride,
      first.stride, 1, result.row(rows.lowerBound), result.stride)
  }

  /// Splits the parameters into `count` ranges of about the same size, of whole rows of weights.
  package func parameterParts(_ count: Int) -> [Range<Int>] {
    let cuts = (0...count).map { index in
      let place = parameters.count * index / count
      let layer = layers.last { $0.offset <= place }!
      return layer.offset + (place - layer.offset) / layer.stride * layer.stride
    }
    return zip(cuts, cuts.dropFirst()).map { $0..<$1 }.filter { !$0.isEmpty }
  }

  /// Computes the gradient in a range of the parameters, which must be of whole rows of weights.
  package func backwardToParameters(
    _ activations: Activations, _ gradients: Gradients, rows: Range<Int>, in range: Range<Int>
  ) {
    let inputs = [activations.input, activations.hidden1, activations.hidden2]
    let outputs = [gradients.hidden1, gradients.hidden2, gradients.output]
    for (layer, (input, output)) in zip(layers, zip(inputs, outputs)) {
      let part = range.clamped(to: layer.offset..<(layer.offset + layer.parameterCount))
      guard !part.isEmpty else { continue }
      let firstInput = (part.lowerBound - layer.offset) / layer.stride
      kernels_multiply(
        true, false, part.count / layer.stride, layer.outputs, rows.count,
        input.row(rows.lowerBound) + firstInput, input.stride, output.row(rows.lowerBound),
        output.stride, 0, gradients.parameters.pointer + part.lowerBound, layer.stride)
    }
  }

  private func multiply(
    _ input: Matrix, by layer: DenseLayer, into output: Matrix, rows: Range<Int>
  ) {
    precondition(rows.upperBound <= min(input.rows, output.rows), "there is no room for the rows")
    kernels_multiply(
      false, false, rows.count, layer.outputs, layer.inputs + 1, input.row(rows.lowerBound),
      input.stride, parameters.pointer + layer.offset, layer.stride, 0,
      output.row(rows.lowerBound), output.stride)
  }

  private func multiplyTransposed(
    _ output: Matrix, by layer: DenseLayer, into input: Matrix, rows: Range<Int>,
    columns: Range<Int>
  ) {
    precondition(rows.upperBound <= min(input.rows, output.rows), "there is no room for the rows")
    kernels_multiply(
      false, true, rows.count, columns.count, layer.outputs, output.row(rows.lowerBound),
      output.stride, parameters.pointer + layer.offset + columns.lowerBound * layer.stride,
      layer.stride, 0, input.row(rows.lowerBound) + columns.lowerBound, input.stride)
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

  /// The hidden layers, normalised, before the ReLU; nil if they are not normalised.
  let normal1: NormalisedLayer?
  let normal2: NormalisedLayer?

  /// `[rows, outputs]`.
  public let output: Matrix

  /// The outputs before the tanh, where they are kept: `[rows, outputs]`.
  package let unboundedOutput: Matrix?

  /// Makes room for `rows` inputs. Networks with the same inputs may share an `input` matrix; those
  /// of one shape, not used at the same time, may share the hidden layers of `other`.
  public init(
    shape: PerceptronShape, rows: Int, sharing input: Matrix? = nil,
    hiddenLayersOf other: Activations? = nil, keepingUnboundedOutput: Bool = false
  ) {
    unboundedOutput = keepingUnboundedOutput ? Matrix(rows: rows, columns: shape.outputs) : nil
    self.input = input ?? Matrix(rows: rows, columns: shape.inputs, feedsLayer: true)
    precondition(self.input.columns == shape.inputs && self.input.rows >= rows)
    hidden1 =
      other?.hidden1
      ?? Matrix(rows: rows, columns: shape.hidden + shape.reentering, feedsLayer: true)
    hidden2 = other?.hidden2 ?? Matrix(rows: rows, columns: shape.hidden, feedsLayer: true)
    precondition(hidden1.columns == shape.hidden + shape.reentering && hidden1.rows >= rows)
    output = Matrix(rows: rows, columns: shape.outputs)
    let isNormalised = shape.isNormalised
    normal1 = other?.normal1 ?? (isNormalised ? NormalisedLayer(shape, rows: rows) : nil)
    normal2 = other?.normal2 ?? (isNormalised ? NormalisedLayer(shape, rows: rows) : nil)
  }
}

/// A normalised hidden layer, kept for the backward pass.
final class NormalisedLayer: Sendable {
  /// `[rows, hidden]`: of mean 0 and variance 1 in each row.
  let values: Matrix
  /// 1 ÷ the standard deviation of each row before the normalisation.
  let scales: FloatBuffer

  init(_ shape: PerceptronShape, rows: Int) {
    values = Matrix(rows: rows, columns: shape.hidden)
    scales = FloatBuffer(count: rows)
  }
}

/// The gradients of a loss with respect to a network's layers and parameters.
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
