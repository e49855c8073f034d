import Foundation
import MuJoCo
import TestSupport
import Testing

@Suite("Limits on models from strangers")
struct LimitsTests {
  private let folder = try! TemporaryFolder()

  /// The message with which `read` refuses a model.
  private func refusal(_ read: () throws -> Model) -> String {
    do {
      _ = try read()
      Issue.record("it was accepted")
    } catch let error as MuJoCoError {
      return error.description
    } catch {
      Issue.record("an error of another type: \(error)")
    }
    return ""
  }

  private static func ones(_ count: Int) -> String {
    Array(repeating: "1", count: count).joined(separator: " ")
  }

  // MARK: Text

  /// Texts, each with a part of the message that refuses it.
  private static let largeTexts: [(String, String)] = [
    (
      "<custom><numeric name='n' size='4000' data='\(ones(4000))'/></custom>",
      "size: expected a number, at most 500"
    ),
    // MuJoCo 2 reads 3000.
    (
      "<custom><numeric name='n' size='3000e-3' data='\(ones(4000))'/></custom>",
      "size: expected a number, at most 500"
    ),
    ("<custom><numeric name='n' data='\(ones(501))'/></custom>", "expected at most 500 numbers"),
    // White space at the end is a number, too.
    ("<custom><numeric name='n' data='\(ones(500)) '/></custom>", "expected at most 500 numbers"),
    (cloth("65534"), "subgrid: expected a number, at most 64"),
    (cloth("64"), "together are too large"),
    ("<sensor><user name='u' dim='2147483647'/></sensor>", "dim: expected a number, at most 1024"),
    (sensors("<user dim='1024'/>", 3_000), "its sensors and activations together are too large"),
    (
      "<worldbody><replicate count='1000'/></worldbody>\(sensors("<user dim='1000'/>", 3))",
      "its sensors and activations together are too large"
    ),
    (
      "\(sensors("<user dim='1000'/>", 3))<worldbody><replicate count='1000'/></worldbody>",
      "its sensors and activations together are too large"
    ),
    (
      "<sensor><rangefinder camera='c'/></sensor>"
        + "<default><camera resolution='4000 4000'/></default>",
      "its sensors and activations together are too large"
    ),
    ("<sensor><contact num='2147483647'/></sensor>", "num: expected a number, at most 1024"),
    ("<actuator><general actdim='100000'/></actuator>", "actdim: expected a number, at most 64"),
    ("<default><general actdim='100000'/></default>", "actdim: expected a number, at most 64"),
    (
      "<asset><texture type='2d' builtin='flat' width='2147483647e-9' height='3'/></asset>",
      "width: expected a number, at most 8192"
    ),
    // A cube's height is six times its width.
    ("<asset><texture builtin='flat' width='8000' height='1'/></asset>", "together are too large"),
    (
      "<asset><texture type='2d' builtin='flat' width='8' height='8' nchannel='1'/></asset>",
      "nchannel: expected 3"
    ),
    ("<asset><mesh builtin='plate' params='65536 65536'/></asset>", "params: expected a number"),
    // The capital of this letter is two letters.
    ("<size memory='1ß'/>", "memory: expected a number"),
    (
      "<asset><mesh name='m' vertex='0 0 0 1 0 0 0 1 0 0 0 1' face='0 1 2 0 3 9999999'/></asset>",
      "a face refers to a vertex that does not exist"
    ),
    (
      "<asset><skin vertex='0 0 0 1 0 0 0 1 0' face='0 1 -1'/></asset>",
      "a face refers to a vertex that does not exist"
    ),
    // MuJoCo 2 ends the list at the x.
    (
      "<asset><mesh name='m' vertex='0 0 0 1 x 0 0 1 0 0 0 1' face='0 1 3'/></asset>",
      "vertex: expected numbers"
    ),
    ("<asset><texture type='2d' file='abc'/></asset>", "fewer than 4 characters"),
    ("<asset><texture type='2d' file='a.obj/b'/></asset>", "fewer than 4 characters"),
    (
      "<asset><hfield file='hills.bin' content_type='image/png;' size='1 1 1 1'/></asset>",
      "without parameters"
    ),
  ]

