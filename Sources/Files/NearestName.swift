/// The candidate with the fewest edits from `name`; nil if these exceed both 2 and a third of its
/// length. Only the first 100 characters of `name` count: the time is quadratic.
package func nearest(to name: String, in candidates: [String]) -> String? {
  let scored = candidates.map { ($0, editDistance(Array(name.prefix(100)), Array($0))) }
  guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= max(2, best.0.count / 3) else {
    return nil
  }
  return best.0
}

/// Levenshtein's distance: insertions, deletions and replacements.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
