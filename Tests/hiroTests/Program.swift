import Foundation
import TestSupport

/// The built program, run as a user runs it.
struct Program {
  /// What a run of the program came to.
  struct Outcome {
    let code: Int32
    let output: String
    let errors: String
  }

  /// The program stands beside the tests' own.
  static let path = {
    let test =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: test).deletingLastPathComponent().appendingPathComponent("hiro")
      .path
  }()

  /// Runs `hiro` with `arguments` to its end.
  static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    try run(arguments, environment: environment)
  }

  /// Runs `hiro` with `arguments` to its end.
  static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files, not pipes: nobody has to empty them while the program runs.
    let folder = try TemporaryFolder()
    let (output, errors) = (folder.file("output"), folder.file("errors"))
    for file in [output, errors] { try Data().write(to: URL(fileURLWithPath: file)) }
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationReason == .exit ? process.terminationStatus : -1,
      output: try String(contentsOfFile: output, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }
}

/// Settings with which a run takes a second.
let tiny = [
  "evaluation.interval=200", "evaluation.episodes=1", "reportInterval=100", "warmUpSteps=50",
  "lower.hiddenUnits=16", "higher.hiddenUnits=16", "lower.batchSize=8", "higher.batchSize=8",
].flatMap { ["--set", $0] }
