#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension RandomStream {
  /// A number drawn from the standard normal distribution N(0, 1).
  ///
  /// Marsaglia's polar method; the second number of a pair is dropped so that the stream's state
  /// is its four words and nothing else.
  public mutating func normal() -> Double {
    while true {
      let u = 2 * uniform() - 1
      let v = 2 * uniform() - 1
      let square = u * u + v * v
      if square < 1, square > 0 {
        return u * (-2 * log(square) / square).squareRoot()
      }
    }
  }

  /// Fills `values` with independent draws from N(0, `standardDeviation`²), using both numbers of
  /// each polar pair.
  public mutating func fillNormal(
    _ values: UnsafeMutableBufferPointer<Float>, standardDeviation: Float = 1
  ) {
    var index = 0
    while index < values.count {
      let u = 2 * uniform() - 1
      let v = 2 * uniform() - 1
      let square = u * u + v * v
      guard square < 1, square > 0 else { continue }
      let factor = (-2 * log(square) / square).squareRoot() * Double(standardDeviation)
      values[index] = Float(u * factor)
      index += 1
      if index < values.count {
        values[index] = Float(v * factor)
        index += 1
      }
    }
  }
}
