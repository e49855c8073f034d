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
      The output folder receives config.yaml with every setting that was used, metrics.csv with \
      the learning curves, the policies latest.safetensors and best.safetensors, checkpoints, and \
      the world: your own map and robot, if you gave them, and the compiled model.

      The preset `dependable` is the recipe that learns early and reliably (docs/recipe.md). Without \
      --preset, the policy is trained as published in the paper.

      Ctrl-C, kill, closing the terminal and the warnings of batch systems (SIGUSR1, SIGUSR2, \
      SIGXCPU) stop the run: it saves everything and ends with the exit code 128 + the signal's \
      number. --resume continues it, on the same kind of processor with the same results, bit for \
      bit, as without the interruption.

        hiro train ant-maze --preset dependable --output runs/maze
        hiro train point-maze --steps 100_000 --seed 3 --output runs/point
        hiro train ant-push --preset no-correction --output runs/push
        hiro train ant-maze --set lower.discount=0.95 --output runs/short-sighted
        hiro train --config runs/maze/config.yaml --seed 1 --output runs/maze-1
        hiro train --map my-maze.txt --output runs/mine
        hiro train --map my-maze.txt --robot my-robot.xml --output runs/my-robot
        hiro train --resume runs/maze --steps 20_000_000

      Settings are taken from these sources; a later one overrides the earlier ones: the published \
      defaults, the task's own defaults, --preset, --config, --set, and --steps and --seed. `hiro \
      list settings` shows all settings.
      """)

  @Argument(
    help: "The task; `hiro list tasks` shows all. Not needed with --map, --config or --resume.",
    completion: .task)
  var task: String?

  @Option(
    help: .init("The folder for the results; it must not contain a run yet.", valueName: "folder"),
    completion: .directory)
  var output: String?

  @Option(
    help: .init("Continue the run in this folder from its last checkpoint.", valueName: "folder"),
    completion: .directory)
  var resume: String?

  @Option(
    parsing: .unconditional,
    help: .init(
      "Total number of environment steps; by default 10 million, as published.", valueName: "n"))
  var steps: String?

  @Option(
    parsing: .unconditional,
    help: .init("Seed of all random numbers of the run; 0 by default.", valueName: "n"))
  var seed: String?

  @Option(
    help: .init(
      """
      A named set of settings: `dependable`, the recipe that learns early and reliably \
      (docs/recipe.md); `hiro`, the paper, which is the default; or a variant that the paper \
      measures. `hiro list presets` shows all.
      """, valueName: "name"),
    completion: .preset)
  var preset: String?

  @Option(
    help: .init(
      "A YAML file with settings, such as the config.yaml of another run.", valueName: "file"),
    completion: .file(extensions: ["yaml"]))
  var config: String?

  @Option(
    name: .customLong("set"), parsing: .unconditionalSingleValue,
    help: .init("A setting, such as lower.discount=0.95; may be repeated.", valueName: "key=value"),
    completion: .assignment)
  var assignments: [String] = []

  @OptionGroup var world: OwnWorld

  @Option(
    parsing: .unconditional,
    help: .init("Number of threads; the result does not depend on it.", valueName: "n"))
  var threads = WorkerPool.processorCount

  @Flag(inversion: .prefixedNo, help: "Write event files for TensorBoard.")
  var tensorboard = true

  @Option(
    parsing: .unconditional,
    help: .init(
      "The process that started the run; when it ends, the run saves everything and ends.",
      valueName: "process", visibility: .private))
  var parent: Int32?

  func validate() throws {
    try ValidationError.check(threads: threads)
    guard (output == nil) != (resume == nil) else {
      throw ValidationError(
        output == nil
          ? "--output: name a folder for the results"
          : "--output and --resume cannot be used together")
    }
    guard resume == nil || (task == nil && world.map == nil && preset == nil && config == nil)
    else {
      throw ValidationError(
        "--resume: the task, map, preset and configuration are those of the run; leave them out")
    }
    try world.check(
      besides: task, hasOtherMaze: resume != nil || (config != nil && task == nil))
    guard task != nil || world.map != nil || config != nil || resume != nil else {
      throw ValidationError("name a task, such as ant-maze; `hiro list tasks` shows them all")
    }
    let keys = assignments.map { $0.prefix { $0 != "=" } }
    for (index, key) in keys.enumerated() where keys[..<index].contains(key) {
      throw ValidationError("--set \(key): given twice; give it once")
    }
    guard resume != nil || !keys.contains("task") else {
      throw ValidationError("--set task: the task is an argument: hiro train TASK")
    }
  }

  func run() throws {
    let watch = SignalWatch(
      stopping: "stopping: saving everything",
      givingUp: "quit without saving: the steps since the last checkpoint are lost")
    let messages = Messages.shared
    let run = try makeRun()
    let line = ProgressLine(task: run.configuration.task)
    messages.say(
      "\(run.configuration.task), seed \(run.configuration.seed): steps "
        + "\(grouped(run.trainer.steps)) to \(grouped(run.configuration.steps)), results in "
        + run.folder)
    for warning in run.resumeWarnings { messages.say("warning: \(warning)") }
    let ending = try run.run(
      shouldStop: { watch.signal != nil || isAbandoned },
      report: { progress in line.show(progress) })
    messages.endLine()
    switch ending {
    case .finished: messages.say("done; to measure the policy: hiro evaluate \(run.folder)")
    case .succeeded:
      messages.say(
        "stopped: the success rate evaluation.stopAtSuccess is reached; to go on all the same: "
          + "hiro train --resume \(run.folder) --set evaluation.stopAtSuccess=0")
    case .stopped:
      messages.say("stopped; to continue: hiro train --resume \(run.folder)")
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
        }, robot: world.robot, pool: pool, writesEvents: tensorboard)
    }
    let definition = try self.definition()
    var layers = try ConfigurationLayers(for: definition.description, preset: preset)
    if let config { try layers.apply(file: config, for: definition.description) }
    try applyOptions(to: &layers)
    var configuration = layers.configuration
    configuration.task = definition.description.name
    return try TrainingRun(
      configuration: configuration, definition: definition, folder: output ?? ".", pool: pool,
      writesEvents: tensorboard)
  }

  /// The task that the command line names, or that of the map, or that of the configuration file; a
  /// custom map and robot of a run are found beside that file.
  private func definition() throws -> TaskDefinition {
    if let map = world.map {
      return try TaskDefinition(map: MazeMap(path: map), robot: world.robot)
    }
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
        "\(config): its task \"\(name)\" is a custom maze, and its map is not in the folder of "
          + "this file; give the map with --map, and its robot with --robot")
    }
    guard let robot = world.robot else { return definition }
    guard let map = definition.map, !definition.isBuiltIn else {
      throw ValidationError("--robot: the task \(name) has its own robot; leave --robot out")
    }
    return try TaskDefinition(map: map, robot: robot)
  }

  private func applyOptions(to layers: inout ConfigurationLayers) throws {
    for assignment in assignments { try layers.apply(assignment: assignment) }
    if let steps { try layers.apply(["steps": steps], source: "--steps") }
    if let seed { try layers.apply(["seed": seed], source: "--seed") }
  }
}
