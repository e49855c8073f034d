import Environments
import Foundation
import Learning
import MuJoCo
import MuJoCoGraphics
import Randomness

/// What `hiro view` shows and how it responds to keys: episodes of a policy, or of a person at the
/// keyboard. It does not depend on a window, so that it can be tested without one.
package struct ViewSession {
  /// The views that the camera can have.
  package enum View: String, CaseIterable, Sendable {
    /// The camera follows the robot.
    case following
    /// The whole world, obliquely.
    case oblique
    /// The whole world from above.
    case overview
  }

  /// The camera; the mouse may move it.
  package var camera: Camera
  /// The keys that are held down, for driving.
  package var heldKeys: Set<Key> = []
  /// Whether Shift is held down.
  package var isShifted = false

  /// Whether the simulation is paused.
  package private(set) var isPaused = false
  /// Simulated seconds per real second.
  package private(set) var speed = 1.0
  /// The view that was chosen last.
  package private(set) var view = View.following
  /// Whether the explanation of the keys is shown.
  package private(set) var showsHelp = false
  /// Whether the target is drawn.
  package private(set) var showsTarget = true
  /// Whether the subgoal is drawn.
  package private(set) var showsSubgoal = true
  /// Whether the subgoals that the policy would set everywhere in the world are drawn.
  package private(set) var showsField = false
  /// Whether the path is drawn.
  package private(set) var showsPath = true
  /// Whether the user asked to quit.
  package private(set) var isOver = false
  /// Whether the user asked to save a picture; the caller saves it and sets this to false.
  package var wantsPicture = false
  /// The index, among the evaluation's targets, of the target that the robot is to reach.
  package private(set) var targetIndex = 0
  /// How many episodes have begun.
  package private(set) var episode = 0
  /// Environment steps of this episode.
  package private(set) var steps = 0
  /// The sum of the episode's rewards.
  package private(set) var episodeReturn = 0.0
  /// Where the robot has been in this episode, in metres.
  package private(set) var path: [SIMD3<Double>] = []

  /// The world.
  package let environment: RobotEnvironment
  private let policy: HierarchicalPolicy?
  private let targets: [Evaluation.Target]
  private let seed: UInt64
  private let robotMass: Double
  /// The subgoals that the higher level would set everywhere in this episode; nil without a policy.
  private var field: SubgoalField?
  /// Simulated time still to be stepped (s).
  private var due = 0.0
  /// Real seconds for which the end of an episode is still shown.
  private var rest = 0.0
  private var outcome = ""

  /// The range of ``speed``.
  private static let speeds = 0.0625...16.0

  /// Begins the first episode.
  ///
  /// - Parameters:
  ///   - policy: The policy that acts; nil if a person does.
  ///   - targets: The targets, in the order in which they can be chosen; by default those of the
  ///     task.
  ///   - seed: The seed from which the initial state of each episode derives.
  package init(
    environment: RobotEnvironment, policy: HierarchicalPolicy?,
    targets: [Evaluation.Target]? = nil, seed: UInt64
  ) throws {
    self.environment = environment
    self.policy = policy
    self.targets =
      targets ?? Evaluation(task: environment.task, episodes: 1, seed: seed, threads: 1).targets
    self.seed = seed
    robotMass = Self.mass(of: environment.robotBody, in: environment.simulation.model)
    camera = environment.followingCamera
    try beginEpisode()
  }

  private static func mass(of root: Int, in model: Model) -> Double {
    var members: Set<Int> = []
    var mass = 0.0
    // A body comes after its parent.
    for body in (root..<model.nbody).map({ model.body($0) })
    where body.id == root || members.contains(body.parent) {
      members.insert(body.id)
      mass += body.mass
    }
    return mass
  }

  // MARK: Time

  /// Advances by `seconds` of real time. If the computer is too slow, the simulation falls behind
  /// so that the picture stays fluent.
  package mutating func advance(by seconds: Double) throws {
    if isPaused { return }
    if rest > 0 {
      rest -= seconds
      if rest <= 0 { try beginEpisode() }
      return
    }
    let duration = environment.task.stepDuration
    due = min(due + seconds * speed, 0.25 * max(speed, 1) + duration)
    let deadline = Date(timeIntervalSinceNow: 0.1)
    while due >= duration, rest <= 0 {
      due -= duration
      try step()
      if Date() > deadline { due = min(due, duration) }
    }
  }

  private mutating func step() throws {
    push()
    let outcome = try environment.step(action)
    steps += 1
    if !outcome.isDiverged { episodeReturn += Double(outcome.reward) }
    path.append(environment.robotPosition)
    // A person has no time limit.
    if outcome.isDiverged || outcome.isTerminated || (outcome.isTruncated && policy != nil) {
      self.outcome = ending(outcome)
      rest = 1.5
    }
  }

  private func ending(_ outcome: StepOutcome) -> String {
    if outcome.isDiverged { return "the simulation became unstable" }
    if let isSuccess = environment.isSuccess { return isSuccess ? "success" : "not reached" }
    return "end, return " + Self.fixed(episodeReturn, 0)
  }

  private mutating func beginEpisode() throws {
    var stream = RandomStream(seed: seed, name: "view \(episode)")
    let place = targets[targetIndex].position
    environment.simulation.xfrcApplied.assign(
      [Double](repeating: 0, count: environment.simulation.xfrcApplied.count))
    try environment.reset(using: &stream, target: place.isEmpty ? .training : .fixed(place))
    policy?.beginEpisode()
    episode += 1
    (steps, episodeReturn, due, rest, outcome) = (0, 0, 0, 0, "")
    path = [environment.robotPosition]
    field = policy.map { SubgoalField(policy: $0, environment: environment) }
  }

  // MARK: Driving

  /// Whether the arrow keys set the actions directly: for a robot with two actions, forward and
  /// turning.
  private var hasSimpleActions: Bool { environment.task.actionCount == 2 }

  private var action: [Float] {
    if let policy {
      return policy.action(observation: environment.observation, target: environment.target)
    }
    let limits = environment.task.actionLimits
    if hasSimpleActions {
      return [limits[0] * held(.up, .down), limits[1] * held(.left, .right)]
    }
    return limits.enumerated().map { index, limit in
      let digit = Key.character(Character("\((index + 1) % 10)"))
      return index < 10 && heldKeys.contains(digit) ? (isShifted ? -limit : limit) : 0
    }
  }

  private func held(_ positive: Key, _ negative: Key) -> Float {
    (heldKeys.contains(positive) ? 1 : 0) - (heldKeys.contains(negative) ? 1 : 0)
  }

  /// Lets the arrow keys push a robot of many joints, in directions as seen by the camera, with a
  /// force equal to the robot's weight.
  private func push() {
    if policy != nil || hasSimpleActions { return }
    let heading = camera.azimuth * .pi / 180
    let (ahead, aside) = (Double(held(.up, .down)), Double(held(.right, .left)))
    let force = 9.81 * robotMass
    let forces = environment.simulation.xfrcApplied
    let start = 6 * environment.robotBody
    forces[start] = force * (ahead * cos(heading) + aside * sin(heading))
    forces[start + 1] = force * (ahead * sin(heading) - aside * cos(heading))
  }

  // MARK: Keys

  /// What the keys do, for the help in the window and for `hiro help view`.
  package static let help: [(keys: String, meaning: String)] = [
    ("space", "pause, continue"),
    (".", "one step"),
    ("- +", "slower, faster"),
    ("R", "new episode"),
    ("T", "next target"),
    ("C", "next camera"),
    ("left mouse", "turn the camera"),
    ("right mouse", "move the camera"),
    ("wheel", "nearer, farther"),
    ("G", "subgoal on, off"),
    ("F", "subgoals everywhere on, off"),
    ("M", "target on, off"),
    ("P", "path on, off"),
    ("I", "save a picture"),
    ("H", "this help"),
    ("Q", "quit"),
  ]

  private var driving: [(keys: String, meaning: String)] {
    if policy != nil { return [] }
    if hasSimpleActions { return [("arrows", "drive and turn")] }
    let joints = min(10, environment.task.actionCount)
    return [
      ("arrows", "push the robot"),
      ("1 ... \(joints % 10)", "turn a joint (with shift: back)"),
    ]
  }

  /// Responds to a key.
  package mutating func handle(_ event: KeyEvent) throws {
    switch event.key {
    case .character("."): try singleStep()
    case .character("-"): changeSpeed(by: 0.5)
    case .character("="), .character("+"): changeSpeed(by: 2)
    default:
      // Holding down any other key has no further effect.
      if !event.isRepeat { try handle(event.key) }
    }
  }

  private mutating func handle(_ key: Key) throws {
    switch key {
    case .space: isPaused.toggle()
    case .character("r"), .backspace: try beginEpisode()
    case .character("t"):
      targetIndex = (targetIndex + 1) % targets.count
      try beginEpisode()
    case .character("c"), .tab: chooseNextView()
    case .character("g"): showsSubgoal.toggle()
    case .character("f"): showsField.toggle()
    case .character("m"): showsTarget.toggle()
    case .character("p"): showsPath.toggle()
    case .character("i"): wantsPicture = true
    case .character("h"), .function(1): showsHelp.toggle()
    case .character("q"), .escape: isOver = true
    default: break
    }
  }

  private mutating func singleStep() throws {
    isPaused = true
    if rest > 0 { try beginEpisode() } else { try step() }
  }

  private mutating func changeSpeed(by factor: Double) {
    speed = min(max(speed * factor, Self.speeds.lowerBound), Self.speeds.upperBound)
  }

  private mutating func chooseNextView() {
    let all = View.allCases
    view = all[(all.firstIndex(of: view)! + 1) % all.count]
    camera =
      switch view {
      case .following: environment.followingCamera
      case .oblique: environment.obliqueCamera
      case .overview: environment.overviewCamera
      }
  }

  // MARK: What is seen

  /// What is drawn besides the world.
  package var markers: [Marker] {
    // Without a target, the environment's markers are apples and bombs: they belong to the world
    // and are always drawn.
    var markers = showsTarget || environment.task.targetCount == 0 ? environment.markers : []
    if showsSubgoal, let subgoal = policy?.absoluteSubgoal,
      let marker = environment.subgoalMarker(at: subgoal)
    {
      markers.append(marker)
    }
    if showsField, let field { markers += field.markers }
    if showsPath {
      markers += Marker.path(path, width: 0.06, tolerance: 0.1, rgba: Palette.path)
    }
    return markers
  }

  /// The text over the picture.
  package var overlays: [Overlay] {
    var overlays = [Overlay(.topLeft, lines: status)]
    if showsHelp {
      let lines = (driving + Self.help).map { (left: $0.keys, right: $0.meaning) }
      overlays.append(Overlay(.topRight, lines: lines))
    } else {
      overlays.append(Overlay(.bottomLeft, lines: [("H", "help")]))
    }
    if !outcome.isEmpty {
      overlays.append(Overlay(.bottomRight, lines: [(outcome, "")], isBig: true))
    } else if isPaused {
      overlays.append(Overlay(.bottomRight, lines: [("paused", "")], isBig: true))
    }
    return overlays
  }

  private var status: [(left: String, right: String)] {
    let task = environment.task
    var lines = [
      (left: task.name, right: policy == nil ? "you drive" : "policy"),
      ("time", Self.fixed(Double(steps) * task.stepDuration, 1) + " s"),
      ("speed", speed < 1 ? "1/\(Int(1 / speed))" : "\(Int(speed)) x"),
    ]
    if let distance = environment.distanceToTarget {
      let place = targets[targetIndex].position.map { Self.fixed($0, 0) }.joined(separator: ", ")
      lines.append(("target", "\(targets[targetIndex].name) (\(place))"))
      lines.append(("distance", Self.fixed(distance, 1) + " m"))
    }
    lines.append(("return", Self.fixed(episodeReturn, 1)))
    lines.append(("camera", view.rawValue))
    return lines
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
