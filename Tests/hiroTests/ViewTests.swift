import Foundation
import Testing

@Suite struct ViewTests {
  /// The programs that the script needs.
  static let hasScreen = ["Xvfb", "xdotool", "import", "compare"].allSatisfy { program in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
    }
  }

  @Test(
    "The window of hiro view answers its keys and the mouse, on a virtual screen",
    .enabled(if: hasScreen), .timeLimit(.minutes(5)))
  func window() throws {
    // The program is built beside the tests.
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let hiro = URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/hiro"
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: package.path + "/scripts/test-view")
    process.arguments = [hiro]
    let messages = Pipe()
    process.standardError = messages
    process.standardOutput = messages
    try process.run()
    let text = try messages.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(String(decoding: text, as: UTF8.self))")
  }
}