  /// A cloth of 1,024 bodies, with a skin of so many points between two of them.
  private static func cloth(_ subgrid: String) -> String {
    """
    <worldbody><body name='B0_0'><composite type='cloth' count='32 32 1' spacing='0.1'>
      <geom size='0.01'/><skin subgrid='\(subgrid)'/>
    </composite></body></worldbody>
    """
  }

  private static func sensors(_ sensor: String, _ count: Int) -> String {
    "<sensor>\(String(repeating: sensor, count: count))</sensor>"
  }

  @Test("What would overrun MuJoCo's memory is refused, also in a file", arguments: largeTexts)
  func sizes(text: String, message: String) throws {
    let xml = "<mujoco>\(text)</mujoco>"
    let said = refusal { try Model(xml: xml, name: "large") }
    #expect(said.contains(message), "\(said)")
    // The same in a file that another includes.
    try folder.file("part.xml", xml)
    let path = try folder.file("main.xml", "<mujoco><include file='part.xml'/></mujoco>")
    let included = refusal { try Model(path: path) }
    #expect(included.contains(message), "\(included)")
  }

  @Test("What a model may need is within the limits")
  func needed() throws {
    let model = try Model(
      xml: """
        <mujoco>
          <custom>
            <numeric name="a" size="500" data="\(Self.ones(500))"/>
            <numeric name="b" data="\(Self.ones(500))"/>
            <numeric name="c" size="9" data="1 2 "/>
          </custom>
          <asset>
            <mesh name="m" vertex="0 0 0 1 0 0 0 1 0 0 0 1e0" face="0 2 1 0 1 3 0 3 2 1 2 3"/>
            <texture name="t" type="cube" builtin="flat" width="256" height="1536"/>
          </asset>
          <worldbody>
            <geom type="mesh" mesh="m"/><site name="s"/>
            <body name="b" pos="0 0 3"><freejoint/><geom size="0.1"/><site name="t"/></body>
          </worldbody>
          <tendon><spatial width="3e-3"><site site="s"/><site site="t"/></spatial></tendon>
          <sensor>
            <user name="u" objtype="body" objname="b" datatype="real" needstage="pos" dim="100"/>
          </sensor>
        </mujoco>
        """, name: "usual")
    #expect(model.count(of: .numeric) == 3 && model.count(of: .sensor) == 1)
  }

  // MARK: Deformable bodies

  /// A `<flex>` of one triangle with these attributes.
  private static func flex(_ attributes: String) -> String {
    "<deformable><flex name='f' \(attributes)/></deformable>"
  }

  private static let triangle = "body='b' vertex='0 0 0 1 0 0 0 1 0' element='0 1 2'"

  private static let hostileFlexes: [(String, String)] = [
    (
      flex("\(triangle) texcoord='0 0' elemtexcoord='\(ones(100_000))'"),
      "elemtexcoord: expected as many numbers as in element"
    ),
    (
      flex("\(triangle) texcoord='0 0 1 0 0 1' elemtexcoord='0 1 3'"),
      "elemtexcoord refers to a texture coordinate that does not exist"
    ),
    (
      flex("dim='1' body='b' vertex='0 0 0 1 0 0' element='0 1' texcoord='0 0 1 0'"),
      "texcoord: expected none where dim is 1"
    ),
    (flex("dim='4' \(triangle)"), "dim: expected 1, 2 or 3"),
    (
      flex("body='b c' vertex='0 0 0 1 0 0 0 1 0' element='0 1 2'"),
      "one body, or one for each vertex"
    ),
    // For MuJoCo this is one name and a second one.
    (
      flex("body='b&#1;c d' vertex='0 0 0 1 0 0 0 1 0' element='0 1 2'"),
      "one body, or one for each vertex"
    ),
    (flex("\(triangle) node='b b b b b b b b'"), "one body, or one for each vertex"),
    (
      flex("body='b' vertex='0 0 0 1 0 0 0 1 0' element='0 1 3'"),
      "an element refers to a vertex that does not exist"
    ),
    (
      flex("body='b' vertex='0 0 0 x 0 0 0 1 0' element='0 1 2'"),
      "vertex and texcoord: expected numbers"
    ),
    (
      flexcomp("dim='1' count='3 1 1' texcoord='0 0 1 0 0 1'"),
      "texcoord: expected none where dim is 1"
    ),
    (flexcomp("type='box' dim='3' count='3 3 1'"), "count: expected at least 2 in each direction"),
    (
      flexcomp("type='direct' point='0 0 0 1 0 0 0 1 0' element='0 1 2' texcoord='0 0'"),
      "texcoord: expected two numbers for each point"
    ),
    (
      flexcomp("type='gmsh' file='cube.msh' texcoord='0 0 1 0'"),
      "texcoord: expected none where the points are from a file"
    ),
  ]

