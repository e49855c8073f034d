import ArgumentParser

/// The options with which `train` and `study` use a maze and a robot of the user's own.
struct OwnWorld: ParsableArguments {
  @Option(
    help: .init("Your own maze, a text file (docs/maps.md).", valueName: "file"),
    completion: .file())
  var map: String?

  @Option(
    help: .init("Your own robot for the maze instead of the Ant, an MJCF file.", valueName: "file"),
    completion: .file())
  var robot: String?

  /// - Parameters:
  ///   - task: The task that the command line names.
  ///   - hasOtherMaze: Whether the robot's maze is found elsewhere, without `--map`.
  /// - Throws: `ValidationError` if a robot has no maze, or a map stands beside a task.
  func check(besides task: String?, hasOtherMaze: Bool = false) throws {
    guard robot == nil || map != nil || hasOtherMaze else {
      throw ValidationError.robotWithoutMaze
    }
    if let task, map != nil { throw ValidationError.mapAndTask(task) }
  }
}

extension ValidationError {
  static let robotWithoutMaze = Self("--robot: the robot needs a maze; give one with --map FILE")

  static func mapAndTask(_ task: String) -> Self {
    Self("--map: the map is the task; leave out \"\(task)\"")
  }

  /// - Throws: `ValidationError` if the value of `option` is not in `range`.
  static func check(_ option: String, _ value: Int, in range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
      throw Self(
        "\(option): expected a number from \(range.lowerBound) to \(range.upperBound), "
          + "found \(value)")
    }
  }

  /// - Throws: `ValidationError` if threads cannot be this many.
  static func check(threads: Int) throws { try check("--threads", threads, in: 1...1_024) }
}

/// The size of a picture in pixels, such as `960x720`.
struct PixelSize {
  let width: Int
  let height: Int

  /// - Throws: `ValidationError` if `text` is not the size of a picture, or its sides are not in
  ///   `range`.
  init(_ text: String, in range: ClosedRange<Int>) throws {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false).compactMap { Int($0) }
    guard parts.count == 2, parts.allSatisfy(range.contains) else {
      throw ValidationError(
        "--size: expected a width and a height from \(range.lowerBound) to \(range.upperBound) "
          + "pixels, such as 960x720, found \"\(text)\"")
    }
    (width, height) = (parts[0], parts[1])
  }
}
