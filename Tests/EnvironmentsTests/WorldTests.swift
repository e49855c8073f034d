import Environments
import Foundation
import MuJoCo
import Testing

/// Compares the compiled worlds with the tables of the paper's published models.
@Suite("The generated worlds")
struct WorldTests {
  static let antWorlds = [
    "ant-maze", "ant-push", "ant-push-multi", "ant-fall", "ant-fall-multi", "ant-gather",
  ]

  // MARK: The Ant

  @Test("The Ant has the table's joints, in its order", arguments: antWorlds)
  func antJoints(task: String) throws {
    let model = try TaskRegistry.definition(named: task).makeModel()
    let root = model.joint(0)
    #expect(root.kind == .free && !root.isLimited && root.armature == 0 && root.damping == 0)
    #expect(root.margin == 0.01)

    let degree = Double.pi / 180
    let diagonal = 1 / 2.0.squareRoot()
    let ankles: [(axis: SIMD3<Double>, range: ClosedRange<Double>)] = [
      ([-diagonal, diagonal, 0], 30...70), ([diagonal, diagonal, 0], -70...(-30)),
      ([-diagonal, diagonal, 0], -70...(-30)), ([diagonal, diagonal, 0], 30...70),
    ]
    for leg in 0..<4 {
      let (hip, ankle) = (model.joint(1 + 2 * leg), model.joint(2 + 2 * leg))
      #expect(hip.name == "hip_\(leg + 1)" && ankle.name == "ankle_\(leg + 1)")
      #expect(hip.axis == [0, 0, 1])
      #expect(hip.range == (-30 * degree)...(30 * degree))
      let offset = ankle.axis - ankles[leg].axis
      #expect((offset * offset).sum() < 1e-30)
      let range = ankles[leg].range
      #expect(ankle.range == (range.lowerBound * degree)...(range.upperBound * degree))
      for joint in [hip, ankle] {
        #expect(joint.kind == .hinge && joint.isLimited)
        #expect(joint.armature == 1 && joint.damping == 1 && joint.margin == 0)
        #expect(joint.qposAddress == 6 + joint.id && joint.dofAddress == 5 + joint.id)
      }
    }
  }

  @Test("The torques drive leg 4 first, then 1, 2 and 3, each hip before its ankle")
  func antActuators() throws {
    let model = try TaskRegistry.definition(named: "ant-maze").makeModel()
    let joints = try (0..<model.nu).map { index in
      let actuator = model.actuator(index)
      #expect(actuator.isLimited && actuator.controlRange == -30...30 && actuator.gear == 1)
      return model.joint(try #require(actuator.joint)).name
    }
    #expect(
      joints == [
        "hip_4", "ankle_4", "hip_1", "ankle_1", "hip_2", "ankle_2", "hip_3", "ankle_3",
      ])
  }

  @Test("The Ant's bodies weigh what their shapes do at density 5", arguments: antWorlds)
  func antMasses(task: String) throws {
    let model = try TaskRegistry.definition(named: task).makeModel()
    func sphere(_ radius: Double) -> Double { 4.0 / 3 * .pi * radius * radius * radius }
    func capsule(_ length: Double) -> Double {
      sphere(0.08) + .pi * 0.08 * 0.08 * length
    }
    let (short, long) = (0.08.squareRoot(), 0.32.squareRoot())
    let expected = [sphere(0.25)] + (0..<4).flatMap { _ in [short, short, long].map(capsule) }
    for (index, volume) in expected.enumerated() {
      #expect(abs(model.body(1 + index).mass - 5 * volume) < 1e-12)
    }
    let inertia = 0.4 * 5 * sphere(0.25) * 0.25 * 0.25
    #expect(abs(model.body(1).inertia.x - inertia) < 1e-12)
    #expect(abs(model.body(1).inertia.z - inertia) < 1e-12)
  }

  @Test("Each leg is a chain of three bodies at the table's places")
  func antBodies() throws {
    let model = try TaskRegistry.definition(named: "ant-maze").makeModel()
    let signs: [(Double, Double)] = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    #expect(model.body(1).position == [0, 0, 0.75])
    for (leg, sign) in signs.enumerated() {
      let first = 2 + 3 * leg
      let end = SIMD3(0.2 * sign.0, 0.2 * sign.1, 0)
      #expect(model.body(first).parent == 1 && model.body(first).degreesOfFreedom == 0)
      #expect(model.body(first).position == [0, 0, 0])
      #expect(model.body(first + 1).parent == first && model.body(first + 1).position == end)
      #expect(model.body(first + 2).parent == first + 1)
      #expect(model.body(first + 2).position == end)
      for body in first...(first + 2) {
        let geom = try #require((0..<model.ngeom).map { model.geom($0) }.first { $0.body == body })
        #expect(geom.shape == .capsule && geom.size.x == 0.08)
        let half = end * (body == first + 2 ? 1 : 0.5)
        #expect(geom.position == half)
        let length = (half * half).sum().squareRoot()
        #expect(abs(geom.size.y - length) < 1e-15)
      }
    }
  }

