/// A dense array of 32-bit floats with a shape: the form of weights that are saved to files or
/// loaded from them.
public struct Tensor: Equatable, Sendable {
  /// The length of each dimension, outermost first.
  public var shape: [Int]

  /// The elements in row-major order, as many as the product of ``shape``.
  public var values: [Float]

  /// Makes a tensor; the number of values must be the product of the shape.
  public init(shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "shape \(shape) does not fit the values")
    self.shape = shape
    self.values = values
  }
}
