import NeuralNetworks
import Randomness

/// The acting half of a ``HIROAgent``: chooses subgoals and actions with exploration noise, and
/// records their outcomes in a ``Window``.
package final class Collector: @unchecked Sendable {
  package let window: Window

  /// Whether subgoals are drawn uniformly instead of asked from the higher level.
  package var drawsSubgoals = false

  /// Whether actions are drawn uniformly instead of asked from the lower level.
  package var drawsActions = false

  /// Whether this episode is one without exploration noise.
  package var isQuiet = false

  /// The place that exploration holds (m), and the number of coming decisions that will ask for it.
  package struct Hold: Codable, Equatable, Sendable {
    var x: Float = 0
    var y: Float = 0
    var decisionsLeft = 0
    /// The number of places that may still be drawn in this episode; nil for any number.
    var placesLeft: Int?
  }
  package var hold = Hold()

  /// How often the higher level has decided in which place; empty if no setting needs this.
  package var visited = VisitedPlaces()

  /// The exploration noise of the last decision, in standard deviations, if the noise is
  /// correlated; empty before the first decision of an episode.
  package var noise: [Double] = []

  /// The places of this episode's decisions.
  package var path = DecisionPath()

  /// How well the lower level has reached its subgoals since the statistics were last taken.
  package var statistics = ObedienceStatistics()

  /// The distance in the plane to the subgoal when it was set (m).
  package var distanceAtDecision: Float = 0

  /// The random streams of acting, each with a single consumer.
  package struct Streams: Codable, Equatable, Sendable {
    var lower: RandomStream
    var higher: RandomStream
  }
  package var streams: Streams

  /// Steps since the higher level's last decision.
  package var stepsSinceDecision = 0

  private let shape: AgentShape
  private let configuration: HIROConfiguration
  private let subgoals: Subgoals
  private let lower: ActingNetwork
  private let higher: ActingNetwork
  private var action: [Float]

  /// Makes a collector that acts with the current weights of the given networks.
  package init(
    shape: AgentShape, configuration: HIROConfiguration, lower: Perceptron, higher: Perceptron,
    seed: UInt64
  ) {
    self.shape = shape
    self.configuration = configuration
    self.lower = ActingNetwork(lower)
    self.higher = ActingNetwork(higher)
    subgoals = Subgoals(count: shape.subgoalCount, semantics: configuration.subgoals.semantics)
    window = Window(capacity: configuration.subgoals.interval, shape: shape)
    action = Array(repeating: 0, count: shape.actionCount)
    streams = Streams(
      lower: RandomStream(seed: seed, name: "lower exploration"),
      higher: RandomStream(seed: seed, name: "higher exploration"))
  }

  package func beginEpisode(observation: [Float], target: [Float]) {
    window.begin(observation: observation, target: target)
    noise = []
    path = DecisionPath()
    isQuiet =
      configuration.quietEpisodes > 0
      && streams.higher.uniform() < configuration.quietEpisodes
    hold.decisionsLeft = 0
    hold.placesLeft = placesToHold()
    window.isHeld = chooseSubgoal(at: 0, isFirst: true)
  }

  package func chooseAction() -> [Float] {
    let step = window.count
    let chosen = window.actions.row(step)
    if drawsActions {
      drawUniformly(limits: shape.actionLimits, using: &streams.lower, into: chosen)
    } else {
      let quarters = shape.writeLowerInput(
        window.observations.row(step), subgoal: window.subgoals.row(step), into: lower.input)
      let output = lower.forward()
      shape.restoreAction(output, quarters: quarters)
      configuration.lower.learner.explore(
        around: output, limits: shape.actionLimits, isQuiet: isQuiet, using: &streams.lower,
        into: chosen)
    }
    for index in action.indices { action[index] = chosen[index] }
    return action
  }

  package func record(reward: Float, observation: [Float], ending: Window.Ending) {
    let step = window.count
    guard window.append(reward: reward, observation: observation, ending: ending) else { return }
    stepsSinceDecision += 1
    if stepsSinceDecision == configuration.subgoals.interval || ending != .none {
      window.endsInterval = true
      measureObedience(after: step)
      window.nextIsHeld = chooseSubgoal(at: step + 1)
    } else {
      subgoals.transition(
        window.subgoals.row(step), from: window.observations.row(step),
        to: window.observations.row(step + 1), into: window.subgoals.row(step + 1))
    }
  }

  /// Sets the subgoal g = μ(s, target, earlier places) + ε per dimension, clipped to the range, all
  /// in the level's own frame; returns whether a place is held.
  private func chooseSubgoal(at step: Int, isFirst: Bool = false) -> Bool {
    stepsSinceDecision = 0
    var isHeld = false
    let (state, subgoal) = (window.observations.row(step), window.subgoals.row(step))
    path.append(state, seenBy: shape)
    if drawsSubgoals {
      drawSubgoal(in: state, into: subgoal)
    } else {
      shape.writeHigherInput(
        state, target: window.target, into: higher.input, place: path.place(decisionsAgo:))
      explore(around: higher.forward(), into: subgoal)
      shape.subgoal(fromActor: subgoal, in: state)
      let share = configuration.higher.randomSubgoals
      if share > 0, !isQuiet, streams.higher.uniform() < share {
        drawSubgoal(in: state, into: subgoal)
      }
      if configuration.higher.notesPlaces { visited.visit(shape.place(in: state)) }
      isHeld = holdPlace(from: state, into: subgoal, isFirst: isFirst)
    }
    distanceAtDecision = subgoals.distance(
      of: subgoal, in: state, dimensions: shape.planeCount)
    return isHeld
  }

  /// Draws any subgoal that the higher level's actor can ask for.
  private func drawSubgoal(
    in state: UnsafePointer<Float>, into subgoal: UnsafeMutablePointer<Float>
  ) {
    drawUniformly(limits: shape.subgoalHalfRange, using: &streams.higher, into: subgoal)
    shape.subgoal(fromActor: subgoal, in: state)
  }

  /// Adds the noise ε, see ``HigherLevelConfiguration/noiseCorrelation``.
  private func explore(
    around chosen: UnsafePointer<Float>, into subgoal: UnsafeMutablePointer<Float>
  ) {
    let (learner, limits) = (configuration.higher.learner, shape.subgoalHalfRange)
    let kept = configuration.higher.noiseCorrelation
    guard kept > 0, !isQuiet else {
      learner.explore(
        around: chosen, limits: limits, isQuiet: isQuiet, using: &streams.higher, into: subgoal)
      return
    }
    if noise.isEmpty {
      noise = limits.map { _ in streams.higher.normal() }
    } else {
      let fresh = (1 - kept * kept).squareRoot()
      for index in noise.indices {
        noise[index] = kept * noise[index] + fresh * streams.higher.normal()
      }
    }
    learner.explore(around: chosen, limits: limits, noise: { noise[$0] }, into: subgoal)
  }

  /// Exploration that persists: with probability `holdProbability` (for the first decision of an
  /// episode `holdAtStart`, if larger), a decision draws a place; see ``HoldPlaces``. This decision
  /// and those after it, 1 to `longestHold` in all, ask for that place instead of the actor's x and
  /// y. Returns whether the decision asks for a held place.
  private func holdPlace(
    from state: UnsafePointer<Float>, into subgoal: UnsafeMutablePointer<Float>, isFirst: Bool
  ) -> Bool {
    let higher = configuration.higher
    guard higher.holdsPlaces else { return false }
    let probability = max(higher.holdProbability, isFirst ? higher.holdAtStart : 0)
    if higher.holdPlaces == .rare {
      let place = shape.place(in: state)
      let (dx, dy) = (hold.x - place.x, hold.y - place.y)
      if dx * dx + dy * dy < ObedienceStatistics.reach * ObedienceStatistics.reach {
        hold.decisionsLeft = 0
      }
    }
    if isQuiet { return false }
    if hold.decisionsLeft == 0, hold.placesLeft != 0,
      streams.higher.uniform() < probability
    {
      hold.placesLeft? -= 1
      let place = drawPlace(around: state)
      (hold.x, hold.y) = place
      hold.decisionsLeft = 1 + streams.higher.index(below: higher.longestHold)
    }
    guard hold.decisionsLeft > 0 else { return false }
    hold.decisionsLeft -= 1
    for (index, place) in [hold.x, hold.y].prefix(shape.planeCount).enumerated() {
      subgoal[index] = subgoals.semantics == .relative ? place - state[index] : place
    }
    shape.clipSubgoal(subgoal, in: state)
    return true
  }

  /// The number of places that this episode may hold; nil for any number.
  private func placesToHold() -> Int? {
    let higher = configuration.higher
    if higher.holdEpisodes < 1, streams.higher.uniform() >= higher.holdEpisodes { return 0 }
    return higher.holdsPerEpisode == 0 ? nil : higher.holdsPerEpisode
  }

  private func drawPlace(around state: UnsafePointer<Float>) -> (x: Float, y: Float) {
    if configuration.higher.holdPlaces == .rare, let place = visited.draw(using: &streams.higher) {
      return place
    }
    let reach = -configuration.higher.holdReach...configuration.higher.holdReach
    let place = shape.place(in: state)
    let x = place.x + Float(streams.higher.uniform(in: reach))
    let y = place.y + Float(streams.higher.uniform(in: reach))
    return (x, y)
  }

  private func measureObedience(after step: Int) {
    // What is left of the subgoal that was followed in this step.
    subgoals.transition(
      window.subgoals.row(step), from: window.observations.row(step),
      to: window.observations.row(step + 1), into: window.subgoals.row(step + 1))
    let left = subgoals.distance(
      of: window.subgoals.row(step + 1), in: window.observations.row(step + 1),
      dimensions: shape.planeCount)
    statistics.decisions += 1
    statistics.reached += left < ObedienceStatistics.reach ? 1 : 0
    statistics.gained += Double(distanceAtDecision - left)
    if let isOverturned = shape.isOverturned(window.observations.row(step + 1)) {
      statistics.overturned = (statistics.overturned ?? 0) + (isOverturned ? 1 : 0)
    }
  }
}

