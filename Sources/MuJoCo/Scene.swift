import CMuJoCo

/// What MuJoCo needs to draw a model in the OpenGL context that is current: the geoms of a picture
/// and the buffers of the graphics card. Used by ``Renderer`` and ``Window``, which see to it that
/// their context is current from the beginning to the end of a scene.
final class Scene {
  /// OpenGL's functions are looked up by the first context, for all.
  private static let loading = Lock()

  let model: Model
  let context: UnsafeMutablePointer<mjrContext>
  private let scene: UnsafeMutablePointer<mjvScene>
  /// A copy of the positions to be drawn, so that drawing can't touch the physics: MuJoCo normalises
  /// quaternions in place when it computes where things are.
  private let pose: UnsafeMutablePointer<mjData>
  private var option = mjvOption()

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

    // The size of the buffers is a property of the model to MuJoCo; this copy differs in it alone,
    // shares everything else and is not kept.
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

  /// Draws the world as `simulation` has it, and the markers, into the current buffer.
  func draw(
    _ simulation: Simulation, camera: Camera, markers: [Marker], viewport: mjrRect
  ) throws {
    precondition(simulation.model === model, "the simulation is of another model")
    try copyPose(of: simulation)
    try makeRoom(for: markers.count)
    let aspect = Double(viewport.width) / Double(max(1, viewport.height))
    var camera = try camera.resolved(in: model, pose: pose, aspect: aspect)
    if cmj_updateScene(model.pointer, pose, &option, &camera, scene) != CMJ_OK {
      throw Simulation.failure(of: model, in: "mjv_updateScene")
    }
    for marker in markers { add(marker) }
    if cmj_render(viewport, scene, context) != CMJ_OK {
      throw Simulation.failure(of: model, in: "mjr_render")
    }
  }

  /// Distances to the nearest and the farthest things that were drawn, in metres.
  var clipping: (near: Double, far: Double) {
    let camera = scene.pointee.camera.0
    return (Double(camera.frustum_near), Double(camera.frustum_far))
  }

  /// Moves an abstract camera as the mouse does: `action` is one of MuJoCo's `mjtMouse`, distances
  /// are in heights of the window.
  func move(_ camera: inout mjvCamera, action: mjtMouse, byX x: Double, y: Double) {
    mjv_moveCamera(model.pointer, Int32(action.rawValue), x, y, scene, &camera)
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
      solid(mjGEOM_CYLINDER, [radius, radius, halfHeight])
    case .line(let end, let width): connector(mjGEOM_CAPSULE, width, end)
    case .arrow(let end, let width): connector(mjGEOM_ARROW, width, end)
    }
  }
}
