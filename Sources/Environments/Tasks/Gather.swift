import Foundation
import Learning
import MuJoCo
import Randomness

/// The apples and bombs of Ant Gather, and how the Ant senses them (Duan et al. 2016, rllab).
package struct GatherField: Equatable, Sendable {
  /// The number of apples, and of bombs, at the start of an episode.
  package static let countOfEach = 8
  /// The number of sensor bins around the full circle, for each kind of object.
  package static let binCount = 10
  /// The distance up to which an object is sensed (m).
  package static let sensorRange = 6.0
  /// The distance up to which an object is taken (m).
  package static let catchRange = 1.0
  /// No object lies nearer to the start than this (m).
  package static let startSpacing = 2.0

  /// The objects that are left.
  package private(set) var objects: [GatherObject]

  package init(objects: [GatherObject]) {
    self.objects = objects
  }

  /// Eight apples and eight bombs on distinct points of {−10, −8, …, 8}², none near the start.
  package init(using generator: inout RandomStream) {
    objects = []
    objects.reserveCapacity(2 * Self.countOfEach)
    for kind in [GatherObject.Kind.apple, .bomb] {
      var placed = 0
      while placed < Self.countOfEach {
        let x = Double(2 * generator.index(below: 10) - 10)
        let y = Double(2 * generator.index(below: 10) - 10)
        let isNearStart = x * x + y * y < Self.startSpacing * Self.startSpacing
        if isNearStart || objects.contains(where: { $0.x == x && $0.y == y }) { continue }
        objects.append(GatherObject(kind: kind, x: x, y: y))
        placed += 1
      }
    }
  }

  /// Takes the objects within reach of the point (x, y) in the plane (m).
  ///
  /// - Returns: The reward: +1 for each apple, −1 for each bomb.
  package mutating func take(x: Double, y: Double) -> Double {
    var reward = 0.0
    for index in objects.indices.reversed() {
      let (dx, dy) = (objects[index].x - x, objects[index].y - y)
      if dx * dx + dy * dy <= Self.catchRange * Self.catchRange {
        reward += objects[index].kind == .apple ? 1 : -1
        objects.remove(at: index)
      }
    }
    return reward
  }

  /// Writes the readings, 10 of apples and then 10 of bombs, into `observation` from `offset` on.
  ///
  /// Bin k covers the directions from −π + k·π/5 (included) to −π + (k + 1)·π/5 relative to the
  /// heading (rad), so that bin 5 begins straight ahead. An object at distance d ≤ 6 m gives its
  /// bin the reading 1 − d/6; of several objects of one kind in a bin, only the nearest is sensed.
  package func sense(
    x: Double, y: Double, heading: Double, into observation: inout [Float], at offset: Int
  ) {
    observation.withUnsafeMutableBufferPointer { observation in
      sense(x: x, y: y, heading: heading, into: observation.baseAddress! + offset)
    }
  }

  /// Writes the same 20 readings to a pointer.
  private func sense(
    x: Double, y: Double, heading: Double, into readings: UnsafeMutablePointer<Float>
  ) {
    readings.update(repeating: 0, count: 2 * Self.binCount)
    for object in objects {
      let (dx, dy) = (object.x - x, object.y - y)
      let distance = (dx * dx + dy * dy).squareRoot()
      guard distance <= Self.sensorRange else { continue }
      let turns = (atan2(dy, dx) - heading + .pi) / (2 * .pi)
      let bin = min(Int((turns - turns.rounded(.down)) * Double(Self.binCount)), Self.binCount - 1)
      let index = bin + (object.kind == .apple ? 0 : Self.binCount)
      readings[index] = max(readings[index], Float(1 - distance / Self.sensorRange))
    }
  }
}

extension GatherField: TaskRules {
  var readingCount: Int { 2 * Self.binCount }

  mutating func begin(using generator: inout RandomStream) {
    self = GatherField(using: &generator)
  }

  /// The reward is what ``take(x:y:)`` returns; the episode terminates when no object is left.
  mutating func score(
    _ robot: RobotPose, action: [Float], simulation: Simulation
  ) -> (reward: Double, isTerminated: Bool) {
    let reward = robot.isDiverged ? 0 : take(x: robot.position.x, y: robot.position.y)
    return (reward, objects.isEmpty)
  }

