import Foundation
import MuJoCo
import TestSupport
import Testing

@Suite struct ModelTests {
  @Test("A model knows its sizes, options and names")
  func sizes() throws {
    let model = try Model(xml: Worlds.tumbler, name: "tumbler")
    #expect(model.nq == 8 && model.nv == 7 && model.nu == 1)
    #expect(model.nbody == 3 && model.njnt == 2 && model.ngeom == 3)
    #expect(model.timestep == 0.01)
    #expect(model.usesRungeKutta)
    #expect(model.qpos0 == [0, 0, 0.6, 1, 0, 0, 0, 0])
    #expect(model.bodyName(1) == "box")
    #expect(try model.id(of: .geom, named: "rod") == 2)
    #expect(model.loadingWarning == nil)
  }

  @Test("Bodies, geoms, joints and actuators read as they were written")
  func parts() throws {
    let model = try Model(xml: Worlds.tumbler, name: "tumbler")
    let block = model.geom(1)
    #expect(block.shape == .box && block.body == 1 && block.size == [0.2, 0.2, 0.2])
    #expect(block.friction == [0.9, 0.01, 0.002])
    #expect(model.geom(2).margin == 0.01)
    #expect(model.body(1).mass == 2 && model.body(2).parent == 1)
    let shoulder = model.joint(1)
    #expect(shoulder.kind == .hinge && shoulder.isLimited)
    #expect(abs(shoulder.range.upperBound - .pi / 3) < 1e-12)
    #expect(shoulder.qposAddress == 7 && shoulder.dofAddress == 6)
    #expect(shoulder.damping == 0.1 && shoulder.armature == 0.02)
    let drive = model.actuator(0)
    #expect(drive.joint == 1 && drive.isLimited && drive.controlRange == -2...2 && drive.gear == 3)
  }

  @Test("An unknown name is answered with the names there are")
  func unknownName() throws {
    let model = try Model(xml: Worlds.tumbler, name: "tumbler")
    let error = #expect(throws: MuJoCoError.self) { try model.id(of: .geom, named: "blok") }
    #expect(error?.description.contains("floor, block, rod") == true)
  }