  private static func flexcomp(_ attributes: String) -> String {
    """
    <worldbody><body name='b'>
      <flexcomp name='f' radius='0.01' spacing='0.1 0.1 0.1' \(attributes)/>
    </body></worldbody>
    """
  }

  @Test("Lists of deformable bodies fit each other", arguments: hostileFlexes)
  func flexes(text: String, message: String) {
    let said = refusal { try Model(xml: "<mujoco>\(text)</mujoco>", name: "flex") }
    #expect(said.contains(message), "\(said)")
  }

  @Test(
    "Deformable bodies whose lists fit are read, also from Gmsh's files",
    // Older versions have no deformable bodies, or fewer kinds of them.
    .enabled(if: Model.libraryVersion >= 330))
  func validFlexes() throws {
    let body = "<worldbody><body name='b'><geom size='1'/></body></worldbody>"
    for texture in ["", "texcoord='0 0 1 0 0 1'", "texcoord='0 0' elemtexcoord='0 0 0'"] {
      let text = body + Self.flex("\(Self.triangle) \(texture)")
      #expect(try Model(xml: "<mujoco>\(text)</mujoco>", name: "flex").nbody == 2)
    }
    try folder.file(
      "cube.msh",
      """
      $MeshFormat
      2.2 0 8
      $EndMeshFormat
      $Nodes
      4
      1 0 0 0
      2 1 0 0
      3 0 1 0
      4 0 0 1
      $EndNodes
      $Elements
      1
      1 4 2 1 1 1 2 3 4
      $EndElements

      """)
    let text = Self.flexcomp("type='gmsh' dim='3' file='cube.msh'")
    let path = try folder.file("main.xml", "<mujoco>\(text)</mujoco>")
    #expect(try Model(path: path).nbody > 2)
  }

  /// A mesh for a deformable body of this dimension, and a part of the message that refuses it.
  struct FlexMesh: Sendable {
    var dimension: Int
    var faces: String
    var message: String
  }

  private static let hostileFlexMeshes = [
    FlexMesh(
      dimension: 3, faces: "vt 0 0\nf 1/1 2/1 3/1\n", message: "only for a flexcomp whose dim"),
    FlexMesh(
      dimension: 2, faces: "vt 0 0\nf 1/1 2/1 3/1\n", message: "at least as many texture"),
    FlexMesh(dimension: 2, faces: "f 1 2 4\n", message: "a face refers to a vertex"),
  ]

  @Test(
    "A deformable body's mesh has texture coordinates only where MuJoCo has a place for them",
    arguments: hostileFlexMeshes)
  func flexTexture(mesh: FlexMesh) throws {
    let vertices = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
    try folder.file("cloth.obj", vertices + mesh.faces)
    let text = Self.flexcomp("type='mesh' dim='\(mesh.dimension)' origin='0 0 1' file='cloth.obj'")
    let path = try folder.file("main.xml", "<mujoco>\(text)</mujoco>")
    let said = refusal { try Model(path: path) }
    #expect(said.contains(mesh.message), "\(said)")
    // MuJoCo 3.3 reads such a file from the disk, even if another one is in memory.
    let absolute = text.replacing("cloth.obj", with: folder.file("cloth.obj"))
    let read = refusal {
      try Model(
        xml: "<mujoco>\(absolute)</mujoco>", name: "flex",
        files: ["cloth.obj": Array((vertices + "f 1 2 3\n").utf8)])
    }
    #expect(read.contains(mesh.message), "\(read)")
  }

  // MARK: Files

  private static func bytes(_ numbers: [Int32]) -> [UInt8] {
    numbers.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
  }

