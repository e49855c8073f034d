import NeuralNetworks
import Safetensors

extension SafetensorsFile {
  /// The tensor `name` of 32-bit floats, whatever its shape.
  public func tensor(named name: String) throws(SafetensorsError) -> Tensor {
    let entry = try entry(named: name)
    return Tensor(shape: entry.shape, values: try values(named: name, as: Float.self))
  }

  /// The file's tensors for which `isWanted` is true, by name; they must be of 32-bit floats.
  public func tensors(
    where isWanted: (SafetensorsEntry) -> Bool = { _ in true }
  ) throws(SafetensorsError) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for entry in entries where isWanted(entry) {
      tensors[entry.name] = try tensor(named: entry.name)
    }
    return tensors
  }
}

extension SafetensorsTensor {
  /// A tensor of 32-bit floats.
  public init(_ name: String, _ tensor: Tensor) {
    self.init(name, shape: tensor.shape, values: tensor.values)
  }
}
