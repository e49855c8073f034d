import ArgumentParser
import Environments
import Experiments
import Files
import Foundation
import Imaging
import Learning
import MuJoCo
import MuJoCoGraphics

struct ViewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view",
    abstract: "Watch a policy in a window, or drive the robot yourself.",
    discussion: """
      With a policy, the policy drives the robot, one episode after another. Without a policy, you \
      drive it: the arrow keys drive the Point and push other robots, and the digit keys turn \
      their joints. The mouse moves the camera. Press H in the window to see all keys.

        hiro view runs/maze                 the best policy of a run
        hiro view runs/maze ant-push        the same policy in another task
        hiro view point-maze                drive the Point
        hiro view --map my.maze             drive in your own maze

      KEYS
      \(ViewSession.help.map { key in
        "  " + key.keys.padding(toLength: 12, withPad: " ", startingAt: 0) + key.meaning
      }.joined(separator: "\n"))
      """)

  @Argument(
    help: .init(
      "A policy file or an output folder of hiro train; without one, you drive the robot.",
      valueName: "policy"),
    completion: .file())
  var policy: String?

  @Argument(
    help: """
      The task; by default that of the policy or, without a policy, ant-maze. `hiro list tasks` \
      shows all.
      """,
    completion: .task)
  var task: String?

  @Option(
    help: .init("Your own maze, a text file, instead of the maze of a task.", valueName: "file"),
    completion: .file())
  var map: String?

  @Option(
    help: .init(
      """
      The MJCF file of the robot: with --map, for another robot than the Ant; with a policy, for \
      an old policy file that does not contain its robot.
      """,
      valueName: "file"),
    completion: .file())
  var robot: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: .init(
      "A target in metres instead of the task's own targets; may be given several times.",
      valueName: "x,y"))
  var target: [String] = []

  @Option(parsing: .unconditional, help: "Seed of the random start states of the episodes.")
  var seed: UInt64 = 0

  @Option(help: .init("The size of the window in pixels.", valueName: "WxH"))
  var size = "1200x800"

  @Option(
    help: .init("The folder for the pictures that the key I saves.", valueName: "folder"),
    completion: .directory)
  var output = "."

  func validate() throws {
    guard robot == nil || map != nil || policy != nil else {
      throw ValidationError.robotWithoutMaze
    }
    if let task, map != nil { throw ValidationError.mapAndTask(task) }
    _ = try windowSize()
  }

  private func windowSize() throws -> PixelSize { try PixelSize(size, in: 100...8_192) }

  func run() throws {
    let (definition, policy) = try load()
    let task = definition.description
    let targets = try target.map { try PolicyArguments.target($0, task: task) }
    let environment = try definition.makeEnvironment()
    var session = try ViewSession(
      environment: environment, policy: policy, targets: targets.isEmpty ? nil : targets,
      seed: seed)
    let size = try windowSize()
    let window = try ViewerWindow(
      model: environment.simulation.model, title: "hiro \(task.name)", width: size.width,
      height: size.height)
    try show(&session, in: window)
  }

  /// The world, and the policy that acts in it; nil if a person drives. A single argument may be a
  /// policy or a task.
  private func load() throws -> (TaskDefinition, HierarchicalPolicy?) {
    let isFile = policy.map(FileManager.default.fileExists) ?? false
    let isTask = !isFile && policy.map(TaskRegistry.has) ?? false
    if let policy, !isFile, !isTask,
      nearest(to: policy, in: TaskRegistry.all.map(\.name)) != nil
    {
      // A misspelt task: the error has the right name.
      _ = try TaskRegistry.definition(named: policy)
    }
    let maze = try map.map { try MazeMap(path: $0) }
    guard let policy, !isTask else {
      if let policy, task != nil || map != nil {
        throw ValidationError("\"\(policy)\" and \"\(task ?? map!)\" are both tasks; give only one")
      }
      if let maze { return (try TaskDefinition(map: maze, robot: robot), nil) }
      guard robot == nil else { throw ValidationError.robotWithoutMaze }
      return (try TaskRegistry.definition(named: policy ?? task ?? "ant-maze"), nil)
    }
    var arguments = PolicyArguments()
    (arguments.path, arguments.task, arguments.robot) = (policy, task, robot)
    let (trained, _, definition) = try arguments.load(map: maze)
    return (definition, try trained.makePolicy(for: definition.description))
  }

  private func show(_ session: inout ViewSession, in window: ViewerWindow) throws {
    let frame = 1.0 / 60
    var pictures = 0
    var last = Date()
    while !window.isClosed && !session.isOver {
      for event in window.pollEvents(moving: &session.camera) { try session.handle(event) }
      session.heldKeys = window.heldKeys
      session.isShifted = window.isShifted
      let now = Date()
      try session.advance(by: now.timeIntervalSince(last))
      last = now
      let image = try window.draw(
        session.environment.simulation, camera: session.camera, markers: session.markers,
        overlays: session.overlays, capturing: session.wantsPicture)
      if let image {
        session.wantsPicture = false
        pictures += 1
        let path = "\(output)/hiro-view-\(pictures).png"
        try image.write(png: path)
        print("picture written to \(path)")
      }
      // Wait for the next frame here, if the graphics driver does not wait for the screen.
      let rest = frame - Date().timeIntervalSince(now)
      if rest > 0 { Thread.sleep(forTimeInterval: rest) }
    }
  }
}