  /// The beginning of a picture of this size: all that is read of it here.
  private static func picture(_ width: Int32, _ height: Int32) -> [UInt8] {
    bytes([0, 0, 0, 0, width.byteSwapped, height.byteSwapped])
  }

  private static let mesh = bytes([4, 0, 0, 1] + Array(repeating: 0, count: 12) + [0, 1, 9])

  /// A file, the element that names it, and a part of the message that refuses it.
  struct Asset: Sendable, CustomStringConvertible {
    var text: String
    var file: String
    var bytes: [UInt8]
    var message: String

    init(_ text: String, _ file: String, _ bytes: [UInt8], _ message: String) {
      self.text = text
      self.file = file
      self.bytes = bytes
      self.message = message
    }

    var description: String { text }
  }

  private static let hostileAssets = [
    // 4 · 1073741825 is 4 in 32 bits.
    Asset(
      "<hfield name='h' file='h.stl' size='1 1 1 1'/>", "h.stl",
      bytes([4, 1_073_741_825, 0, 0, 0, 0]), "its size does not fit its contents"),
    // 3 · 2863311532, which is this number without a sign, is 4 in 32 bits.
    Asset(
      "<texture name='t' type='2d' file='t.xml'/>", "t.xml", bytes([-1_431_655_764, 1, 0]),
      "its size does not fit its contents"),
    Asset(
      "<texture name='t' fileup='t.obj'/>", "t.obj", bytes([1_431_655_766, 1]) + [0, 0],
      "its size does not fit its contents"),
    Asset(
      "<texture name='t' type='2d' file='t.bin'/>", "t.bin", bytes([4]),
      "its size does not fit its contents"),
    Asset("<mesh name='m' file='m.msh'/>", "m.msh", mesh, "a face refers to a vertex"),
    // A character that forms one with the letter after it does not hide the ending.
    Asset("<mesh name='m' file='\u{600}msh'/>", "\u{600}msh", mesh, "a face refers to a vertex"),
    Asset(
      "<mesh name='m' file='m.stl' content_type='model/vnd.mujoco.msh'/>", "m.stl", mesh,
      "a face refers to a vertex"),
    Asset(
      "<hfield name='h' file='h.bin' content_type='image/png' size='1 1 1 1'/>", "h.bin",
      bytes([1, 1, 0]), "not a PNG picture"),
    Asset("<texture type='2d' file='t.png'/>", "t.png", picture(10_000, 10_000), "too large"),
    // Each of them alone would be small enough.
    Asset(
      String(repeating: "<texture type='2d' file='t.png'/>", count: 4), "t.png",
      picture(8_000, 8_000), "together are too large"),
    Asset("<texture type='2d' file='t.ktx'/>", "t.ktx", bytes([1, 1, 1]), "KTX"),
  ]

  @Test(
    "A file is checked as the element that names it reads it, in memory and on the disk",
    arguments: hostileAssets)
  func assets(asset: Asset) throws {
    let xml = "<mujoco><asset>\(asset.text)</asset></mujoco>"
    let said = refusal { try Model(xml: xml, name: "world", files: [asset.file: asset.bytes]) }
    #expect(said.contains(asset.message), "\(said)")

    try Data(asset.bytes).write(to: URL(fileURLWithPath: folder.file(asset.file)))
    let path = try folder.file("main.mjcf", xml)
    let read = refusal { try Model(path: path) }
    #expect(read.contains(asset.message), "\(read)")
  }

  @Test("Files are found as MuJoCo finds them: without folders and case, and in meshdir")
  func places() throws {
    let hills = Self.bytes([4, 1_073_741_825, 0, 0, 0, 0])
    let field = "<asset><hfield name='h' file='a/HILLS.BIN' size='1 1 1 1'/></asset>"
    let said = refusal {
      try Model(xml: "<mujoco>\(field)</mujoco>", name: "world", files: ["hills.bin": hills])
    }
    #expect(said.contains("its size does not fit its contents"), "\(said)")

    try folder.folder("shapes")
    try folder.folder("parts")
    try Data(Self.mesh).write(to: URL(fileURLWithPath: folder.file("shapes/m.msh")))
    try folder.file("parts/m.xml", "<mujoco><asset><mesh file='m.msh'/></asset></mujoco>")
    let path = try folder.file(
      "main.xml",
      "<mujoco><include file='parts/m.xml'/><compiler meshdir='shapes'/></mujoco>")
    let read = refusal { try Model(path: path) }
    #expect(read.contains("a face refers to a vertex"), "\(read)")
  }

