import Environments
import Foundation
import Learning
import MuJoCo
import Randomness
import Testing

@Suite("Ant Gather")
struct GatherTests {
  @Test("Objects lie on the grid, 8 of each kind, all distinct, none nearer than 2 to the start")
  func placement() throws {
    let environment = try TaskRegistry.makeEnvironment(named: "ant-gather")
    var generator = RandomStream(seed: 1, name: "environment")
    var seen: Set<[Double]> = []
    for _ in 0..<500 {
      try environment.reset(using: &generator, target: .training)
      let objects = environment.objects
      #expect(objects.count { $0.kind == .apple } == 8 && objects.count { $0.kind == .bomb } == 8)
      let places = Set(objects.map { [$0.x, $0.y] })
      #expect(places.count == 16)
      for object in objects {
        for value in [object.x, object.y] {
          #expect(value >= -10 && value <= 8 && value.remainder(dividingBy: 2) == 0)
        }
        #expect(object.x * object.x + object.y * object.y >= 4)
      }
      seen.formUnion(places)
    }
    #expect(seen.count == 99, "every point of the grid but the origin is used")
  }

  @Test("An object straight ahead at distance d puts 1 - d/6 into bin 5")
  func ahead() throws {
    let readings = try sense([.init(kind: .apple, x: 3, y: 0.3)])
    #expect(readings.nonZero == [5: Float(1 - (9.09).squareRoot() / 6)])
  }

  @Test("Bins go once round, 36 degrees each, from behind over the right to the left")
  func bins() throws {
    for bin in 0..<10 {
      let angle = -Double.pi + (Double(bin) + 0.5) * .pi / 5
      let apple = GatherObject(kind: .apple, x: 3 * cos(angle), y: 3 * sin(angle))
      let bomb = GatherObject(kind: .bomb, x: 3 * cos(angle), y: 3 * sin(angle))
      #expect(try Array(sense([apple]).nonZero.keys) == [bin])
      #expect(try Array(sense([bomb]).nonZero.keys) == [10 + bin])
      #expect(try abs(sense([apple])[bin] - 0.5) < 1e-6)
    }
  }

  @Test("At the seam behind the Ant, one side is bin 9 and the other bin 0; the seam itself is 0")
  func seam() throws {
    #expect(try Array(sense([.init(kind: .apple, x: -4, y: 0.001)]).nonZero.keys) == [9])
    #expect(try Array(sense([.init(kind: .apple, x: -4, y: -0.001)]).nonZero.keys) == [0])
    #expect(try Array(sense([.init(kind: .apple, x: -4, y: 0)]).nonZero.keys) == [0])
    // For a heading of 170 degrees, an object at -170 degrees in the world lies 20 degrees to the
    // left: across the seam.
    let turned = 170 * Double.pi / 180
    let place = -170 * Double.pi / 180
    let apple = GatherObject(kind: .apple, x: 3 * cos(place), y: 3 * sin(place))
    #expect(try Array(sense([apple], heading: turned).nonZero.keys) == [5])
    let other = GatherObject(kind: .apple, x: 3 * cos(place - 0.6), y: 3 * sin(place - 0.6))
    #expect(try Array(sense([other], heading: turned).nonZero.keys) == [4])
  }

  @Test("At distance 6 the reading ends")
  func range() throws {
    #expect(try abs(sense([.init(kind: .bomb, x: 5.94, y: 0.1)])[15] - 0.00986) < 1e-4)
    #expect(try sense([.init(kind: .bomb, x: 6, y: 0)]).allSatisfy { $0 == 0 })
    #expect(try sense([.init(kind: .bomb, x: 6.001, y: 0)]).allSatisfy { $0 == 0 })
  }

