import Foundation
import TestSupport
import Testing

@Suite("Any polite end saves, whatever happens to the output", .timeLimit(.minutes(10)))
struct StoppingTests {
  let folder = try! TemporaryFolder()

  var run: String { folder.file("run") }

  /// The arguments of a run that does not end by itself, and reports and evaluates all the time.
  var endless: [String] {
    ["train", "point-maze", "--steps", "100000000", "--output", run] + tiny
  }

  /// The same run, but its first evaluation, at step 200, does not end by itself in the time of a
  /// test.
  var evaluating: [String] {
    ["train", "point-maze", "--steps", "100000000", "--output", run]
      + tinyRun(with: "evaluation.episodes=100000")
  }

  /// The steps of the checkpoints in the run's folder.
  func checkpoints() -> [Int] {
    ((try? FileManager.default.contentsOfDirectory(atPath: run)) ?? []).compactMap { name in
      name.hasPrefix("checkpoint-") ? Int(name.dropFirst(11).dropLast(12)) : nil
    }.sorted()
  }

  /// The rows of the learning curves.
  func rows() -> [Substring] {
    ((try? String(contentsOfFile: "\(run)/metrics.csv", encoding: .utf8)) ?? "")
      .split(separator: "\n").dropFirst().map { $0 }
  }

  /// Checks that the run is saved at least up to the step of its last row.
  func checkSaved(location: SourceLocation = #_sourceLocation) throws {
    let last = try #require(rows().last?.split(separator: ",").first.flatMap { Int($0) })
    #expect(last > 0 && checkpoints().last ?? 0 >= last, sourceLocation: location)
    let inspected = try Program.run("inspect", run)
    #expect(inspected.code == 0, "\(inspected.errors)", sourceLocation: location)
  }

