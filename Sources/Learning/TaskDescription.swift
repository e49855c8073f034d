import Randomness

/// The description of a task: everything that an agent, an evaluation or a picture needs to know
/// about the task without making an environment.
public struct TaskDescription: Codable, Equatable, Sendable {
  /// The task's name in every command, such as `ant-maze`.
  public var name: String
  /// One sentence for `hiro list`.
  public var summary: String
  /// How many numbers an observation has (30 for the Ant's mazes).
  public var observationCount: Int
  /// The symmetric bound of each action: ±30 N·m for each of the Ant's torques.
  public var actionLimits: [Float]
  /// The indices of the observation's numbers for the robot's place in the plane (m). They are
  /// hidden from the lower level, so that a skill is the same everywhere.
  public var positionIndices: [Int]
  /// How many of the observation's first numbers are the robot's place (m): 2, 3 with its height, or
  /// 1 on a line.
  public var placeCount: Int
  /// Where in the observation the numbers are that turn with the robot's heading; `nil` if there
  /// are none, or if their place is not known.
  public var heading: AgentShape.Heading?
  /// How the robot's numbers change when its left side is called its front; `nil` for a robot that
  /// is not the same from four sides.
  public var quarterTurn: AgentShape.QuarterTurn?
  /// The symmetric bound of each subgoal dimension, in the units of the observation's first
  /// numbers, to which the subgoal refers: 15 numbers for the Ant, x and y for the Point.
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
  /// Whether a step's reward is exactly minus the remaining distance to the target (m), so that an
  /// agent can compute it for other targets and from other states (`higher.reward: progress`,
  /// `higher.otherTargets`). With any other term in the reward, such as one for energy or for
  /// arriving, this must be false: then these settings are refused.
  public var rewardIsDistance: Bool
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

  /// Describes a task; each parameter sets the property of the same name.
  public init(
    name: String, summary: String, observationCount: Int, actionLimits: [Float],
    positionIndices: [Int] = [0, 1], placeCount: Int = 2, heading: AgentShape.Heading? = nil,
    quarterTurn: AgentShape.QuarterTurn? = nil, subgoalHalfRange: [Float],
    trainingTarget: TargetDistribution,
    evaluationTargets: [[Double]], evaluationTargetNames: [String], successRadius: Double?,
    rewardIsDistance: Bool = true, episodeSteps: Int = 500, stepDuration: Double,
    suggestedSettings: [String: String] = [:]
  ) {
    precondition(evaluationTargets.count == evaluationTargetNames.count, "each target has a name")
    self.name = name
    self.summary = summary
    self.observationCount = observationCount
    self.actionLimits = actionLimits
    self.positionIndices = positionIndices
    self.placeCount = placeCount
    self.heading = heading
    self.quarterTurn = quarterTurn
    self.subgoalHalfRange = subgoalHalfRange
    self.trainingTarget = trainingTarget
    self.evaluationTargets = evaluationTargets
    self.evaluationTargetNames = evaluationTargetNames
    self.successRadius = successRadius
    self.rewardIsDistance = rewardIsDistance
    self.episodeSteps = episodeSteps
    self.stepDuration = stepDuration
    self.suggestedSettings = suggestedSettings
  }
}

