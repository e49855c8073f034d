import ArgumentParser
import Environments
import Experiments
import Files
import Foundation
import Learning
import Parallel

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a policy.",
    discussion: """
      Writes into the output folder: config.yaml with every setting that was used, metrics.csv \
      with the learning curves, latest.safetensors and best.safetensors, checkpoints, and the world: \
      a map and a robot of one's own, and the compiled model. Ctrl-C, kill, a closed terminal and the \
      warnings of batch systems (SIGUSR1, SIGUSR2, SIGXCPU) end the run with everything saved and the \
      exit code 128 + the signal's number; --resume continues it, on the same kind of processor to the \
      same bits.

        hiro train ant-maze --output runs/maze
        hiro train point-maze --steps 100_000 --seed 3 --output runs/point
        hiro train ant-push --preset no-correction --output runs/push
        hiro train ant-maze --set lower.discount=0.95 --output runs/short-sighted
        hiro train --config runs/maze/config.yaml --seed 1 --output runs/maze-1
        hiro train --map my-maze.txt --output runs/mine
        hiro train --map my-maze.txt --robot my-robot.xml --output runs/my-robot
        hiro train --resume runs/maze --steps 20_000_000

      Settings come from, the later over the earlier: the published defaults, the task's own, \
      --preset, --config, --set and the options of the command line. `hiro list settings` names \
      them all.
      """)

  @Argument(
    help: "The task; `hiro list tasks` names them. Left out, --config or --map gives it.",
    completion: .task)
  var task: String?

  @Option(
    help: .init("The folder for the results; it must not hold a run yet.", valueName: "folder"),
    completion: .directory)
  var output: String?

  @Option(
    help: .init("Continue the run in this folder from its last checkpoint.", valueName: "folder"),
    completion: .directory)
  var resume: String?

  @Option(
    parsing: .unconditional,
    help: .init("Environment steps in all; the published 10 million by default.", valueName: "n"))
  var steps: String?

  @Option(
    parsing: .unconditional,
    help: .init("Every random number derives from it; 0 by default.", valueName: "n"))
  var seed: String?

  @Option(
    help: .init("A variant that the paper measures; `hiro list presets`.", valueName: "name"),
    completion: .preset)
  var preset: String?

  @Option(
    help: .init("Settings as YAML.", valueName: "file"), completion: .file(extensions: ["yaml"]))
  var config: String?

  @Option(
    name: .customLong("set"), parsing: .unconditionalSingleValue,
    help: .init("A setting, such as lower.discount=0.95; may be repeated.", valueName: "key=value"),
    completion: .assignment)
  var assignments: [String] = []

  @Option(help: .init("A maze of one's own, a text file.", valueName: "file"), completion: .file())
  var map: String?

  @Option(
    help: .init("A robot for the maze in the Ant's place, an MJCF file.", valueName: "file"),
    completion: .file())
  var robot: String?

  @Option(
    parsing: .unconditional,
    help: .init("Threads to use; the result does not depend on it.", valueName: "n"))
  var threads = WorkerPool.processorCount

  @Flag(inversion: .prefixedNo, help: "Write event files for TensorBoard.")
  var tensorboard = true

  @Option(
    parsing: .unconditional,
    help: .init(
      "End, with everything saved, once this process is gone: it began the run.",
      valueName: "process", visibility: .private))
  var parent: Int32?

  func validate() throws {
    guard (1...1_024).contains(threads) else {
      throw ValidationError("--threads: expected a number from 1 to 1024, found \(threads)")
    }
    guard (output == nil) != (resume == nil) else {
      throw ValidationError(
        output == nil
          ? "--output: name a folder for the results" : "--output and --resume exclude each other")
    }
    guard resume == nil || (task == nil && map == nil && preset == nil && config == nil) else {
      throw ValidationError("--resume: the run knows its task, map and settings; leave them out")
    }
    guard robot == nil || map != nil || resume != nil || (config != nil && task == nil) else {
      throw ValidationError("--robot: a robot of one's own needs a --map to stand in")
    }
    guard task == nil || map == nil else {
      throw ValidationError("--map: it is the task; leave \"\(task ?? "")\" out")
    }
    guard task != nil || map != nil || config != nil || resume != nil else {
      throw ValidationError("name a task, such as ant-maze; `hiro list tasks` shows them all")
    }
    let keys = assignments.map { $0.prefix { $0 != "=" } }
    for (index, key) in keys.enumerated() where keys[..<index].contains(key) {
      throw ValidationError("--set \(key): given twice; give it once")
    }
    guard resume != nil || !keys.contains("task") else {
      throw ValidationError("--set task: the task is an argument of its own: hiro train TASK")
    }
  }

  func run() throws {
    let watch = SignalWatch(
      stopping: "stopping: saving everything",
      givingUp: "given up: what came after the last checkpoint is lost")
    let messages = Messages.shared
    let run = try makeRun()
    let line = ProgressLine(task: run.configuration.task)
    messages.say(
      "\(run.configuration.task), seed \(run.configuration.seed): steps "
        + "\(grouped(run.trainer.steps)) to \(grouped(run.configuration.steps)), into "
        + run.folder)
    for warning in run.resumeWarnings { messages.say("warning: \(warning)") }
    let ending = try run.run(
      shouldStop: { watch.signal != nil || isAbandoned },
      report: { progress in line.show(progress) })
    messages.endLine()
    switch ending {
    case .finished: messages.say("done; hiro evaluate \(run.folder) tells how good it is")
    case .succeeded: messages.say("stopped at the success that was asked for")
    case .stopped:
      messages.say("stopped; hiro train --resume \(run.folder) continues")
      throw ExitCode(watch.exitCode)
    }
  }

  /// Whether the process that began the run (a study) has ended; then the run ends, too, because
  /// nobody would notice its result.
  private var isAbandoned: Bool { parent.map { $0 != getppid() } ?? false }

  private func makeRun() throws -> TrainingRun {
    let pool = WorkerPool(threads: threads)
    if let resume {
      return try TrainingRun(
        resuming: resume,
        changes: { configuration in
          var layers = ConfigurationLayers(configuration)
          try applyOptions(to: &layers)
          return layers.configuration
        }, robot: robot, pool: pool, writesEvents: tensorboard)
    }
    let definition = try self.definition()
    var layers = try ConfigurationLayers(for: definition.description, preset: preset)
    if let config { try layers.apply(file: config, for: definition.description) }
    try applyOptions(to: &layers)
    var configuration = layers.configuration
    configuration.task = definition.description.name
    return try TrainingRun(
      configuration: configuration, definition: definition,
      map: definition.isBuiltIn ? nil : definition.map, folder: output ?? ".", pool: pool,
      writesEvents: tensorboard)
  }

  /// The task that the command line names, or that of the map, or that of the configuration file; a
  /// custom map and robot of a run are found beside that file.
  private func definition() throws -> TaskDefinition {
    if let map { return try TaskDefinition(map: MazeMap(path: map), robot: robot) }
    if let task { return try TaskRegistry.definition(named: task) }
    var layers = ConfigurationLayers()
    guard let config else { return try TaskRegistry.definition(named: layers.configuration.task) }
    try layers.apply(file: config)
    let name = layers.configuration.task
    let definition: TaskDefinition
    do {
      definition = try RunFolder.definition(named: name, besideConfiguration: config)
    } catch let error as EnvironmentError {
      // A misspelt name of a built-in task keeps its own error.
      guard case .unknownTask(_, let known) = error, nearest(to: name, in: known) == nil else {
        throw error
      }
      throw ValidationError(
        "\(config): its task \"\(name)\" is a maze of one's own, and no map of that name lies beside "
          + "the file; give it with --map, and its robot with --robot")
    }
    guard let robot else { return definition }
    guard let map = definition.map, !definition.isBuiltIn else {
      throw ValidationError("--robot: \(name) has a robot of its own; leave it out")
    }
    return try TaskDefinition(map: map, robot: robot)
  }

  private func applyOptions(to layers: inout ConfigurationLayers) throws {
    for assignment in assignments { try layers.apply(assignment: assignment) }
    if let steps { try layers.apply(["steps": steps], source: "--steps") }
    if let seed { try layers.apply(["seed": seed], source: "--seed") }
  }
}
