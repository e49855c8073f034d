import ArgumentParser
import Experiments
import Files
import Foundation
import Learning

struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Train many seeds of many variants, here or on a cluster.",
    discussion: """
      Trains every combination of task, variant and seed, each as a run of hiro train in its own \
      folder OUTPUT/TASK/VARIANT/seed-N. OUTPUT/study.yaml has all that is needed to repeat the \
      study. Ctrl-C stops the study and saves every run; the same command continues it. A run that \
      fails is continued from its last checkpoint; if it fails repeatedly, this is reported, and \
      the other runs continue. `hiro compare` shows the results as tables.

        hiro study ant-push --seeds 1-10 --presets hiro,dependable --output runs/push
        hiro study point-maze,ant-maze --seeds 1-5 --steps 2_000_000 --output runs/mazes
        hiro study study.yaml --output runs/mine
        hiro study --resume runs/push
        hiro study study.yaml --output runs/mine --slurm --partition long --time 12:00:00
        hiro compare runs/push

      A study file:

        tasks: [ant-maze]           # or map: my-maze.txt, and robot: my-robot.xml
        variants:
          - hiro                    # a preset, or a preset with changes:
          - {name: short-sighted, preset: hiro, set: {lower.discount: 0.95}}
        seeds: 1-5
        steps: 2_000_000
        set: {evaluation.episodes: 50}
        slurm: [--account=me]       # further options of sbatch
      """)

  @Argument(
    help: .init(
      "A study file, or tasks separated by commas.", valueName: "file-or-tasks"),
    completion: .file(extensions: ["yaml"]))
  var subject: String?

  @Option(
    help: .init(
      "The folder for the runs; if it contains the study already, the study continues.",
      valueName: "folder"),
    completion: .directory)
  var output: String?

  @Option(
    help: .init("Continue the study in this folder.", valueName: "folder"),
    completion: .directory)
  var resume: String?

  @Option(parsing: .unconditional, help: .init("Seeds, such as 1-10 or 1-3,7.", valueName: "list"))
  var seeds: String?

  @Option(
    help: .init(
      "Presets to compare, separated by commas; `hiro list presets` shows all.", valueName: "names")
  )
  var presets: String?

  @Option(
    parsing: .unconditional, help: .init("Environment steps of each run.", valueName: "n"))
  var steps: String?

  @Option(
    name: .customLong("set"), parsing: .unconditionalSingleValue,
    help: .init("A setting for all runs; may be repeated.", valueName: "key=value"))
  var assignments: [String] = []

  @OptionGroup var world: OwnWorld

  @Option(
    parsing: .unconditional,
    help: .init(
      "Number of runs at the same time; by default, as many as the cores and the memory are enough "
        + "for.", valueName: "n"))
  var jobs: Int?

  @Option(
    parsing: .unconditional,
    help: .init("Number of threads of each run; the results do not depend on it.", valueName: "n"))
  var threads = 1

  @Flag(inversion: .prefixedNo, help: "Write event files for TensorBoard into each run's folder.")
  var tensorboard = true

  @Flag(help: "Only print the runs, each as a command that trains this run alone.")
  var dryRun = false

  @Flag(help: "Submit the runs to Slurm as a job array instead of running them on this machine.")
  var slurm = false

  @Option(help: .init("With --slurm: the partition in which to run.", valueName: "name"))
  var partition: String?

  @Option(
    help: .init(
      """
      With --slurm: the time limit of each array task; shortly before it, the run saves and ends, \
      and the task is queued again.
      """,
      valueName: "h:mm:ss"))
  var time: String?

  @Option(
    help: .init(
      "With --slurm: the memory of each array task; by default, what it needs.", valueName: "size"))
  var memory: String?

  @Option(help: .init("Train only the run with this number.", valueName: "n", visibility: .private))
  var only: Int?

  func validate() throws {
    if let jobs { try ValidationError.check("--jobs", jobs, in: 1...100_000) }
    try ValidationError.check(threads: threads)
    guard output == nil || resume == nil else {
      throw ValidationError("--output and --resume cannot be used together")
    }
    guard dryRun || output != nil || resume != nil else {
      throw ValidationError("--output: name a folder for the runs")
    }
    guard resume == nil || (subject == nil && world.map == nil) else {
      throw ValidationError("--resume: the tasks are those of the study; leave them out")
    }
    guard resume != nil || subject != nil || world.map != nil else {
      throw ValidationError(
        "name a study file or a task, such as ant-maze; `hiro list tasks` shows them all")
    }
    try world.check(besides: subject)
    guard slurm || (partition == nil && time == nil && memory == nil) else {
      throw ValidationError(
        "--partition, --time and --memory are for --slurm; add --slurm or leave them out")
    }
    if let time {
      guard let seconds = SlurmArray.seconds(inTime: time) else {
        throw ValidationError(
          "--time: expected a time limit such as 90 (minutes), 4:00:00 or 2-12, found \"\(time)\"")
      }
      guard seconds >= SlurmArray.shortestTime else {
        throw ValidationError(
          "--time: a task saves and ends \(SlurmArray.notice) s before its limit; give it at least "
            + "\(SlurmArray.shortestTime / 60) minutes, not \(seconds) s")
      }
    }
    for (name, value) in [("--partition", partition), ("--time", time), ("--memory", memory)] {
      guard value?.contains(where: \.isWhitespace) != true else {
        throw ValidationError("\(name): expected no white space in \"\(value ?? "")\"")
      }
    }
  }

  func run() throws {
    let study = try self.study()
    if dryRun, output == nil, resume == nil { return printRuns(try study.runs(), in: "RUNS") }
    let folder = try StudyFolder(path: resume ?? output ?? ".", study: study)
    if dryRun { return printRuns(folder.runs, in: folder.path) }
    if let only { try become(only, of: folder) }
    let options = tensorboard ? [] : ["--no-tensorboard"]
    if slurm { return try submit(folder, options) }
    try make(folder, options)
  }

  private func printRuns(_ runs: [StudyRun], in folder: String) {
    for run in runs {
      print(
        (["hiro", "train"] + run.arguments + ["--output", "\(folder)/\(run.folder)"])
          .map(shellQuoted).joined(separator: " "))
    }
  }

  /// The study from the file, the folder or the command line, overridden by the options.
  private func study() throws -> Study {
    var study: Study
    if let resume {
      study = try StudyFolder.study(in: resume)
    } else if let map = world.map {
      study = Study(world: .map(map, robot: world.robot))
    } else {
      let subject = subject ?? ""
      let isFile =
        subject.contains("/") || subject.hasSuffix(".yaml") || subject.hasSuffix(".yml")
        || FileManager.default.fileExists(atPath: subject)
      if isFile {
        study = try Study(path: subject)
      } else {
        let tasks = list(subject)
        if let twice = tasks.first(where: { name in tasks.count { $0 == name } > 1 }) {
          throw ValidationError("task \(twice): given twice; give it once")
        }
        study = Study(world: .tasks(tasks))
      }
    }
    if let presets {
      study.variants = try list(presets).map { Study.Variant(preset: try Preset.named($0).name) }
      let names = study.variants.map(\.name)
      if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
        throw ValidationError("--presets: \(twice) is given twice; give it once")
      }
    }
    if let seeds { study.seeds = try SeedList.seeds(in: seeds, source: "--seeds") }
    try study.apply(steps: steps, assignments: assignments)
    return study
  }

  private func list(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// Replaces this process by the `hiro train` of one run, so that the run itself receives signals
  /// and sets the exit code.
  private func become(_ index: Int, of folder: StudyFolder) throws {
    guard let run = folder.runs.first(where: { $0.index == index }) else {
      throw ValidationError("--only: the study has the runs 0 to \(folder.runs.count - 1)")
    }
    guard !folder.state(of: run).isFinished else { throw ExitCode.success }
    try AtomicFile.makeFolder(folder.folder(of: run))
    let arguments = StudyRunner.arguments(
      of: run, in: folder, threads: threads, options: tensorboard ? [] : ["--no-tensorboard"])
    let program = Hiro.path
    var vector = ([program] + arguments).map { strdup($0) } + [nil]
    execv(program, &vector)
    throw FileError(errno: errno, path: program, operation: "starting", writing: false)
  }

  private func submit(_ folder: StudyFolder, _ options: [String]) throws {
    var array = SlurmArray()
    (array.partition, array.time, array.memory) = (partition, time, memory)
    (array.threads, array.jobs, array.options) = (threads, jobs, options)
    guard let (job, runs) = try array.submit(folder, program: Hiro.path) else {
      print("all \(folder.runs.count) runs are finished; the results: hiro compare \(folder.path)")
      return
    }
    print("job \(job): \(counted(runs, "run")), results in \(folder.path)")
    print("the queue: squeue --jobs \(job); the results so far: hiro compare \(folder.path)")
  }

  private func make(_ folder: StudyFolder, _ options: [String]) throws {
    try SlurmArray.checkNotQueued(folder)
    let runner = try StudyRunner(
      folder, program: Hiro.path, jobs: jobs, threads: threads, options: options)
    try folder.prepare()
    let watch = SignalWatch(
      stopping: "stopping: all runs are being saved",
      givingUp: "quit at once; the runs save and end by themselves")
    var line = StatusLine()
    let messages = Messages.shared
    messages.say(
      "study of \(counted(folder.runs.count, "run")), \(runner.jobs) at a time, results in "
        + folder.path)
    let ending = try runner.run(
      shouldStop: { watch.signal != nil },
      tell: { event in messages.say(Self.text(event)) },
      report: { progress in
        line.show {
          watch.signal == nil ? Self.text(progress) : "saving \(counted(progress.running, "run"))"
        }
      })
    messages.endLine()
    switch ending {
    case .finished: messages.say("done; the results: hiro compare \(folder.path)")
    case .stopped:
      messages.say("stopped, every run saved; to continue: hiro study --resume \(folder.path)")
      throw ExitCode(watch.exitCode)
    }
  }

  private static func text(_ event: StudyRunner.Event) -> String {
    switch event {
    case .started(let run, let step):
      step == 0 ? "\(run.name): begins" : "\(run.name): continues after step \(grouped(step))"
    case .finished(let run, let seconds): "\(run.name): done in \(duration(seconds))"
    case .retried(let run, let reason):
      "\(run.name): \(reason); trying again from its last checkpoint"
    case .failed(let run, let reason): "\(run.name): FAILED: \(reason)"
    }
  }

  private static func text(_ progress: StudyProgress) -> String {
    let percent = 100 * progress.steps / max(1, progress.totalSteps)
    var parts = [
      "\(progress.finished) of \(counted(progress.runs, "run")) done", "\(percent) % of all steps",
    ]
    if progress.running > 0 { parts.append("\(progress.running) running") }
    if progress.failed > 0 { parts.append("\(progress.failed) FAILED") }
    if let rate = progress.stepsPerSecond { parts.append("\(Int(rate)) steps/s") }
    if let seconds = progress.secondsLeft { parts.append("\(duration(seconds)) left") }
    return parts.joined(separator: "  ")
  }
}

/// `text` quoted as one word for a shell.
private func shellQuoted(_ text: String) -> String {
  let isPlain = text.allSatisfy { $0.isLetter || $0.isNumber || "-_./=,:+%@".contains($0) }
  return isPlain && !text.isEmpty ? text : "'\(text.replacing("'", with: "'\\''"))'"
}