  @Test(
    "Sizes are those of the table",
    arguments: [
      ("ant-maze", 15, 14, 8), ("ant-push", 17, 16, 8), ("ant-fall", 17, 16, 8),
      ("ant-gather", 15, 14, 8), ("point-maze", 3, 3, 0),
    ])
  func sizes(task: String, nq: Int, nv: Int, nu: Int) throws {
    let model = try TaskRegistry.definition(named: task).makeModel()
    #expect(model.nq == nq && model.nv == nv && model.nu == nu)
    #expect(model.timestep == 0.02 && model.usesRungeKutta)
  }

  @Test("Contacts are as in the table, stiffer where a block can be moved", arguments: antWorlds)
  func contactParameters(task: String) throws {
    let model = try TaskRegistry.definition(named: task).makeModel()
    let isStiff = task.hasPrefix("ant-push") || task.hasPrefix("ant-fall")
    for geom in (0..<model.ngeom).map({ model.geom($0) }) {
      #expect(geom.condim == 3 && geom.margin == 0.01 && geom.friction == [1, 0.5, 0.5])
      #expect(geom.contype == 1)
      let belongsToAnt = (1...13).contains(geom.body)
      #expect(geom.conaffinity == (belongsToAnt ? 0 : 1), "\(geom.name ?? "")")
      #expect(geom.solref == [0.02, 1])
      #expect(Array(geom.solimp[..<3]) == (isStiff ? [0.995, 0.995, 0.01] : [0.8, 0.8, 0.01]))
    }
    let floor = model.geom(0)
    #expect(floor.shape == .plane && floor.size == [160, 160, 160] && floor.position == .zero)
  }

  // MARK: Mazes

