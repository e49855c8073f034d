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
    for index in offset..<(offset + 2 * Self.binCount) { observation[index] = 0 }
    for object in objects {
      let (dx, dy) = (object.x - x, object.y - y)
      let distance = (dx * dx + dy * dy).squareRoot()
      guard distance <= Self.sensorRange else { continue }
      let turns = (atan2(dy, dx) - heading + .pi) / (2 * .pi)
      let bin = min(Int((turns - turns.rounded(.down)) * Double(Self.binCount)), Self.binCount - 1)
      let index = offset + bin + (object.kind == .apple ? 0 : Self.binCount)
      observation[index] = max(observation[index], Float(1 - distance / Self.sensorRange))
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