  @Test("A height field may have any name; a valid one is read", arguments: ["h.bin", "h.data"])
  func heights(file: String) throws {
    let xml = """
      <mujoco>
        <asset><hfield name="h" file="\(file)" size="1 1 1 1"/></asset>
        <worldbody><geom type="hfield" hfield="h"/></worldbody>
      </mujoco>
      """
    let bytes = Self.bytes([2, 2, 0, 0, 0, 1_065_353_216])
    #expect(try Model(xml: xml, name: "hills", files: [file: bytes]).ngeom == 1)
    try Data(bytes).write(to: URL(fileURLWithPath: folder.file(file)))
    #expect(try Model(path: folder.file("main.xml", xml)).ngeom == 1)
  }

  // MARK: Documents in memory

  @Test("A document in memory is checked like the main one, and none contains itself")
  func documents() throws {
    let large = "<mujoco><size nkey='1000000'/></mujoco>"
    for text in [
      "<include file='part.xml'/>", "<asset><model name='m' file='PART.xml'/></asset>",
    ] {
      let said = refusal {
        try Model(
          xml: "<mujoco>\(text)</mujoco>", name: "world", files: ["part.xml": Array(large.utf8)])
      }
      #expect(said.contains("nkey: expected a number, at most 1024"), "\(said)")
    }

    let nested = "<mujoco><asset><model name='m' file='FILE'/></asset></mujoco>"
    for name in ["world.mjcf", "part.xml"] {
      let part = nested.replacing("FILE", with: name)
      let said = refusal {
        try Model(
          xml: nested.replacing("FILE", with: "part.xml"), name: "world",
          files: ["part.xml": Array(part.utf8)])
      }
      #expect(said.contains("a model contains itself"), "\(said)")
    }
    let path = try folder.file("self.xml", nested.replacing("FILE", with: "self.xml"))
    #expect(refusal { try Model(path: path) }.contains("a model contains itself"))
  }

  // MARK: Nested models

  private static func containing(_ file: String) -> String {
    "<mujoco><asset><model name='m' file='\(file)'/></asset></mujoco>"
  }

  @Test("What a nested model includes is searched in the nested model's folder, too")
  func nestedFolders() throws {
    try folder.folder("B/sub")
    try Data(Self.mesh).write(to: URL(fileURLWithPath: folder.file("B/evil.msh")))
    try folder.file("B/large.xml", "<mujoco><size nkey='1000000'/></mujoco>")
    try folder.file("B/b.xml", "<mujoco><include file='sub/x.xml'/></mujoco>")
    let path = try folder.file("main.xml", Self.containing("B/b.xml"))
    for (text, message) in [
      ("<asset><mesh file='evil.msh'/></asset>", "a face refers to a vertex"),
      ("<include file='large.xml'/>", "nkey: expected a number"),
    ] {
      try folder.file("B/sub/x.xml", "<mujoco>\(text)</mujoco>")
      let said = refusal { try Model(path: path) }
      #expect(said.contains(message), "\(said)")
    }
  }

  @Test("A model may contain another with the same name in another folder, but not itself")
  func sameName() throws {
    try folder.folder("go2")
    try folder.file("go2/go2.xml", Self.containing("scene.xml"))
    try folder.file("go2/scene.xml", "<mujoco><size nkey='1000000'/></mujoco>")
    let path = try folder.file("scene.xml", Self.containing("go2/go2.xml"))
    // The inner scene was read: it is what is refused.
    let said = refusal { try Model(path: path) }
    #expect(said.contains("nkey: expected a number"), "\(said)")

    // A part that contains a model which includes the same part.
    try folder.file("part.xml", Self.containing("whole.xml"))
    let including = "<mujoco><include file='part.xml'/></mujoco>"
    try folder.file("whole.xml", including)
    let main = try folder.file("main.xml", including)
    let read = refusal { try Model(path: main) }
    #expect(read.contains("a model contains itself"), "\(read)")
  }

