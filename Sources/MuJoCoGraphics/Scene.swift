import CMuJoCo
import Imaging
import MuJoCo

/// MuJoCo's data for drawing a model in the current OpenGL context: the geoms of a picture and the
/// buffers of the graphics card. ``Renderer`` and ``ViewerWindow`` use it; they make their context
/// current whenever they create, draw or release a scene.
final class Scene {
  /// The first context looks up OpenGL's functions for all contexts, so contexts are made one at a
  /// time.
  private static let loading = Lock()

  let model: Model
  let context: UnsafeMutablePointer<mjrContext>
  private let scene: UnsafeMutablePointer<mjvScene>
  /// A copy of the positions to be drawn, so that drawing can't change the simulation: MuJoCo
  /// normalises quaternions in place when it computes the positions of bodies.
  private let pose: UnsafeMutablePointer<mjData>
  private var option = mjvOption()
  /// The ratio of width to height of the last picture.
  private var aspect = 1.0

  init(model: Model, width: Int, height: Int, samples: Int, fontScale: Int = 100) throws {
    self.model = model
    guard let pose = cmj_makeData(model.pointer) else {
      throw Simulation.failure(of: model, in: "mj_makeData")
    }
    self.pose = pose
    scene = .allocate(capacity: 1)
    context = .allocate(capacity: 1)
    mjv_defaultScene(scene)
    mjr_defaultContext(context)
    mjv_defaultOption(&option)
    try makeScene(markers: 512)

    // MuJoCo takes the size of the buffers from the model. This copy of the model's structure
    // differs only in these settings, shares all arrays with the model, and is not kept.
    var sized = model.pointer.pointee
    sized.vis.global.offwidth = Int32(width)
    sized.vis.global.offheight = Int32(height)
    sized.vis.quality.offsamples = Int32(samples)
    let result = Self.loading.locked { cmj_makeContext(&sized, context, Int32(fontScale)) }
    if result != CMJ_OK { throw Simulation.failure(of: model, in: "mjr_makeContext") }
  }

  deinit {
    mjr_freeContext(context)
    mjv_freeScene(scene)
    mj_deleteData(pose)
    context.deallocate()
    scene.deallocate()
  }

  /// Draws the current state of `simulation`, and the markers, into the current buffer.
  func draw(
    _ simulation: Simulation, camera: Camera, markers: [Marker], viewport: mjrRect
  ) throws {
    precondition(simulation.model === model, "the simulation is of another model")
    try copyPose(of: simulation)
    try makeRoom(for: markers.count)
    aspect = Double(viewport.width) / Double(max(1, viewport.height))
    var camera = try camera.resolved(in: model, pose: pose, aspect: aspect)
    if cmj_updateScene(model.pointer, pose, &option, &camera, scene) != CMJ_OK {
      throw Simulation.failure(of: model, in: "mjv_updateScene")
    }
    for marker in markers { add(marker) }
    if cmj_render(viewport, scene, context) != CMJ_OK {
      throw Simulation.failure(of: model, in: "mjr_render")
    }
  }

  /// Distances from the camera to the near and the far clipping plane, in metres.
  var clipping: (near: Double, far: Double) {
    let camera = scene.pointee.camera.0
    return (Double(camera.frustum_near), Double(camera.frustum_far))
  }

  /// Draws text over the picture.
  func draw(_ overlay: Overlay, viewport: mjrRect) {
    let font = overlay.isBig ? mjFONT_BIG : mjFONT_NORMAL
    let corner =
      switch overlay.corner {
      case .topLeft: mjGRID_TOPLEFT
      case .topRight: mjGRID_TOPRIGHT
      case .bottomLeft: mjGRID_BOTTOMLEFT
      case .bottomRight: mjGRID_BOTTOMRIGHT
      }
    mjr_overlay(
      Int32(font.rawValue), Int32(corner.rawValue), viewport,
      Self.printable(overlay.lines.map(\.left)), Self.printable(overlay.lines.map(\.right)),
      context)
  }

  /// Replaces characters outside ASCII, which MuJoCo's fonts don't have.
  private static func printable(_ lines: [String]) -> String {
    lines.map { line in
      String(line.map { $0.isASCII && ("\u{20}"..."\u{7E}").contains($0) ? $0 : "?" })
    }.joined(separator: "\n")
  }

  /// Reads the picture from the current buffer.
  func readImage(_ viewport: mjrRect) throws -> Image {
    let (width, height) = (Int(viewport.width), Int(viewport.height))
    var pixels = [UInt8](repeating: 0, count: 3 * width * height)
    guard cmj_readPixels(&pixels, nil, viewport, context) == CMJ_OK else {
      throw Simulation.failure(of: model, in: "mjr_readPixels")
    }
    Self.flip(&pixels, rowLength: 3 * width, rows: height)
    return Image(width: width, height: height, pixels: pixels)
  }

