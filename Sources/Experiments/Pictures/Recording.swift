import Environments
import Files
import Foundation
import Imaging
import Learning
import MuJoCo
import MuJoCoGraphics
import Randomness

/// One episode of a policy in pictures: frames, a video where `ffmpeg` can make one, and a contact
/// sheet of twelve frames that shows the episode at a glance. The target, the current subgoal and
/// the path walked are drawn into the pictures.
public struct Recording: Sendable {
  /// Where the camera is.
  public enum View: String, CaseIterable, Sendable {
    /// From straight above, the whole world in view.
    case overhead
    /// From above at an angle, the whole world in view.
    case oblique
    /// From above at an angle, following the robot.
    case following
  }

  /// The view of the camera.
  public var view = View.overhead
  /// Width of a frame (pixels).
  public var width = 960
  /// Height of a frame (pixels).
  public var height = 720
  /// Samples per pixel for smooth edges; 0 for none, which is faster.
  public var samples = 4
  /// Environment steps from one frame to the next.
  public var stepsPerFrame = 2
  /// The greatest width of a picture on the contact sheet (pixels).
  public var sheetCellWidth = 480
  /// Whether each frame is kept as a PNG.
  public var keepsFrames = true
  /// Whether a video is made.
  public var makesVideo = true

  /// The usual recording.
  public init() {}

  /// The outcome of a recording.
  public struct Result: Sendable {
    /// How the episode went.
    public let episode: Evaluation.Episode
    /// The number of frames.
    public let frameCount: Int
    /// The path of the contact sheet.
    public let contactSheet: String
    /// The path of the video; nil if none was asked for or none could be made.
    public let video: String?
    /// The name, in `ffmpeg`, of the encoder that made the video; nil if there is no video.
    public let videoEncoder: String?
    /// Why the video that was asked for could not be made; nil if there was no problem. Everything
    /// else has been made.
    public let videoProblem: (any Error)?
  }

  /// The file name of the contact sheet.
  public static let contactSheetName = "contact-sheet.png"
  /// The file name of the video.
  public static let videoName = "episode.mp4"

  /// Frames in the contact sheet, and its columns.
  private static let sheetCount = 12
  private static let sheetColumns = 4

  /// Removes what an earlier recording left in `folder`, so that nothing in it is of another
  /// episode.
  private static func removePictures(in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names {
      let isFrame =
        name.hasPrefix("frame-") && name.hasSuffix(".png")
        && name.dropFirst(6).dropLast(4).allSatisfy { $0.isASCII && $0.isNumber }
      if isFrame || name == videoName || name == contactSheetName {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
    }
  }

  /// Plays an episode and writes its pictures into `folder`, which is created if it does not exist.
  ///
  /// - Parameters:
  ///   - policy: The policy that acts.
  ///   - definition: The task and its world.
  ///   - target: The target of the episode (m); its position is empty in a task without targets.
  ///   - seed: The seed from which the initial state derives.
  ///   - folder: The folder for the pictures; those of an earlier recording are removed.
  ///   - shouldStop: Called before each step, and while waiting for `ffmpeg`.
  ///   - progress: Called after each step with the number of steps done and of all steps.
  /// - Throws: `MuJoCoError.noGraphics` if there is no OpenGL driver, `ImagingError`, `FileError`,
  ///   `CancellationError` if `shouldStop()` returned true, or what the environment throws. A video
  ///   that cannot be made is not an error: see ``Recording/Result/videoProblem``.
  public func record(
    policy: HierarchicalPolicy, in definition: TaskDefinition, target: Evaluation.Target,
    seed: UInt64, to folder: String, shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> Result {
    let environment = try definition.makeEnvironment()
    let renderer = try Renderer(
      model: environment.simulation.model, width: width, height: height, samples: samples)
    try AtomicFile.makeFolder(folder)
    Self.removePictures(in: folder)
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

  /// Plays an episode and writes it as a video to `path`; a path that ends in `.gif` gives an
  /// animated picture.
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

  /// Writes one picture to `path`: the subgoals that the higher level would set everywhere, as
  /// arrows, and the path of an episode to `target`.
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
    // Computed from the state at the start: the robot's posture in mid-stride would not fit other
    // places.
    let field = SubgoalField(policy: policy, environment: environment)
    var walked = [environment.robotPosition]
    while try rollout.step() { walked.append(environment.robotPosition) }
    try renderer.render(
      environment.simulation, camera: camera(for: environment),
      markers: environment.markers + field.markers + line(walked, environment)
    ).write(png: path)
    return rollout.episode(target: 0, number: 0)
  }

  /// Begins an episode with the random stream of an evaluation's first episode, so that what was
  /// measured can be watched.
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

  /// The path walked, with a width and a tolerance in proportion to the size of the world.
  private func line(
    _ path: [SIMD3<Double>], _ environment: RobotEnvironment
  ) -> [Marker] {
    let size = (environment.map?.cellSize ?? 8) / 8
    return Marker.path(path, width: 0.08 * size, tolerance: 0.1 * size, rgba: Palette.path)
  }

  private func makeVideo(
    _ task: TaskDescription, _ path: String, _ shouldStop: @escaping @Sendable () -> Bool
  ) throws -> VideoWriter {
    // Real time, but at least 5 and at most 60 frames per second.
    let rate = min(60, max(5, 1 / (task.stepDuration * Double(stepsPerFrame))))
    return try VideoWriter(
      path: path, width: width, height: height, framesPerSecond: rate,
      shouldStop: shouldStop)
  }

  private func padded(_ number: Int) -> String { String(format: "%05d", number) }
}

/// The video of a recording, whose failure does not stop the rest.
private final class Film {
  private(set) var writer: VideoWriter?
  private(set) var problem: (any Error)?

  init(_ isWanted: Bool, _ make: () throws -> VideoWriter) throws {
    guard isWanted else { return }
    try catching { writer = try make() }
  }

  /// Runs `body` with the video's writer, if there is one; after the first failure there is none.
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