extension TaskDescription {
  /// The part of a learning curve's name that stands for a target called `name`: its letters and
  /// digits, and `_` for every other character.
  package static func curveName(ofTarget name: String) -> String {
    String(name.map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }

  /// The contradictions in this description, a line for each.
  var problems: [String] {
    var problems: [String] = []
    func require(_ condition: Bool, _ problem: String) {
      if !condition { problems.append(problem) }
    }
    require(observationCount > 0, "task.observationCount is \(observationCount)")
    require(!actionLimits.isEmpty, "task.actionLimits is empty: no action is possible")
    require(
      actionLimits.allSatisfy { $0 > 0 && $0.isFinite },
      "task.actionLimits must be positive and finite: actions are from minus a limit to plus it")
    require(
      !subgoalHalfRange.isEmpty && subgoalHalfRange.allSatisfy { $0 > 0 && $0.isFinite },
      "task.subgoalHalfRange must be positive and finite numbers, one for each of the first numbers of "
        + "an observation that a subgoal gives")
    require(
      subgoalHalfRange.count <= observationCount,
      "task.subgoalHalfRange has more numbers than an observation")
    require(
      placeCount >= 1 && placeCount <= observationCount,
      "task.placeCount is \(placeCount), but must be from 1 to task.observationCount, "
        + "\(observationCount): the robot's place is the first numbers of an observation"
    )
    require(
      positionIndices.allSatisfy { 0..<observationCount ~= $0 },
      "task.positionIndices refers to numbers that an observation does not have")
    if let heading {
      let count = heading.kind == .quaternion ? 4 : 1
      require(
        heading.index >= 0 && heading.index + count <= observationCount
          && heading.velocityIndex >= 0 && heading.velocityIndex + 2 <= observationCount,
        "task.heading refers to numbers that an observation does not have")
    }
    if let quarterTurn {
      require(
        quarterTurn.observation.sources.count == observationCount
          && quarterTurn.action.sources.count == actionCount,
        "task.quarterTurn must have a source for each number of an observation and of an action")
    }
    require(episodeSteps > 0, "task.episodeSteps is \(episodeSteps)")
    require(
      evaluationTargets.allSatisfy { $0.count == targetCount && $0.allSatisfy(\.isFinite) },
      "task.evaluationTargets must have \(targetCount) finite numbers each, like the training "
        + "target"
    )
    require(
      targetCount == 0 || !evaluationTargets.isEmpty,
      "task.evaluationTargets is empty: an evaluation would have no target")
    let names = evaluationTargetNames.map(Self.curveName)
    require(
      Set(names).count == names.count,
      "task.evaluationTargetNames: two of them would have the same columns in metrics.csv")
    require(
      successRadius == nil || targetCount > 0,
      "task.successRadius needs a target")
    if case .uniform(let lower, let upper) = trainingTarget {
      require(
        lower.count == upper.count && zip(lower, upper).allSatisfy { $0 <= $1 },
        "task.trainingTarget: each lower corner must be below its upper one")
    }
    return problems
  }
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

extension TaskDescription {
  /// The target (m) that `choice` stands for; `nil` if it must be drawn from ``trainingTarget``
  /// after the start state. Otherwise empty in a task without targets.
  ///
  /// - Throws: ``EnvironmentError/invalidTarget(task:reason:)`` for a target the task can't have.
  public func place(of choice: TargetChoice) throws(EnvironmentError) -> [Double]? {
    switch choice {
    case .training: return nil
    case .evaluation(let index):
      if targetCount == 0 { return [] }
      guard evaluationTargets.indices.contains(index) else {
        throw .invalidTarget(
          task: name,
          reason: "there is no evaluation target \(index); the targets are "
            + "0 to \(evaluationTargets.count - 1)")
      }
      return evaluationTargets[index]
    case .fixed(let place):
      guard place.count == targetCount, place.allSatisfy(\.isFinite) else {
        let expected =
          targetCount == 0
          ? "the task has no target" : "a target must have \(targetCount) finite coordinates"
        let found = place.map { "\(Float($0))" }.joined(separator: " ")
        throw .invalidTarget(task: name, reason: "\(expected), not (\(found))")
      }
      return place
    }
  }
}

extension TargetDistribution {
  /// Draws a target, with one number of `generator` for each coordinate; ``fixed(_:)`` uses none.
  public func draw(using generator: inout RandomStream) -> [Double] {
    switch self {
    case .none: []
    case .fixed(let place): place
    case .uniform(let lower, let upper):
      zip(lower, upper).map { generator.uniform(in: $0...$1) }
    }
  }
}

extension TaskDescription {
  /// The sizes and ranges for an agent, with the task's own subgoals.
  public var agentShape: AgentShape {
    AgentShape(
      observationCount: observationCount, targetCount: targetCount, actionLimits: actionLimits,
      subgoalHalfRange: subgoalHalfRange, positionIndices: positionIndices,
      placeCount: placeCount, heading: heading, quarterTurn: quarterTurn, targets: targets)
  }

  /// The targets of training and of the task's own evaluation; nil in a task without targets, or if
  /// an agent cannot compute the reward for another target.
  private var targets: AgentShape.Targets? {
    guard rewardIsDistance, let own = evaluationTargets.first?.map(Float.init) else { return nil }
    switch trainingTarget {
    case .none: return nil
    case .fixed(let place):
      let place = place.map(Float.init)
      return AgentShape.Targets(lower: place, upper: place, evaluation: own)
    case .uniform(let lower, let upper):
      return AgentShape.Targets(
        lower: lower.map(Float.init), upper: upper.map(Float.init), evaluation: own)
    }
  }

  /// The sizes and ranges for an agent, with the subgoals and the view of both levels that
  /// `configuration` asks for.
  ///
  /// - Throws: ``AgentShapeError`` if the configuration does not fit the task.
  public func agentShape(
    for configuration: HIROConfiguration
  ) throws(AgentShapeError) -> AgentShape {
    try soundShape.adapted(to: configuration)
  }

  /// The sizes and ranges for an agent, unless the description contradicts itself.
  package var soundShape: AgentShape {
    get throws(AgentShapeError) {
      if let problem = problems.first { throw .impossibleTask(problem) }
      return agentShape
    }
  }
}
