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

  /// Gives the sizes and ranges.
  public init(
    observationCount: Int, targetCount: Int, actionLimits: [Float], subgoalHalfRange: [Float],
    positionIndices: [Int]
  ) {
    precondition(subgoalHalfRange.count <= observationCount)
    precondition(positionIndices.allSatisfy { $0 >= 0 && $0 < observationCount })
    self.observationCount = observationCount
    self.targetCount = targetCount
    self.actionLimits = actionLimits
    self.subgoalHalfRange = subgoalHalfRange
    self.positionIndices = positionIndices
  }

  /// Numbers in an action.
  public var actionCount: Int { actionLimits.count }

  /// Numbers in a subgoal.
  public var subgoalCount: Int { subgoalHalfRange.count }

  /// The shape with the subgoal range and space that `configuration` asks for.
  ///
  /// In the space `xy` subgoals speak of the first two numbers, and these stay visible to the
  /// lower level.
  public func adapted(to configuration: SubgoalConfiguration) throws(AgentShapeError) -> AgentShape
  {
    var shape = self
    if configuration.space == .xy {
      shape.subgoalHalfRange = Array(subgoalHalfRange.prefix(2))
      shape.positionIndices = []
    }
    if !configuration.halfRange.isEmpty {
      guard configuration.halfRange.count == shape.subgoalCount else {
        throw .halfRangeCount(
          expected: shape.subgoalCount, found: configuration.halfRange.count)
      }
      guard configuration.halfRange.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        throw .halfRangeValue
      }
      shape.subgoalHalfRange = configuration.halfRange.map(Float.init)
    }
    return shape
  }
}

/// Why a subgoal configuration does not fit a task.
public enum AgentShapeError: Error, Equatable, CustomStringConvertible {
  /// `subgoals.halfRange` has another number of values than the subgoals have dimensions.
  case halfRangeCount(expected: Int, found: Int)
  /// `subgoals.halfRange` has a value that is not a positive number.
  case halfRangeValue

  /// One line that names the setting.
  public var description: String {
    switch self {
    case .halfRangeCount(let expected, let found):
      "subgoals.halfRange has \(found) values; the subgoals of this task and space have \(expected)"
    case .halfRangeValue:
      "subgoals.halfRange has a value that is not a positive number"
    }
  }
}
