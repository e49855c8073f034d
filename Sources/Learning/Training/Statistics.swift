/// An observed proportion, with a 95 % confidence interval for the true one.
public struct Proportion: Sendable, Equatable {
  /// The number of successes.
  public let successes: Int
  /// The number of trials.
  public let count: Int

  /// Makes the proportion `successes` ÷ `count`; `count` must be positive.
  public init(successes: Int, of count: Int) {
    precondition(count > 0 && (0...count).contains(successes))
    self.successes = successes
    self.count = count
  }

  /// The observed proportion.
  public var value: Double { Double(successes) / Double(count) }

  /// Wilson's score interval for 95 % confidence (Wilson 1927), which, unlike the usual normal
  /// approximation, does not shrink to a point at 0 and 1.
  public var interval: ClosedRange<Double> {
    let z = 1.959_963_984_540_054
    let n = Double(count)
    let center = (value + z * z / (2 * n)) / (1 + z * z / n)
    let half =
      z / (1 + z * z / n) * (value * (1 - value) / n + z * z / (4 * n * n)).squareRoot()
    // With no success, or only successes, the bound is exactly 0 or 1; rounding must not cross it.
    let lower = successes == 0 ? 0 : center - half
    let upper = successes == count ? 1 : center + half
    return lower...upper
  }
}

extension Collection where Element == Double {
  /// The arithmetic mean; `nil` for an empty collection.
  package var mean: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }

  /// The mean's standard error; `nil` for fewer than two numbers.
  package var standardError: Double? {
    guard let mean, count > 1 else { return nil }
    let squares = reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(count - 1) / Double(count)).squareRoot()
  }
}