  /// Reads the depth of each pixel from the current buffer, in metres, the top row first; infinity
  /// where there is nothing.
  func readDepth(_ viewport: mjrRect) throws -> [Float] {
    let (width, height) = (Int(viewport.width), Int(viewport.height))
    var depth = [Float](repeating: 0, count: width * height)
    guard cmj_readPixels(nil, &depth, viewport, context) == CMJ_OK else {
      throw Simulation.failure(of: model, in: "mjr_readPixels")
    }
    Self.flip(&depth, rowLength: width, rows: height)
    let camera = scene.pointee.camera.0
    let (near, far) = (Double(camera.frustum_near), Double(camera.frustum_far))
    return depth.map { $0 >= 1 ? .infinity : Float(near / (1 - Double($0) * (1 - near / far))) }
  }

  /// Reverses the order of the rows: OpenGL puts the bottom row first.
  private static func flip<Element>(_ values: inout [Element], rowLength: Int, rows: Int) {
    values.withUnsafeMutableBufferPointer { values in
      for row in 0..<rows / 2 {
        let (top, bottom) = (row * rowLength, (rows - 1 - row) * rowLength)
        for column in 0..<rowLength { values.swapAt(top + column, bottom + column) }
      }
    }
  }

  /// Moves a camera by a movement of the mouse. A camera that looks straight down becomes free, and
  /// so does one that follows a body when its point of view is shifted; a camera of the model stays
  /// where it is.
  func move(_ camera: inout Camera, by motion: CameraMotion) {
    guard var moved = try? camera.resolved(in: model, pose: pose, aspect: aspect),
      moved.type == Int32(mjCAMERA_FREE.rawValue)
    else { return }
    let before = SIMD3(moved.lookat.0, moved.lookat.1, moved.lookat.2)
    cmj_moveCamera(
      model.pointer, Int32(motion.action.rawValue), motion.x, motion.y, scene, &moved)
    let after = SIMD3(moved.lookat.0, moved.lookat.1, moved.lookat.2)
    camera.distance = moved.distance
    camera.azimuth = moved.azimuth
    camera.elevation = moved.elevation
    if before != after || !camera.isFollowing { camera.placement = .free(lookAt: after) }
  }

  private func copyPose(of simulation: Simulation) throws {
    let (source, target) = (simulation.data.pointee, pose.pointee)
    target.qpos?.update(from: source.qpos, count: model.nq)
    if model.nmocap > 0 {
      target.mocap_pos.update(from: source.mocap_pos, count: 3 * model.nmocap)
      target.mocap_quat.update(from: source.mocap_quat, count: 4 * model.nmocap)
    }
    pose.pointee.time = source.time
    if cmj_updatePose(model.pointer, pose) != CMJ_OK {
      throw Simulation.failure(of: model, in: "mj_kinematics")
    }
  }

  private func makeRoom(for markers: Int) throws {
    if Int(scene.pointee.maxgeom) < 2 * model.ngeom + markers + 64 {
      mjv_freeScene(scene)
      try makeScene(markers: 2 * markers)
    }
  }

  private func makeScene(markers: Int) throws {
    // Sites, lights and the like may be drawn too: twice the geoms leaves room for them.
    let capacity = 2 * model.ngeom + markers + 64
    if cmj_makeScene(model.pointer, scene, Int32(capacity)) != CMJ_OK {
      throw Simulation.failure(of: model, in: "mjv_makeScene")
    }
  }

  private func add(_ marker: Marker) {
    let color = [marker.rgba.x, marker.rgba.y, marker.rgba.z, marker.rgba.w]
    let position = [marker.position.x, marker.position.y, marker.position.z]
    func solid(_ type: mjtGeom, _ size: SIMD3<Double>) {
      _ = cmj_addGeom(
        scene, Int32(type.rawValue), [size.x, size.y, size.z], position,
        [1, 0, 0, 0, 1, 0, 0, 0, 1], color, marker.emission)
    }
    func connector(_ type: mjtGeom, _ width: Double, _ end: SIMD3<Double>) {
      _ = cmj_addConnector(
        scene, Int32(type.rawValue), width, position, [end.x, end.y, end.z], color,
        marker.emission)
    }
    switch marker.shape {
    case .sphere(let radius): solid(mjGEOM_SPHERE, [radius, radius, radius])
    case .box(let halfSize): solid(mjGEOM_BOX, halfSize)
    case .cylinder(let radius, let halfHeight):
      // Sizes are in the order of MJCF: radius, half-height.
      solid(mjGEOM_CYLINDER, [radius, halfHeight, 0])
    case .line(let end, let width): connector(mjGEOM_CAPSULE, width, end)
    case .arrow(let end, let width): connector(mjGEOM_ARROW, width, end)
    }
  }
}
