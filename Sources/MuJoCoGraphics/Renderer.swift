import CMuJoCo
import Imaging
import MuJoCo

/// Takes pictures of a simulation without a window. There may be several in a process, each used by
/// one thread at a time. Taking a picture does not change the simulation in any way.
public final class Renderer {
  /// The width of a picture in pixels.
  public let width: Int
  /// The height of a picture in pixels.
  public let height: Int

  // The scene's buffers belong to the context, so the scene must be released first.
  private var scene: Scene?
  private let context: HeadlessContext
  private let model: Model

  /// Creates a renderer for pictures of `width` × `height` pixels.
  ///
  /// - Parameters:
  ///   - model: the model whose simulations are drawn.
  ///   - width: pixels along a row.
  ///   - height: rows.
  ///   - samples: samples per pixel for smooth edges; 0 for none, which is faster.
  /// - Throws: `MuJoCoError.noGraphics` if there is no OpenGL driver or the picture is too large
  ///   for it; `MuJoCoError.internalError` if MuJoCo can't set up the drawing.
  public init(model: Model, width: Int, height: Int, samples: Int = 4) throws {
    precondition(width > 0 && height > 0 && samples >= 0, "a picture has at least one pixel")
    self.model = model
    self.width = width
    self.height = height
    let context = try HeadlessContext()
    self.context = context
    scene = try context.withCurrent {
      let scene = try Scene(model: model, width: width, height: height, samples: samples)
      guard Int(scene.context.pointee.offWidth) >= width,
        Int(scene.context.pointee.offHeight) >= height
      else {
        throw MuJoCoError.noGraphics(
          reason: "\(width)x\(height) pixels are more than the driver can draw; use a smaller size")
      }
      return scene
    }
  }

  deinit {
    try? context.withCurrent { scene = nil }
  }

  /// Takes a picture.
  ///
  /// - Parameters:
  ///   - simulation: a simulation of the renderer's model.
  ///   - camera: the camera that takes the picture.
  ///   - markers: shapes that are drawn in addition to the world.
  /// - Throws: `MuJoCoError.unknownName` if the camera names a body or a camera that does not
  ///   exist; `MuJoCoError.noGraphics`; `MuJoCoError.internalError`.
  public func render(
    _ simulation: Simulation, camera: Camera, markers: [Marker] = []
  ) throws -> Image {
    try draw(simulation, camera: camera, markers: markers) { try $0.readImage($1) }
  }

  /// Renders the depth of each pixel, row by row and the top row first: the distance from the
  /// camera to the nearest surface, along the direction of view, in metres; infinity where there is
  /// nothing.
  ///
  /// - Throws: as ``render(_:camera:markers:)`` does.
  public func renderDepth(
    _ simulation: Simulation, camera: Camera, markers: [Marker] = []
  ) throws -> [Float] {
    try draw(simulation, camera: camera, markers: markers) { try $0.readDepth($1) }
  }

  private func draw<Result>(
    _ simulation: Simulation, camera: Camera, markers: [Marker],
    then read: (Scene, mjrRect) throws -> Result
  ) throws -> Result {
    let viewport = mjrRect(left: 0, bottom: 0, width: Int32(width), height: Int32(height))
    let scene = scene!
    return try context.withCurrent {
      guard cmj_setBuffer(Int32(mjFB_OFFSCREEN.rawValue), scene.context) == CMJ_OK else {
        throw Simulation.failure(of: model, in: "mjr_setBuffer")
      }
      try scene.draw(simulation, camera: camera, markers: markers, viewport: viewport)
      return try read(scene, viewport)
    }
  }
}