  @Test("A nearer object hides a farther one of its kind in its bin, and no other")
  func occlusion() throws {
    let near = GatherObject(kind: .apple, x: 2, y: 0.5)
    let far = GatherObject(kind: .apple, x: 5, y: 0.5)
    let bomb = GatherObject(kind: .bomb, x: 4, y: 0.5)
    let beside = GatherObject(kind: .apple, x: 4, y: -0.5)
    for objects in [[near, far, bomb, beside], [bomb, beside, far, near]] {
      func reading(_ object: GatherObject) -> Float {
        Float(1 - (object.x * object.x + object.y * object.y).squareRoot() / 6)
      }
      #expect(
        try sense(objects).nonZero == [5: reading(near), 15: reading(bomb), 4: reading(beside)])
    }
  }

  @Test("The heading is the torso's x axis in the plane, also where the torso is tilted")
  func tiltedHeading() throws {
    let environment = try fresh([.init(kind: .apple, x: 0, y: 3)])
    // A quarter turn about z, then a tilt of 40 degrees about the body's x axis.
    let (turn, tilt) = (Double.pi / 4, 20 * Double.pi / 180)
    let quaternion = [
      cos(turn) * cos(tilt), cos(turn) * sin(tilt), sin(turn) * sin(tilt), sin(turn) * cos(tilt),
    ]
    var state = environment.saveState()
    state.physics.qpos.replaceSubrange(0..<7, with: [0, 0, 0.75] + quaternion)
    state.physics.qvel = Array(repeating: 0, count: 14)
    state.rules = try JSONEncoder().encode([
      GatherObject(kind: .apple, x: 0.5, y: 3), GatherObject(kind: .bomb, x: 3, y: -0.5),
    ])
    try environment.restore(state)
    _ = try environment.step(Array(repeating: 0, count: 8))
    #expect(Array(environment.observation[29..<49]).nonZero.keys.sorted() == [4, 12])
  }

  @Test("An object within 1 of the torso is taken once: +1 for an apple, -1 for a bomb")
  func taking() throws {
    let environment = try fresh([
      .init(kind: .apple, x: 0.5, y: 0), .init(kind: .bomb, x: 0, y: 1.3),
      .init(kind: .apple, x: 5, y: 5),
    ])
    let still = [Float](repeating: 0, count: 8)
    #expect(try environment.step(still).reward == 1)
    #expect(environment.objects.count == 2)
    #expect(try environment.step(still).reward == 0)
    environment.simulation.qpos[1] = 1
    #expect(try environment.step(still).reward == -1)
    #expect(try environment.step(still) == StepOutcome(reward: 0))
    #expect(environment.objects == [.init(kind: .apple, x: 5, y: 5)])
  }

  @Test("Two objects within reach are both taken in the step")
  func takingTwo() throws {
    let environment = try fresh([
      .init(kind: .apple, x: 0.5, y: 0), .init(kind: .apple, x: -0.5, y: 0),
      .init(kind: .bomb, x: 0, y: 0.5), .init(kind: .bomb, x: 8, y: 8),
    ])
    #expect(try environment.step(Array(repeating: 0, count: 8)).reward == 1)
  }

  @Test("The episode terminates when nothing is left, and falling over does not end it")
  func ending() throws {
    let environment = try fresh([.init(kind: .apple, x: 0.5, y: 0)])
    let outcome = try environment.step(Array(repeating: 0, count: 8))
    #expect(outcome == StepOutcome(reward: 1, isTerminated: true))

    let fallen = try fresh([.init(kind: .apple, x: 8, y: 8)])
    for (index, value) in [0, 1.0, 0, 0].enumerated() { fallen.simulation.qpos[3 + index] = value }
    for _ in 0..<20 {
      #expect(try fallen.step(Array(repeating: 0, count: 8)) == StepOutcome(reward: 0))
    }
  }

  @Test("What other objects would have given is what the environment gives with them")
  func otherSurroundings() throws {
    // The environment gives the expected values: it runs among the objects of `field`, and
    // replaying its path with the same objects must give the same readings and rewards.
    let environment = try fresh([.init(kind: .apple, x: 8, y: 8)])
    let surroundings = try #require(environment.surroundings as? GatherSurroundings)
    let start = environment.saveState()
    var generator = RandomStream(seed: 3, name: "objects")
    var (taken, sensed) = (0, 0)
    for _ in 0..<150 {
      var actions = RandomStream(seed: 4, name: "actions")
      let field = GatherField(usingAnyCount: &generator)
      var state = start
      // No object lies near the origin: begin anywhere, so that some are within reach.
      state.physics.qpos[0] = generator.uniform(in: -8...8)
      state.physics.qpos[1] = generator.uniform(in: -8...8)
      state.rules = try JSONEncoder().encode(field.objects)
      try environment.restore(state)
      var (path, rewards) = ([[Float]](), [Float]())
      for _ in 0..<12 {
        // The torso gets a velocity, so that the Ant covers some distance in ten steps.
        environment.simulation.qvel[0] = 8
        let torques = (0..<8).map { _ in Float(actions.uniform(in: -30...30)) }
        rewards.append(try environment.step(torques).reward)
        path.append(environment.observation)
        if environment.objects.isEmpty { break }
      }
      guard path.count == 12 else { continue }
      // The first step has taken the objects within reach of the start, so the replayed path begins
      // after it.
      let (steps, earned) = (11, rewards.dropFirst().reduce(0, +))
      var (first, last) = (path[0], path[steps])
      for index in 29..<49 { (first[index], last[index]) = (-1, -1) }
      let replayed = path.withPointers { pointers in
        surroundings.replay(
          field, steps: steps, state: { pointers[$0] }, first: &first, last: &last)
      }
      #expect(replayed == earned)
      for (found, expected) in [(first, path[0]), (last, path[steps])] {
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        sensed += expected[29..<49].count { $0 > 0 }
      }
      taken += Int(abs(earned))
    }
    #expect(taken > 15 && sensed > 200)
  }

  @Test("Other objects are 1 to 8 of each kind where an episode could have them, and fall evenly")
  func otherCounts() throws {
    var generator = RandomStream(seed: 5, name: "objects")
    var counts = [Int](repeating: 0, count: 9)
    for _ in 0..<1_600 {
      let objects = GatherField(usingAnyCount: &generator).objects
      for kind in [GatherObject.Kind.apple, .bomb] {
        counts[objects.count { $0.kind == kind }] += 1
      }
      let places = Set(objects.map { SIMD2($0.x, $0.y) })
      #expect(places.count == objects.count && !places.contains([0, 0]))
    }
    #expect(counts[0] == 0 && counts[1...].allSatisfy { 320...480 ~= $0 })
  }

  @Test("A saved state with objects that can't be is refused and changes nothing")
  func badStates() throws {
    let environment = try fresh([.init(kind: .apple, x: 8, y: 8)])
    let good = environment.saveState()
    let many = Array(repeating: GatherObject(kind: .bomb, x: 1, y: 1), count: 17)
    for rules in [
      try JSONEncoder().encode(many), Data("{}".utf8), Data("[{\"kind\":\"pear\"}]".utf8),
    ] {
      var bad = good
      bad.rules = rules
      #expect(throws: EnvironmentError.self) { try environment.restore(bad) }
      #expect(environment.saveState() == good)
    }
  }

  @Test("Readings stand between the Ant's 29 numbers and the time")
  func layout() throws {
    let environment = try fresh([.init(kind: .apple, x: 3, y: 0.5)])
    _ = try environment.step(Array(repeating: 0, count: 8))
    #expect(environment.observation.count == 50)
    #expect(environment.observation[..<15] == environment.simulation.qpos.map { Float($0) }[...])
    #expect(
      environment.observation[15..<29] == environment.simulation.qvel.map { Float($0) }[...])
    #expect(environment.observation[29 + 5] > 0.4)
    #expect(environment.observation[49] == 0.001)
  }

  /// The 20 readings at the origin.
  private func sense(_ objects: [GatherObject], heading: Double = 0) throws -> [Float] {
    let field = GatherField(objects: objects)
    var observation = [Float](repeating: -1, count: 22)
    field.sense(x: 0, y: 0, heading: heading, into: &observation, at: 1)
    #expect(observation[0] == -1 && observation[21] == -1)
    return Array(observation[1..<21])
  }

  /// An episode in which only these objects are left and the Ant is at rest at the origin.
  private func fresh(_ objects: [GatherObject]) throws -> RobotEnvironment {
    let environment = try TaskRegistry.makeEnvironment(named: "ant-gather")
    var generator = RandomStream(seed: 1, name: "environment")
    try environment.reset(using: &generator, target: .training)
    var state = environment.saveState()
    state.rules = try JSONEncoder().encode(objects)
    state.physics.qpos = environment.simulation.model.qpos0
    state.physics.qvel = Array(repeating: 0, count: 14)
    try environment.restore(state)
    return environment
  }
}

extension [[Float]] {
  /// Calls `body` with a pointer to each row.
  fileprivate func withPointers<Result>(
    _ body: ([UnsafePointer<Float>]) throws -> Result
  ) rethrows -> Result {
    let rows = map { row in
      let copy = UnsafeMutablePointer<Float>.allocate(capacity: row.count)
      copy.initialize(from: row, count: row.count)
      return copy
    }
    defer { for row in rows { row.deallocate() } }
    return try body(rows.map { UnsafePointer($0) })
  }
}

extension [Float] {
  /// The entries that are not zero, by index.
  fileprivate var nonZero: [Int: Float] {
    Dictionary(uniqueKeysWithValues: enumerated().filter { $0.element != 0 }.map { ($0, $1) })
  }
}
