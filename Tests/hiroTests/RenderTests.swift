import Foundation
import TestSupport
import Testing

@Suite("Pictures from the command line", .timeLimit(.minutes(10)))
struct RenderTests {
  let folder = try! TemporaryFolder()

  /// The environment variable that hides every OpenGL driver from the library that looks for one.
  static let withoutDriver = ["__EGL_VENDOR_LIBRARY_FILENAMES": "/nowhere.json"]

  /// Whether there is an OpenGL driver to test with.
  static let hasGraphics: Bool = {
    guard let folder = try? TemporaryFolder() else { return false }
    let outcome = try? Program.run(
      "render", "--task", "point-maze", "--size", "16x16", "--output", folder.path)
    return outcome?.code == 0
  }()

  static let magicNumber = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])

  /// The policy of a short run, for all tests.
  func policy() throws -> String { try ShortRun.path + "/latest.safetensors" }

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

  @Test(
    "A policy's episode becomes frames, a contact sheet and a video",
    .enabled(if: hasGraphics && hasFFmpeg))
  func episode() throws {
    let pictures = folder.file("pictures")
    // What an earlier episode left is removed, and nothing else.
    try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
    try folder.file("pictures/frame-99999.png", "old")
    try folder.file("pictures/frame-mine.txt", "mine")
    let outcome = try Program.run(
      "render", try policy(), "--output", pictures, "--size", "64x48", "--every", "50")
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(pictures)/frame-99999.png"))
    #expect(FileManager.default.fileExists(atPath: "\(pictures)/frame-mine.txt"))
    let names = try FileManager.default.contentsOfDirectory(atPath: pictures)
    let images = names.filter { $0.hasSuffix(".png") }
    #expect(images.contains("contact-sheet.png"))
    #expect(outcome.output.contains("\n\(images.count - 1) frames, "), "\(outcome.output)")
    for name in images {
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(pictures)/\(name)"))
      #expect(data.starts(with: Self.magicNumber) && data.count > 100, "\(name)")
    }
    #expect(outcome.output.contains("\nvideo: \(pictures)/episode.mp4"), "\(outcome.output)")
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

  /// Whether there is a real ffmpeg.
  static let hasFFmpeg = (try? Program.script("ffmpeg -version").code) == 0

  /// A PATH in which `ffmpeg` is a bash script that can call the real one as `$real`; with `nil`
  /// there is no ffmpeg.
  func path(ffmpeg script: String?) throws -> [String: String] {
    let programs = folder.file("programs")
    try FileManager.default.createDirectory(
      atPath: programs, withIntermediateDirectories: true)
    guard let script else {
      unlink("\(programs)/ffmpeg")
      return ["PATH": programs]
    }
    let real = try Program.script("command -v ffmpeg").output.trimmingCharacters(in: .newlines)
    let text = "#!/bin/bash\nreal=\(real)\n\(script)\n"
    try folder.file("programs/ffmpeg", text)
    chmod("\(programs)/ffmpeg", 0o755)
    return ["PATH": "\(programs):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"]
  }

  /// A script that refuses encoders whose names match, like a build of ffmpeg without them.
  func refusing(_ encoders: String) -> String {
    """
    for argument; do
      case $argument in \(encoders)) echo "Unknown encoder '$argument'" >&2; exit 1 ;; esac
    done
    exec "$real" "$@"
    """
  }

  @Test(
    "An ffmpeg without libx264 makes the film with another encoder, and it is said",
    .enabled(if: hasGraphics && hasFFmpeg),
    arguments: [
      ("libx264|libopenh264", "mpeg4"), ("libx264|libopenh264|mpeg4", "libvpx-vp9"),
      ("libx264|libopenh264|mpeg4|libvpx-vp9", "mjpeg"),
    ])
  func otherEncoder(missing: String, used: String) throws {
    let pictures = folder.file("pictures")
    let outcome = try Program.run(
      ["render", try policy(), "--output", pictures, "--size", "64x48", "--every", "50"],
      environment: path(ffmpeg: refusing(missing)))
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("episode.mp4 (by \(used): "), "\(outcome.output)")
    let probed = try Program.script("ffmpeg -v error -i '\(pictures)/episode.mp4' -f null -")
    #expect(probed.code == 0 && probed.errors.isEmpty, "\(probed.errors)")
  }

  @Test(
    "Where no film can be made, everything else is; one line and the exit code tell",
    .enabled(if: hasGraphics && hasFFmpeg))
  func noFilm() throws {
    let policy = try policy()
    // An ffmpeg that fails after eleven frames, as on a full disk. What comes after them is more
    // than waits in a socket.
    let dying = """
      head -c 100000 > "$0.input"
      if [ $(stat -c %s "$0.input") -lt 100000 ]; then exec "$real" "$@" < "$0.input"; fi
      echo "No space left on device" >&2
      exit 1
      """
    let cases: [(ffmpeg: String?, every: Int, code: Int32, says: String)] = [
      (refusing("lib*|mpeg4|mjpeg"), 50, 69, "cannot make a video (Unknown encoder 'libx264')"),
      ("exit 1", 50, 69, "cannot make a video"),
      (nil, 50, 69, "the program ffmpeg, which makes the video, is missing"),
      (dying, 10, 73, "ffmpeg failed: No space left on device"),
    ]
    for (ffmpeg, every, code, says) in cases {
      let pictures = folder.file("pictures")
      let outcome = try Program.run(
        ["render", policy, "--output", pictures, "--size", "64x48", "--every", "\(every)"],
        environment: path(ffmpeg: ffmpeg))
      #expect(outcome.code == code, "\(outcome.errors)")
      // Lines of progress may come before the error if the machine is slow.
      let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("hiro: ") }
      #expect(lines.count == 1 && lines.allSatisfy { $0.contains(says) }, "\(outcome.errors)")
      let names = try FileManager.default.contentsOfDirectory(atPath: pictures)
      // An episode has 500 steps.
      #expect(names.contains("contact-sheet.png") && names.count > 500 / every, "\(names)")
      #expect(!names.contains { $0.contains("partial") || $0.hasSuffix("mp4") }, "\(names)")
      #expect(outcome.output.contains("\(pictures)/contact-sheet.png"))
      // With --no-video the missing video is no error.
      let without = try Program.run(
        ["render", policy, "--output", pictures, "--size", "64x48", "--every", "50", "--no-video"],
        environment: path(ffmpeg: ffmpeg))
      #expect(without.code == 0, "\(without.errors)")
      try FileManager.default.removeItem(atPath: pictures)
    }
  }

  @Test(
    "A film that is cut short leaves no partial file and no ffmpeg",
    .enabled(if: hasGraphics && hasFFmpeg), arguments: [SIGINT, SIGTERM, SIGHUP])
  func cutShort(signal: Int32) throws {
    let pictures = folder.file("pictures")
    func names() -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: pictures)) ?? []
    }
    /// Whether an ffmpeg makes a film in the folder.
    func isFilming() -> Bool {
      Program.commandLines().values.contains { words in
        words.first == "ffmpeg" && words.contains { $0.contains(pictures) }
      }
    }
    let program = try Program([
      "render", try policy(), "--output", pictures, "--size", "320x240", "--every", "1",
    ])
    try program.wait { names().contains("frame-00004.png") }
    #expect(isFilming())
    program.send(signal)
    let outcome = try program.outcome()
    #expect(outcome.code == 128 + signal, "\(outcome.errors)")
    #expect(outcome.errors.contains("stopping: "), "\(outcome.errors)")
    #expect(!names().contains { !$0.hasPrefix("frame-") }, "\(names())")
    #expect(!isFilming())
    // A render that was killed leaves a partial file only until the next render.
    try "".write(
      toFile: "\(pictures)/.episode.mp4.\(program.identifier).partial", atomically: false,
      encoding: .utf8)
    let again = try Program.run([
      "render", try ShortRun.path, "--output", pictures, "--size", "64x48", "--every", "50",
    ])
    #expect(again.code == 0, "\(again.errors)")
    #expect(!names().contains { $0.contains("partial") }, "\(names())")
  }

  @Test("Rendering tells on a terminal how far it is", .enabled(if: hasGraphics))
  func progress() throws {
    let terminal = try PseudoTerminal(
      Program.path,
      [
        "render", try policy(), "--output", folder.file("pictures"), "--size", "320x240",
        "--every", "10", "--no-video",
      ])
    defer { terminal.hangUp() }
    #expect(terminal.wait(for: " steps ("), "\(terminal.text)")
    #expect(terminal.exitCode() == 0)
    #expect(terminal.text.contains("render  "))
  }
}