/// Draws numbers uniformly between ± their limits.
func drawUniformly(
  limits: [Float], using stream: inout RandomStream, into result: UnsafeMutablePointer<Float>
) {
  for (index, limit) in limits.enumerated() {
    result[index] = Float(stream.uniform(in: -Double(limit)...Double(limit)))
  }
}

/// How well the lower level reached its subgoals in the plane (x, y), summed over decisions.
public struct ObedienceStatistics: Codable, Equatable, Sendable {
  /// Subgoals that were followed until the next decision.
  public var decisions = 0
  /// Subgoals to which the distance was less than ``reach`` at the next decision.
  public var reached = 0
  /// Sum of the distances gained towards the subgoals (m).
  public var gained = 0.0
  /// Subgoals at whose end the robot lay on its back; nil for a robot that can't.
  public var overturned: Int?

  /// The distance below which a subgoal counts as reached (m).
  public static let reach: Float = 1

  /// Nothing measured yet.
  public init() {}

  /// Everything that is counted.
  var counts: [Int] { [decisions, reached, overturned ?? 0] }
}

extension LevelConfiguration {
  /// The actor's output, plus exploration noise unless `isQuiet`, clipped to the limits.
  func explore(
    around chosen: UnsafePointer<Float>, limits: [Float], isQuiet: Bool = false,
    using stream: inout RandomStream, into result: UnsafeMutablePointer<Float>
  ) {
    explore(
      around: chosen, limits: limits, noise: { _ in isQuiet ? 0 : stream.normal() }, into: result)
  }

  /// The actor's output plus `noise(i)` standard deviations in dimension i, clipped to the limits.
  func explore(
    around chosen: UnsafePointer<Float>, limits: [Float], noise: (Int) -> Double,
    into result: UnsafeMutablePointer<Float>
  ) {
    for (index, limit) in limits.enumerated() {
      let unit = noiseUnits == .limits ? Double(limit) : 1
      let noise = Float(unit * explorationNoise * noise(index))
      result[index] = min(max(chosen[index] + noise, -limit), limit)
    }
  }
}
