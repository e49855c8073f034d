import Environments
import Learning
import MuJoCo

/// The subgoals of the higher level as arrows: for places everywhere in the world, the subgoal that
/// it would set if the robot stood there.
///
/// A picture of the field shows what learning curves hide: whether the higher level knows the way,
/// and whether it uses more than a few directions.
public struct SubgoalField: Sendable {
  /// The subgoal that a policy sets at one place.
  public struct Arrow: Equatable, Sendable {
    /// The robot's position (m).
    public var place: SIMD2<Double>
    /// The change of x and y that the subgoal asks for (m).
    public var subgoal: SIMD2<Double>
    /// Whether both components of the subgoal are beyond 0.95 of their half range: the higher level
    /// then chooses little more than one of four diagonals.
    public var isSaturated: Bool
  }

  /// The arrows, row by row.
  public let arrows: [Arrow]

  private let height: Double
  private let scale: Double

  /// Evaluates the policy's higher level at every free place of `environment`, with the
  /// environment's target and its present observation except for x and y. Empty if the policy has
  /// no levels.
  public init(policy: HierarchicalPolicy, environment: RobotEnvironment) {
    let reach = policy.shape.subgoalHalfRange.prefix(2).map(Double.init)
    var observation = environment.observation
    var arrows: [Arrow] = []
    for place in environment.freePlaces {
      (observation[0], observation[1]) = (Float(place.x), Float(place.y))
      guard
        let wanted = policy.subgoal(observation: observation, target: environment.target),
        wanted.count >= 2
      else { continue }
      var subgoal = SIMD2(Double(wanted[0]), Double(wanted[1]))
      if policy.settings.semantics == .absolute { subgoal -= place }
      arrows.append(
        Arrow(
          place: place, subgoal: subgoal,
          isSaturated: abs(Double(wanted[0])) > 0.95 * reach[0]
            && abs(Double(wanted[1])) > 0.95 * reach[1]))
    }
    self.arrows = arrows
    height = environment.robotPosition.z
    // The longest arrow of a relative subgoal is as long as the places are apart.
    let longest = reach.isEmpty ? 1 : (reach[0] * reach[0] + reach[1] * reach[1]).squareRoot()
    scale = environment.placeSpacing / max(longest, 1e-6)
  }

  /// The arrows to be drawn, each in proportion to its subgoal.
  public var markers: [Marker] {
    arrows.map { arrow in
      let start = SIMD3(arrow.place.x, arrow.place.y, max(height, 0.5))
      let change = arrow.subgoal * scale
      return Marker(
        .arrow(end: start + SIMD3(change.x, change.y, 0), width: 0.06 * scale * 14),
        at: start, rgba: arrow.isSaturated ? Palette.saturatedSubgoal : Palette.fieldSubgoal)
    }
  }
}
