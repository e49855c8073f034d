import Environments
import Foundation
import Learning
import TestSupport
import Testing

@Suite("Maps as text")
struct MazeMapTests {
  @Test("A drawing with nothing else is a whole map")
  func smallest() throws {
    let map = try MazeMap(text: "####\n#R.#\n####\n", name: "small")
    #expect(
      map.cells == [
        Array(repeating: .wall, count: 4), [.wall, .free, .free, .wall],
        Array(repeating: .wall, count: 4),
      ])
    #expect(map.robot == .init(row: 1, column: 1) && map.cellSize == 8 && map.heightFactor == 0.5)
    #expect(map.targets == [.init(name: "farthest", position: [8, 0])])
    #expect(map.trainingTarget == .uniform(lower: [-4, -4], upper: [12, 4]))
    #expect(map.successRadius == 5 && map.episodeSteps == 500)
  }

  @Test("Settings, comments, Windows line ends, letters and places are read")
  func settings() throws {
    let text = """
      ; a comment
      name: my maze
      cell: 4
      height: 0.25
      steps: 200
      success: 1.5
      train: -1 -1 to 5, 5
      target far end: b
      target near the door: 1.5 -2

      #####
      #R.b#
      #a###
      #####
      """
    let map = try MazeMap(text: text.replacing("\n", with: "\r\n"), name: "file")
    #expect(map.name == "my maze" && map.cellSize == 4 && map.heightFactor == 0.25)
    #expect(map.episodeSteps == 200 && map.successRadius == 1.5)
    #expect(map.trainingTarget == .uniform(lower: [-1, -1], upper: [5, 5]))
    #expect(
      map.targets == [
        .init(name: "far end", position: [8, 0]),
        .init(name: "near the door", position: [1.5, -2]),
        .init(name: "a", position: [0, 4]),
      ])
  }

  @Test("In a map with a chasm targets stand above the platforms")
  func chasm() throws {
    let map = try MazeMap(text: "#####\n#RZ~#\n#..a#\n#####", name: "chasm")
    #expect(map.targets == [.init(name: "a", position: [16, 8, 4.5])])
    #expect(map.trainingTarget == .uniform(lower: [-4, -4, 0], upper: [20, 12, 5]))
    #expect(map.groundHeight == 4)
  }

  @Test("Writing a map and reading it gives the same map", arguments: MazeMap.builtIn)
  func roundTrip(map: MazeMap) throws {
    #expect(try MazeMap(text: map.text, name: "other") == map)
  }

  @Test(
    "A mistake is answered with its line, its column and the remedy",
    arguments: [
      ("", 1, 0, "no drawing"),
      ("; only a comment\ncell: 8\n", 3, 0, "no drawing"),
      ("####\n#..#\n####", 1, 0, "no robot"),
      ("####\n#RR#\n####", 2, 3, "a second robot; the first is at 2:2"),
      ("####\n#R.#\n###", 3, 4, "this row has 3 cells and the first has 4"),
      ("####\n#R.#\n#####", 3, 5, "this row has 5 cells and the first has 4"),
      ("####\n#R?#\n####", 2, 3, "'?' is not a cell"),
      ("####\n#R #\n####", 2, 3, "a space inside the drawing"),
      ("####\n#R\u{7}#\n####", 2, 3, "this character is not a cell"),
      ("####\n#R..\n####", 2, 4, "the border is open here"),
      ("#.##\n#R.#\n####", 1, 2, "the border is open here"),
      ("#####\n#RZ.#\n#####", 2, 3, "a Z block needs a chasm"),
      ("######\n#RaaX#\n######", 2, 4, "the target 'a' is also at 2:3"),
      ("cell: eight\n###\n#R#\n###", 1, 7, "'cell' must be a number from 1 to 100, not 'eight'"),
      ("cell:8\ncell: 9\n###\n#R#\n###", 2, 1, "'cell' is set twice"),
      ("cell:\n###\n#R#\n###", 1, 6, "'cell' has no value"),
      ("sel: 8\n###\n#R#\n###", 1, 1, "did you mean cell?"),
      ("steps: 1.5\n###\n#R#\n###", 1, 8, "'steps' must be a whole number"),
      ("target: a\n###\n#R#\n###", 1, 1, "a target needs a name"),
      ("target end: q\n###\n#R#\n###", 1, 13, "there is no 'q' in the drawing"),
      ("target a: 1 0\n####\n#Ra#\n####", 3, 3, "a `target a` has the name of this target"),
      (
        "target far end: a\ntarget far-end: 0 0\n####\n#Ra#\n####", 2, 1,
        "'far-end' and 'far end' would have the same columns in metrics.csv"
      ),
      ("target end: 900 0\n###\n#R#\n###", 1, 13, "this place is outside the maze"),
      ("name: \u{1b}[31mred\n###\n#R#\n###", 1, 7, "a control character: remove it"),
      ("target end: 1 2 3\n###\n#R#\n###", 1, 13, "expected 2 numbers"),
      ("target end: 1 nan\n###\n#R#\n###", 1, 13, "expected 2 numbers"),
      (
        "train: 5 5 to 1 1\n###\n#R#\n###", 1, 8,
        "the first corner has larger numbers than the second"
      ),
      ("###\n#R#\ncell: 4\n###", 3, 1, "settings must come before the drawing"),
      ("###\n#R#\n\n###", 4, 1, "the drawing ended at the blank line above"),
    ])
  func mistakes(text: String, line: Int, column: Int, message: String) {
    let error = #expect(throws: SourceError.self) { try MazeMap(text: text, name: "m.txt") }
    #expect(error?.line == line && error?.column == column, "\(error?.description ?? "")")
    #expect(error?.message.contains(message) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
  }

  @Test("Where there is no such file the built-in maps are found by name")
  func builtInByName() throws {
    #expect(try MazeMap(path: "spiral") == MazeMap.builtIn.first { $0.name == "spiral" })
  }

  @Test("A map that may not be read is not called missing", .enabled(if: getuid() != 0))
  func unreadable() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("map.txt", "###\n#R#\n###\n")
    #expect(chmod(path, 0) == 0)
    let error = #expect(throws: SourceError.self) { try MazeMap(path: path) }
    #expect(error?.message == "can't be opened: check its permissions")
  }

  @Test("A map too large, no text, or not there at all is refused in one line")
  func hostileFiles() throws {
    let folder = try TemporaryFolder()
    func failure(_ bytes: [UInt8]) throws -> SourceError? {
      let file = folder.file("map.txt")
      try Data(bytes).write(to: URL(fileURLWithPath: file))
      return #expect(throws: SourceError.self) { try MazeMap(path: file) }
    }
    #expect(try failure([0xff, 0xfe, 0x00])?.message.contains("UTF-8") == true)
    #expect(
      try failure(Array(repeating: 0x23, count: (1 << 20) + 1))?.message.contains("MiB") == true)
    #expect(try failure(Array(repeating: 0x23, count: 65))?.column == 65)
    let missing = #expect(throws: SourceError.self) { try MazeMap(path: folder.file("none")) }
    #expect(missing?.isMissing == true)
    // No file can have a name this long: it counts as missing, like the file above.
    let tooLong = #expect(throws: SourceError.self) {
      try MazeMap(path: String(repeating: "m", count: 300))
    }
    #expect(tooLong?.isMissing == true)
    #expect(throws: SourceError.self) { try MazeMap(path: folder.path) }
    #expect(throws: SourceError.self) { try MazeMap(path: "/dev/zero") }
  }
}