  @Test(
    "Models that contain each other exponentially many times are refused", .timeLimit(.minutes(1)))
  func expansions() throws {
    func name(_ number: Int) -> String { "m\(number).xml" }
    var files: [String: [UInt8]] = [name(30): Array("<mujoco/>".utf8)]
    for number in 0..<30 {
      let next = name(number + 1)
      let text = """
        <mujoco><asset>
          <model name='a' file='\(next)'/><model name='b' file='\(next)'/>
        </asset></mujoco>
        """
      files[name(number)] = Array(text.utf8)
    }
    let said = refusal { try Model(xml: Self.containing(name(0)), name: "many", files: files) }
    #expect(said.contains("more than 512 documents"), "\(said)")
  }

  // MARK: What is read of a file

  @Test("Only a regular file is read", .timeLimit(.minutes(1)))
  func devices() throws {
    let pipe = folder.file("pipe.obj")
    #expect(mkfifo(pipe, 0o600) == 0)
    for text in [
      "<asset><mesh file='/dev/zero'/></asset>", "<asset><mesh file='pipe.obj'/></asset>",
      "<include file='pipe.obj'/>",
    ] {
      let path = try folder.file("main.xml", "<mujoco>\(text)</mujoco>")
      let said = refusal { try Model(path: path) }
      #expect(said.contains("not a regular file"), "\(said)")
    }
  }

  @Test("A file that is found in two ways counts once")
  func twoSpellings() throws {
    // Four pictures of 45 million pixels are within the limit, but eight are not.
    try Data(Self.picture(7_500, 6_000)).write(to: URL(fileURLWithPath: folder.file("t.png")))
    try folder.folder("a")
    let texture = "<texture type='2d' file='t.png'/>"
    // It is found in the folder itself, and by way of the folder inside it.
    let xml = """
      <mujoco>
        <compiler texturedir='a/..'/><asset>\(String(repeating: texture, count: 4))</asset>
      </mujoco>
      """
    let path = try folder.file("main.xml", xml)
    // MuJoCo itself refuses it: it is only the beginning of a picture.
    let said = refusal { try Model(path: path) }
    #expect(!said.contains("together are too large"), "\(said)")
  }

  #if os(Linux)
    @Test("A large mesh in a format that MuJoCo checks itself is measured, not read")
    func measured() throws {
      // A file with a hole as large as itself: it takes no space.
      let path = try folder.file("m.stl", "")
      #expect(truncate(path, 800 << 20) == 0)
      let main = try folder.file(
        "main.xml",
        """
        <mujoco><asset>
          <mesh name='a' file='m.stl'/><mesh name='b' file='./m.stl'/>
        </asset></mujoco>
        """)
      let before = threadTime
      let said = refusal { try Model(path: main) }
      #expect(said.contains("together are too large"), "\(said)")
      // Reading 800 MB takes several times as long.
      #expect(threadTime - before < .milliseconds(100))
    }
  #endif

  @Test(
    "Corners of a face in the OBJ format are checked",
    arguments: [
      ("f 1 2 4", "a face refers to a vertex"), ("f 1 2 -4", "a face refers to a vertex"),
      ("f 1 2 0", "a face refers to a vertex"), ("f 1 2 x", "a face refers to a vertex"),
      ("f 1 2 99999999999999999999", "a face refers to a vertex"),
      ("vt 0 0\nf 1/1 2/1 3", "a face has no texture coordinate"),
      ("vt 0 0\nf 1/1 2/1 3/2", "a face has no texture coordinate"),
      ("vn 0 0 1\nf 1//1 2//1 3//", "a face has no normal"),
      ("vn 0 0 1\nf 1//1 2//1 3//1/1", "a face has no normal"),
      ("l 1 2", "it has lines or points"),
    ])
  func corners(text: String, message: String) {
    let mesh = "v 0 0 0\r\nv 1 0 0\n\tv 0 1 0\n" + text
    let said = refusal {
      try Model(
        xml: "<mujoco><asset><mesh file='m.obj'/></asset></mujoco>", name: "mesh",
        files: ["m.obj": Array(mesh.utf8)])
    }
    #expect(said.contains(message), "\(said)")
  }
}