  @Test("A model that MuJoCo refuses throws MuJoCo's message with its line, in one line")
  func invalidText() throws {
    let error = #expect(throws: MuJoCoError.self) {
      try Model(xml: "<mujoco>\n<worldbody>\n<geom tipe=\"box\"/></worldbody></mujoco>", name: "w")
    }
    let description = try #require(error?.description)
    #expect(description.hasPrefix("w: not a valid model: "))
    #expect(description.contains("tipe") && description.contains("line 3"))
    #expect(!description.contains("\n"))
    for text in ["", "not XML", "<mujoco"] {
      #expect(throws: MuJoCoError.self) { try Model(xml: text, name: "w") }
    }
  }

  @Test("A file that is missing, a folder and a broken file are told apart by name")
  func files() throws {
    #expect(throws: MuJoCoError.missingFile(path: "/nowhere/ant.xml")) {
      try Model(path: "/nowhere/ant.xml")
    }
    let folder = FileManager.default.temporaryDirectory.path
    #expect(throws: MuJoCoError.missingFile(path: folder)) { try Model(path: folder) }

    let path = folder + "/model-tests-\(ProcessInfo.processInfo.processIdentifier).xml"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Worlds.tumbler.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try Model(path: path).nq == 8)
    try Worlds.tumbler.dropLast(20).description.write(
      toFile: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: MuJoCoError.self) { try Model(path: path) }
    #expect(error?.description.hasPrefix(path) == true)
  }

  @Test(
    "Sizes that MuJoCo would multiply until they overflow are refused before it sees them",
    arguments: [
      "<asset><texture name='t' type='2d' builtin='flat' width='2147483647' height='3072'/></asset>",
      "<asset><texture builtin=\"flat\" width = \"&#57;99999999\" height='9'/></asset>",
      "<asset><hfield name='h' nrow='60000' ncol='60000' size='1 1 1 1'/></asset>",
      "<!-- it's large --><size njmax='1000000000'/>", "it's <size njmax='1000000000'/>",
      "<?a '?><size njmax='1000000000'/>", "<size nuser_body='2147483647'/>",
      "<worldbody><body><composite type='grid' count='1000 1000 1' spacing='1'/></body></worldbody>",
      "<![CDATA[']]><size njmax='1000000000'/>", "<size memory='5G'/>", "<size memory='2e9K'/>",
      "<worldbody><replicate count='70'><replicate count='70'/></replicate></worldbody>",
      "<visual><quality numslices='1000000'/></visual>", "<option noslip_iterations='2000000000'/>",
      "<asset>"
        + String(
          repeating: "<texture type='2d' builtin='flat' width='8000' height='8000'/>", count: 9)
        + "</asset>",
    ])
  func sizes(text: String) throws {
    let xml = "<mujoco>\(text)</mujoco>"
    let error = #expect(throws: MuJoCoError.self) { try Model(xml: xml, name: "large") }
    let words = [
      "expected a number, at most", "together are too large", "a declaration", "too many",
    ]
    #expect(
      words.contains { error?.description.contains($0) == true }, "\(error?.description ?? "")")

    // The same text is refused if it is in an included file.
    let folder = try TemporaryFolder()
    try folder.file("large.xml", xml)
    let path = try folder.file("main.xml", "<mujoco><include file='large.xml'/></mujoco>")
    let included = #expect(throws: MuJoCoError.self) { try Model(path: path) }
    #expect(words.contains { included?.description.contains($0) == true })
  }

  @Test("Who trusts a file lifts the limits, of text, of files and of what a file includes")
  func unlimited() throws {
    let large = "<mujoco><size nuserdata='70000'/></mujoco>"
    #expect(throws: MuJoCoError.self) { try Model(xml: large, name: "large") }
    let model = try Model(xml: large, name: "large", limits: .unlimited)
    #expect(try Simulation(model: model).saveState().userData.count == 70_000)

    let folder = try TemporaryFolder()
    try folder.file("large.xml", large)
    let path = try folder.file("main.xml", "<mujoco><include file='large.xml'/></mujoco>")
    #expect(throws: MuJoCoError.self) { try Model(path: path) }
    #expect(try Model(path: path, limits: .unlimited).nbody == 1)

    // A height field that claims to have more numbers than its file contains; MuJoCo notices this
    // itself.
    let field = "<mujoco><asset><hfield name='h' file='h.bin' size='1 1 1 1'/></asset></mujoco>"
    let files: [String: [UInt8]] = ["h.bin": [9, 0, 0, 0, 9, 0, 0, 0, 1]]
    let ours = #expect(throws: MuJoCoError.self) {
      try Model(xml: field, name: "field", files: files)
    }
    #expect(ours?.description.contains("its size does not fit its contents") == true)
    let theirs = #expect(throws: MuJoCoError.self) {
      try Model(xml: field, name: "field", files: files, limits: .unlimited)
    }
    #expect(theirs?.description.contains("its size does not fit its contents") == false)
  }

  @Test("Memory is given with a unit, where the linked version knows it")
  func memory() throws {
    let xml = Worlds.tumbler.replacing("<worldbody>", with: "<size memory=\"64M\"/><worldbody>")
    if Model.libraryVersion >= 300 {
      #expect(try Model(xml: xml, name: "roomy").nq == 8)
    } else {
      let error = #expect(throws: MuJoCoError.self) { try Model(xml: xml, name: "roomy") }
      #expect("\(error!)".contains("libmujoco \(Model.libraryVersionName) is linked"), "\(error!)")
    }
  }

  @Test("Models can be loaded on several threads at once")
  func concurrentLoading() async throws {
    let sizes = try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<16 {
        group.addTask {
          // Every second model is refused; error messages must stay with their thread.
          if index.isMultiple(of: 2) { return try Model(xml: Worlds.tumbler, name: "m").nq }
          do {
            return try Model(xml: "<mujoco><\(index)/></mujoco>", name: "m").nq
          } catch is MuJoCoError {
            return 0
          }
        }
      }
      return try await group.reduce(into: [Int]()) { $0.append($1) }
    }
    #expect(sizes.filter { $0 == 8 }.count == 8)
  }
}
