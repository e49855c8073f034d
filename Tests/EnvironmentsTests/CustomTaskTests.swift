import Environments
import Foundation
import Learning
import MuJoCo
import Randomness
import TestSupport
import Testing

@Suite("Own mazes and robots")
struct CustomTaskTests {
  static let models = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("models")

  @Test("The Ant in the built-in U is Ant Maze, bit for bit")
  func antInU() throws {
    let map = try #require(MazeMap.builtIn.first { $0.name == "u" })
    let trace = try goldenTrace()
    let ours = try TaskDefinition(map: map).makeEnvironment().replay(trace)
    let reference = try TaskRegistry.makeEnvironment(named: "ant-maze").replay(trace)
    #expect(ours == reference)
  }

  @Test("The Ant from its own file is the same Ant")
  func antFromFile() throws {
    let map = try #require(MazeMap.builtIn.first { $0.name == "u" })
    let path = Self.models.appendingPathComponent("robots/ant.xml").path
    let definition = try TaskDefinition(map: map, robot: path)
    let environment = try definition.makeEnvironment()
    let trace = try goldenTrace()
    #expect(
      try environment.replay(trace).steps
        == TaskRegistry.makeEnvironment(named: "ant-maze").replay(trace).steps)
    let task = definition.description
    #expect(task.observationCount == 30 && task.name == "u+ant" && task.stepDuration == 0.1)
    #expect(task.actionLimits == Array(repeating: 30, count: 8))
    let degree = Float.pi / 180
    #expect(
      task.subgoalHalfRange.prefix(9).elementsEqual([
        10, 10, 0.5, 1, 1, 1, 1, 30 * degree, 20 * degree,
      ]) {
        abs($0 - $1) < 1e-6
      })
  }

  @Test("Only the Ant itself is the same from four sides, in a maze with and without blocks")
  func fourSides() throws {
    let path = Self.models.appendingPathComponent("robots/ant.xml")
    let ant = try String(contentsOf: path, encoding: .utf8)
    let limb = "name=\"shin_2\" type=\"capsule\" fromto=\"0 0 0 -0.4 0.4 0\""
    try #require(ant.contains(limb))
    let motors = try #require(ant.firstRange(of: /<motor name="hip_4".*\n/))
    var reordered = ant
    let first = String(ant[motors])
    reordered.removeSubrange(motors)
    reordered.replace("</actuator>", with: first + "</actuator>")
    let folder = try TemporaryFolder()
    for (name, text, isSame) in [
      ("same", ant, true),
      ("shorter", ant.replacing(limb, with: limb.replacing("-0.4 0.4", with: "-0.3 0.3")), false),
      ("reordered", reordered, false),
    ] {
      let robot = try folder.file("\(name).xml", text)
      for map in MazeMap.builtIn where ["u", "push"].contains(map.name) {
        let task = try TaskDefinition(map: map, robot: robot).description
        #expect((task.quarterTurn != nil) == isSame, "\(name) in \(map.name)")
        #expect(task.heading != nil)
      }
    }
  }

  @Test(
    "A robot on slides drives through a maze and reaches its target",
    arguments: ["corridor", "fall"])
  func rover(name: String) throws {
    let map = try #require(MazeMap.builtIn.first { $0.name == name })
    let path = Self.models.appendingPathComponent("robots/rover.xml").path
    let environment = try TaskDefinition(map: map, robot: path).makeEnvironment()
    let task = environment.task
    #expect(task.observationCount == 4 + 4 + 1 && task.actionLimits == [60, 60, 10, 10])
    #expect(task.subgoalHalfRange.count == 4 && task.subgoalHalfRange[0] == 10)
    var generator = RandomStream(seed: 1, name: "environment")
    try environment.reset(using: &generator, target: .evaluation(0))
    // The arm's control range is -5...15: a zero action gives its middle.
    _ = try environment.step([0, 0, 0, 0])
    #expect(environment.simulation.ctrl[3] == 5)
    #expect(environment.robotPosition.z == map.groundHeight + 0.4)
    if name == "corridor" {
      for _ in 0..<200 { _ = try environment.step([60, 0, 0, 0]) }
      #expect(environment.isSuccess == true)
      #expect(environment.robotPosition.x < 28, "the end wall holds it")
    }
    let saved = environment.saveState()
    _ = try environment.step([9, 9, 9, 9])
    try environment.restore(saved)
    #expect(environment.saveState() == saved)
  }

  @Test("Built-in maps and the four-legged Ant compile in every combination")
  func everyMap() throws {
    for map in MazeMap.builtIn {
      for robot in [nil, "robots/ant.xml", "robots/rover.xml"] as [String?] {
        let path = robot.map { Self.models.appendingPathComponent($0).path }
        let environment = try TaskDefinition(map: map, robot: path).makeEnvironment()
        var generator = RandomStream(seed: 1, name: "environment")
        try environment.reset(using: &generator, target: .training)
        let outcome = try environment.step(environment.task.actionLimits.map { $0 / 2 })
        #expect(!outcome.isDiverged && outcome.reward < 0)
        #expect(environment.simulation.model.loadingWarning == nil)
      }
    }
  }

  // MARK: Robot files

  @Test("A slide of a limb is not one that moves the robot through the maze")
  func slidingLimb() throws {
    let folder = try TemporaryFolder()
    let robot = try folder.file(
      "robot.xml",
      """
      <mujoco model="r">
        <worldbody>
          <body name="trunk" pos="0 0 0.5"><freejoint/><geom size="0.2"/>
            <body>
              <joint name="j" type="slide" axis="0 0 1" limited="true" range="-0.2 0.2"/>
              <geom size=".1" pos="0 0 .3"/>
            </body>
          </body>
        </worldbody>
        <actuator><motor joint="j" ctrllimited="true" ctrlrange="-1 1"/></actuator>
      </mujoco>
      """)
    let map = try #require(MazeMap.builtIn.first { $0.name == "u" })
    let task = try TaskDefinition(map: map, robot: robot).description
    #expect(task.subgoalHalfRange == [10, 10, 0.5, 1, 1, 1, 1, 0.2])
  }

  @Test("Includes are read, a keyframe is the start, and the floor is added once")
  func includesAndKeyframe() throws {
    let folder = try TemporaryFolder()
    try folder.file("legs.xml", "<mujoco><geom name='leg' size='.1' pos='0 0 .2'/></mujoco>")
    let robot = try folder.file(
      "robot.xml",
      """
      <?xml version="1.0"?><!-- a robot -->
      <mujoco model="r">
        <option timestep="0.05"/>
        <worldbody>
          <geom name="ground" type="plane" size="9 9 1"/>
          <body name="trunk" pos="3 2 0.5"><freejoint/><geom size="0.2"/>
            <include file="legs.xml"/>
            <body><joint name="j" type="hinge" axis="0 1 0"/><geom size=".1" pos="0 0 .3"/></body>
          </body>
        </worldbody>
        <actuator><motor joint="j" ctrllimited="true" ctrlrange="-1 3"/></actuator>
        <keyframe><key qpos="7 7 0.6 0 1 0 0 0.3"/></keyframe>
      </mujoco>
      """)
    let map = try #require(MazeMap.builtIn.first { $0.name == "fall" })
    let environment = try TaskDefinition(map: map, robot: robot).makeEnvironment()
    let model = environment.simulation.model
    #expect(try model.id(of: .geom, named: "leg") > 0)
    #expect(throws: (any Error).self) { try model.id(of: .geom, named: "floor") }
    var generator = RandomStream(seed: 1, name: "environment")
    try environment.reset(using: &generator, target: .evaluation(0))
    #expect(abs(environment.robotPosition.x) <= 0.1 && abs(environment.robotPosition.y) <= 0.1)
    #expect(abs(environment.robotPosition.z - 4.6) <= 0.1)
    #expect(abs(environment.simulation.qpos[7] - 0.3) <= 0.1)
    #expect(environment.task.stepDuration == 0.1)
    #expect(environment.task.actionLimits == [2])
  }

  @Test(
    "A robot that can't be used is refused in one line that says why",
    arguments: [
      ("<mujoco", "an element is incomplete"),
      (body("<freejoint name='j'/>", name: "a&#13;&#10;b") + motor + end, "has a line break"),
      (
        body("<freejoint name='j'/>") + "<actuator><motor name='a&#10;b' joint='j'/></actuator>"
          + end, "ctrlrange"
      ),
      ("<mujoco><worldbody></mujoco>", "robot.xml:1: an end tag without its start tag"),
      ("<mujoco/>", "no body has a joint"),
      ("<robot/>", "a robot is an MJCF file"),
      ("", "the file has no element"),
      ("<mujoco a='1' a='2'/>", "appears twice"),
      (String(repeating: "<a>", count: 5000), "nested too deeply"),
      (
        "<mujoco><include file='robot.xml'/></mujoco>",
        "it includes 'robot.xml' twice, or the file includes itself"
      ),
      ("<mujoco><include/></mujoco>", "an include without a file"),
      (body("<joint name='j' type='hinge'/>") + motor + end, "the root needs a free joint"),
      (body("<joint name='j' type='slide' axis='1 0 0'/>") + motor + end, "the root needs"),
      (body("<freejoint name='j'/>") + end, "it has no actuators"),
      (
        body("<freejoint name='j'/>") + "<actuator><motor joint='j'/></actuator>" + end, "ctrlrange"
      ),
      (body("<freejoint/>") + "<actuator><motor joint='q'/></actuator>" + end, "not a valid model"),
      (
        body("<freejoint name='j'/>") + motor + "<option timestep='-1e-300'/>" + end, "timestep"
      ),
    ])
  func badRobots(text: String, message: String) throws {
    let folder = try TemporaryFolder()
    let robot = try folder.file("robot.xml", text)
    let map = try #require(MazeMap.builtIn.first)
    do {
      _ = try TaskDefinition(map: map, robot: robot)
      Issue.record("it was accepted")
    } catch {
      let description = "\(error)"
      #expect(description.contains(message), "\(description)")
      #expect(description.contains("robot.xml") && !description.contains("\n"))
    }
  }

  @Test("A robot file that is not there is named")
  func missingRobot() throws {
    let map = try #require(MazeMap.builtIn.first)
    let error = #expect(throws: SourceError.self) {
      try TaskDefinition(map: map, robot: "/nowhere/robot.xml")
    }
    #expect(error?.isMissing == true)
  }

  private static func body(_ joint: String, name: String = "trunk") -> String {
    "<mujoco><worldbody><body name='\(name)'>\(joint)<geom size='1'/></body></worldbody>"
  }
  private static let motor =
    "<actuator><motor joint='j' ctrllimited='true' ctrlrange='-1 1'/></actuator>"
  private static let end = "</mujoco>"
}
