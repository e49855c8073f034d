import Foundation
import NeuralNetworks
import Randomness

/// Visits all large parts of an agent's state, without which training could not continue with the
/// same bits: either to write them or to fill them with saved values.
public protocol StateVisitor {
  /// Visits `values`, numbers that are stored under a unique name.
  func visit<Element: StateElement>(
    _ name: String, _ values: UnsafeMutableBufferPointer<Element>) throws
}

/// A type of number that saved state consists of.
public protocol StateElement: BitwiseCopyable {}
extension Float: StateElement {}
extension Int32: StateElement {}
extension Int64: StateElement {}
extension UInt8: StateElement {}

/// Why training cannot continue from a saved state.
public enum StateError: Error, Equatable, CustomStringConvertible {
  /// A part contradicts another, or cannot have been saved by an agent.
  case inconsistent(String)
  /// The part that holds counters and random streams cannot be read.
  case unreadable(String)

  /// One line that names the part.
  public var description: String {
    switch self {
    case .inconsistent(let part): "\(part) cannot have been saved by a run"
    case .unreadable(let reason): "its counters and random streams cannot be read: \(reason)"
    }
  }
}

extension StateVisitor {
  func visit<Element: StateElement>(
    _ name: String, _ buffer: LazyBuffer<Element>, _ count: Int
  ) throws {
    try visit(name, UnsafeMutableBufferPointer(start: buffer.pointer, count: count))
  }

  func visit(_ name: String, _ buffer: FloatBuffer) throws {
    try visit(name, UnsafeMutableBufferPointer(start: buffer.pointer, count: buffer.count))
  }

  func visit(_ level: String, _ name: String, _ learner: LearnedNetwork) throws {
    try visit("\(level).\(name)", learner.network.parameters)
    try visit("\(level).\(name).first_moments", learner.optimizer.firstMoments)
    try visit("\(level).\(name).second_moments", learner.optimizer.secondMoments)
    try visit("\(level).target.\(name)", learner.target.parameters)
    if let average = learner.average {
      try visit("\(level).average.\(name)", average.parameters)
    }
  }
}

extension Window {
  /// The state that an empty window begins with.
  package struct Start: Codable, Equatable, Sendable {
    var observation: [Float]
    var subgoal: [Float]
    var target: [Float]
    /// Nil, and left out of the file, if exploration holds no place.
    var isHeld: Bool?
  }

  package var start: Start {
    get {
      Start(
        observation: Array(
          UnsafeBufferPointer(start: observations.row(0), count: observations.columns)),
        subgoal: Array(UnsafeBufferPointer(start: subgoals.row(0), count: subgoals.columns)),
        target: target, isHeld: isHeld ? true : nil)
    }
    set {
      observations.row(0).update(from: newValue.observation, count: observations.columns)
      subgoals.row(0).update(from: newValue.subgoal, count: subgoals.columns)
      target = newValue.target
      isHeld = newValue.isHeld ?? false
    }
  }
}

extension Window.Start {
  func fits(_ shape: AgentShape) -> Bool {
    observation.count == shape.observationCount && subgoal.count == shape.subgoalCount
      && target.count == shape.targetCount
  }
}

extension HIROAgent {
  /// The agent's state besides its networks and its replay buffer.
  private struct Progress: Codable {
    var steps: Int
    var lowerUpdatesOwed: Int
    var higherUpdatesOwed: Int
    var lower: LearnerProgress
    var higher: LearnerProgress
    var lowerStreams: LowerStreams
    var higherStreams: HigherStreams
    var collectorStreams: Collector.Streams
    var stepsSinceDecision: Int
    var hold: Collector.Hold
    /// Nil, and left out of the file, if no visits were counted.
    var visited: VisitedPlaces?
    var isQuiet: Bool?
    /// Nil, and left out of the file, if no exploration noise carries over to the next decision.
    var noise: [Double]?
    /// Nil, and left out of the file, if the higher level sees no earlier places.
    var path: DecisionPath?
    var obedience: ObedienceStatistics
    var distanceAtDecision: Float
    var window: Window.Start
    var experience: Experience.Position
    var correctionRows: [Int]
  }

  /// The counters and random streams as JSON; to be called between two windows only.
  public func encodeProgress() throws -> Data {
    precondition(windowCount == 0, "an agent is saved between two windows")
    return try StateCoding.encode(
      Progress(
        steps: steps, lowerUpdatesOwed: lowerUpdatesOwed, higherUpdatesOwed: higherUpdatesOwed,
        lower: lower.progress, higher: higher.progress, lowerStreams: lowerStreams,
        higherStreams: higherStreams,
        collectorStreams: collector.streams, stepsSinceDecision: collector.stepsSinceDecision,
        hold: collector.hold, visited: collector.visited.cells.isEmpty ? nil : collector.visited,
        isQuiet: collector.isQuiet, noise: collector.noise.isEmpty ? nil : collector.noise,
        path: shape.pastPlaceCount > 0 ? collector.path : nil, obedience: collector.statistics,
        distanceAtDecision: collector.distanceAtDecision, window: collector.window.start,
        experience: experience.position,
        correctionRows: [relabellingWork.rows, relabellingWork.rowsInFull]))
  }

