import Foundation
import Imaging
import TestSupport
import Testing

@Suite(.enabled(if: VideoWriter.isAvailable)) struct VideoWriterTests {
  @Test("A video has its name only when it is finished, and then is an MP4", arguments: [64, 33])
  func video(width: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/walk.mp4"
    let writer = try VideoWriter(path: path, width: width, height: 48, framesPerSecond: 10)
    for frame in 0..<20 {
      var image = Image(width: width, height: 48)
      image.fill(x: frame, y: 10, width: 8, height: 8, color: .white)
      try writer.append(image)
    }
    #expect(!FileManager.default.fileExists(atPath: path))
    try writer.finish()
    #expect(try folder.contents == ["walk.mp4"])
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(data.count > 500 && data[4..<8] == Data("ftyp".utf8))
  }

  @Test("A video that is given up leaves nothing behind")
  func abandoned() throws {
    let folder = try TemporaryFolder()
    do {
      let writer = try VideoWriter(
        path: folder.path + "/walk.mp4", width: 64, height: 48, framesPerSecond: 10)
      try writer.append(Image(width: 64, height: 48))
    }
    #expect(try folder.contents == [])
  }

  @Test("A frame of another size and a folder that is missing are errors that say so")
  func errors() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/walk.mp4"
    let writer = try VideoWriter(path: path, width: 64, height: 48, framesPerSecond: 10)
    #expect(
      throws: ImagingError.wrongFrameSize(path: path, expected: "64x48", found: "48x64")
    ) { try writer.append(Image(width: 48, height: 64)) }
    #expect(throws: ImagingError.self) {
      try VideoWriter(path: folder.path + "/no/a.mp4", width: 8, height: 8, framesPerSecond: 10)
    }
  }

  @Test("What ffmpeg refuses is said in its own words, and leaves nothing behind")
  func refused() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: ImagingError.self) {
      try VideoWriter(
        path: folder.path + "/walk.mp4", width: 64, height: 48, framesPerSecond: 1e30)
    }
    guard case .noEncoder(_, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(!reason.isEmpty && reason != "it ended early")
    #expect(try folder.contents == [])
  }

  @Test("Waiting for ffmpeg ends when it is asked to")
  func stopped() throws {
    let folder = try TemporaryFolder()
    #expect(throws: CancellationError.self) {
      try VideoWriter(
        path: folder.path + "/walk.mp4", width: 64, height: 48, framesPerSecond: 10,
        shouldStop: { true })
    }
    #expect(try folder.contents == [])
  }
}
