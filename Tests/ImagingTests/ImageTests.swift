import Foundation
import Imaging
import TestSupport
import Testing

@Suite struct ImageTests {
  static let red = Color(red: 200, green: 10, blue: 20)

  /// A picture in which every pixel differs from its neighbours.
  static func makePattern(width: Int, height: Int) -> Image {
    var image = Image(width: width, height: height)
    for y in 0..<height {
      for x in 0..<width {
        image[x, y] = Color(
          red: UInt8(truncatingIfNeeded: 7 * x), green: UInt8(truncatingIfNeeded: 11 * y),
          blue: UInt8(truncatingIfNeeded: x * y))
      }
    }
    return image
  }

  @Test(
    "A PNG read back is the picture that was written", arguments: [(1, 1), (37, 20), (640, 480)])
  func roundTrip(width: Int, height: Int) throws {
    let folder = try TemporaryFolder()
    let image = Self.makePattern(width: width, height: height)
    try image.write(png: folder.path + "/a.png")
    #expect(try Image(png: folder.path + "/a.png") == image)
    #expect(try folder.contents == ["a.png"])
  }

  @Test("Noise, which does not compress, is written whole")
  func noise() throws {
    let folder = try TemporaryFolder()
    var state: UInt64 = 1
    let pixels = (0..<3 * 200 * 150).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(state >> 56)
    }
    let image = Image(width: 200, height: 150, pixels: pixels)
    try image.write(png: folder.path + "/noise.png")
    #expect(try Image(png: folder.path + "/noise.png") == image)
  }

  @Test("A place that can't be written and a file that is no PNG are errors that name it")
  func errors() throws {
    let folder = try TemporaryFolder()
    let image = Image(width: 2, height: 2)
    let missing = folder.path + "/no/such/folder.png"
    let error = #expect(throws: ImagingError.self) { try image.write(png: missing) }
    #expect(error?.description.hasPrefix(missing) == true)
    #expect(throws: ImagingError.unreadable(path: missing, reason: "no such file")) {
      try Image(png: missing)
    }
    let path = folder.path + "/a.png"
    try Self.makePattern(width: 60, height: 40).write(png: path)
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in [0, 1, 8, 20, 33, data.count / 2, data.count - 30] {
      try data.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(throws: ImagingError.self) { try Image(png: path) }
    }
  }

  @Test("Scaling down averages areas")
  func scaling() {
    var image = Image(width: 4, height: 2)
    image[0, 0] = Color(red: 100, green: 0, blue: 0)
    image[1, 0] = Color(red: 200, green: 0, blue: 0)
    image[3, 1] = Color(red: 0, green: 0, blue: 40)
    let half = image.scaled(toWidth: 2)
    #expect(half.width == 2 && half.height == 1)
    #expect(half[0, 0] == Color(red: 75, green: 0, blue: 0))
    #expect(half[1, 0] == Color(red: 0, green: 0, blue: 10))
    let plain = Image(width: 31, height: 17, fill: Self.red)
    #expect(plain.scaled(toWidth: 12, height: 9) == Image(width: 12, height: 9, fill: Self.red))
    #expect(plain.scaled(toWidth: 80, height: 90) == Image(width: 80, height: 90, fill: Self.red))
  }

  @Test("A contact sheet has each picture in its cell")
  func contactSheet() {
    let images = (0..<5).map {
      Image(width: 10, height: 6, fill: Color(red: UInt8(50 * $0), green: 9, blue: 9))
    }
    let sheet = Image.contactSheet(images, columns: 3, spacing: 2, background: .white)
    #expect(sheet.width == 3 * 12 + 2 && sheet.height == 2 * 8 + 2)
    #expect(sheet[0, 0] == .white && sheet[12, 3] == .white && sheet[37, 17] == .white)
    #expect(sheet[2, 2] == images[0][0, 0] && sheet[35, 7] == images[2][9, 5])
    #expect(sheet[14, 10] == images[4][0, 0] && sheet[26, 10] == .white)
  }

  @Test("Drawing outside the picture is cut off")
  func clipping() {
    var image = Image(width: 8, height: 8)
    image.draw(Image(width: 4, height: 4, fill: .white), x: -2, y: -2)
    image.draw(Image(width: 4, height: 4, fill: Self.red), x: 6, y: 6)
    image.draw(Image(width: 4, height: 4, fill: Self.red), x: 20, y: -9)
    image.fill(x: -5, y: 7, width: 7, height: 9, color: Self.red)
    image.draw(text: "W", x: -3, y: 40)
    #expect(image[1, 1] == .white && image[2, 2] == .black)
    #expect(image[7, 7] == Self.red && image[5, 5] == .black && image[1, 7] == Self.red)
  }

  @Test("Text is drawn dot by dot")
  func text() {
    var image = Image(width: 24, height: 9)
    image.draw(text: "T1é.", x: 0, y: 0)
    let rows = (0..<8).map { y in
      (0..<24).map { image[$0, y] == .white ? "#" : "." }.joined()
    }
    #expect(
      rows == [
        "#####...#....###........",
        "..#....##...#...#.......",
        "..#.....#.......#.......",
        "..#.....#......#........",
        "..#.....#.....#.........",
        "..#.....#..........##...",
        "..#....###....#....##...",
        "........................",
      ])
    let labelled = Image(width: 64, height: 48, fill: .white).labelled("t = 1 s")
    #expect(labelled[0, 0] != .white && labelled[63, 47] == .white)
  }
}
