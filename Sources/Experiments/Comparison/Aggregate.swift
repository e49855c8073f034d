import Learning
import Randomness

/// The results of many seeds as one number, with its uncertainty.
///
/// The interquartile mean and its interval are those of Agarwal et al. 2021 ("Deep reinforcement
/// learning at the edge of the statistical precipice"); the paper of HIRO reports the mean and its
/// standard error.
package struct Aggregate: Sendable, Equatable, Codable {
  /// How many numbers were aggregated.
  package let count: Int
  /// The mean of the numbers.
  package let mean: Double
  /// The standard error of the mean; nil for a single number.
  package let standardError: Double?
  /// The median of the numbers.
  package let median: Double
  /// The mean of the middle half: a quarter of the numbers, rounded down, is cut off at each end.
  package let interquartileMean: Double
  /// Where ``interquartileMean`` would lie in 95 % of repetitions, by the stratified bootstrap; for
  /// a single number, both ends are the same.
  package let interquartileMeanInterval: [Double]

  /// Aggregates `strata`, the scores of each task, which must not all be empty.
  package init(strata: [[Double]], bootstrap: Bootstrap = Bootstrap()) {
    let values = strata.flatMap(\.self)
    count = values.count
    mean = values.mean ?? .nan
    standardError = values.standardError
    median = values.quantile(0.5) ?? .nan
    interquartileMean = values.interquartileMean ?? .nan
    interquartileMeanInterval = bootstrap.interval { stream in
      strata.flatMap { Bootstrap.resampled($0, using: &stream) }.interquartileMean ?? .nan
    }
  }

  /// Aggregates the scores of one task.
  package init(_ values: [Double], bootstrap: Bootstrap = Bootstrap()) {
    self.init(strata: [values], bootstrap: bootstrap)
  }
}

/// How often a run of one variant beats a run of another.
package struct Improvement: Sendable, Equatable, Codable {
  /// The first variant.
  package let variant: String
  /// The second variant, which the first is compared with.
  package let over: String
  /// The probability that a random run of the first is better than one of the second, ties counting
  /// half; the mean over the tasks that both have.
  package let probability: Double
  /// Where ``probability`` would lie in 95 % of repetitions, by the stratified bootstrap.
  package let interval: [Double]

  package init(
    variant: String, over: String, tasks: [(mine: [Double], others: [Double])],
    bootstrap: Bootstrap = Bootstrap()
  ) {
    self.variant = variant
    self.over = over
    probability = tasks.map { Self.probability($0.mine, over: $0.others) }.mean ?? .nan
    interval = bootstrap.interval { stream in
      tasks.map { task in
        let mine = Bootstrap.resampled(task.mine, using: &stream)
        return Self.probability(
          mine, over: Bootstrap.resampled(task.others, using: &stream))
      }.mean ?? .nan
    }
  }

  /// The Mann–Whitney U statistic, as a fraction of all pairs.
  package static func probability(_ mine: [Double], over others: [Double]) -> Double {
    var sum = 0.0
    for a in mine { for b in others { sum += a > b ? 1 : a == b ? 0.5 : 0 } }
    return sum / Double(mine.count * others.count)
  }
}

/// Repeatedly draws runs with replacement, to estimate how much a statistic depends on the seeds
/// that happened to be used. The random numbers are the same each time.
package struct Bootstrap {
  /// The number of repetitions.
  package var repetitions = 5_000

  /// The 2.5 % and 97.5 % quantiles of `statistic` over the repetitions.
  package func interval(of statistic: (inout RandomStream) -> Double) -> [Double] {
    var stream = RandomStream(seed: 0, name: "bootstrap")
    let values = (0..<repetitions).map { _ in statistic(&stream) }
    return [values.quantile(0.025) ?? .nan, values.quantile(0.975) ?? .nan]
  }

  /// A sample of `values`, drawn with replacement, with as many elements.
  package static func resampled(_ values: [Double], using stream: inout RandomStream) -> [Double] {
    values.map { _ in values[stream.index(below: values.count)] }
  }
}

extension Collection where Element == Double {
  /// The mean of the middle half; `nil` if the collection is empty.
  package var interquartileMean: Double? {
    let cut = count / 4
    return sorted().dropFirst(cut).dropLast(cut).mean
  }

  /// The value below which the fraction `level` of the numbers lies, with linear interpolation
  /// between neighbours; `nil` if the collection is empty.
  package func quantile(_ level: Double) -> Double? {
    guard !isEmpty else { return nil }
    let sorted = sorted()
    let place = level * Double(sorted.count - 1)
    let index = Int(place)
    let next = Swift.min(index + 1, sorted.count - 1)
    // No interpolation is needed here, and with infinite values it would give NaN (∞ − ∞ or 0 · ∞).
    if sorted[index] == sorted[next] || place == Double(index) { return sorted[index] }
    return sorted[index] + (place - Double(index)) * (sorted[next] - sorted[index])
  }
}
