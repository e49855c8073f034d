/// What an agent needs to know about its task: the sizes and ranges of observations and actions.
public struct AgentShape: Codable, Equatable, Sendable {
  /// Numbers in an observation; the first of them are the robot's position coordinates, to which
  /// subgoals refer.
  public var observationCount: Int

  /// Numbers in the target, which the higher level sees; 0 in a task without a target.
  public var targetCount: Int

  /// The largest magnitude of each number of an action (N·m for torques).
  public var actionLimits: [Float]

  /// Half the range of each number of a subgoal, in the units of the observation.
  public var subgoalHalfRange: [Float]

  /// The numbers of an observation that say where the robot is (x, y). They are hidden from the
  /// lower level, so that what it learns in one place is valid everywhere.
  public var positionIndices: [Int]

  /// How many of an observation's first numbers are the robot's place (m): 2, 3 with its height, or
  /// 1 on a line.
  public var placeCount: Int

  /// Where in an observation the robot's heading is; nil if it has none.
  public var heading: Heading?

  /// How numbers change with a quarter turn of the robot, if the robot is the same from four sides.
  public var quarterTurn: QuarterTurn?

  /// The frame in which the lower level sees the world; never `automatic`.
  public var frame: LowerFrame = .world

  /// The frame in which the higher level sees the world and sets subgoals.
  public var higherFrame: HigherFrame = .world

  /// Earlier places that the higher level sees, see ``HigherLevelConfiguration/pastPlaces``.
  public var pastPlaceCount = 0

  /// The targets of training and evaluation, for learning from targets other than the stored ones;
  /// nil if the task has none, or its reward is not minus the distance to the target.
  public var targets: Targets?

  /// Makes a shape from its sizes and ranges.
  public init(
    observationCount: Int, targetCount: Int, actionLimits: [Float], subgoalHalfRange: [Float],
    positionIndices: [Int], placeCount: Int = 2, heading: Heading? = nil,
    quarterTurn: QuarterTurn? = nil, targets: Targets? = nil
  ) {
    precondition(subgoalHalfRange.count <= observationCount)
    precondition(positionIndices.allSatisfy { $0 >= 0 && $0 < observationCount })
    precondition(placeCount <= observationCount)
    self.observationCount = observationCount
    self.targetCount = targetCount
    self.actionLimits = actionLimits
    self.subgoalHalfRange = subgoalHalfRange
    self.positionIndices = positionIndices
    self.placeCount = placeCount
    self.heading = heading
    self.quarterTurn = quarterTurn
    self.targets = targets
  }

  /// Where in an observation the numbers are that turn with the robot's heading.
  public struct Heading: Codable, Equatable, Sendable {
    /// How the orientation is given.
    public enum Kind: String, Codable, Sendable {
      /// Four numbers: a quaternion w, x, y, z.
      case quaternion
      /// One number: the angle about the vertical (rad).
      case angle
    }

    /// How the orientation is given.
    public var kind: Kind
    /// The index of the orientation's first number.
    public var index: Int
    /// The index of the velocity along x (m/s); the velocity along y follows it.
    public var velocityIndex: Int

    /// Describes where the orientation and the velocity are.
    public init(kind: Kind, index: Int, velocityIndex: Int) {
      self.kind = kind
      self.index = index
      self.velocityIndex = velocityIndex
    }
  }

  /// How the numbers of a robot that is the same from four sides change when its left side is
  /// called its front: number i becomes `signs[i]` times the number at `sources[i]`. The
  /// orientation is not changed by this; it is turned separately.
  public struct QuarterTurn: Codable, Equatable, Sendable {
    /// A permutation of numbers, with a sign for each.
    public struct Relabelling: Codable, Equatable, Sendable {
      /// For each number, the index of the old number that replaces it.
      public var sources: [Int]
      /// For each number, 1 or −1.
      public var signs: [Float]

      /// Makes a relabelling from one source and one sign for each number.
      public init(sources: [Int], signs: [Float]) {
        precondition(sources.count == signs.count && sources.sorted() == Array(sources.indices))
        self.sources = sources
        self.signs = signs
      }
    }

    /// The relabelling of an observation.
    public var observation: Relabelling
    /// The relabelling of an action.
    public var action: Relabelling

    /// Makes a quarter turn from its two relabellings.
    public init(observation: Relabelling, action: Relabelling) {
      self.observation = observation
      self.action = action
    }
  }

