import Environments
import Files
import Foundation
import Imaging
import Learning
import MuJoCo
import MuJoCoGraphics
import Randomness

/// One episode of a policy in pictures: frames, a video where `ffmpeg` can make one, and a sheet of
/// twelve frames that tells it at a glance. The target, the current subgoal and the path walked are
/// drawn into them.
public struct Recording: Sendable {
  /// From where the robot is watched.
  public enum View: String, CaseIterable, Sendable {
    /// From straight above, the whole world in view.
    case overhead
    /// From above and in front, the whole world in view.
    case oblique
    /// From behind and above, wherever the robot goes.
    case following
  }

  /// From where.
  public var view = View.overhead
  /// Pixels in a row of a frame.
  public var width = 960
  /// Rows of a frame.
  public var height = 720
  /// Samples per pixel for smooth edges; 0 for none, which is faster.
  public var samples = 4
  /// Environment steps from one frame to the next.
  public var stepsPerFrame = 2
  /// Pixels in a row of each of the contact sheet's pictures at most.
  public var sheetCellWidth = 480
  /// Whether each frame is kept as a PNG.
  public var keepsFrames = true
  /// Whether a video is made.
  public var makesVideo = true

  /// The usual recording.
  public init() {}

  /// What was made.
  public struct Result: Sendable {
    /// How the episode went.
    public let episode: Evaluation.Episode
    /// Frames.
    public let frameCount: Int
    /// The sheet of twelve frames.
    public let contactSheet: String
    /// The video; `nil` where none was asked for or none could be made.
    public let video: String?
    /// What `ffmpeg` calls the encoder that made the video.
    public let videoEncoder: String?
    /// Why the video that was asked for could not be made; everything else was.
    public let videoProblem: (any Error)?
  }

  /// What the files are called.
  public static let contactSheetName = "contact-sheet.png"
  /// What the video is called.
  public static let videoName = "episode.mp4"

  /// Frames in the contact sheet, and its columns.
  private static let sheetCount = 12
  private static let sheetColumns = 4