  @Test(
    "Every signal that asks for an end is answered and ends a run with everything saved",
    arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU])
  func signals(signal: Int32) throws {
    let program = try Program(endless)
    try program.wait { rows().count > 2 }
    program.send(signal)
    let outcome = try program.outcome()
    #expect(outcome.code == 128 + signal, "\(outcome.errors)")
    #expect(outcome.errors.contains("stopping: saving everything"), "\(outcome.errors)")
    #expect(
      outcome.errors.hasSuffix("to continue: hiro train --resume \(run)\n"), "\(outcome.errors)")
    try checkSaved()
  }

  @Test("A reader that goes away takes nothing with it")
  func brokenPipe() throws {
    let pipe = Pipe()
    let program = try Program(endless, standardError: pipe.fileHandleForWriting)
    try pipe.fileHandleForWriting.close()
    try program.wait { rows().count > 2 }
    try pipe.fileHandleForReading.close()
    let before = rows().count
    try program.wait { rows().count > before + 4 }
    #expect(program.isRunning)
    program.send(SIGINT)
    #expect(try program.outcome().code == 130)
    try checkSaved()
  }

  @Test("Ctrl-C in an evaluation, with `| tee` that it ends first")
  func tee() throws {
    let terminal = try PseudoTerminal(
      "/bin/bash",
      ["-c", "\"$0\" \"$@\" 2>&1 | tee '\(folder.file("log"))'", Program.path] + evaluating)
    defer { terminal.hangUp() }
    let end = Date().addingTimeInterval(60)
    while rows().isEmpty, Date() < end { usleep(20_000) }
    usleep(300_000)
    terminal.type("\u{3}")
    _ = terminal.exitCode()
    while checkpoints().last != 200, Date() < end { usleep(20_000) }
    #expect(checkpoints() == [0, 200])
    try checkSaved()
  }

  @Test("A reader that does not read holds nothing up", arguments: [SIGINT, SIGTERM])
  func stalledReader(signal: Int32) throws {
    let pipe = Pipe()
    let setPipeSize: Int32 = 1031
    #expect(fcntl(pipe.fileHandleForWriting.fileDescriptor, setPipeSize, 4096) == 4096)
    // Only 1,024 bytes are left. Each second row comes with an evaluation, which writes a line of
    // more than 40 bytes, so these are more than the pipe holds.
    try pipe.fileHandleForWriting.write(contentsOf: Data(count: 3_072))
    let program = try Program(endless, standardError: pipe.fileHandleForWriting)
    try program.wait { rows().count > 60 }
    #expect(program.isRunning)
    program.send(signal)
    #expect(try program.outcome().code == 128 + signal)
    // Up to here somebody could have read.
    try pipe.fileHandleForReading.close()
    try checkSaved()
  }

  @Test("A terminal that was stopped with Ctrl-S, or goes away, holds nothing up")
  func terminal() throws {
    let terminal = try PseudoTerminal(Program.path, endless)
    #expect(terminal.wait(for: "steps/s"))
    terminal.type("\u{13}")
    let before = rows().count
    let end = Date().addingTimeInterval(60)
    while rows().count < before + 20, Date() < end { usleep(20_000) }
    #expect(rows().count >= before + 20)
    terminal.hangUp()
    #expect(terminal.exitCode() == 128 + SIGHUP)
    try checkSaved()
  }

  @Test("An evaluation is interrupted, and made again to the same bytes")
  func evaluation() throws {
    let program = try Program(evaluating)
    try program.wait { !rows().isEmpty }
    usleep(300_000)
    program.send(SIGTERM)
    let outcome = try program.outcome()
    #expect(outcome.code == 128 + SIGTERM, "\(outcome.errors)")
    // At the end of an evaluation there would be a row of it.
    #expect(rows().count == 1 && checkpoints() == [0, 200])

    let end = ["--steps", "500", "--set", "evaluation.episodes=1"]
    let resumed = try Program.run(["train", "--resume", run] + end)
    #expect(resumed.code == 0, "\(resumed.errors)")
    #expect(resumed.errors.contains("evaluation at 200: "), "\(resumed.errors)")
    let whole = try Program.run(
      ["train", "point-maze", "--output", folder.file("whole"), "--steps", "500"] + tiny)
    #expect(whole.code == 0, "\(whole.errors)")
    #expect(
      try curvesWithoutTime("\(run)/metrics.csv")
        == curvesWithoutTime(folder.file("whole/metrics.csv")))
    for name in ["latest.safetensors", "checkpoint-500.safetensors"] {
      #expect(
        FileManager.default.contentsEqual(
          atPath: "\(run)/\(name)", andPath: folder.file("whole/\(name)")), "\(name)")
    }
  }

  @Test("Signals that come twice by themselves do not give up: timeout, a slip, a closing shell")
  func twice() throws {
    let timeout = try Program(script: "exec timeout 600 \"$HIRO\" \"$@\"", evaluating)
    try timeout.wait { !rows().isEmpty }
    // The signal of its own clock: for timeout, the time is up.
    timeout.send(SIGALRM)
    let ended = try timeout.outcome()
    #expect(ended.code == 124, "\(ended.errors)")
    #expect(ended.errors.contains("stopping: saving everything"), "\(ended.errors)")
    #expect(try #require(checkpoints().last) > 0, "\(ended.errors)")
    for signals in [[SIGINT, SIGINT], [SIGHUP, SIGHUP], [SIGUSR1, SIGTERM]] {
      try FileManager.default.removeItem(atPath: run)
      let program = try Program(evaluating)
      try program.wait { !rows().isEmpty }
      // Both signals are pending when the process continues.
      for signal in [SIGSTOP] + signals + [SIGCONT] { program.send(signal) }
      let outcome = try program.outcome()
      #expect(signals.map { 128 + $0 }.contains(outcome.code), "\(outcome.errors)")
      #expect(outcome.errors.contains("stopping: saving everything"), "\(outcome.errors)")
      #expect(try #require(checkpoints().last) > 0, "\(signals): \(outcome.errors)")
    }
  }

  @Test("A second Ctrl-C gives up, and says so")
  func givingUp() throws {
    // One window of this run takes longer than the test waits.
    let long = [
      "subgoals.interval=10000", "lower.hiddenUnits=1024", "lower.batchSize=512", "warmUpSteps=1",
      "higher.replayCapacity=10", "higher.batchSize=1",
    ].flatMap { ["--set", $0] }
    let program = try Program(
      ["train", "point-maze", "--steps", "100000000", "--output", run] + long)
    try program.wait { checkpoints() == [0] }
    usleep(500_000)
    program.send(SIGINT)
    try program.wait { try program.errors.contains("Ctrl-C again to quit at once") }
    usleep(700_000)
    program.send(SIGINT)
    let outcome = try program.outcome()
    #expect(outcome.code == 130)
    #expect(
      outcome.errors.hasSuffix(
        "quit without saving: the steps since the last checkpoint are lost\n"))
    #expect(checkpoints() == [0])
  }

  @Test("nohup is respected: a terminal that closes does not end the run")
  func nohup() throws {
    let program = try Program(script: "exec nohup \"$HIRO\" \"$@\"", endless)
    try program.wait { rows().count > 2 }
    program.send(SIGHUP)
    let before = rows().count
    try program.wait { rows().count > before + 10 }
    #expect(program.isRunning)
    program.send(SIGTERM)
    #expect(try program.outcome().code == 128 + SIGTERM)
    try checkSaved()
  }
}
