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
}
