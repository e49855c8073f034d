import Experiments
import Foundation
import MuJoCo
import Testing

@Suite("What the program is made of: hiro --version")
struct VersionTests {
  @Test("It names the program, the commit, libmujoco, oneDNN and the instruction set")
  func names() throws {
    let outcome = try Program.run("--version")
    #expect(outcome.code == 0 && outcome.errors.isEmpty)
    let versions = SoftwareVersions.current
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 4)
    #expect(lines[0] == "hiro \(versions.program)")
    #expect(lines[2] == "libmujoco \(versions.mujoco)")
    #expect(lines[3] == "oneDNN \(versions.oneDNN), instruction set \(versions.instructionSet)")
    #expect(versions.mujoco.split(separator: ".").count == 3)
    let digits = versions.mujoco.split(separator: ".").compactMap { Int($0) }
    #expect(
      [
        digits[0] * 100 + digits[1] * 10 + digits[2],
        digits[0] * 1_000_000 + digits[1] * 1000 + digits[2],
      ]
      .contains(Model.libraryVersion))
  }

  @Test("The commit is one of this repository; without a repository it is unknown")
  func commit() throws {
    let line = try #require(
      Program.run("--version").output.split(separator: "\n").dropFirst().first)
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    guard FileManager.default.fileExists(atPath: folder.appendingPathComponent(".git").path) else {
      #expect(line == "commit unknown (built without git)")
      return
    }
    let parts = line.dropFirst("commit ".count).split(separator: "+")
    #expect(parts.count == 1 || parts[1] == "changes", "\(line)")
    let git = Process()
    git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    git.arguments = ["git", "-C", folder.path, "cat-file", "-e", "\(parts[0])^{commit}"]
    try git.run()
    git.waitUntilExit()
    #expect(git.terminationStatus == 0 && parts[0].count == 40, "\(line)")
  }

  @Test("ONEDNN_MAX_CPU_ISA lowers the instruction set that is named")
  func instructionSet() throws {
    #if arch(x86_64)
      let outcome = try Program.run(
        ["--version"], environment: ["ONEDNN_MAX_CPU_ISA": "SSE41", "DNNL_MAX_CPU_ISA": "SSE41"])
      #expect(outcome.output.contains("instruction set sse41\n"), "\(outcome.output)")
    #endif
  }
}
