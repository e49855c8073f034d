import Foundation
import TestSupport
import Testing

@Suite("Pictures from the command line", .timeLimit(.minutes(10)))
struct RenderTests {
  let folder = try! TemporaryFolder()

  /// What hides every OpenGL driver from the library that looks for one.
  static let withoutDriver = ["__EGL_VENDOR_LIBRARY_FILENAMES": "/nowhere.json"]

  /// Whether there is an OpenGL driver to test with.
  static let hasGraphics: Bool = {
    guard let folder = try? TemporaryFolder() else { return false }
    let outcome = try? Program.run(
      "render", "--task", "point-maze", "--size", "16x16", "--output", folder.path)
    return outcome?.code == 0
  }()

  static let magicNumber = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])

  func policy() throws -> String {
    let trained = try Program.run(
      ["train", "point-maze", "--steps", "200", "--output", folder.file("run")] + tiny)
    #expect(trained.code == 0, "\(trained.errors)")
    return folder.file("run/latest.safetensors")
  }

  @Test("Without an OpenGL driver the exit code is 69, said in one line, and nothing is written")
  func noGraphics() throws {
    let pictures = folder.file("pictures")
    for what in [["--task", "ant-maze"], [try policy()]] {
      let outcome = try Program.run(
        ["render", "--output", pictures] + what, environment: Self.withoutDriver)
      #expect(outcome.code == 69, "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("hiro: no OpenGL for rendering: "), "\(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1)
      #expect(outcome.output.isEmpty)
      let contents = (try? FileManager.default.contentsOfDirectory(atPath: pictures)) ?? []
      #expect(contents.isEmpty)
    }
  }

  @Test("A policy's episode becomes frames, a contact sheet and a video", .enabled(if: hasGraphics))
  func episode() throws {
    let pictures = folder.file("pictures")
    let outcome = try Program.run(
      "render", try policy(), "--output", pictures, "--size", "64x48", "--every", "50")
    #expect(outcome.code == 0, "\(outcome.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: pictures)
    let images = names.filter { $0.hasSuffix(".png") }
    #expect(images.contains("contact-sheet.png"))
    #expect(outcome.output.contains("\n\(images.count - 1) frames, "), "\(outcome.output)")
    for name in images {
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(pictures)/\(name)"))
      #expect(data.starts(with: Self.magicNumber) && data.count > 100, "\(name)")
    }
    guard names.contains("episode.mp4") else {
      #expect(outcome.output.contains("ffmpeg is not installed"))
      return
    }
    let video = try Data(contentsOf: URL(fileURLWithPath: "\(pictures)/episode.mp4"))
    #expect(video.dropFirst(4).starts(with: Data("ftyp".utf8)))
  }

  @Test("What the higher level wants becomes one picture", .enabled(if: hasGraphics))
  func field() throws {
    let pictures = folder.file("pictures")
    let outcome = try Program.run(
      "render", try policy(), "--field", "--output", pictures, "--size", "64x48")
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: pictures) == ["field.png"])
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(pictures)/field.png"))
    #expect(data.starts(with: Self.magicNumber))
  }

  @Test("A field needs a policy with levels")
  func fieldRefusals() throws {
    let world = try Program.run(
      "render", "--task", "point-maze", "--field", "--output", folder.file("pictures"))
    #expect(world.code == 64)
    #expect(world.errors.contains("--field: name the policy"), "\(world.errors)")
    let trained = try Program.run(
      [
        "train", "point-maze", "--preset", "flat", "--steps", "200", "--output",
        folder.file("flat"),
      ]
        + tiny)
    #expect(trained.code == 0, "\(trained.errors)")
    let flat = try Program.run(
      "render", folder.file("flat/latest.safetensors"), "--field", "--output",
      folder.file("pictures"))
    #expect(flat.code == 64)
    #expect(flat.errors.contains("has no levels"), "\(flat.errors)")
  }

  @Test("A map and a task are drawn alone", .enabled(if: hasGraphics))
  func worlds() throws {
    let map = try folder.file("lane.txt", "#####\n#R.a#\n#####\n")
    for (what, name) in [(["--map", map], "map.png"), (["--task", "ant-fall"], "world.png")] {
      let outcome = try Program.run(
        ["render", "--size", "64x48", "--output", folder.file("pictures")] + what)
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(FileManager.default.fileExists(atPath: folder.file("pictures/\(name)")))
    }
  }
}