  /// Plays an episode and writes its pictures into `folder`, which is made where it is missing.
  ///
  /// - Parameters:
  ///   - policy: Who acts.
  ///   - definition: The task and its world.
  ///   - target: Where to go (m); empty in a task without targets.
  ///   - seed: From which the start derives.
  ///   - folder: Where the pictures go.
  ///   - shouldStop: Asked before each step, and while `ffmpeg` is waited for.
  ///   - progress: Called after each step with the number of those done, and of all.
  /// - Throws: `MuJoCoError.noGraphics` where there is no OpenGL driver, `ImagingError`,
  ///   `FileError`, `CancellationError` where `shouldStop()` is true, or what the environment
  ///   throws. A video that cannot be made is no error: the result tells.
  public func record(
    policy: HierarchicalPolicy, in definition: TaskDefinition, target: Evaluation.Target,
    seed: UInt64, to folder: String, shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> Result {
    let environment = try definition.makeEnvironment()
    let renderer = try Renderer(
      model: environment.simulation.model, width: width, height: height, samples: samples)
    try AtomicFile.makeFolder(folder)
    var rollout = try firstRollout(environment, policy, target, seed)
    let task = definition.description
    let video = try Film(makesVideo) {
      try makeVideo(task, "\(folder)/\(Self.videoName)", shouldStop)
    }
    let sheetSteps = (0..<Self.sheetCount - 1).map {
      $0 * task.episodeSteps / (Self.sheetCount - 1)
    }
    var path = [environment.robotPosition]
    var sheet: [Image] = []
    var frameCount = 0
    func shoot(isLast: Bool) throws {
      let isFrame = isLast || rollout.steps % stepsPerFrame == 0
      let isOnSheet = isLast || sheetSteps.contains(rollout.steps)
      guard isFrame || isOnSheet else { return }
      let image = try renderer.render(
        environment.simulation, camera: camera(for: environment),
        markers: markers(environment, policy, path))
      if isFrame {
        if keepsFrames { try image.write(png: "\(folder)/frame-\(padded(frameCount)).png") }
        try video.attempt { try $0.append(image) }
        frameCount += 1
      }
      if isOnSheet {
        let seconds = Double(rollout.steps) * task.stepDuration
        sheet.append(image.labelled("t = \(String(format: "%.1f", seconds)) s"))
      }
    }
    try shoot(isLast: false)
    var isRunning = true
    while isRunning {
      if shouldStop() { throw CancellationError() }
      isRunning = try rollout.step()
      progress(rollout.steps, task.episodeSteps)
      path.append(environment.robotPosition)
      try shoot(isLast: !isRunning)
    }
    try video.attempt { try $0.finish() }
    let sheetPath = "\(folder)/\(Self.contactSheetName)"
    let cellWidth = min(width, sheetCellWidth)
    try Image.contactSheet(
      sheet.map { $0.scaled(toWidth: cellWidth) }, columns: Self.sheetColumns
    ).write(png: sheetPath)
    return Result(
      episode: rollout.episode(target: 0, number: 0),
      frameCount: frameCount, contactSheet: sheetPath,
      video: video.writer == nil ? nil : "\(folder)/\(Self.videoName)",
      videoEncoder: video.writer?.encoder, videoProblem: video.problem)
  }

  /// A small recording that takes a second or two: a picture every twenty steps.
  package static let small: Recording = {
    var recording = Recording()
    (recording.width, recording.height) = (320, 240)
    (recording.stepsPerFrame, recording.samples) = (20, 0)
    return recording
  }()

  /// Plays an episode and writes it as a video to `path`; one that ends in `.gif` moves wherever
  /// pictures are shown.
  ///
  /// - Throws: `MuJoCoError.noGraphics` where there is no OpenGL driver, `ImagingError` where there is
  ///   no `ffmpeg`, or what the environment throws.
  package func film(
    policy: HierarchicalPolicy, in definition: TaskDefinition, target: Evaluation.Target,
    seed: UInt64, to path: String
  ) throws {
    guard VideoWriter.isAvailable else { throw ImagingError.ffmpegMissing }
    let environment = try definition.makeEnvironment()
    let renderer = try Renderer(
      model: environment.simulation.model, width: width, height: height, samples: samples)
    var rollout = try firstRollout(environment, policy, target, seed)
    let video = try makeVideo(definition.description, path) { false }
    var walked = [environment.robotPosition]
    var isRunning = true
    while isRunning {
      if rollout.steps % stepsPerFrame == 0 {
        try video.append(
          renderer.render(
            environment.simulation, camera: camera(for: environment),
            markers: markers(environment, policy, walked)))
      }
      isRunning = try rollout.step()
      walked.append(environment.robotPosition)
    }
    try video.finish()
  }

  /// Writes one picture of a task's world at its start, from above, to `path`.
  public func picture(of definition: TaskDefinition, seed: UInt64, to path: String) throws {
    let environment = try definition.makeEnvironment()
    let renderer = try Renderer(
      model: environment.simulation.model, width: width, height: height)
    var stream = RandomStream(seed: seed, name: "evaluation 0 0")
    let hasTargets = !definition.description.evaluationTargets.isEmpty
    try environment.reset(using: &stream, target: hasTargets ? .evaluation(0) : .training)
    try renderer.render(
      environment.simulation, camera: camera(for: environment),
      markers: environment.markers
    ).write(png: path)
  }

  /// Writes one picture to `path`: what the higher level wants everywhere, as arrows, and the path of
  /// an episode to `target`.
  ///
  /// - Returns: How the episode went.
  public func field(
    policy: HierarchicalPolicy, in definition: TaskDefinition, target: Evaluation.Target,
    seed: UInt64, to path: String
  ) throws -> Evaluation.Episode {
    let environment = try definition.makeEnvironment()
    let renderer = try Renderer(
      model: environment.simulation.model, width: width, height: height)
    var rollout = try firstRollout(environment, policy, target, seed)
    // As the robot stands at the start; what it holds in mid-stride says nothing of other places.
    let field = SubgoalField(policy: policy, environment: environment)
    var walked = [environment.robotPosition]
    while try rollout.step() { walked.append(environment.robotPosition) }
    try renderer.render(
      environment.simulation, camera: camera(for: environment),
      markers: environment.markers + field.markers + line(walked, environment)
    ).write(png: path)
    return rollout.episode(target: 0, number: 0)
  }

  /// The same stream as an evaluation's first episode: what was measured can be watched.
  private func firstRollout(
    _ environment: RobotEnvironment, _ policy: HierarchicalPolicy, _ target: Evaluation.Target,
    _ seed: UInt64
  ) throws -> Rollout {
    try Rollout(
      environment: environment, policy: policy, target: target.position,
      stream: RandomStream(seed: seed, name: "evaluation 0 0"))
  }

  private func camera(for environment: RobotEnvironment) -> Camera {
    switch view {
    case .overhead: environment.overviewCamera
    case .oblique: environment.obliqueCamera
    case .following: environment.followingCamera
    }
  }

  private func markers(
    _ environment: RobotEnvironment, _ policy: HierarchicalPolicy, _ path: [SIMD3<Double>]
  ) -> [Marker] {
    let line = line(path, environment)
    let subgoal = policy.absoluteSubgoal.flatMap(environment.subgoalMarker)
    return environment.markers + line + [subgoal].compactMap(\.self)
  }

  /// The path walked, its width and how closely it is drawn in proportion to the world.
  private func line(
    _ path: [SIMD3<Double>], _ environment: RobotEnvironment
  ) -> [Marker] {
    let size = (environment.map?.cellSize ?? 8) / 8
    return Marker.path(path, width: 0.08 * size, tolerance: 0.1 * size, rgba: Palette.path)
  }

  private func makeVideo(
    _ task: TaskDescription, _ path: String, _ shouldStop: @escaping @Sendable () -> Bool
  ) throws -> VideoWriter {
    // Real time, but not so fast that a short episode is gone at once.
    let rate = min(60, max(5, 1 / (task.stepDuration * Double(stepsPerFrame))))
    return try VideoWriter(
      path: path, width: width, height: height, framesPerSecond: rate,
      shouldStop: shouldStop)
  }

  private func padded(_ number: Int) -> String { String(format: "%05d", number) }
}

/// The part of a recording that may fail without taking the rest with it.
private final class Film {
  private(set) var writer: VideoWriter?
  private(set) var problem: (any Error)?

  init(_ isWanted: Bool, _ make: () throws -> VideoWriter) throws {
    guard isWanted else { return }
    try catching { writer = try make() }
  }

  /// Does something for the video while there is one; the first failure is the last attempt.
  func attempt(_ body: (VideoWriter) throws -> Void) throws {
    guard let writer else { return }
    try catching { try body(writer) }
  }

  private func catching(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as ImagingError {
      writer = nil
      problem = error
    }
  }
}
