import Foundation
import TestSupport

/// The built program, run as a user runs it.
struct Program {
  /// The result of a run of the program.
  struct Outcome {
    let code: Int32
    let output: String
    let errors: String
  }

  /// The path of the program, which is in the same folder as the program of the tests.
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
    try Program(arguments, environment: environment).outcome()
  }

  /// Runs a bash script, in which `hiro` is the program and `$@` are the `arguments`. The output
  /// and the exit code are those of the script.
  static func script(
    _ text: String, _ arguments: [String] = [], environment: [String: String] = [:]
  ) throws -> Outcome {
    try Program(script: text, arguments, environment: environment).outcome()
  }

  private let process = Process()
  private let folder: TemporaryFolder
  private var output: String { folder.file("output") }
  private var errorFile: String { folder.file("errors") }

  /// Starts a bash script; see ``script(_:_:environment:)``.
  init(
    script: String, _ arguments: [String] = [], environment: [String: String] = [:]
  ) throws {
    try self.init(
      ["-c", "hiro() { '\(Self.path)' \"$@\"; }\n\(script)", "bash"] + arguments,
      environment: environment.merging(["HIRO": Self.path]) { $1 }, executable: "/bin/bash")
  }

  /// Starts `hiro`, or another program, with `arguments`. If standard error is given, ``errors``
  /// stays empty.
  init(
    _ arguments: [String], environment: [String: String] = [:], executable: String = Program.path,
    standardError: FileHandle? = nil
  ) throws {
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // The output goes to files and not to pipes, so nobody has to empty them while the program
    // runs.
    folder = try TemporaryFolder()
    for file in [output, errorFile] { try Data().write(to: URL(fileURLWithPath: file)) }
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = standardError ?? FileHandle(forWritingAtPath: errorFile)
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  /// The process number, which appears in messages of the program.
  var identifier: Int32 { process.processIdentifier }

  /// What the program has written to standard error so far.
  var errors: String {
    get throws { try String(contentsOfFile: errorFile, encoding: .utf8) }
  }

  /// Sends the program a signal.
  func send(_ signal: Int32) { kill(identifier, signal) }

  /// Whether the program is still running.
  var isRunning: Bool { process.isRunning }

  /// Waits until `condition` holds, for as long as the program runs.
  func wait(until condition: () throws -> Bool) throws {
    while try process.isRunning && !condition() { usleep(20_000) }
  }

  /// Waits for the program's end.
  func outcome() throws -> Outcome {
    process.waitUntilExit()
    return Outcome(
      code: process.terminationReason == .exit ? process.terminationStatus : -1,
      output: try String(contentsOfFile: output, encoding: .utf8), errors: try errors)
  }
}

/// Settings with which a run takes a second.
let tiny =
  [
    "evaluation.interval=200", "evaluation.episodes=1", "reportInterval=100", "warmUpSteps=50",
    "lower.hiddenUnits=16", "higher.hiddenUnits=16", "lower.batchSize=8", "higher.batchSize=8",
  ].flatMap { ["--set", $0] } + ["--no-tensorboard"]
