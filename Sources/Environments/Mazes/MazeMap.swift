import Learning

/// A maze as rows of cells, with its targets and the length of an episode.
///
/// Columns (index j) lie along x and rows (index i) along y. The robot's cell (i_R, j_R) is at the
/// origin, so that the centre of a cell is x = (j − j_R)·S and y = (i − i_R)·S with the cell size S
/// (m).
public struct MazeMap: Equatable, Sendable {
  /// What a cell holds.
  public enum Cell: Equatable, Sendable {
    /// A fixed box.
    case wall
    /// Free ground, where the robot can go.
    case free
    /// No ground. In a map with a chasm all other cells stand on platforms.
    case chasm
    /// A block that can be pushed along x and y.
    case blockXY
    /// A block that can be pushed along y and falls into a chasm.
    case blockYZ
  }

  /// A target position with a name.
  public struct Target: Equatable, Sendable {
    /// The target's name in tables.
    public var name: String
    /// The target's coordinates (m): x and y, and z in a map with a chasm.
    public var position: [Double]

    /// Creates a target; each parameter sets the property of the same name.
    public init(name: String, position: [Double]) {
      self.name = name
      self.position = position
    }
  }

  /// The position of a cell in the map.
  public struct Index: Hashable, Sendable {
    /// The row (along y), counted from the top of the text.
    public var row: Int
    /// The column (along x), counted from the left of the text.
    public var column: Int

    /// Creates an index; each parameter sets the property of the same name.
    public init(row: Int, column: Int) {
      self.row = row
      self.column = column
    }
  }

  /// The map's name.
  public var name: String
  /// The cells, `[row][column]`, all rows of the same length.
  public internal(set) var cells: [[Cell]]
  /// The cell in which the robot starts; it is free.
  public internal(set) var robot: Index
  /// The side of a cell (m).
  public var cellSize: Double = 8
  /// The height of walls, blocks and platforms, as a fraction of the cell size.
  public var heightFactor: Double = 0.5
  /// The targets of an evaluation; the first one is the map's own.
  public var targets: [Target] = []
  /// The distribution of the target in training.
  public var trainingTarget: TargetDistribution = .none
  /// An episode is a success if at its end the distance to the target is less than this (m).
  public var successRadius: Double = 5
  /// The number of steps in an episode.
  public var episodeSteps: Int = 500

  /// The height of a wall, block or platform (m).
  public var wallHeight: Double { heightFactor * cellSize }

  /// Whether the maze stands on platforms with a chasm between them.
  public var hasChasm: Bool { cells.contains { $0.contains(.chasm) } }

  /// Whether the maze has a movable block.
  public var hasBlock: Bool { blockCount > 0 }

  /// The number of movable blocks; each has two slide joints.
  var blockCount: Int {
    cells.reduce(0) { $0 + $1.count { $0 == .blockXY || $0 == .blockYZ } }
  }

  /// The height of the ground on which the robot starts (m).
  public var groundHeight: Double { hasChasm ? wallHeight : 0 }

  /// The centre of a cell (m).
  public func center(of index: Index) -> (x: Double, y: Double) {
    (
      x: Double(index.column - robot.column) * cellSize,
      y: Double(index.row - robot.row) * cellSize
    )
  }

  /// Whether the point (x, y) in the plane (m) is in one of the map's cells.
  func contains(x: Double, y: Double) -> Bool {
    let column = (x / cellSize + Double(robot.column)).rounded()
    let row = (y / cellSize + Double(robot.row)).rounded()
    return (0..<Double(cells.count)).contains(row)
      && (0..<Double(cells.first?.count ?? 0)).contains(column)
  }

  /// Whether the point (x, y) in the plane (m) is inside a wall, the wall's faces included.
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

  /// The cell that is farthest from the robot by the shortest way around walls; chasms and blocks
  /// don't count as obstacles.
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

  /// The smallest box (m) around all cells that are not walls; targets are drawn from it unless the
  /// map says otherwise. In a map with a chasm it also spans the heights from 0 to 1 m above the
  /// ground on which the robot starts.
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