  /// Where a task's targets are.
  public struct Targets: Codable, Equatable, Sendable {
    /// The lower corner of the box in which training targets are uniformly distributed.
    public var lower: [Float]
    /// The upper corner of this box.
    public var upper: [Float]
    /// The task's own evaluation target.
    public var evaluation: [Float]

    /// Makes targets from the corners of the box and the evaluation target.
    public init(lower: [Float], upper: [Float], evaluation: [Float]) {
      precondition(lower.count == upper.count && lower.count == evaluation.count)
      self.lower = lower
      self.upper = upper
      self.evaluation = evaluation
    }
  }

  /// How many of a subgoal's first numbers are x and y: 2, or 1 on a line.
  var planeCount: Int { min(2, placeCount, subgoalCount) }

  /// The robot's x and y (m); y is 0 on a line.
  func place(in observation: UnsafePointer<Float>) -> (x: Float, y: Float) {
    (observation[0], placeCount > 1 ? observation[1] : 0)
  }

  /// Numbers in an action.
  public var actionCount: Int { actionLimits.count }

  /// Numbers in a subgoal.
  public var subgoalCount: Int { subgoalHalfRange.count }

  /// This shape with the subgoals and the view of both levels that `configuration` asks for.
  ///
  /// - Throws: ``AgentShapeError`` if the configuration does not fit the task.
  public func adapted(to configuration: HIROConfiguration) throws(AgentShapeError) -> AgentShape {
    var shape = self
    let subgoals = configuration.subgoals
    if let count = subgoals.space.count {
      guard count <= placeCount, count <= subgoalCount else {
        throw .noSpace(subgoals.space)
      }
      shape.subgoalHalfRange = Array(subgoalHalfRange.prefix(count))
    }
    switch configuration.lower.place {
    case .automatic: if subgoals.space == .xy { shape.positionIndices = [] }
    case .hidden: break
    case .visible: shape.positionIndices = []
    }
    if !subgoals.halfRange.isEmpty {
      guard subgoals.halfRange.count == shape.subgoalCount else {
        throw .halfRangeCount(expected: shape.subgoalCount, found: subgoals.halfRange.count)
      }
      shape.subgoalHalfRange = subgoals.halfRange.map(Float.init)
      // Learning divides by these numbers and multiplies with them.
      guard shape.subgoalHalfRange.allSatisfy({ $0 >= 1e-15 && $0 <= 1e15 }) else {
        throw .halfRangeValue
      }
    }
    let hasHeading = heading != nil && subgoals.semantics == .relative && shape.planeCount == 2
    // Only the x and y of a subgoal turn with the robot; other numbers, such as the angles of its
    // joints, would mean something else after each turn.
    let turnsBelow = hasHeading && shape.subgoalCount <= placeCount
    let hasSides = turnsBelow && heading?.kind == .quaternion && quarterTurn != nil
    switch configuration.lower.frame {
    case .world, .automatic: break
    case .heading, .quadrant:
      guard hasHeading else { throw .noHeading(setting: "lower.frame") }
      guard turnsBelow else { throw .noTurn(configuration.lower.frame) }
      guard configuration.lower.frame == .heading || hasSides else { throw .noQuarterTurn }
    }
    shape.frame =
      configuration.lower.frame == .automatic
      ? (hasSides ? .quadrant : turnsBelow ? .heading : .world) : configuration.lower.frame
    let higher = configuration.higher
    guard higher.frame == .world || hasHeading else {
      throw .noHeading(setting: "higher.frame")
    }
    shape.higherFrame = higher.frame
    shape.pastPlaceCount = higher.pastPlaces
    guard higher.pastPlaces == 0 || placeCount >= 2 else { throw .noPlace }
    guard higher.valueBound == .none || higher.reward == .progress else {
      throw .noBound(setting: "higher.valueBound", needs: "higher.reward: progress")
    }
    let lower = configuration.lower
    guard lower.valueBound == .none || lower.reward == .progress && lower.nextSubgoal == .transition
    else {
      throw .noBound(
        setting: "lower.valueBound",
        needs: "lower.reward: progress and lower.nextSubgoal: transition")
    }
    let needing: String? =
      if higher.reward == .progress {
        "higher.reward: progress"
      } else {
        higher.otherTargets > 0 ? "higher.otherTargets" : nil
      }
    if let needing {
      guard 1...placeCount ~= targetCount, targets != nil else { throw .noTarget(setting: needing) }
    }
    return shape
  }
}

