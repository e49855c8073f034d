import Randomness

/// Counts the higher level's decisions in each square of the plane, to find seldom visited ones.
package struct VisitedPlaces: Codable, Equatable, Sendable {
  /// A square of the plane.
  struct Cell: Codable, Equatable, Sendable {
    /// The position of the square, counted in sides from the origin.
    var x: Int
    var y: Int
    /// The number of decisions in the square.
    var count: Int
  }

  /// The length of a square's side (m).
  package static let side: Float = 2
  /// The farthest squares that count, in sides from the origin; farther away a robot is lost.
  static let farthest = 1_000

  private(set) var cells: [Cell] = []

  /// Makes counts that are all 0.
  package init() {}

  /// Counts a decision at `place` (m).
  package mutating func visit(_ place: (x: Float, y: Float)) {
    guard let (column, row) = cell(at: place) else { return }
    if let index = index(column, row) {
      cells[index].count += 1
    } else {
      cells.append(Cell(x: column, y: row, count: 1))
    }
  }

  /// The number of decisions in the square of `place` (m); nil farther away than squares count.
  package func count(_ place: (x: Float, y: Float)) -> Int? {
    guard let (column, row) = cell(at: place) else { return nil }
    return index(column, row).map { cells[$0].count } ?? 0
  }

  private func cell(at place: (x: Float, y: Float)) -> (column: Int, row: Int)? {
    let (column, row) = ((place.x / Self.side).rounded(), (place.y / Self.side).rounded())
    guard abs(column) <= Float(Self.farthest), abs(row) <= Float(Self.farthest) else { return nil }
    return (Int(column), Int(row))
  }

  private func index(_ column: Int, _ row: Int) -> Int? {
    cells.firstIndex { $0.x == column && $0.y == row }
  }

  /// Draws a place (m): a cell with a probability proportional to 1 / count, then a uniform point
  /// in the three by three cells around it, so that places just beyond are drawn too. `nil` if
  /// there has been no decision yet.
  package func draw(using stream: inout RandomStream) -> (x: Float, y: Float)? {
    let total = cells.reduce(0) { $0 + 1 / Double($1.count) }
    var rest = total * stream.uniform()
    guard
      let cell = cells.first(where: { cell in
        rest -= 1 / Double(cell.count)
        return rest < 0
      }) ?? cells.last
    else { return nil }
    let reach = 1.5 * Double(Self.side)
    return (
      Self.side * Float(cell.x) + Float(stream.uniform(in: -reach...reach)),
      Self.side * Float(cell.y) + Float(stream.uniform(in: -reach...reach))
    )
  }

  /// Whether a run can have saved these counts.
  package var isPossible: Bool {
    cells.count <= (2 * Self.farthest + 1) * (2 * Self.farthest + 1)
      && cells.allSatisfy {
        abs($0.x) <= Self.farthest && abs($0.y) <= Self.farthest && $0.count > 0
          && isPossibleCount($0.count)
      }
  }
}
