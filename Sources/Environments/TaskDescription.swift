/// What a task asks and how it is shaped: everything an agent, an evaluation or a picture needs to
/// know about it without making an environment.
public struct TaskDescription: Codable, Equatable, Sendable {
  /// The task's name in every command, such as `ant-maze`.
  public var name: String
  /// One sentence for `hiro list`.
  public var summary: String
  /// How many numbers an observation has (30 for the Ant's mazes).
  public var observationCount: Int
  /// The symmetric bound of each action: ±30 N·m for each of the Ant's torques.
  public var actionLimits: [Float]
  /// The observation's dimensions that hold the robot's place in the plane (m). The lower level
  /// does not see them, so that a skill is the same everywhere.
  public var positionIndices: [Int]
  /// How many of the observation's first numbers are the robot's place (m): 2, or 3 with its height.
  public var placeCount: Int
  /// Where the observation has what turns with the robot's heading.
  public var orientation: Orientation
  /// How the robot's numbers are relabelled when its left side is called its front; `nil` for a robot
  /// that is not the same from four sides.
  public var quarterTurn: QuarterTurn?
  /// The symmetric bound of each subgoal dimension, in the units of the observation's first
  /// dimensions, which the subgoal addresses: 15 numbers for the Ant, x and y for the Point.
  public var subgoalHalfRange: [Float]
  /// Where the target is during training.
  public var trainingTarget: TargetDistribution
  /// The targets an evaluation reports, the task's own first (m).
  public var evaluationTargets: [[Double]]
  /// What each of ``evaluationTargets`` is called.
  public var evaluationTargetNames: [String]
  /// The distance (m) below which the end of an episode is a success; `nil` where the score is the
  /// episode's reward.
  public var successRadius: Double?
  /// The number of steps after which an episode is truncated.
  public var episodeSteps: Int
  /// The simulated time of one environment step (s).
  public var stepDuration: Double
  /// Settings that suit this task better than the published ones: configuration key path to its
  /// value as YAML.
  public var suggestedSettings: [String: String]

  /// How many numbers the target has: 2 or 3, or 0 where there is none.
  public var targetCount: Int { trainingTarget.count }
  /// How many numbers an action has.
  public var actionCount: Int { actionLimits.count }

  /// Describes a task; each parameter is the property of its name.
  public init(
    name: String, summary: String, observationCount: Int, actionLimits: [Float],
    positionIndices: [Int] = [0, 1], placeCount: Int = 2, orientation: Orientation = .none,
    quarterTurn: QuarterTurn? = nil,
    subgoalHalfRange: [Float], trainingTarget: TargetDistribution,
    evaluationTargets: [[Double]], evaluationTargetNames: [String], successRadius: Double?,
    episodeSteps: Int = 500, stepDuration: Double, suggestedSettings: [String: String] = [:]
  ) {
    precondition(evaluationTargets.count == evaluationTargetNames.count, "each target has a name")
    self.name = name
    self.summary = summary
    self.observationCount = observationCount
    self.actionLimits = actionLimits
    self.positionIndices = positionIndices
    self.placeCount = placeCount
    self.orientation = orientation
    self.quarterTurn = quarterTurn
    self.subgoalHalfRange = subgoalHalfRange
    self.trainingTarget = trainingTarget
    self.evaluationTargets = evaluationTargets
    self.evaluationTargetNames = evaluationTargetNames
    self.successRadius = successRadius
    self.episodeSteps = episodeSteps
    self.stepDuration = stepDuration
    self.suggestedSettings = suggestedSettings
  }
}

/// Where an observation has what turns with the robot's heading.
public enum Orientation: Codable, Equatable, Sendable {
  /// The robot has no heading, or it is not known which number is it.
  case none
  /// A quaternion (w, x, y, z) from `index` on, and the velocity along x and y (m/s) from
  /// `velocityIndex` on.
  case quaternion(index: Int, velocityIndex: Int)
  /// An angle about the vertical (rad) at `index`, and the velocity along x and y (m/s) from
  /// `velocityIndex` on.
  case angle(index: Int, velocityIndex: Int)
}

/// What becomes of a robot's numbers when its left side is called its front: number i becomes
/// `signs[i]` times the one at `sources[i]`. The orientation is not among them.
public struct QuarterTurn: Codable, Equatable, Sendable {
  /// Where each number of an observation comes from.
  public var observationSources: [Int]
  /// 1 or −1.
  public var observationSigns: [Float]
  /// Where each number of an action comes from.
  public var actionSources: [Int]
  /// 1 or −1.
  public var actionSigns: [Float]

  /// Of the Ant: leg 1 becomes what leg 2 was, and so on. The axes of the ankles turn with the legs but
  /// for their signs. The angular velocity is in the body's own frame.
  static let ant: QuarterTurn = {
    var turn = QuarterTurn(
      observationSources: Array(0..<30), observationSigns: Array(repeating: 1, count: 30),
      actionSources: Array(0..<8), actionSigns: Array(repeating: 1, count: 8))
    let ankleSigns: [Float] = [-1, 1, -1, 1]
    // The motors begin with leg 4.
    func motor(_ leg: Int) -> Int { 2 * ((leg + 1) % 4) }
    for leg in 0..<4 {
      let next = (leg + 1) % 4
      for first in [7, 21] {
        turn.observationSources[first + 2 * leg] = first + 2 * next
        turn.observationSources[first + 2 * leg + 1] = first + 2 * next + 1
        turn.observationSigns[first + 2 * leg + 1] = ankleSigns[leg]
      }
      turn.actionSources[motor(leg)] = motor(next)
      turn.actionSources[motor(leg) + 1] = motor(next) + 1
      turn.actionSigns[motor(leg) + 1] = ankleSigns[leg]
    }
    (turn.observationSources[18], turn.observationSources[19]) = (19, 18)
    turn.observationSigns[19] = -1
    return turn
  }()
}

/// Where a task's target is drawn from in training.
public enum TargetDistribution: Codable, Equatable, Sendable {
  /// The task has no target.
  case none
  /// Always this place (m).
  case fixed([Double])
  /// Uniform, each coordinate by itself, in the box between two corners (m).
  case uniform(lower: [Double], upper: [Double])

  /// How many coordinates the target has.
  public var count: Int {
    switch self {
    case .none: 0
    case .fixed(let place): place.count
    case .uniform(let lower, _): lower.count
    }
  }
}
