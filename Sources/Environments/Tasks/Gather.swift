import Foundation
import Learning
import Randomness

/// The apples and bombs of Ant Gather, and how the Ant senses them (Duan et al. 2016, rllab).
package struct GatherField: Equatable, Sendable {
  /// How many there are of each kind at the start.
  package static let countOfEach = 8
  /// Bins of the full circle, for each kind.
  package static let binCount = 10
  /// The distance up to which an object is sensed (m).
  package static let sensorRange = 6.0
  /// The distance up to which an object is taken (m).
  package static let catchRange = 1.0
  /// No object lies nearer to the start than this (m).
  package static let startSpacing = 2.0

  /// What is left.
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

  /// Takes what is within reach of a place in the plane (m).
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
  /// Bin k covers the directions from −π + k·π/5 to −π + (k + 1)·π/5 from the heading (rad), its
  /// first edge included: bin 5 begins straight ahead. An object at distance d ≤ 6 puts 1 − d/6
  /// into its bin; of several of a kind in a bin the nearest is seen.
  package func sense(
    x: Double, y: Double, heading: Double, into observation: inout [Float], at offset: Int
  ) {
    observation.withUnsafeMutableBufferPointer { observation in
      sense(x: x, y: y, heading: heading, into: observation.baseAddress! + offset)
    }
  }

  /// The same into 20 numbers.
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

  /// What the robot takes is what it earns; the task is over when nothing is left.
  mutating func score(_ robot: RobotPose) -> (reward: Double, isTerminated: Bool) {
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

  /// What is left, as JSON.
  func saveState() -> Data? { try? StateCoding.encode(objects) }

  mutating func restore(_ saved: Data?) -> String? {
    guard let saved, let state = try? StateCoding.decode([GatherObject].self, from: saved) else {
      return "it does not tell what is left to gather"
    }
    if state.count > 2 * Self.countOfEach { return "it has \(state.count) objects" }
    if state.contains(where: { !$0.x.isFinite || !$0.y.isFinite }) {
      return "an object has no finite place"
    }
    objects = state
    return nil
  }
}

/// Apples and bombs that could lie elsewhere.
package struct GatherSurroundings: Surroundings {
  /// Where an observation has the readings.
  var readingOffset: Int

  package func redraw(
    steps: Int, state: (Int) -> UnsafePointer<Float>, using generator: inout RandomStream,
    first: UnsafeMutablePointer<Float>, last: UnsafeMutablePointer<Float>
  ) -> Float {
    replay(
      GatherField(usingAnyCount: &generator), steps: steps, state: state, first: first, last: last)
  }

  /// What ``redraw(steps:state:using:first:last:)`` does with what it has drawn.
  package func replay(
    _ field: GatherField, steps: Int, state: (Int) -> UnsafePointer<Float>,
    first: UnsafeMutablePointer<Float>, last: UnsafeMutablePointer<Float>
  ) -> Float {
    var field = field
    // Within reach nothing is left: it was taken by the step that led here.
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
  /// What is drawn for an episode, 1 to 8 of each kind of it: as it may be later in one.
  package init(usingAnyCount generator: inout RandomStream) {
    self.init(using: &generator)
    for kind in [GatherObject.Kind.apple, .bomb] {
      keep(1 + generator.index(below: Self.countOfEach), of: kind)
    }
  }

  /// Leaves only the first so many of a kind.
  private mutating func keep(_ count: Int, of kind: GatherObject.Kind) {
    var left = count
    objects.removeAll { object in
      guard object.kind == kind else { return false }
      left -= 1
      return left < 0
    }
  }

  /// Writes the readings that an observation of the Ant's would have.
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
      summary: "take the apples (+1) and leave the bombs (-1): the score is the reward",
      readingCount: 2 * GatherField.binCount, trainingTarget: .none, evaluationTargets: [],
      evaluationTargetNames: [], successRadius: nil),
    worldName: "ant-gather", map: nil, robot: .ant, rules: GatherField(objects: [])
  ) { WorldModel.arena(named: "ant-gather", robot: BuiltInRobot.ant.standing()) }
}
