import Files
import Foundation
import Learning
import MuJoCo

extension MazeMap {
  /// The largest number of rows and of columns in a map.
  public static let maximumSide = 64
  /// The largest map file that is read (bytes).
  public static let maximumFileSize = 1 << 20

  /// Reads a map from a text file; if there is no such file, takes the built-in map of that name.
  ///
  /// - Throws: ``SourceError`` with line and column.
  public init(path: String) throws(SourceError) {
    guard access(path, F_OK) == 0 else {
      if let map = Self.builtIn.first(where: { $0.name == path }) {
        self = map
        return
      }
      let names = Self.builtIn.map(\.name).joined(separator: ", ")
      throw SourceError(
        source: path, line: 0, column: 0,
        message: "no such map file, and no built-in map of that name; these are \(names)",
        isMissing: true)
    }
    let text = try SourceText.read(path, limit: Self.maximumFileSize, kind: "map")
    try self.init(text: text, name: SourceText.stem(of: path), source: path)
  }

  /// Reads a map from text; the format is described in `docs/maps.md`.
  ///
  /// - Parameters:
  ///   - text: Settings, one `key: value` a line, then the drawing.
  ///   - name: The map's name unless the text sets one.
  ///   - source: The name of the text in errors; the map's name if it is `nil`.
  public init(text: String, name: String, source: String? = nil) throws(SourceError) {
    var reader = MazeMapReader(source: source ?? name)
    self = try reader.read(text, name: name)
  }

