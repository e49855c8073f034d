import ArgumentParser
import Environments
import Experiments
import Files
import Foundation
import Imaging
import Learning

struct RenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Make pictures and a video of an episode of a policy.",
    discussion: """
      Writes the frames of one episode as PNG files, contact-sheet.png with twelve of them, and \
      the video episode.mp4 with the program ffmpeg. If ffmpeg cannot make the video, everything \
      else is still written, and the exit code is not 0. The pictures show the target, the current \
      subgoal and the robot's path. No display is needed.

        hiro render runs/maze --output pictures
        hiro render runs/maze --output pictures --camera following --target 16,16
        hiro render runs/maze --field --output pictures      subgoals everywhere, field.png
        hiro render --map my-maze.txt --output pictures      only a maze, map.png
        hiro render --task ant-fall --output pictures        only a task's world, world.png
      """)

  @Argument(
    help: .init(
      "A policy file, or an output folder of hiro train (its best policy is used).",
      valueName: "policy"),
    completion: .file())
  var path: String?

  @Option(help: .init("The folder for the pictures.", valueName: "folder"), completion: .directory)
  var output: String

  @Option(
    help: """
      Act in this task instead of the one that the policy was trained for; without a policy: draw \
      the world of this task.
      """, completion: .task)
  var task: String?

  @Option(
    help: .init("Draw only this maze, a text file, without a policy.", valueName: "file"),
    completion: .file())
  var map: String?

  @Option(
    help: .init(
      """
      The MJCF file of the robot: with --map, for another robot than the Ant; with a policy, for \
      an old policy file that does not contain its robot.
      """, valueName: "file"),
    completion: .file())
  var robot: String?

  @Option(
    parsing: .unconditional,
    help: .init("The target in metres instead of the task's first target.", valueName: "x,y"))
  var target: String?

  @Option(parsing: .unconditional, help: "Seed of the random start state of the episode.")
  var seed: UInt64 = 0

  @Option(help: "The camera: overhead, oblique or following.")
  var camera = Recording.View.overhead

  @Option(
    parsing: .unconditional,
    help: .init("Size of the pictures in pixels, width x height.", valueName: "wxh"))
  var size = "960x720"

  @Option(
    parsing: .unconditional,
    help: .init("Environment steps from one frame to the next; 2 by default.", valueName: "n"))
  var every: Int?

  @Flag(
    help: """
      Write only one picture, field.png: arrows show the subgoal that the higher level would set \
      at many places in the world (orange: at the limit of its range), and a line the robot's \
      path.
      """)
  var field = false

  @Flag(inversion: .prefixedNo, help: "Keep every frame as a PNG file.")
  var frames = true

  @Flag(inversion: .prefixedNo, help: "Make a video, with the program ffmpeg.")
  var video = true

  func validate() throws {
    guard path != nil || map != nil || task != nil else {
      throw ValidationError("name a policy, or draw only a world with --map or --task")
    }
    guard robot == nil || map != nil || path != nil else {
      throw ValidationError.robotWithoutMaze
    }
    guard path == nil || map == nil else {
      throw ValidationError("--map: draws only a maze; leave the policy out")
    }
    guard map == nil || task == nil else {
      throw ValidationError(
        "--map and --task cannot be used together; each of them is a world to draw")
    }
    guard path != nil || (target == nil && every == nil) else {
      throw ValidationError(
        "\(target == nil ? "--every" : "--target"): there is no episode without a policy; "
          + "leave it out, or name a policy")
    }
    if let every { try ValidationError.check("--every", every, in: 1...100_000) }
    guard !field || path != nil else {
      throw ValidationError("--field: name the policy whose subgoals are to be drawn")
    }
    guard !field || every == nil else {
      throw ValidationError("--every: --field writes one picture and no episode; leave one out")
    }
    _ = try pixels()
  }

  private func pixels() throws -> PixelSize { try PixelSize(size, in: 16...8_192) }

  func run() throws {
    var recording = Recording()
    let size = try pixels()
    (recording.width, recording.height) = (size.width, size.height)
    recording.view = camera
    recording.stepsPerFrame = every ?? recording.stepsPerFrame
    recording.keepsFrames = frames
    recording.makesVideo = video
    guard let path else { return try drawWorld(recording) }
    var arguments = PolicyArguments()
    (arguments.path, arguments.task, arguments.robot) = (path, task, robot)
    let (policy, file, definition) = try arguments.load()
    let task = definition.description
    let target =
      try target.map { try PolicyArguments.target($0, task: task) }
      ?? Evaluation(task: task, episodes: 1, seed: seed).targets[0]
    if field {
      let learned = try policy.makePolicy(for: task)
      guard policy.configuration.learning.hierarchy == .hiro else {
        throw ValidationError(
          "--field: \(file) has no levels (hierarchy: flat), so it sets no subgoals")
      }
      try AtomicFile.makeFolder(output)
      let picture = "\(output)/field.png"
      let episode = try recording.field(
        policy: learned, in: definition, target: target, seed: seed, to: picture)
      print("\(file) in \(task.name): \(Self.text(episode))")
      print("its subgoals: \(picture)")
      return
    }
    let watch = SignalWatch(
      stopping: "stopping: the frames so far stay in \(output), without a video",
      givingUp: "quit at once")
    let line = CountLine("render", unit: "steps")
    let result: Recording.Result
    do {
      result = try recording.record(
        policy: policy.makePolicy(for: task), in: definition, target: target, seed: seed,
        to: output, shouldStop: { watch.signal != nil }, progress: line.show)
    } catch is CancellationError {
      throw ExitCode(watch.exitCode)
    }
    Messages.shared.endLine()
    print("\(file) in \(task.name): \(Self.text(result.episode))")
    print("\(counted(result.frameCount, "frame")), some of them together in \(result.contactSheet)")
    if let video = result.video, let encoder = result.videoEncoder {
      let isSecondChoice = encoder != VideoWriter.preferredEncoder
      print(
        "video: \(video)"
          + (isSecondChoice ? " (by \(encoder): this ffmpeg lacks the usual encoder)" : ""))
    }
    // Everything else has been made.
    if let problem = result.videoProblem { throw problem }
  }

  private func drawWorld(_ recording: Recording) throws {
    let definition =
      try map.map { try TaskDefinition(map: MazeMap(path: $0), robot: robot) }
      ?? TaskRegistry.definition(named: task ?? "")
    try AtomicFile.makeFolder(output)
    let path = "\(output)/\(map == nil ? "world" : "map").png"
    try recording.picture(of: definition, seed: seed, to: path)
    print("\(definition.description.name): \(path)")
  }

  private static func text(_ episode: Evaluation.Episode) -> String {
    if episode.isDiverged { return "the simulation became unstable at step \(episode.steps)" }
    guard let isSuccess = episode.isSuccess, let distance = episode.finalDistance else {
      return "score \(fixed(episode.episodeReturn, 0)) in \(episode.steps) steps"
    }
    let outcome = isSuccess ? "success" : "no success"
    return "\(outcome), \(fixed(distance, 2)) m from the target after \(episode.steps) steps"
  }
}

extension Recording.View: ExpressibleByArgument {}
