import Environments
import Experiments
import Learning
import MuJoCo
import MuJoCoGraphics
import Testing

@Suite struct ViewSessionTests {
  static func makeSession(_ task: String = "point-maze") throws -> ViewSession {
    try ViewSession(
      environment: TaskRegistry.makeEnvironment(named: task), policy: nil, seed: 1)
  }

  @Test("Real time passes as simulated time, at the speed that was chosen")
  func time() throws {
    var session = try Self.makeSession("ant-maze")
    let duration = session.environment.task.stepDuration
    for _ in 0..<60 { try session.advance(by: 1.0 / 60) }
    #expect(abs(Double(session.steps) * duration - 1) < 1.5 * duration)
    try session.handle(KeyEvent(.character("=")))
    #expect(session.speed == 2)
    let before = session.steps
    for _ in 0..<30 { try session.advance(by: 1.0 / 60) }
    #expect(abs(Double(session.steps - before) * duration - 1) < 1.5 * duration)
    for _ in 0..<20 { try session.handle(KeyEvent(.character("-"))) }
    #expect(session.speed == 0.0625)
    for _ in 0..<20 { try session.handle(KeyEvent(.character("+"))) }
    #expect(session.speed == 16)
  }

  @Test("A pause stops time, and a single step is one step of the environment")
  func pause() throws {
    var session = try Self.makeSession()
    try session.handle(KeyEvent(.space))
    let state = session.environment.simulation.saveState()
    try session.advance(by: 1)
    #expect(session.isPaused && session.steps == 0)
    #expect(session.environment.simulation.saveState() == state)
    try session.handle(KeyEvent(.character("."), isRepeat: true))
    #expect(session.isPaused && session.steps == 1 && session.path.count == 2)
    try session.handle(KeyEvent(.space))
    try session.handle(KeyEvent(.space, isRepeat: true))
    #expect(!session.isPaused)
  }

  @Test("The next target begins a new episode, and after the last comes the first")
  func targets() throws {
    var session = try Self.makeSession()
    let places = session.environment.task.evaluationTargets.map { $0.map(Float.init) }
    #expect(places.count == 3)
    for index in [0, 1, 2, 0] {
      #expect(session.targetIndex == index && session.environment.target == places[index])
      try session.handle(KeyEvent(.character("t")))
    }
    #expect(session.episode == 5)
  }

  @Test("A reset starts elsewhere, and the same seed starts the same way")
  func reset() throws {
    var (one, other) = (try Self.makeSession("ant-maze"), try Self.makeSession("ant-maze"))
    let first = Array(one.environment.simulation.qpos)
    #expect(first == Array(other.environment.simulation.qpos))
    try one.advance(by: 0.2)
    try one.handle(KeyEvent(.character("r")))
    try other.handle(KeyEvent(.character("r")))
    #expect(one.steps == 0 && one.path.count == 1 && one.episodeReturn == 0)
    let second = Array(one.environment.simulation.qpos)
    #expect(second != first && second == Array(other.environment.simulation.qpos))
  }

  @Test("The arrows drive the Point forward, back and around")
  func drivePoint() throws {
    var session = try Self.makeSession()
    let start = session.environment.robotPosition
    session.heldKeys = [.up]
    for _ in 0..<5 { try session.handle(KeyEvent(.character("."))) }
    let ahead = session.environment.robotPosition - start
    #expect(ahead.x > 0.7)
    session.heldKeys = [.left]
    let heading = session.environment.simulation.qpos[2]
    try session.handle(KeyEvent(.character(".")))
    #expect(session.environment.simulation.qpos[2] > heading + 0.1)
  }

  @Test("The arrows push the Ant as the camera sees it, the digits turn its joints")
  func driveAnt() throws {
    func moved(holding keys: Set<Key>, azimuth: Double) throws -> SIMD3<Double> {
      var (pushed, left) = (try Self.makeSession("ant-maze"), try Self.makeSession("ant-maze"))
      pushed.camera.azimuth = azimuth
      pushed.heldKeys = keys
      for _ in 0..<8 {
        try pushed.handle(KeyEvent(.character(".")))
        try left.handle(KeyEvent(.character(".")))
      }
      return pushed.environment.robotPosition - left.environment.robotPosition
    }
    let up = try moved(holding: [.up], azimuth: 90)
    #expect(up.y > 0.3 && up.y > 2 * abs(up.x))
    let right = try moved(holding: [.right], azimuth: 90)
    #expect(right.x > 0.3 && right.x > 2 * abs(right.y))
    let turned = try moved(holding: [.up], azimuth: 0)
    #expect(turned.x > 0.3 && turned.x > 2 * abs(turned.y))

    var session = try Self.makeSession("ant-maze")
    session.heldKeys = [.character("3")]
    try session.handle(KeyEvent(.character(".")))
    #expect(Array(session.environment.simulation.ctrl) == [0, 0, 30, 0, 0, 0, 0, 0])
    session.isShifted = true
    try session.handle(KeyEvent(.character(".")))
    #expect(session.environment.simulation.ctrl[2] == -30)
  }

  @Test("What is drawn can be hidden piece by piece")
  func overlays() throws {
    var session = try Self.makeSession()
    session.heldKeys = [.up]
    for _ in 0..<20 { try session.handle(KeyEvent(.character("."))) }
    let all = session.markers.count
    try session.handle(KeyEvent(.character("p")))
    #expect(session.markers == session.environment.markers && session.markers.count < all)
    try session.handle(KeyEvent(.character("m")))
    #expect(session.markers.isEmpty)
    #expect(session.overlays.allSatisfy { $0.corner != .topRight })
    try session.handle(KeyEvent(.character("h")))
    let help = try #require(session.overlays.first { $0.corner == .topRight })
    #expect(ViewSession.help.allSatisfy { key in help.lines.contains { $0.left == key.keys } })
  }

  @Test("F draws what the higher level wants all over the maze, and hides it again")
  func field() throws {
    let policy = try EvaluationTests.policy()
    let environment = try TaskRegistry.makeEnvironment(named: "point-maze")
    var session = try ViewSession(
      environment: environment, policy: policy.makePolicy(for: environment.task), seed: 1)
    func arrows() -> Int {
      session.markers.count { if case .arrow = $0.shape { true } else { false } }
    }
    #expect(arrows() == 0)
    try session.handle(KeyEvent(.character("f")))
    // Seven free cells in the U, four places in each.
    #expect(arrows() == 28)
    try session.handle(KeyEvent(.character("f")))
    #expect(arrows() == 0)
  }

  @Test("The cameras come one after the other, and Q asks for the end")
  func cameras() throws {
    var session = try Self.makeSession()
    let environment = session.environment
    for camera in [
      environment.followingCamera, environment.obliqueCamera, environment.overviewCamera,
      environment.followingCamera,
    ] {
      #expect(session.camera == camera)
      try session.handle(KeyEvent(.character("c")))
    }
    #expect(!session.isOver)
    try session.handle(KeyEvent(.character("q")))
    #expect(session.isOver)
  }
}
