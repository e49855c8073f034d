import Environments
import Experiments
import Files
import Foundation
import Learning
import Safetensors
import Synchronization
import TestSupport
import Testing

@Suite("The folder of a run")
struct RunFolderTests {
  let folder = try! TemporaryFolder()
  let definition = try! TaskRegistry.definition(named: "point-maze")

  /// The configuration of a small run.
  private func configuration(_ steps: Int, _ assignments: String...) throws -> RunConfiguration {
    var layers = ConfigurationLayers()
    for assignment in [
      "lower.hiddenUnits=8", "higher.hiddenUnits=8", "lower.batchSize=8", "higher.batchSize=8",
      "warmUpSteps=100", "reportInterval=100", "evaluation.interval=200", "evaluation.episodes=1",
      "evaluation.confirmationEpisodes=0",
    ] + assignments { try layers.apply(assignment: assignment) }
    var configuration = layers.configuration
    configuration.task = "point-maze"
    configuration.steps = steps
    return configuration
  }

  private func begin(_ configuration: RunConfiguration, _ name: String = "run") throws
    -> TrainingRun
  {
    try TrainingRun(
      configuration: configuration, definition: definition, folder: folder.file(name))
  }

  private func remove(_ isWanted: (String) -> Bool) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.file("run"))
    where isWanted(name) {
      try FileManager.default.removeItem(atPath: folder.file("run/\(name)"))
    }
  }

  @Test("A finished run whose checkpoints and policies were deleted is finished, and kept")
  func onlyCurves() throws {
    let settings = try configuration(400)
    #expect(try begin(settings).run() == .finished)
    let curves = try curvesWithoutTime(folder.file("run/metrics.csv"))
    func state(_ settings: RunConfiguration) -> RunState {
      RunState(folder: folder.file("run"), configuration: settings)
    }
    #expect(state(settings) == .finished(step: 400))
    try remove { $0.hasPrefix("checkpoint-") }
    #expect(state(settings) == .finished(step: 400))
    #expect(throws: RunError.occupied(folder: folder.file("run"), canContinue: false)) {
      try begin(settings)
    }
    // Without the curves, the last policy tells it.
    let rows = try String(contentsOfFile: folder.file("run/metrics.csv"), encoding: .utf8)
    try folder.file("run/metrics.csv", rows.split(separator: "\n")[0] + "\n")
    #expect(state(settings) == .finished(step: 400))
    try folder.file("run/metrics.csv", rows)
    try remove { $0.hasSuffix(".safetensors") }
    #expect(state(settings) == .finished(step: 400))
    #expect(try state(configuration(500)) == .notBegun)
    #expect(throws: RunError.occupied(folder: folder.file("run"), canContinue: false)) {
      try begin(settings)
    }
    #expect(try curvesWithoutTime(folder.file("run/metrics.csv")) == curves)
    #expect(try RunHistory(folder: folder.file("run")).isFinished)
  }

  @Test("A run is not finished while its last evaluation is owed")
  func owedEvaluation() throws {
    let settings = try configuration(400)
    let steps = Atomic<Int>(0)
    // The last evaluation begins after the last window.
    let ending = try begin(settings).run(
      shouldStop: { steps.load(ordering: .relaxed) >= 390 },
      report: { progress in steps.store(progress.steps, ordering: .relaxed) })
    #expect(ending == .stopped)
    #expect(
      RunState(folder: folder.file("run"), configuration: settings).isFinished == false)
    let calls = Atomic<Int>(0)
    // From the second question on, the evaluation at step 400 is stopped.
    #expect(
      try TrainingRun(resuming: folder.file("run"), changes: { $0 })
        .run(shouldStop: { calls.add(1, ordering: .relaxed).newValue > 1 }) == .stopped)
    #expect(RunFolder.checkpoints(in: folder.file("run"))[0].hasSuffix("-400.safetensors"))
    #expect(
      RunState(folder: folder.file("run"), configuration: settings).isFinished == false)
    #expect(try TrainingRun(resuming: folder.file("run"), changes: { $0 }).run() == .finished)
    #expect(
      RunState(folder: folder.file("run"), configuration: settings) == .finished(step: 400))
  }

  @Test("A run that ended by its success is not changed by being resumed")
  func succeeded() throws {
    // Any success ends the run; the one of the untrained policy is certain within 100 m.
    let easy = try TaskDefinition(
      map: MazeMap(text: "success: 100\nsteps: 50\n\n####\n#Ra#\n####\n", name: "easy"))
    var settings = try configuration(2_000, "evaluation.stopAtSuccess=1")
    settings.task = easy.description.name
    #expect(
      try TrainingRun(configuration: settings, definition: easy, folder: folder.file("run")).run()
        == .succeeded)
    let before = try folder.everything(in: "run")
    func longer(_ configuration: RunConfiguration) -> RunConfiguration {
      var longer = configuration
      longer.steps = 3_000
      return longer
    }
    #expect(
      try TrainingRun(resuming: folder.file("run"), changes: longer).run() == .succeeded)
    let after = try folder.everything(in: "run")
    for name in ["latest.safetensors", "best.safetensors", "metrics.csv"] {
      #expect(after[name] == before[name], "\(name)")
    }
    settings.steps = 3_000
    #expect(RunState(folder: folder.file("run"), configuration: settings).isFinished)
  }

  @Test("A run does not begin in the folder of a study")
  func study() throws {
    try folder.folder("run")
    try folder.file("run/study.yaml", "tasks: [point-maze]\n")
    #expect(throws: RunError.isStudy(folder: folder.file("run"))) { try begin(configuration(400)) }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("run")) == ["study.yaml"])
  }

  @Test("If every checkpoint is damaged, the error says how to begin again")
  func damaged() throws {
    #expect(try begin(configuration(400)).run() == .finished)
    for path in RunFolder.checkpoints(in: folder.file("run")) {
      try Data("nonsense".utf8).write(to: URL(fileURLWithPath: path))
    }
    let error = #expect(throws: RunError.self) {
      _ = try TrainingRun(resuming: folder.file("run"), changes: { $0 })
    }
    guard case .noIntactCheckpoint = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error!.description.contains("delete \(folder.file("run"))"))
  }

  @Test("A card's score of the task's first targets can be measured again; of others it can't")
  func cards() throws {
    let task = definition.description
    func evaluation(of targets: [Evaluation.Target], episodes: Int = 50) -> Evaluation? {
      Evaluation(
        PolicyCard.Score(
          task: task.name, episodes: episodes, seed: 9,
          targets: targets.map {
            .init(
              name: $0.name, position: $0.position, success: 1, successInterval: [0.9, 1],
              meanFinalDistance: 1, meanReturn: -1)
          }), of: task, threads: 1)
    }
    let all = Evaluation(task: task, episodes: 1, seed: 0, threads: 1).targets
    #expect(all.count == 3)
    #expect(evaluation(of: all)?.targets == all)
    #expect(evaluation(of: [all[0]])?.targets == [all[0]])
    #expect(evaluation(of: [all[1]]) == nil)
    #expect(evaluation(of: []) == nil)
    #expect(evaluation(of: all + all) == nil)
    #expect(evaluation(of: all, episodes: 1_001) == nil)
  }

  @Test("A device or a pipe is written to and not replaced")
  func devices() throws {
    try AtomicFile.write("lost", to: "/dev/null")
    var status = stat()
    #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    try AtomicFile.write("through the pipe", to: pipe)
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = read(reader, &bytes, bytes.count)
    #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "through the pipe")
    #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
  }

  @Test("An open stream of the process is written to at its place, also if it is a file")
  func streams() throws {
    let path = try folder.file("redirected", "first\n")
    let descriptor = open(path, O_WRONLY | O_APPEND)
    defer { close(descriptor) }
    for name in ["/dev/fd/\(descriptor)", "/proc/self/fd/\(descriptor)"] {
      try AtomicFile.write("more\n", to: name)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "first\nmore\nmore\n")
  }

  @Test("A header that no reader would read is not written")
  func header() throws {
    let path = folder.file("large.safetensors")
    let text = String(repeating: "x", count: SafetensorsFile.headerLimit)
    #expect(throws: SafetensorsError.self) {
      try Safetensors.write([], metadata: ["text": text], to: path)
    }
    #expect(try folder.contents == [])
    let fitting = String(text.dropLast(1_000))
    try Safetensors.write([], metadata: ["text": fitting], to: path)
    #expect(try SafetensorsFile(path: path).metadata["text"] == fitting)
  }
}