  func sense(_ robot: RobotPose, into observation: inout [Float], at offset: Int) {
    sense(
      x: robot.position.x, y: robot.position.y, heading: robot.heading, into: &observation,
      at: offset)
  }

  func surroundings(readingsAt offset: Int) -> (any Surroundings)? {
    GatherSurroundings(readingOffset: offset)
  }

  /// The objects that are left, as JSON.
  func saveState() -> Data? { try? StateCoding.encode(objects) }

  mutating func restore(_ saved: Data?) -> String? {
    guard let saved, let state = try? StateCoding.decode([GatherObject].self, from: saved) else {
      return "it does not contain the objects that are left"
    }
    if state.count > 2 * Self.countOfEach { return "it has too many objects: \(state.count)" }
    if state.contains(where: { !$0.x.isFinite || !$0.y.isFinite }) {
      return "the position of an object is not finite"
    }
    objects = state
    return nil
  }
}

/// Computes what the Ant would have sensed and earned in recorded steps with other apples and
/// bombs.
package struct GatherSurroundings: Surroundings {
  /// The index of the first reading in an observation.
  var readingOffset: Int

  package func redraw(
    steps: Int, state: (Int) -> UnsafePointer<Float>, using generator: inout RandomStream,
    first: UnsafeMutablePointer<Float>, last: UnsafeMutablePointer<Float>
  ) -> Float {
    replay(
      GatherField(usingAnyCount: &generator), steps: steps, state: state, first: first, last: last)
  }

  /// The part of ``redraw(steps:state:using:first:last:)`` that follows the random draw of `field`.
  package func replay(
    _ field: GatherField, steps: Int, state: (Int) -> UnsafePointer<Float>,
    first: UnsafeMutablePointer<Float>, last: UnsafeMutablePointer<Float>
  ) -> Float {
    var field = field
    // Objects within reach of the first state are gone: the step that led to it has taken them.
    _ = field.take(x: Double(state(0)[0]), y: Double(state(0)[1]))
    field.sense(from: state(0), into: first + readingOffset)
    var reward = 0.0
    for step in 1...steps {
      reward += field.take(x: Double(state(step)[0]), y: Double(state(step)[1]))
    }
    field.sense(from: state(steps), into: last + readingOffset)
    return Float(reward)
  }
}

extension GatherField {
  /// A random placement as at the start of an episode, of which only 1 to 8 objects of each kind
  /// are kept, as may be left later in an episode.
  package init(usingAnyCount generator: inout RandomStream) {
    self.init(using: &generator)
    for kind in [GatherObject.Kind.apple, .bomb] {
      keep(1 + generator.index(below: Self.countOfEach), of: kind)
    }
  }

  /// Keeps only the first `count` objects of a kind.
  private mutating func keep(_ count: Int, of kind: GatherObject.Kind) {
    var left = count
    objects.removeAll { object in
      guard object.kind == kind else { return false }
      left -= 1
      return left < 0
    }
  }

  /// Writes the readings for the Ant's pose in `observation`.
  fileprivate func sense(
    from observation: UnsafePointer<Float>, into readings: UnsafeMutablePointer<Float>
  ) {
    let number = { Double(observation[$0]) }
    let pose = RobotPose(
      position: [number(0), number(1), number(2)],
      orientation: [number(3), number(4), number(5), number(6)], distanceToTarget: nil,
      isDiverged: false)
    sense(x: pose.position.x, y: pose.position.y, heading: pose.heading, into: readings)
  }
}

extension RegisteredTask {
  static let antGather = RegisteredTask(
    description: .ant(
      name: "ant-gather",
      summary: "collect apples (+1) and avoid bombs (-1); the score is the sum of these rewards",
      readingCount: 2 * GatherField.binCount, trainingTarget: .none, evaluationTargets: [],
      evaluationTargetNames: [], successRadius: nil),
    worldName: "ant-gather", map: nil, robot: .ant, rules: GatherField(objects: [])
  ) { WorldModel.arena(named: "ant-gather", robot: BuiltInRobot.ant.standing()) }
}
