import Foundation
import TestSupport

/// The built program, run as a user runs it. If it still runs when the object is released, because
/// a test has failed, it is killed.
final class Program {
  /// The result of a run of the program.
  struct Outcome {
    let code: Int32
    let output: String
    let errors: String
  }

  /// What a test needs did not happen.
  struct Failure: Error, CustomStringConvertible {
    let description: String
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
  convenience init(
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
    folder = try TemporaryFolder()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // The output goes to files and not to pipes, so nobody has to empty them while the program
    // runs.
    for file in [output, errorFile] { try Data().write(to: URL(fileURLWithPath: file)) }
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = standardError ?? FileHandle(forWritingAtPath: errorFile)
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  deinit { killIfRunning() }

  /// The process number, which appears in messages of the program.
  var identifier: Int32 { process.processIdentifier }

  /// What the program has written to standard error so far.
  var errors: String {
    get throws { try String(contentsOfFile: errorFile, encoding: .utf8) }
  }

  /// The processor time that the program has used so far (s).
  var processorTime: Double {
    let status = Self.status(of: identifier)
    guard status.count > 12, let own = Double(status[11]), let system = Double(status[12])
    else { return 0 }
    // Linux tells it in hundredths of a second.
    return (own + system) / 100
  }

  /// Sends the program a signal.
  func send(_ signal: Int32) { kill(identifier, signal) }

  /// Whether the program is still running.
  var isRunning: Bool { process.isRunning }

  /// Waits until `condition` holds, for as long as the program runs. If the program still runs
  /// after `seconds`, it is killed: waiting for ever would hold up all other tests.
  func wait(seconds: Double = 120, until condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while try process.isRunning && !condition() {
      if ContinuousClock.now > end {
        killIfRunning()
        let command = (process.arguments ?? []).joined(separator: " ")
        let said = try errors
        throw Failure(description: "killed after \(seconds) s: \(command)\n\(said)")
      }
      usleep(20_000)
    }
  }

  /// Waits for the program's end.
  func outcome() throws -> Outcome {
    try wait(seconds: 600) { false }
    process.waitUntilExit()
    return Outcome(
      code: process.terminationReason == .exit ? process.terminationStatus : -1,
      output: try String(contentsOfFile: output, encoding: .utf8), errors: try errors)
  }

  /// Kills the program and what it has started, if it still runs, and waits for their end.
  private func killIfRunning() {
    guard process.isRunning else { return }
    for number in [identifier] + Self.descendants(of: identifier) { kill(number, SIGKILL) }
    for _ in 0..<1_500 where process.isRunning { usleep(20_000) }
  }

  // MARK: Processes

  private static var processes: [pid_t] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
  }

  /// The words of the command lines of all processes that run now.
  static func commandLines() -> [pid_t: [String]] {
    var lines: [pid_t: [String]] = [:]
    for process in processes {
      let line = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/cmdline"))) ?? Data()
      lines[process] = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
    return lines
  }

  /// The processes that `process` has started, and those that they have started.
  private static func descendants(of process: pid_t) -> [pid_t] {
    let children = processes.filter { number in
      let status = status(of: number)
      return status.count > 1 && pid_t(status[1]) == process
    }
    return children + children.flatMap { descendants(of: $0) }
  }

  /// What the file /proc/NUMBER/stat tells after the program's name: the state, the parent, and at
  /// 11 and 12 the processor time of the program itself and of the system for it.
  private static func status(of process: pid_t) -> [Substring] {
    let line = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/stat"))) ?? Data()
    let text = String(decoding: line, as: UTF8.self)
    // The name is in parentheses and may contain spaces.
    guard let nameEnd = text.lastIndex(of: ")") else { return [] }
    return Array(text[nameEnd...].split(separator: " ").dropFirst())
  }
}

/// Settings with which a run takes a second.
let tiny = tinyRun()

/// The settings of ``tiny``, with some of them changed and others added.
func tinyRun(with changes: String...) -> [String] {
  func key(_ setting: String) -> Substring { setting.prefix { $0 != "=" } }
  let settings = [
    "evaluation.interval=200", "evaluation.episodes=1", "reportInterval=100", "warmUpSteps=50",
    "lower.hiddenUnits=16", "higher.hiddenUnits=16", "lower.batchSize=8", "higher.batchSize=8",
  ].filter { setting in !changes.contains { key($0) == key(setting) } }
  return (settings + changes).flatMap { ["--set", $0] } + ["--no-tensorboard"]
}

/// A run of Point Maze with 200 steps and the seed 7, which is made once for all tests.
enum ShortRun {
  private static let folder: Result<TemporaryFolder, any Error> = Result {
    let folder = try TemporaryFolder.untilExit()
    let trained = try Program.run(
      ["train", "point-maze", "--steps", "200", "--seed", "7", "--output", folder.file("run")]
        + tiny)
    guard trained.code == 0 else {
      throw Program.Failure(description: "no run for the tests: \(trained.errors)")
    }
    return folder
  }

  /// Its folder, in which no test may change anything.
  static var path: String {
    get throws { try folder.get().file("run") }
  }

  /// Copies it to `path`, and returns this path.
  static func copy(to path: String) throws -> String {
    try FileManager.default.copyItem(atPath: Self.path, toPath: path)
    return path
  }
}