/// Why a configuration does not fit a task.
public enum AgentShapeError: Error, Equatable, CustomStringConvertible {
  /// The number of values in `subgoals.halfRange` is not the number of subgoal dimensions.
  case halfRangeCount(expected: Int, found: Int)
  /// `subgoals.halfRange` has a value that is not a positive number, or is too large or too small.
  case halfRangeValue
  /// The robot's place has fewer dimensions than `subgoals.space` needs.
  case noSpace(SubgoalSpace)
  /// The setting needs a heading: the robot has none, or subgoals are not relative, or not in x
  /// and y.
  case noHeading(setting: String)
  /// The frame needs subgoals that are a place: other dimensions do not turn with the robot.
  case noTurn(LowerFrame)
  /// The task does not say that the robot is the same from four sides.
  case noQuarterTurn
  /// The values of a level are not bounded by a distance: its reward is not `progress`, or the
  /// lower level's next subgoal is not always the transition of the last one.
  case noBound(setting: String, needs: String)
  /// An observation does not begin with x and y.
  case noPlace
  /// The task has no target, or the distance to it does not follow from an observation, or the
  /// reward is not minus this distance.
  case noTarget(setting: String)
  /// The task cannot compute what the robot would have sensed and earned in other surroundings.
  case noSurroundings
  /// The task's description contradicts itself.
  case impossibleTask(String)
  /// A setting that counts something is below its minimum.
  case tooFew(setting: String, minimum: Int)

  /// One line that names the setting.
  public var description: String {
    switch self {
    case .halfRangeCount(let expected, let found):
      "subgoals.halfRange has \(found) values, but the subgoals of this task and space have "
        + "\(expected)"
    case .halfRangeValue:
      "subgoals.halfRange has a value that is not a number between 1e-15 and 1e15"
    case .noSpace(let space):
      "subgoals.space: \(space.rawValue): the robot of this task does not move in all of these "
        + "directions; use \(space == .xy ? "full" : "full or xy")"
    case .noHeading(let setting):
      "\(setting): heading: needs a robot with a heading and relative subgoals in x and y; use world"
    case .noTurn(let frame):
      "lower.frame: \(frame.rawValue): needs subgoals in x and y (and z) only; use world, or "
        + "subgoals.space: xy"
    case .noQuarterTurn:
      "lower.frame: quadrant: needs a robot that is the same from four sides; use heading"
    case .noBound(let setting, let needs): "\(setting): distance: needs \(needs)"
    case .noPlace:
      "higher.pastPlaces: needs a robot whose x and y are its observation's first numbers; use 0"
    case .noTarget(let setting):
      "\(setting): needs a task whose reward is minus the distance to a target; use "
        + (setting.hasSuffix("progress") ? "sum" : "0")
    case .noSurroundings:
      "higher.otherSurroundings: needs a task whose objects could lie elsewhere, such as "
        + "ant-gather; use 0"
    case .impossibleTask(let problem): problem
    case .tooFew(let setting, let minimum): "\(setting): must be at least \(minimum)"
    }
  }
}

extension HIROConfiguration {
  /// Checks the counts for which buffers are made and by which indices are computed.
  func checkCounts() throws(AgentShapeError) {
    var counts = [
      ("subgoals.interval", subgoals.interval, 1),
      ("correction.randomCandidates", correction.randomCandidates, 0),
      ("higher.nStep", higher.nStep, 1), ("higher.pastPlaces", higher.pastPlaces, 0),
      ("higher.updatesPerDecision", higher.updatesPerDecision, 1),
    ]
    for (name, level) in [("lower", lower.learner), ("higher", higher.learner)] {
      counts += [
        ("\(name).hiddenUnits", level.hiddenUnits, 1), ("\(name).batchSize", level.batchSize, 1),
        ("\(name).policyDelay", level.policyDelay, 1),
      ]
    }
    counts += [
      ("lower.replayCapacity", lower.replayCapacity, 1),
      ("higher.replayCapacity", higher.replayCapacity, 1),
    ]
    for (setting, count, minimum) in counts where count < minimum {
      throw .tooFew(setting: setting, minimum: minimum)
    }
  }
}
