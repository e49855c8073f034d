/// What an agent has to know of its task: the sizes and ranges of what it sees and does.
public struct AgentShape: Codable, Equatable, Sendable {
  /// Numbers in an observation; the first of them are the robot's position coordinates, of which
  /// subgoals speak.
  public var observationCount: Int

  /// Numbers that tell the higher level the target; 0 where there is none.
  public var targetCount: Int

  /// The largest magnitude of each number of an action (N·m for torques).
  public var actionLimits: [Float]

  /// Half the range of each number of a subgoal, in the units of the observation.
  public var subgoalHalfRange: [Float]

  /// The numbers of an observation that say where the robot is (x, y). The lower level does not
  /// see them, so that what it learns in one place holds everywhere.
  public var positionIndices: [Int]

  /// How many of an observation's first numbers are the robot's place (m): 2, or 3 with its height.
  public var placeCount: Int

  /// Where an observation has the robot's heading; nil where it has none.
  public var heading: Heading?

  /// How the robot looks after a quarter turn, where it is the same from four sides.
  public var quarterTurn: QuarterTurn?

  /// The frame in which the lower level sees the world; never `automatic`.
  public var frame: LowerFrame = .world

  /// The frame in which the higher level sees the world and sets subgoals.
  public var higherFrame: HigherFrame = .world

  /// How many earlier places the higher level sees, see ``HigherLevelConfiguration/pastPlaces``.
  public var pastPlaceCount = 0

  /// The targets of training and evaluation, for an agent that learns from others than those it had; nil
  /// where the reward is not minus the distance to the target.
  public var targets: Targets?

  /// Gives the sizes and ranges.
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

  /// Where an observation has what turns with the robot's heading.
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
    /// Its first number's index.
    public var index: Int
    /// The index of the velocity along x (m/s), behind which that along y stands.
    public var velocityIndex: Int

    /// Gives the places.
    public init(kind: Kind, index: Int, velocityIndex: Int) {
      self.kind = kind
      self.index = index
      self.velocityIndex = velocityIndex
    }
  }

  /// The numbers of a robot that is the same from four sides, after calling its left side its front:
  /// number i becomes `signs[i]` times the one at `sources[i]`. The orientation is not among them.
  public struct QuarterTurn: Codable, Equatable, Sendable {
    /// Where each number comes from.
    public struct Relabelling: Codable, Equatable, Sendable {
      /// The index of the number that it was.
      public var sources: [Int]
      /// 1 or −1.
      public var signs: [Float]

      /// Gives both, one for each number.
      public init(sources: [Int], signs: [Float]) {
        precondition(sources.count == signs.count && sources.sorted() == Array(sources.indices))
        self.sources = sources
        self.signs = signs
      }
    }

    /// Of an observation.
    public var observation: Relabelling
    /// Of an action.
    public var action: Relabelling

    /// Gives both.
    public init(observation: Relabelling, action: Relabelling) {
      self.observation = observation
      self.action = action
    }
  }

  /// Where a task's targets are.
  public struct Targets: Codable, Equatable, Sendable {
    /// Training targets are uniform in the box between these two corners.
    public var lower: [Float]
    /// The other corner.
    public var upper: [Float]
    /// The task's own evaluation target.
    public var evaluation: [Float]

    /// Gives the box and the place.
    public init(lower: [Float], upper: [Float], evaluation: [Float]) {
      precondition(lower.count == upper.count && lower.count == evaluation.count)
      self.lower = lower
      self.upper = upper
      self.evaluation = evaluation
    }
  }

  /// Numbers in an action.
  public var actionCount: Int { actionLimits.count }

  /// Numbers in a subgoal.
  public var subgoalCount: Int { subgoalHalfRange.count }

  /// The shape with the subgoals and the lower level's view that `configuration` asks for.
  ///
  /// - Throws: ``AgentShapeError`` where the task can't have what is asked for.
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
      guard subgoals.halfRange.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        throw .halfRangeValue
      }
      shape.subgoalHalfRange = subgoals.halfRange.map(Float.init)
    }
    let hasHeading = heading != nil && subgoals.semantics == .relative
    let hasSides = hasHeading && heading?.kind == .quaternion && quarterTurn != nil
    switch configuration.lower.frame {
    case .world: break
    case .heading: guard hasHeading else { throw .noHeading(setting: "lower.frame") }
    case .quadrant:
      guard hasHeading else { throw .noHeading(setting: "lower.frame") }
      guard hasSides else { throw .noQuarterTurn }
    case .automatic: break
    }
    shape.frame =
      configuration.lower.frame == .automatic
      ? (hasSides ? .quadrant : hasHeading ? .heading : .world) : configuration.lower.frame
    let higher = configuration.higher
    guard higher.frame == .world || hasHeading && placeCount >= 2 else {
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
  /// `subgoals.halfRange` has another number of values than the subgoals have dimensions.
  case halfRangeCount(expected: Int, found: Int)
  /// `subgoals.halfRange` has a value that is not a positive number.
  case halfRangeValue
  /// The robot's place does not have the dimensions of `subgoals.space`.
  case noSpace(SubgoalSpace)
  /// The robot has no heading that could be followed, or subgoals do not turn with it.
  case noHeading(setting: String)
  /// The robot is not the same from four sides, or nobody said so.
  case noQuarterTurn
  /// A level's values are not bounded by a distance: its rewards are not progress, or its next subgoal is
  /// another than the one that is left.
  case noBound(setting: String, needs: String)
  /// An observation does not begin with x and y.
  case noPlace
  /// The task has no target, or one of which the distance can't be told from an observation, or its reward
  /// is another than minus this distance.
  case noTarget(setting: String)
  /// Nobody can tell what the robot would have sensed and earned in other surroundings.
  case noSurroundings

  /// One line that names the setting.
  public var description: String {
    switch self {
    case .halfRangeCount(let expected, let found):
      "subgoals.halfRange has \(found) values; the subgoals of this task and space have \(expected)"
    case .halfRangeValue:
      "subgoals.halfRange has a value that is not a positive number"
    case .noSpace(let space):
      "subgoals.space: \(space.rawValue): the robot of this task does not move in all of these "
        + "directions; take full or xy"
    case .noHeading(let setting):
      "\(setting): heading: needs a robot with a heading and relative subgoals; take world"
    case .noQuarterTurn:
      "lower.frame: quadrant: needs a robot that is the same from four sides; take heading"
    case .noBound(let setting, let needs): "\(setting): distance: needs \(needs)"
    case .noPlace:
      "higher.pastPlaces: needs a robot whose x and y are its observation's first numbers; take 0"
    case .noTarget(let setting):
      "\(setting): needs a task whose reward is minus the distance to a target; leave it out here"
    case .noSurroundings:
      "higher.otherSurroundings: needs a task such as ant-gather, whose things could lie elsewhere; "
        + "take 0"
    }
  }
}
