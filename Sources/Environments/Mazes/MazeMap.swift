import Learning

/// A maze as rows of cells, and what to do in it.
///
/// Column j is x and row i is y. The robot's cell is the origin, so that the centre of a cell is
/// x = (j − j_R)·S and y = (i − i_R)·S with the cell size S (m).
public struct MazeMap: Equatable, Sendable {
  /// What a cell holds.
  public enum Cell: Equatable, Sendable {
    /// A box that nothing moves.
    case wall
    /// Nothing: where the robot can go.
    case free
    /// No ground: in a map that has one, all other cells stand on platforms.
    case chasm
    /// A block that can be pushed along x and y.
    case blockXY
    /// A block that can be pushed along y and falls into a chasm.
    case blockYZ
  }

  /// A place worth a name.
  public struct Target: Equatable, Sendable {
    /// What it is called in tables.
    public var name: String
    /// Its coordinates (m): x and y, and z in a map with a chasm.
    public var position: [Double]

    /// Makes a target; each parameter is the property of its name.
    public init(name: String, position: [Double]) {
      self.name = name
      self.position = position
    }
  }

  /// A cell's place in the map.
  public struct Index: Hashable, Sendable {
    /// Along y, from the top of the text.
    public var row: Int
    /// Along x, from the left of the text.
    public var column: Int

    /// Makes an index; each parameter is the property of its name.
    public init(row: Int, column: Int) {
      self.row = row
      self.column = column
    }
  }

  /// What the map is called.
  public var name: String
  /// The cells, `[row][column]`, all rows of the same length.
  public internal(set) var cells: [[Cell]]
  /// Where the robot starts; its cell is free.
  public internal(set) var robot: Index
  /// The side of a cell (m).
  public var cellSize: Double = 8
  /// The height of walls, blocks and platforms, as a fraction of the cell size.
  public var heightFactor: Double = 0.5
  /// The targets of an evaluation, the map's own first.
  public var targets: [Target] = []
  /// Where the target is in training.
  public var trainingTarget: TargetDistribution = .none
  /// The distance (m) below which the end of an episode is a success.
  public var successRadius: Double = 5
  /// The steps of an episode.
  public var episodeSteps: Int = 500

  /// The height of a wall, block or platform (m).
  public var wallHeight: Double { heightFactor * cellSize }

  /// Whether the maze stands on platforms with a chasm between them.
  public var hasChasm: Bool { cells.contains { $0.contains(.chasm) } }

  /// Whether something in it can be moved.
  public var hasBlock: Bool { blockCount > 0 }

  /// How many blocks can be moved, each on two slides.
  var blockCount: Int {
    cells.reduce(0) { $0 + $1.count { $0 == .blockXY || $0 == .blockYZ } }
  }

  /// How high the ground is on which the robot starts (m).
  public var groundHeight: Double { hasChasm ? wallHeight : 0 }

  /// The centre of a cell (m).
  public func center(of index: Index) -> (x: Double, y: Double) {
    (
      x: Double(index.column - robot.column) * cellSize,
      y: Double(index.row - robot.row) * cellSize
    )
  }

  /// Whether a place in the plane (m) is inside a wall, its faces included.
  public func isInsideWall(x: Double, y: Double) -> Bool {
    let half = cellSize / 2
    for row in cells.indices {
      for column in cells[row].indices where cells[row][column] == .wall {
        let center = center(of: Index(row: row, column: column))
        if abs(x - center.x) <= half, abs(y - center.y) <= half { return true }
      }
    }
    return false
  }

  /// The whole map's extent in the plane (m), outer walls included.
  public var bounds: (lower: (x: Double, y: Double), upper: (x: Double, y: Double)) {
    let last = Index(row: cells.count - 1, column: (cells.first?.count ?? 1) - 1)
    let (first, end) = (center(of: Index(row: 0, column: 0)), center(of: last))
    let half = cellSize / 2
    return ((first.x - half, first.y - half), (end.x + half, end.y + half))
  }

  /// The cell with the longest way from the robot, walls apart.
  var farthestCell: Index {
    var reached: Set<Index> = [robot]
    var queue = [robot]
    var next = 0
    while next < queue.count {
      let index = queue[next]
      next += 1
      for (row, column) in [(0, 1), (1, 0), (0, -1), (-1, 0)] {
        let neighbour = Index(row: index.row + row, column: index.column + column)
        guard cells.indices.contains(neighbour.row),
          cells[neighbour.row].indices.contains(neighbour.column),
          cells[neighbour.row][neighbour.column] != .wall,
          reached.insert(neighbour).inserted
        else { continue }
        queue.append(neighbour)
      }
    }
    return queue[queue.count - 1]
  }

  /// The smallest box (m) around all cells that are no walls: where targets are drawn from unless a
  /// map says otherwise. In a map with a chasm it reaches from the bottom to above the robot.
  var openBox: TargetDistribution {
    var lower = [Double.infinity, .infinity]
    var upper = [-Double.infinity, -.infinity]
    for row in cells.indices {
      for column in cells[row].indices where cells[row][column] != .wall {
        let center = center(of: Index(row: row, column: column))
        for (axis, value) in [center.x, center.y].enumerated() {
          lower[axis] = min(lower[axis], value - cellSize / 2)
          upper[axis] = max(upper[axis], value + cellSize / 2)
        }
      }
    }
    return hasChasm
      ? .uniform(lower: lower + [0], upper: upper + [groundHeight + 1])
      : .uniform(lower: lower, upper: upper)
  }
}
