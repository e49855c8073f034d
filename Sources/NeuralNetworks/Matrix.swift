import CKernels

/// A row-major matrix of 32-bit floats whose rows start on 64-byte boundaries.
///
/// A matrix that feeds a dense layer carries one more column, always 1, behind its own: the
/// layer's bias is the weight of that column, so that products with the matrix add the bias and
/// gradients of the weights hold the gradient of the bias.
public final class Matrix: @unchecked Sendable {
  /// The number of rows.
  public let rows: Int

  /// The number of columns, without the constant column of ones.
  public let columns: Int

  /// Floats from the start of one row to the start of the next.
  public let stride: Int

  package let pointer: UnsafeMutablePointer<Float>

  /// The storage of the rows, which other matrices may share.
  package let buffer: FloatBuffer

  /// Makes a matrix of zeros; with `feedsLayer`, a column of ones follows its columns.
  public init(rows: Int, columns: Int, feedsLayer: Bool = false) {
    self.rows = rows
    self.columns = columns
    stride = Matrix.stride(forColumns: columns + (feedsLayer ? 1 : 0))
    buffer = FloatBuffer(count: rows * stride)
    pointer = buffer.pointer
    if feedsLayer {
      for row in 0..<rows { pointer[row * stride + columns] = 1 }
    }
  }

  /// Makes a matrix of some rows of `other`, in the same storage.
  package init(_ rows: Range<Int>, of other: Matrix) {
    precondition(rows.upperBound <= other.rows)
    self.rows = rows.count
    columns = other.columns
    stride = other.stride
    buffer = other.buffer
    pointer = other.row(rows.lowerBound)
  }

  /// The smallest multiple of 16 floats (64 bytes) that holds `columns`.
  package static func stride(forColumns columns: Int) -> Int {
    (columns + 15) / 16 * 16
  }

  /// The number in a row and column.
  public subscript(row: Int, column: Int) -> Float {
    get {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns)
      return pointer[row * stride + column]
    }
    set {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns)
      pointer[row * stride + column] = newValue
    }
  }

  package func row(_ row: Int) -> UnsafeMutablePointer<Float> {
    pointer + row * stride
  }

  /// Multiplies each column from `column` on by its factor, in some rows.
  package func scaleColumns(from column: Int, by factors: [Float], rows: Range<Int>) {
    for index in rows {
      let row = row(index) + column
      for (place, factor) in factors.enumerated() { row[place] *= factor }
    }
  }

  /// Copies `count` columns of some rows of `source` to the columns from `column` on; row `offset`
  /// of `source` goes to row 0, and so on.
  package func copyColumns(
    _ sourceColumn: Int, count: Int, of source: Matrix, to column: Int, rows: Range<Int>,
    offset: Int = 0
  ) {
    for index in rows {
      (row(index) + column).update(from: source.row(index + offset) + sourceColumn, count: count)
    }
  }
}
