import Learning

extension MazeMap {
  /// The maps that come with the program: those of the paper, then a few more.
  public static let builtIn: [MazeMap] = [u, push, fall, corridor, fourRooms, spiral, crossing]

  /// The U of Ant Maze.
  static let u = MazeMap(
    name: "u",
    drawing: [
      "#####",
      "#R..#",
      "###.#",
      "#...#",
      "#####",
    ],
    targets: [
      Target(name: "far end", position: [0, 16]),
      Target(name: "first corner", position: [16, 0]),
      Target(name: "second corner", position: [16, 16]),
    ])

  /// The same U with cells of 4 m, for the Point.
  static let smallU = u.resized(name: "small-u", cellSize: 4, successRadius: 2)

  /// Ant Push: the way to the room behind is closed by a block that must be pushed aside.
  static let push = MazeMap(
    name: "push",
    drawing: [
      "#####",
      "#.R##",
      "#.X.#",
      "##.##",
      "#####",
    ],
    targets: [Target(name: "room behind", position: [0, 19])], trainingTarget: .fixed([0, 19]))

  /// Ant Fall: the block must be pushed into the chasm to cross it.
  static let fall = MazeMap(
    name: "fall",
    drawing: [
      "####",
      "#R.#",
      "#.Z#",
      "#~~#",
      "#..#",
      "####",
    ],
    targets: [Target(name: "far side", position: [0, 27, 4.5])],
    trainingTarget: .fixed([0, 27, 4.5]))

  static let corridor = MazeMap(
    name: "corridor",
    drawing: [
      "######",
      "#R...#",
      "######",
    ],
    targets: [Target(name: "end", position: [24, 0])])

  static let fourRooms = MazeMap(
    name: "four-rooms",
    drawing: [
      "#######",
      "#R.#..#",
      "#.....#",
      "##.##.#",
      "#..#..#",
      "#.....#",
      "#######",
    ],
    targets: [
      Target(name: "opposite room", position: [32, 32]),
      Target(name: "room beside", position: [32, 0]),
      Target(name: "room behind", position: [0, 32]),
    ])

  static let spiral = MazeMap(
    name: "spiral",
    drawing: [
      "#######",
      "#R....#",
      "#####.#",
      "#...#.#",
      "#.###.#",
      "#.....#",
      "#######",
    ],
    targets: [
      Target(name: "heart", position: [16, 16]), Target(name: "halfway", position: [32, 32]),
    ])

  /// A map with two blocks and a chasm of three cells, two of which the blocks can fill.
  static let crossing = MazeMap(
    name: "crossing",
    drawing: [
      "#####",
      "#.R.#",
      "#Z.Z#",
      "#~~~#",
      "#...#",
      "#####",
    ],
    targets: [Target(name: "far side", position: [0, 24, 4.5])])

  /// Creates a map from a drawing that is known to be valid.
  private init(
    name: String, drawing: [String], targets: [Target], trainingTarget: TargetDistribution? = nil
  ) {
    var robot = Index(row: 0, column: 0)
    var cells: [[Cell]] = []
    for (row, line) in drawing.enumerated() {
      if let column = line.firstIndex(of: "R") {
        robot = Index(row: row, column: line.distance(from: line.startIndex, to: column))
      }
      cells.append(line.map { Cell(symbol: $0) ?? .free })
    }
    self.init(name: name, cells: cells, robot: robot)
    self.targets = targets
    self.trainingTarget = trainingTarget ?? openBox
  }

  /// The same map with another cell size; its targets are scaled by the same factor.
  private func resized(name: String, cellSize: Double, successRadius: Double) -> MazeMap {
    var map = self
    let scale = cellSize / self.cellSize
    map.name = name
    map.cellSize = cellSize
    map.successRadius = successRadius
    map.targets = targets.map { target in
      Target(name: target.name, position: target.position.map { $0 * scale })
    }
    map.trainingTarget = map.openBox
    return map
  }
}
