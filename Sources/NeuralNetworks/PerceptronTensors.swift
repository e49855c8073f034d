/// Why weights could not be loaded into a network.
public enum TensorError: Error, Equatable, CustomStringConvertible {
  /// There is no tensor of this name.
  case missing(name: String)
  /// The tensor of this name has another shape.
  case shape(name: String, expected: [Int], found: [Int])
  /// The tensor of this name holds an infinite number or NaN.
  case notFinite(name: String)

  /// One line that names the tensor.
  public var description: String {
    switch self {
    case .missing(let name):
      "there is no tensor '\(name)'"
    case .shape(let name, let expected, let found):
      "tensor '\(name)' has shape \(found), expected \(expected)"
    case .notFinite(let name):
      "tensor '\(name)' holds a number that is not finite"
    }
  }
}

extension Perceptron {
  /// The weights as `prefix.layer1.weight` `[outputs, inputs]` (PyTorch's orientation),
  /// `prefix.layer1.bias` `[outputs]`, and so on for layers 2 and 3.
  public func tensors(prefix: String) -> [String: Tensor] {
    Perceptron.tensors(of: parameters, shape: shape, prefix: prefix)
  }

  /// Loads weights in the form of ``tensors(prefix:)``; nothing changes if a tensor does not fit.
  public func load(_ tensors: [String: Tensor], prefix: String) throws(TensorError) {
    try Perceptron.load(tensors, into: parameters, shape: shape, prefix: prefix)
  }

  /// The tensors of any buffer with the layout of a network's parameters.
  package static func tensors(
    of parameters: FloatBuffer, shape: PerceptronShape, prefix: String
  ) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (index, layer) in shape.layers.enumerated() {
      let weights = parameters.pointer + layer.offset
      var transposed = [Float]()
      transposed.reserveCapacity(layer.inputs * layer.outputs)
      for output in 0..<layer.outputs {
        for input in 0..<layer.inputs {
          transposed.append(weights[input * layer.stride + output])
        }
      }
      let biases = (0..<layer.outputs).map { weights[layer.inputs * layer.stride + $0] }
      tensors["\(prefix).layer\(index + 1).weight"] = Tensor(
        shape: [layer.outputs, layer.inputs], values: transposed)
      tensors["\(prefix).layer\(index + 1).bias"] = Tensor(
        shape: [layer.outputs], values: biases)
    }
    return tensors
  }

  /// Fills any buffer with the layout of a network's parameters.
  package static func load(
    _ tensors: [String: Tensor], into parameters: FloatBuffer, shape: PerceptronShape,
    prefix: String
  ) throws(TensorError) {
    func tensor(_ name: String, _ shape: [Int]) throws(TensorError) -> Tensor {
      guard let tensor = tensors[name] else { throw .missing(name: name) }
      guard tensor.shape == shape else {
        throw .shape(name: name, expected: shape, found: tensor.shape)
      }
      guard tensor.values.allSatisfy(\.isFinite) else { throw .notFinite(name: name) }
      return tensor
    }
    var loaded: [(DenseLayer, weight: Tensor, bias: Tensor)] = []
    for (index, layer) in shape.layers.enumerated() {
      let name = "\(prefix).layer\(index + 1)"
      loaded.append(
        (
          layer, try tensor("\(name).weight", [layer.outputs, layer.inputs]),
          try tensor("\(name).bias", [layer.outputs])
        ))
    }
    for (layer, weight, bias) in loaded {
      let weights = parameters.pointer + layer.offset
      for output in 0..<layer.outputs {
        for input in 0..<layer.inputs {
          weights[input * layer.stride + output] = weight.values[output * layer.inputs + input]
        }
        weights[layer.inputs * layer.stride + output] = bias.values[output]
      }
    }
  }
}