  /// Passes the networks and the replay buffer to `visitor`; restores `data`, if given.
  public func visitState(_ visitor: some StateVisitor, restoring data: Data?) throws {
    let progress = try data.map { try StateCoding.decode(Progress.self, from: $0) }
    try lower.visit(visitor, name: "lower")
    try higher.visit(visitor, name: "higher")
    try experience.visit(visitor, restoring: progress?.experience)
    guard let progress else { return }
    try lower.check(progress.lower)
    try higher.check(progress.higher)
    // At most the updates of one window can be due, and the current interval must end with the next
    // decision.
    let interval = configuration.subgoals.interval
    let intervalSteps = progress.experience.head - progress.experience.intervalStart
    guard progress.window.fits(shape), progress.correctionRows.count == 2,
      progress.visited?.isPossible != false, progress.path?.isPossible != false,
      progress.noise.map({ $0.count == shape.subgoalCount && $0.allSatisfy(\.isFinite) }) != false,
      (progress.correctionRows + progress.obedience.counts
        + [progress.steps, progress.hold.decisionsLeft, progress.hold.placesLeft ?? 0])
        .allSatisfy(isPossibleCount),
      0..<interval ~= progress.stepsSinceDecision, intervalSteps <= progress.stepsSinceDecision,
      0...interval ~= progress.lowerUpdatesOwed,
      0...interval * configuration.higher.updatesPerDecision ~= progress.higherUpdatesOwed
    else { throw StateError.inconsistent("the agent's counters") }
    steps = progress.steps
    lowerUpdatesOwed = progress.lowerUpdatesOwed
    higherUpdatesOwed = progress.higherUpdatesOwed
    lower.progress = progress.lower
    higher.progress = progress.higher
    lowerStreams = progress.lowerStreams
    higherStreams = progress.higherStreams
    collector.streams = progress.collectorStreams
    collector.stepsSinceDecision = progress.stepsSinceDecision
    collector.hold = progress.hold
    collector.visited = progress.visited ?? VisitedPlaces()
    collector.isQuiet = progress.isQuiet ?? false
    collector.noise = progress.noise ?? []
    collector.path = progress.path ?? DecisionPath()
    collector.statistics = progress.obedience
    collector.distanceAtDecision = progress.distanceAtDecision
    chooseWhoActs()
    collector.window.start = progress.window
    relabellingWork = RelabellingWork(
      rows: progress.correctionRows[0], rowsInFull: progress.correctionRows[1])
    refreshSnapshots()
  }
}

extension FlatAgent {
  /// The agent's state besides its networks and its replay buffer.
  private struct Progress: Codable {
    var steps: Int
    var updatesOwed: Int
    var learner: LearnerProgress
    var streams: Streams
    var window: Window.Start
    var experience: Experience.Position

    struct Streams: Codable {
      var exploration: RandomStream
      var sampling: RandomStream
      var targetNoise: RandomStream
    }
  }

  /// The counters and random streams as JSON; to be called between two windows only.
  public func encodeProgress() throws -> Data {
    precondition(windowCount == 0, "an agent is saved between two windows")
    return try StateCoding.encode(
      Progress(
        steps: steps, updatesOwed: updatesOwed, learner: learner.progress,
        streams: .init(
          exploration: exploration, sampling: learning.sampling,
          targetNoise: learning.targetNoise),
        window: window.start, experience: experience.position))
  }

  /// Passes the networks and the replay buffer to `visitor`; restores `data`, if given.
  public func visitState(_ visitor: some StateVisitor, restoring data: Data?) throws {
    let progress = try data.map { try StateCoding.decode(Progress.self, from: $0) }
    try learner.visit(visitor, name: "flat")
    try experience.visit(visitor, restoring: progress?.experience)
    guard let progress else { return }
    try learner.check(progress.learner)
    guard progress.window.fits(shape), isPossibleCount(progress.steps),
      0...configuration.subgoals.interval ~= progress.updatesOwed
    else {
      throw StateError.inconsistent("the agent's counters")
    }
    steps = progress.steps
    updatesOwed = progress.updatesOwed
    learner.progress = progress.learner
    exploration = progress.streams.exploration
    learning = LearningStreams(
      sampling: progress.streams.sampling, targetNoise: progress.streams.targetNoise)
    window.start = progress.window
    refreshSnapshots()
  }
}

/// Whether a saved file may contain this count: not negative, and small enough to count on.
func isPossibleCount(_ count: Int) -> Bool {
  0..<Int.max / 1024 ~= count
}
