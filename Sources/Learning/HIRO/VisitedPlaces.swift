import Randomness

/// How often the higher level has decided in which part of the plane: where exploration has not been.
package struct VisitedPlaces: Codable, Equatable, Sendable {
  /// A square of the plane.
  struct Cell: Codable, Equatable, Sendable {
    /// Its place, counted in sides from the origin.
    var x: Int
    var y: Int
    /// Decisions in it.
    var count: Int
  }

  /// The length of a square's side (m).
  package static let side: Float = 2
  /// How many sides away from the origin still count: whatever is farther has lost its way.
  static let farthest = 1_000

  private(set) var cells: [Cell] = []

  /// No place yet.
  package init() {}

  /// Notes a decision at (`x`, `y`) (m).
  package mutating func visit(x: Float, y: Float) {
    guard let (column, row) = place(x: x, y: y) else { return }
    if let index = index(column, row) {
      cells[index].count += 1
    } else {
      cells.append(Cell(x: column, y: row, count: 1))
    }
  }

  /// The decisions around (`x`, `y`) (m).
  package func count(x: Float, y: Float) -> Int {
    guard let (column, row) = place(x: x, y: y), let index = index(column, row) else { return 0 }
    return cells[index].count
  }

  private func place(x: Float, y: Float) -> (column: Int, row: Int)? {
    let (column, row) = ((x / Self.side).rounded(), (y / Self.side).rounded())
    guard abs(column) <= Float(Self.farthest), abs(row) <= Float(Self.farthest) else { return nil }
    return (Int(column), Int(row))
  }

  private func index(_ column: Int, _ row: Int) -> Int? {
    cells.firstIndex { $0.x == column && $0.y == row }
  }

  /// Draws a place (m): a cell with a probability in proportion to 1 / count, and in the three by three
  /// cells around its middle each point alike, so that what lies just beyond is asked for, too. `nil`
  /// where there has been no decision yet.
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

  /// Whether a file may say so.
  var isPossible: Bool {
    cells.count <= (2 * Self.farthest + 1) * 2
      && cells.allSatisfy {
        abs($0.x) <= Self.farthest && abs($0.y) <= Self.farthest && $0.count > 0
          && isPossibleCount($0.count)
      }
  }
}
