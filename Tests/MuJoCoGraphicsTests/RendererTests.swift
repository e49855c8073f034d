import Foundation
import Imaging
import MuJoCo
import MuJoCoGraphics
import TestSupport
import Testing

/// Whether there is an OpenGL driver to test with.
let hasGraphics: Bool = {
  guard let model = try? Model(xml: "<mujoco/>", name: "empty") else { return false }
  return (try? Renderer(model: model, width: 8, height: 8, samples: 0)) != nil
}()

@Suite(.enabled(if: hasGraphics)) struct RendererTests {
  static let size = 200
  static let above = Camera.overhead(center: [0, 0, 0], extent: 8)

  static func makeBall() throws -> (Simulation, Renderer) {
    let model = try Model(xml: Worlds.ball, name: "ball")
    return (
      try Simulation(model: model), try Renderer(model: model, width: size, height: size)
    )
  }

  static func isRed(_ color: Color) -> Bool {
    color.red > 100 && color.green < 60 && color.blue < 60
  }

  /// The mean column and row of the pixels for which `isWanted` holds, and how many there are.
  static func centroid(
    of image: Image, where isWanted: (Color) -> Bool
  ) -> (x: Double, y: Double, count: Int) {
    var (x, y, count) = (0.0, 0.0, 0)
    for row in 0..<image.height {
      for column in 0..<image.width where isWanted(image[column, row]) {
        (x, y, count) = (x + Double(column) + 0.5, y + Double(row) + 0.5, count + 1)
      }
    }
    return (x / Double(count), y / Double(count), count)
  }

  @Test("From above the ball is where the state has it, in size too", arguments: [0, 2, -1.5])
  func position(x: Double) throws {
    let (simulation, renderer) = try Self.makeBall()
    simulation.qpos[0] = x
    let image = try renderer.render(simulation, camera: Self.above)
    let red = Self.centroid(of: image, where: Self.isRed)
    // The camera is 4 / tan(22.5°) above the floor, and the ball's widest circle is 1 above the
    // floor.
    let height = 4 / tan(Double.pi / 8)
    let pixelsPerMetre = Double(Self.size) / 8 * height / (height - 1)
    #expect(abs(red.x - (100 + x * pixelsPerMetre)) < 1)
    #expect(abs(red.y - 100) < 1)
    let area = Double.pi * pow(0.5 * pixelsPerMetre, 2)
    // Off the camera's axis a ball is seen from the side and covers a few more pixels.
    #expect(abs(Double(red.count) / area - 1) < 0.15)
  }

  @Test("Frames differ when something moved, and only then")
  func movement() throws {
    let (simulation, renderer) = try Self.makeBall()
    let first = try renderer.render(simulation, camera: Self.above)
    #expect(try renderer.render(simulation, camera: Self.above) == first)
    simulation.qpos[0] = 0.2
    #expect(try renderer.render(simulation, camera: Self.above) != first)
  }

  @Test("The top row comes first: the ball is above the floor seen from the side")
  func orientation() throws {
    let (simulation, renderer) = try Self.makeBall()
    let camera = Camera.free(lookAt: [0, 0, 0], distance: 10, azimuth: 90, elevation: 0)
    let red = Self.centroid(
      of: try renderer.render(simulation, camera: camera), where: Self.isRed)
    #expect(red.y < 90 && abs(red.x - 100) < 1)
    simulation.qpos[0] = 1
    let fixed = Self.centroid(
      of: try renderer.render(simulation, camera: .fixed("side")), where: Self.isRed)
    #expect(abs(fixed.x - (100 + 100 / (10 * tan(Double.pi / 12)))) < 1.5)
    let following = Self.centroid(
      of: try renderer.render(simulation, camera: .following(body: "ball", distance: 6)),
      where: Self.isRed)
    #expect(abs(following.x - 100) < 1 && abs(following.y - 100) < 2)
  }

  @Test("Light from above casts the ball's shadow on the floor")
  func shadow() throws {
    let (simulation, renderer) = try Self.makeBall()
    let camera = Camera.free(lookAt: [0, 0, 0], distance: 8, azimuth: 90, elevation: -20)
    let image = try renderer.render(simulation, camera: camera)
    // The middle of the picture is the floor under the ball.
    #expect(Double(image[100, 100].blue) < 0.7 * Double(image[170, 100].blue))
  }

  @Test("Edges are smooth with samples and hard without")
  func samples() throws {
    let model = try Model(xml: Worlds.ball, name: "ball")
    let simulation = try Simulation(model: model)
    let colors = try [0, 4].map { samples in
      let renderer = try Renderer(model: model, width: 64, height: 64, samples: samples)
      let image = try renderer.render(simulation, camera: Self.above)
      // Half-covered pixels are less blue than the floor and bluer than the ball.
      return Self.centroid(of: image) { (60...200).contains($0.blue) }.count
    }
    #expect(colors[0] == 0 && colors[1] > 10)
  }

  @Test("Markers are drawn where they are put, and are gone in the next picture")
  func markers() throws {
    let (simulation, renderer) = try Self.makeBall()
    let plain = try renderer.render(simulation, camera: Self.above)
    let green = SIMD4<Float>(0, 1, 0, 1)
    let image = try renderer.render(
      simulation, camera: Self.above,
      markers: [
        Marker(.sphere(radius: 0.4), at: [2, 2, 0], rgba: green, emission: 1),
        Marker(.arrow(end: [-2, -3, 0.2], width: 0.1), at: [-2, -2, 0.2], rgba: green),
      ] + Marker.path([[2, -2, 0.1], [3, -2, 0.1], [3, -3, 0.1]], width: 0.05, rgba: green))
    func isGreen(_ x: Int, _ y: Int) -> Bool {
      image[x, y].green > 150 && image[x, y].red < 100
    }
    #expect(isGreen(150, 50) && isGreen(50, 160) && isGreen(162, 150) && isGreen(175, 162))
    #expect(!isGreen(100, 100))
    #expect(try renderer.render(simulation, camera: Self.above) == plain)

    // More markers than there was room for at first.
    let many = (0..<3000).map { index in
      let place = SIMD3(Double(index % 60) / 30 - 1, Double(index / 60) / 30 + 2, 0.1)
      return Marker(.sphere(radius: 0.03), at: place, rgba: green, emission: 1)
    }
    let crowded = try renderer.render(simulation, camera: Self.above, markers: many)
    #expect(crowded[100, 35].green > 150 && crowded[120, 20].green > 150)
  }

  @Test("Depth is in metres, the top row first, and infinite where there is nothing")
  func depth() throws {
    let (simulation, renderer) = try Self.makeBall()
    let camera = Camera.free(lookAt: [0, 0, 1], distance: 6, azimuth: 90, elevation: -90)
    let depth = try renderer.renderDepth(simulation, camera: camera)
    // The camera is at z = 7: the ball's top at 1.5 is 5.5 away, the floor 7.
    #expect(abs(depth[100 * Self.size + 100] - 5.5) < 0.01)
    #expect(abs(depth[100 * Self.size + 5] - 7) < 0.01)
    let level = Camera.free(lookAt: [0, 0, 1], distance: 6, azimuth: 90, elevation: 0)
    let side = try renderer.renderDepth(simulation, camera: level)
    #expect(side[5 * Self.size + 100] == .infinity)
    #expect(abs(side[100 * Self.size + 100] - 5.5) < 0.01)
    // The field of view is 45°. A quarter of the picture below the middle, the ray meets the floor,
    // which is 1 below the camera.
    let tangent = Float(tan(Double.pi / 8)) * 50.5 / 100
    // Half a pixel is 1 % of that.
    #expect(abs(side[150 * Self.size + 20] - 1 / tangent) < 0.05)
  }

  @Test("Each marker has the height that was asked for")
  func markerSizes() throws {
    let (simulation, renderer) = try Self.makeBall()
    // The camera is 10 above the floor and looks straight down on the marker's middle.
    let camera = Camera.free(lookAt: [2, 1, 0], distance: 10, azimuth: 90, elevation: -90)
    let shapes: [(Marker.Shape, top: Float)] = [
      (.sphere(radius: 0.7), 0.7), (.box(halfSize: [0.2, 0.3, 0.9]), 0.9),
      (.cylinder(radius: 0.3, halfHeight: 1.5), 1.5),
      (.line(end: [2, 1, 2], width: 0.25), 2.25),
    ]
    for (shape, top) in shapes {
      let marker = Marker(shape, at: [2, 1, 0], rgba: [0, 1, 0, 1])
      let depth = try renderer.renderDepth(simulation, camera: camera, markers: [marker])
      // A round top is made of triangles, so it is not exact.
      #expect(abs(depth[100 * Self.size + 100] - (10 - top)) < 0.02)
    }
  }

  @Test("Taking pictures changes nothing of the simulation, not even an odd quaternion")
  func purity() throws {
    let model = try Model(xml: Worlds.tumbler, name: "tumbler")
    let (seen, unseen) = (try Simulation(model: model), try Simulation(model: model))
    let renderer = try Renderer(model: model, width: 32, height: 32)
    for simulation in [seen, unseen] { simulation.qpos.assign([0, 0, 0.6, 1.1, 0.2, 0, 0, 0]) }
    for _ in 0..<20 {
      _ = try renderer.render(seen, camera: Self.above)
      #expect(seen.saveState() == unseen.saveState())
      try seen.step(count: 3)
      try unseen.step(count: 3)
    }
  }

  @Test("Several renderers of several models and sizes live side by side")
  func severalRenderers() throws {
    let (ball, small) = try Self.makeBall()
    let large = try Renderer(model: ball.model, width: 1280, height: 960)
    let tumbler = try Simulation(model: Model(xml: Worlds.tumbler, name: "tumbler"))
    let other = try Renderer(model: tumbler.model, width: 50, height: 70)
    let (first, second) = (
      try small.render(ball, camera: Self.above), try other.render(tumbler, camera: Self.above)
    )
    let big = try large.render(ball, camera: Self.above)
    #expect(big.width == 1280 && big.height == 960)
    #expect(Self.isRed(big[640, 480]) && Self.isRed(first[100, 100]))
    #expect(try small.render(ball, camera: Self.above) == first)
    #expect(try other.render(tumbler, camera: Self.above) == second)
  }

  @Test("Renderers work on several threads at once")
  func threads() async throws {
    let model = try Model(xml: Worlds.ball, name: "ball")
    let images = try await withThrowingTaskGroup(of: Image.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let simulation = try Simulation(model: model)
          let renderer = try Renderer(model: model, width: 100, height: 100)
          var image = try renderer.render(simulation, camera: Self.above)
          for _ in 0..<5 { image = try renderer.render(simulation, camera: Self.above) }
          return image
        }
      }
      return try await group.reduce(into: [Image]()) { $0.append($1) }
    }
    #expect(images.count == 4 && images.allSatisfy { $0 == images[0] })
  }

  @Test("A camera that names what is not there is refused by name")
  func unknownCamera() throws {
    let (simulation, renderer) = try Self.makeBall()
    #expect(throws: MuJoCoError.self) { try renderer.render(simulation, camera: .fixed("top")) }
    let error = #expect(throws: MuJoCoError.self) {
      try renderer.render(simulation, camera: .following(body: "bal", distance: 3))
    }
    #expect(error?.description.contains("'bal'") == true)
  }

  @Test("Memory does not grow with the pictures taken, nor with the renderers made")
  func memory() async {
    // The test runs in a process of its own, where no other test takes memory meanwhile.
    await #expect(processExitsWith: .success) {
      let (simulation, renderer) = try Self.makeBall()
      func residentMegabytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
          .split(separator: " ")
        return Int(fields[1])! * Int(getpagesize()) >> 20
      }
      for _ in 0..<20 { _ = try renderer.render(simulation, camera: Self.above) }
      let before = try residentMegabytes()
      for _ in 0..<150 { _ = try renderer.render(simulation, camera: Self.above) }
      let after = try residentMegabytes()
      // One picture has 0.12 MB, so keeping all 150 would take 18 MB.
      #expect(after - before < 4)
      for _ in 0..<10 {
        _ = try Renderer(model: simulation.model, width: 100, height: 100)
          .render(simulation, camera: Self.above)
      }
      let end = try residentMegabytes()
      print("resident: \(before) MB, \(after) MB, \(end) MB")
      #expect(end - after < 100)
    }
  }
}

@Test("Without a driver the error names the packages to install")
func noDriver() async {
  await #expect(processExitsWith: .success) {
    setenv("__EGL_VENDOR_LIBRARY_DIRS", "/nonexistent", 1)
    let model = try Model(xml: "<mujoco/>", name: "empty")
    let error = #expect(throws: MuJoCoError.self) {
      try Renderer(model: model, width: 8, height: 8)
    }
    #expect(error?.description.contains("libgl1-mesa-dri") == true)
  }
}
