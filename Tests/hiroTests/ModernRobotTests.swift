import Environments
import Foundation
import MuJoCo
import TestSupport
import Testing

@Suite("Robots of today from the command line", .timeLimit(.minutes(10)))
struct ModernRobotTests {
  static let isModern = Model.libraryVersion >= 330
  let folder = try! TemporaryFolder()

  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("models/\(name)").path
  }

  @Test(
    "They train 5,000 steps in a maze, are resumed, evaluated and rendered",
    .enabled(if: isModern), arguments: ["quadruped", "humanoid", "drone"])
  func wholePath(name: String) throws {
    let robot = Self.path("robots/\(name).xml")
    let (run, pictures) = (folder.file("run"), folder.file("pictures"))
    let trained = try Program.run(
      ["train", "--map", Self.path("maps/corridor.txt"), "--robot", robot, "--output", run]
        + ["--steps", "4000"] + tinyRun(with: "evaluation.interval=2500"))
    #expect(trained.code == 0, "\(trained.errors)")
    let resumed = try Program.run(
      "train", "--resume", run, "--robot", robot, "--steps", "5000")
    #expect(resumed.code == 0, "\(resumed.errors)")
    let inspected = try Program.run("inspect", "\(run)/latest.safetensors")
    #expect(inspected.output.contains("5,000 of 5,000"), "\(inspected.output)")
    let evaluated = try Program.run("evaluate", run, "--robot", robot, "--episodes", "2")
    #expect(evaluated.code == 0, "\(evaluated.errors)")
    let rendered = try Program.run(
      "render", run, "--robot", robot, "--output", pictures, "--size", "160x120", "--every", "250")
    #expect(rendered.code == 0, "\(rendered.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: pictures).count > 0)
  }

  @Test(
    "An older libmujoco says that it is one", .enabled(if: Model.libraryVersion < 300))
  func refused() throws {
    let outcome = try Program.run(
      "train", "--map", Self.path("maps/corridor.txt"), "--robot",
      Self.path("robots/quadruped.xml"), "--output", folder.file("run"))
    #expect(outcome.code == 65)
    #expect(outcome.errors.contains("libmujoco \(Model.libraryVersionName) is linked"))
    #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
  }
}
