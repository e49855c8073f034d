import Files

/// Seeds as people write them: `1-10`, `3`, `1-3,7`.
package enum SeedList {
  /// The most seeds in a list, more than any study will have.
  static let limit = 100_000

  /// The seeds that `text` names, in its order.
  ///
  /// - Parameter source: Where `text` comes from, for errors.
  /// - Throws: ``StudyError`` if `text` is not such a list, or contains a seed twice.
  package static func seeds(in text: String, source: String) throws(StudyError) -> [UInt64] {
    var seeds: [UInt64] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
        .map { UInt64($0.filter { $0 != " " }) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        first <= last, last <= UInt64(Int.max)
      else {
        throw .invalid(
          source: source, problem: "expected seeds such as 1-10 or 1-3,7, found \(quoted(text))")
      }
      guard last - first < UInt64(limit - seeds.count) else {
        throw .invalid(source: source, problem: "more than \(limit) seeds")
      }
      seeds += Array(first...last)
    }
    try check(seeds, source: source)
    return seeds
  }

  /// Refuses a seed that occurs twice: the same run would count as two.
  static func check(_ seeds: [UInt64], source: String) throws(StudyError) {
    var seen: Set<UInt64> = []
    for seed in seeds where !seen.insert(seed).inserted {
      throw .invalid(
        source: source,
        problem: "seed \(seed) is given twice; each seed gives one run, so give it once")
    }
  }

  /// `seeds` in the shortest form that ``seeds(in:source:)`` reads.
  static func text(_ seeds: [UInt64]) -> String {
    var ranges: [ClosedRange<UInt64>] = []
    for seed in seeds {
      if let last = ranges.last, seed > 0, last.upperBound == seed - 1 {
        ranges[ranges.count - 1] = last.lowerBound...seed
      } else {
        ranges.append(seed...seed)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}