  /// The map in the format that ``init(text:name:source:)`` reads.
  public var text: String {
    var lines = ["name: \(name)"]
    lines.append("cell: \(decimals(cellSize))")
    lines.append("height: \(decimals(heightFactor))")
    lines.append("success: \(decimals(successRadius))")
    lines.append("steps: \(episodeSteps)")
    switch trainingTarget {
    case .none: break
    case .fixed(let place): lines.append("train: \(decimals(place))")
    case .uniform(let lower, let upper):
      lines.append("train: \(decimals(lower)) to \(decimals(upper))")
    }
    lines += targets.map { "target \($0.name): \(decimals($0.position))" }
    lines.append("")
    for (row, line) in cells.enumerated() {
      lines.append(
        line.enumerated().map { column, cell -> String in
          Index(row: row, column: column) == robot ? "R" : String(cell.symbol)
        }.joined())
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension MazeMap.Cell {
  /// The cell's character in a map's text.
  var symbol: Character {
    switch self {
    case .wall: "#"
    case .free: "."
    case .chasm: "~"
    case .blockXY: "X"
    case .blockYZ: "Z"
    }
  }

  init?(symbol: Character) {
    switch symbol {
    case "#": self = .wall
    case ".": self = .free
    case "~": self = .chasm
    case "X": self = .blockXY
    case "Z": self = .blockYZ
    default: return nil
    }
  }
}

/// Reads one map's text line by line and keeps the position of every part for error messages.
private struct MazeMapReader {
  /// A setting's value and its place in the text.
  struct Setting {
    var value: String
    var line: Int
    var column: Int
  }

  static let keys = ["name", "cell", "height", "success", "steps", "train", "target NAME"]

  let source: String
  var settings: [String: Setting] = [:]
  var namedTargets: [(name: String, setting: Setting)] = []
  var cells: [[MazeMap.Cell]] = []
  var firstRowLine = 0
  var robot: (index: MazeMap.Index, line: Int, column: Int)?
  var letters: [Character: (index: MazeMap.Index, line: Int, column: Int)] = [:]
  var firstBlockYZ: (line: Int, column: Int)?

  init(source: String) {
    self.source = source
  }

  mutating func read(_ text: String, name: String) throws(SourceError) -> MazeMap {
    var drawingEnded = false
    var number = 0
    for rawLine in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      number += 1
      let line = rawLine.trimmingTrailingWhitespace()
      if line.isEmpty {
        drawingEnded = drawingEnded || !cells.isEmpty
      } else if line.first == ";" {
        continue
      } else if line.contains(":") {
        guard cells.isEmpty else {
          throw failure(number, 1, "settings must come before the drawing: move this line up")
        }
        try readSetting(line, number: number)
      } else {
        guard !drawingEnded else {
          throw failure(
            number, 1, "the drawing ended at the blank line above: remove that line, or this one")
        }
        try readRow(line, number: number)
      }
    }
    try checkDrawing(lastLine: number)
    return try makeMap(name: name)
  }

  // MARK: Lines

  private mutating func readSetting(_ line: Substring, number: Int) throws(SourceError) {
    let colon = line.firstIndex(of: ":") ?? line.endIndex
    let key = line[..<colon].split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let rest = line[line.index(after: colon)...]
    let value = rest.drop(while: \.isWhitespace)
    let column = line.distance(from: line.startIndex, to: value.startIndex) + 1
    if let index = line.firstIndex(where: {
      $0 != "\t" && $0.unicodeScalars.contains(where: \.isControl)
    }) {
      throw failure(
        number, line.distance(from: line.startIndex, to: index) + 1,
        "a control character: remove it")
    }
    let setting = Setting(value: String(value), line: number, column: column)
    guard !value.isEmpty else {
      throw failure(number, column, "'\(clipped(key))' has no value: write it after the colon")
    }
    if key == "target" || key.hasPrefix("target ") {
      let name = String(key.dropFirst(7))
      guard !name.isEmpty else {
        throw failure(number, 1, "a target needs a name: `target far end: a` or `...: 0 16`")
      }
      if let other = namedTargets.first(where: {
        TaskDescription.curveName(ofTarget: $0.name) == TaskDescription.curveName(ofTarget: name)
      }) {
        throw failure(
          number, 1,
          other.name == name
            ? "the target '\(clipped(name))' is given twice: remove one"
            : "the targets '\(clipped(name))' and '\(clipped(other.name))' would have the same "
              + "columns in metrics.csv: rename one")
      }
      namedTargets.append((name, setting))
      return
    }
    guard Self.keys.contains(key) else {
      let hint = nearest(to: String(key.prefix(32)), in: Self.keys).map { "did you mean \($0)? " }
      throw failure(
        number, 1,
        "unknown setting '\(clipped(key))'; \(hint ?? "")the settings are "
          + Self.keys.joined(separator: ", "))
    }
    guard settings[key] == nil else {
      throw failure(number, 1, "'\(key)' is set twice: remove one")
    }
    settings[key] = setting
  }

  private mutating func readRow(_ line: Substring, number: Int) throws(SourceError) {
    if cells.isEmpty { firstRowLine = number }
    let row = cells.count
    guard row < MazeMap.maximumSide else {
      throw failure(number, 1, "more than \(MazeMap.maximumSide) rows: make the map smaller")
    }
    var rowCells: [MazeMap.Cell] = []
    for (column, symbol) in line.enumerated() {
      guard column < MazeMap.maximumSide else {
        throw failure(
          number, column + 1, "more than \(MazeMap.maximumSide) columns: make the map smaller")
      }
      let index = MazeMap.Index(row: row, column: column)
      let place = (index, number, column + 1)
      if let cell = MazeMap.Cell(symbol: symbol) {
        if cell == .blockYZ, firstBlockYZ == nil { firstBlockYZ = (number, column + 1) }
        rowCells.append(cell)
      } else if symbol == "R" {
        if let robot {
          throw failure(
            number, column + 1,
            "a second robot; the first is at \(robot.line):\(robot.column): keep one R")
        }
        robot = place
        rowCells.append(.free)
      } else if symbol.isASCII, symbol.isLowercase {
        if let first = letters[symbol] {
          throw failure(
            number, column + 1,
            "the target '\(symbol)' is also at \(first.line):\(first.column): use another letter")
        }
        letters[symbol] = place
        rowCells.append(.free)
      } else {
        throw failure(number, column + 1, unknownSymbol(symbol))
      }
    }
    if let width = cells.first?.count, rowCells.count != width {
      throw failure(
        number, min(rowCells.count, width) + 1,
        "this row has \(rowCells.count) cells and the first has \(width): make them equal")
    }
    cells.append(rowCells)
  }

  private func unknownSymbol(_ symbol: Character) -> String {
    let known = "cells are # wall, . free, R robot, ~ chasm, X and Z blocks, a-z targets"
    if symbol.isWhitespace {
      return "a space inside the drawing: write a dot for a free cell; \(known)"
    }
    if symbol == "r" || symbol == "x" || symbol == "z" { return known }
    let shown = symbol.unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 32 }
    return shown ? "'\(symbol)' is not a cell; \(known)" : "this character is not a cell; \(known)"
  }

  // MARK: The whole map

  private func checkDrawing(lastLine: Int) throws(SourceError) {
    guard let width = cells.first?.count else {
      throw failure(lastLine, 0, "no drawing: add rows such as #####, #R..#, #####")
    }
    guard robot != nil else {
      throw failure(firstRowLine, 0, "no robot: put one R on a free cell")
    }
    for (row, line) in cells.enumerated() {
      for (column, cell) in line.enumerated() {
        let isBorder =
          row == 0 || row == cells.count - 1 || column == 0 || column == width - 1
        if isBorder, cell != .wall {
          throw failure(
            firstRowLine + row, column + 1, "the border is open here: close it with a wall, #")
        }
      }
    }
    if let block = firstBlockYZ, !cells.contains(where: { $0.contains(.chasm) }) {
      throw failure(
        block.line, block.column,
        "a Z block needs a chasm to fall into, but there is none: add ~ cells")
    }
  }

  private func makeMap(name: String) throws(SourceError) -> MazeMap {
    guard let robot else { throw failure(firstRowLine, 0, "no robot: put one R on a free cell") }
    var map = MazeMap(name: name, cells: cells, robot: robot.index)
    if let setting = settings["name"] { map.name = setting.value }
    map.cellSize = try number("cell", in: 1...100, otherwise: 8)
    map.heightFactor = try number("height", in: 0.01...10, otherwise: 0.5)
    map.successRadius = try number("success", in: 0.01...1000, otherwise: map.cellSize * 0.625)
    map.episodeSteps = try steps()
    map.targets = try makeTargets(in: map)
    if map.targets.isEmpty {
      let position = position(of: map.farthestCell, in: map)
      map.targets = [.init(name: "farthest", position: position)]
    }
    map.trainingTarget = try makeTrainingTarget(in: map)
    return map
  }

  private func makeTargets(in map: MazeMap) throws(SourceError) -> [MazeMap.Target] {
    let dimensions = map.hasChasm ? 3 : 2
    var unnamed = letters
    var targets: [MazeMap.Target] = []
    for (name, setting) in namedTargets {
      if setting.value.count == 1, let letter = setting.value.first, letter.isLowercase {
        guard let place = letters[letter] else {
          throw failure(
            setting.line, setting.column,
            "there is no '\(letter)' in the drawing: put it on a free cell, or give x and y")
        }
        unnamed[letter] = nil
        targets.append(.init(name: name, position: position(of: place.index, in: map)))
      } else {
        let position = try numbers(setting.value, setting, count: dimensions)
        guard map.contains(x: position[0], y: position[1]) else {
          throw failure(
            setting.line, setting.column,
            "this place is outside the maze: x and y are metres from the robot")
        }
        targets.append(.init(name: name, position: position))
      }
    }
    for (letter, place) in unnamed.sorted(by: { $0.key < $1.key }) {
      guard !targets.contains(where: { $0.name == String(letter) }) else {
        throw failure(
          place.line, place.column,
          "a `target \(letter)` has the name of this target: rename it, or use another letter")
      }
      targets.append(.init(name: String(letter), position: position(of: place.index, in: map)))
    }
    return targets
  }

  /// The centre of a cell (m). In a map with a chasm, z is 0.5 m above the platforms, as in Ant
  /// Fall.
  private func position(of index: MazeMap.Index, in map: MazeMap) -> [Double] {
    let center = map.center(of: index)
    return map.hasChasm ? [center.x, center.y, map.groundHeight + 0.5] : [center.x, center.y]
  }

  private func makeTrainingTarget(in map: MazeMap) throws(SourceError) -> TargetDistribution {
    guard let setting = settings["train"] else { return map.openBox }
    let dimensions = map.hasChasm ? 3 : 2
    let words = setting.value.split(whereSeparator: \.isWhitespace)
    guard let separator = words.firstIndex(of: "to") else {
      return .fixed(try numbers(setting.value, setting, count: dimensions))
    }
    let lower = try numbers(
      words[..<separator].joined(separator: " "), setting, count: dimensions)
    let upper = try numbers(
      words[(separator + 1)...].joined(separator: " "), setting, count: dimensions)
    guard zip(lower, upper).allSatisfy({ $0 <= $1 }) else {
      throw failure(
        setting.line, setting.column,
        "the first corner has larger numbers than the second: write the smaller numbers first")
    }
    return .uniform(lower: lower, upper: upper)
  }

  // MARK: Values

  private func number(
    _ key: String, in range: ClosedRange<Double>, otherwise standard: Double
  ) throws(SourceError) -> Double {
    guard let setting = settings[key] else { return standard }
    guard let value = Double(setting.value), range.contains(value) else {
      throw failure(
        setting.line, setting.column,
        "'\(key)' must be a number from \(decimals(range.lowerBound)) to "
          + "\(decimals(range.upperBound)), not '\(clipped(setting.value))'")
    }
    return value
  }

  private func steps() throws(SourceError) -> Int {
    guard let setting = settings["steps"] else { return 500 }
    guard let value = Int(setting.value), (1...1_000_000).contains(value) else {
      throw failure(
        setting.line, setting.column,
        "'steps' must be a whole number from 1 to 1000000, not '\(clipped(setting.value))'")
    }
    return value
  }

  private func numbers(
    _ text: String, _ setting: Setting, count: Int
  ) throws(SourceError) -> [Double] {
    let words = text.split { $0.isWhitespace || $0 == "," }
    let values = words.compactMap { Double($0) }.filter { abs($0) <= 1e6 }
    guard values.count == count, words.count == count else {
      let reason = count == 3 ? "x, y and z: the map has a chasm" : "x and y"
      throw failure(
        setting.line, setting.column,
        "expected \(count) numbers (\(reason)), not '\(clipped(text))'")
    }
    return values
  }

  /// Text from an untrusted file, made short enough for one line of an error.
  private func clipped(_ text: String) -> String {
    let printable = text.map { $0.isASCII && !$0.isNewline ? $0 : "?" }
    return printable.count <= 40 ? String(printable) : String(printable.prefix(37)) + "..."
  }

  private func failure(_ line: Int, _ column: Int, _ message: String) -> SourceError {
    SourceError(source: source, line: line, column: column, message: message)
  }
}

extension Substring {
  fileprivate func trimmingTrailingWhitespace() -> Substring {
    var end = endIndex
    while end > startIndex, self[index(before: end)].isWhitespace {
      end = index(before: end)
    }
    return self[..<end]
  }
}
