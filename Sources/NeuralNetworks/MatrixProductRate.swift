import CKernels
import Dispatch

/// How fast one thread multiplies `[rows, inner]` by `[inner, columns]` in single precision, as
/// GFLOP/s over about `seconds` (s): the reference for all that is built on such products.
public func measureMatrixProductRate(
  rows: Int = 100, inner: Int = 300, columns: Int = 300, seconds: Double = 0.05
) -> Double {
  let a = Matrix(rows: rows, columns: inner)
  let b = Matrix(rows: inner, columns: columns)
  let c = Matrix(rows: rows, columns: columns)
  for matrix in [a, b] {
    matrix.buffer.withMutableValues { values in
      for index in values.indices { values[index] = Float(index % 7) * 0.1 - 0.3 }
    }
  }
  let start = DispatchTime.now().uptimeNanoseconds
  var products = 0
  var elapsed = 0.0
  while elapsed < seconds {
    for _ in 0..<50 {
      kernels_multiply(
        false, false, rows, columns, inner, a.pointer, a.stride, b.pointer, b.stride, 0,
        c.pointer, c.stride)
    }
    products += 50
    elapsed = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }
  return 2 * Double(products * rows * inner * columns) / elapsed * 1e-9
}

extension PerceptronShape {
  /// Floating-point operations of the matrix products of a forward pass, per row.
  public var forwardOperations: Int { layers.reduce(0) { $0 + $1.operations } }

  /// Floating-point operations of the products from the first hidden layer on, per row.
  package var operationsFromFirstHidden: Int { layers.dropFirst().reduce(0) { $0 + $1.operations } }

  /// Those of a backward pass to the gradients of the weights and of the hidden layers, per row.
  package var backwardOperations: Int { forwardOperations + operationsFromFirstHidden }

  /// Those of a backward pass to the reentering inputs, per row.
  package var backwardToReenteringOperations: Int {
    operationsFromFirstHidden + 2 * reentering * hidden
  }
}

extension DenseLayer {
  fileprivate var operations: Int { 2 * inputs * outputs }
}