  @Test("Walls, platforms and blocks are written row by row, a platform before its wall")
  func geomOrder() throws {
    func names(_ task: String) throws -> [String] {
      let model = try TaskRegistry.definition(named: task).makeModel()
      return (0..<model.ngeom).compactMap { model.geom($0) }
        .filter { $0.body == 0 || $0.body > 13 }.compactMap(\.name)
    }
    func walls(_ rows: [[Int]]) -> [String] {
      rows.enumerated().flatMap { row, columns in columns.map { "wall_\(row)_\($0)" } }
    }
    let all = [0, 1, 2, 3, 4]
    #expect(
      try names("ant-maze")
        == ["floor"] + walls([all, [0, 4], [0, 1, 2, 4], [0, 4], all]))
    #expect(
      try names("ant-push")
        == ["floor"] + walls([all, [0, 3, 4], [0, 4], [0, 1, 3, 4], all]) + ["block_2_2"])

    let fallMap = ["####", "#..#", "#..#", "#~~#", "#..#", "####"]
    var fall = ["floor"]
    for (row, line) in fallMap.enumerated() {
      for (column, cell) in line.enumerated() where cell != "~" {
        fall.append("platform_\(row)_\(column)")
        if cell == "#" { fall.append("wall_\(row)_\(column)") }
      }
    }
    #expect(try names("ant-fall") == fall + ["block_2_2"])
  }

  @Test("A cell's boxes stand where its row and column say")
  func boxPlaces() throws {
    func geom(_ name: String, _ task: String) throws -> Geom {
      let model = try TaskRegistry.definition(named: task).makeModel()
      return model.geom(try model.id(of: .geom, named: name))
    }
    #expect(try geom("wall_0_0", "ant-maze").position == [-8, -8, 2])
    #expect(try geom("wall_2_1", "ant-maze").position == [0, 8, 2])
    #expect(try geom("wall_4_4", "ant-maze").position == [24, 24, 2])
    #expect(try geom("wall_2_1", "ant-maze").size == [4, 4, 2])
    #expect(try geom("wall_1_3", "ant-push").position == [8, 0, 2])
    #expect(try geom("wall_0_0", "ant-fall").position == [-8, -8, 6])
    #expect(try geom("platform_0_0", "ant-fall").position == [-8, -8, 2])
    #expect(try geom("platform_2_2", "ant-fall").position == [8, 8, 2])
    #expect(try geom("wall_2_1", "point-maze").position == [0, 4, 1])
    #expect(try geom("wall_2_1", "point-maze").size == [2, 2, 1])
  }

  @Test("Ant Push has one light block on slides along x and y, without limits")
  func pushBlock() throws {
    let model = try TaskRegistry.definition(named: "ant-push").makeModel()
    let body = model.body(14)
    #expect(body.name == "block_2_2" && body.position == [0, 8, 2] && body.mass == 0.0002)
    #expect(model.geom(model.ngeom - 1).size == [4, 4, 2])
    let (x, y) = (model.joint(9), model.joint(10))
    #expect(x.axis == [1, 0, 0] && y.axis == [0, 1, 0])
    for joint in [x, y] {
      #expect(joint.kind == .slide && joint.body == 14 && !joint.isLimited)
      #expect(joint.armature == 0 && joint.damping == 0 && joint.margin == 0.01)
    }
    // A box of 8 x 8 x 4 m: m/12 (b² + c²).
    let expected = SIMD3(80.0, 80, 128) * (0.0002 / 12)
    let inertia = [body.inertia.x, body.inertia.y, body.inertia.z].sorted()
    for (found, value) in zip(inertia, [expected.x, expected.y, expected.z]) {
      #expect(abs(found - value) < 1e-15)
    }
  }

  @Test("Ant Fall has one block on slides along y and z, limited, a little smaller than its cell")
  func fallBlock() throws {
    let model = try TaskRegistry.definition(named: "ant-fall").makeModel()
    let body = model.body(14)
    #expect(body.name == "block_2_2" && body.position == [8, 8, 6] && body.mass == 0.001)
    #expect(model.geom(model.ngeom - 1).size == [3.96, 3.96, 2])
    let (y, z) = (model.joint(9), model.joint(10))
    #expect(y.axis == [0, 1, 0] && z.axis == [0, 0, 1])
    #expect(y.range == -8...8 && z.range == -4...0)
    for joint in [y, z] {
      #expect(joint.kind == .slide && joint.body == 14 && joint.isLimited)
      #expect(joint.armature == 0 && joint.damping == 0 && joint.margin == 0.01)
    }
    #expect(model.body(1).position == [0, 0, 4.75])
  }

  @Test("The arena of Ant Gather is four boxes 11 m from the origin")
  func gatherArena() throws {
    let model = try TaskRegistry.definition(named: "ant-gather").makeModel()
    let walls = (1...4).map { model.geom($0) }
    #expect(walls.map(\.position) == [[0, -11, 0], [0, 11, 0], [-11, 0, 0], [11, 0, 0]])
    #expect(
      walls.map(\.size) == [[11.5, 0.5, 1], [11.5, 0.5, 1], [0.5, 11.5, 1], [0.5, 11.5, 1]])
    #expect(walls.allSatisfy { $0.body == 0 && $0.shape == .box && $0.conaffinity == 1 })
  }

  @Test("The Point is a ball and a pointer of density 100 on three undamped joints")
  func point() throws {
    let model = try TaskRegistry.definition(named: "point-maze").makeModel()
    let joints = (0..<3).map { model.joint($0) }
    #expect(joints.map(\.kind) == [.slide, .slide, .hinge])
    #expect(joints.map(\.axis) == [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    #expect(joints.allSatisfy { !$0.isLimited && $0.armature == 0 && $0.damping == 0 })
    let geoms = (0..<model.ngeom).map { model.geom($0) }.filter { $0.body == 1 }
    #expect(geoms.map(\.shape) == [.sphere, .box])
    #expect(geoms[0].size.x == 0.5 && geoms[0].position == [0, 0, 0.5])
    #expect(geoms[1].size == [0.5, 0.1, 0.1] && geoms[1].position == [0.6, 0, 0.5])
    #expect(geoms.allSatisfy { $0.margin == 0 && $0.conaffinity == 0 })
    let mass = 100 * (4.0 / 3 * .pi * 0.125 + 0.04)
    #expect(abs(model.body(1).mass - mass) < 1e-12)
  }

  @Test("What a world looks like does not reach its physics")
  func looksAreOnlyLooks() throws {
    var text = try TaskRegistry.definition(named: "ant-fall").modelXML
    for section in ["visual", "statistic", "asset", "light"] {
      text = text.replacing(
        try Regex("<\(section)[^>]*/>|<\(section)>[\\s\\S]*?</\(section)>"), with: "")
    }
    text = text.replacing(try Regex(" material=\"[a-z_]*\""), with: "")
    #expect(!text.contains("texture") && !text.contains("light"))
    let plain = try Simulation(model: Model(xml: text, name: "plain"))
    let dressed = try TaskRegistry.makeEnvironment(named: "ant-fall").simulation
    for simulation in [plain, dressed] {
      simulation.reset()
      for step in 0..<200 {
        for index in 0..<8 { simulation.ctrl[index] = 25 * sin(Double(step * (index + 3))) }
        try simulation.step(count: 5)
      }
    }
    #expect(Array(plain.qpos) == Array(dressed.qpos))
  }
}
