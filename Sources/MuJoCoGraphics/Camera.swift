import CMuJoCo
import Foundation
import MuJoCo

/// A camera: from where, and in which direction, a picture is taken.
public struct Camera: Sendable, Equatable {
  /// The ways to place a camera.
  public enum Placement: Sendable, Equatable {
    /// Looking at a point, in metres.
    case free(lookAt: SIMD3<Double>)
    /// Looking at the frame of the body with this name, wherever it goes.
    case followingNamed(body: String)
    /// Looking at the frame of the body with this number, wherever it goes.
    case following(body: Int)
    /// A camera of the model, by name; its own pose is used instead of distance and angles.
    case fixed(name: String)
    /// Looking straight down at a point, with at least `extent` metres of the ground in view both
    /// ways, x to the right and y upwards.
    case overhead(center: SIMD3<Double>, extent: Double)
  }

  /// How the camera is placed.
  public var placement: Placement
  /// Distance to the point that the camera looks at, in metres.
  public var distance: Double
  /// Direction of view about the vertical axis, in degrees: 0 looks along x, 90 along y.
  public var azimuth: Double
  /// Direction of view relative to the horizontal, in degrees: −90 looks straight down.
  public var elevation: Double

  init(
    _ placement: Placement, distance: Double = 1, azimuth: Double = 90, elevation: Double = -90
  ) {
    self.placement = placement
    self.distance = distance
    self.azimuth = azimuth
    self.elevation = elevation
  }

  /// A camera that looks at a point (m) from a distance (m) in a direction (degrees).
  public static func free(
    lookAt: SIMD3<Double>, distance: Double, azimuth: Double, elevation: Double
  ) -> Camera {
    Camera(.free(lookAt: lookAt), distance: distance, azimuth: azimuth, elevation: elevation)
  }

  /// A camera that follows a body at a distance (m), looking in a direction (degrees).
  public static func following(
    body: String, distance: Double, azimuth: Double = 90, elevation: Double = -50
  ) -> Camera {
    Camera(.followingNamed(body: body), distance: distance, azimuth: azimuth, elevation: elevation)
  }

  /// A camera that follows a body, by number, at a distance (m), looking in a direction (degrees).
  public static func following(
    body: Int, distance: Double, azimuth: Double = 90, elevation: Double = -50
  ) -> Camera {
    Camera(.following(body: body), distance: distance, azimuth: azimuth, elevation: elevation)
  }

  /// The camera with this name in the model.
  public static func fixed(_ name: String) -> Camera { Camera(.fixed(name: name)) }

  /// A camera straight above a point (m), with at least `extent` metres of the ground in view both
  /// ways, x to the right and y upwards.
  public static func overhead(center: SIMD3<Double>, extent: Double) -> Camera {
    Camera(.overhead(center: center, extent: extent))
  }

  var isFollowing: Bool {
    switch placement {
    case .following, .followingNamed: true
    case .free, .fixed, .overhead: false
    }
  }

  /// The camera as MuJoCo's structure, for a picture that is `aspect` times as wide as high and
  /// shows the bodies at their positions in `pose`.
  ///
  /// - Throws: ``MuJoCoError/unknownName(kind:name:model:known:)``.
  func resolved(
    in model: Model, pose: UnsafeMutablePointer<mjData>, aspect: Double
  ) throws -> mjvCamera {
    var camera = mjvCamera()
    mjv_defaultCamera(&camera)
    camera.type = Int32(mjCAMERA_FREE.rawValue)
    camera.distance = distance
    camera.azimuth = azimuth
    camera.elevation = elevation
    switch placement {
    case .free(let point):
      camera.lookat = (point.x, point.y, point.z)
    case .followingNamed(let name):
      camera.lookat = position(of: try model.id(of: .body, named: name), in: pose)
    case .following(let body):
      precondition(body >= 0 && body < model.nbody, "body \(body) of \(model.nbody)")
      camera.lookat = position(of: body, in: pose)
    case .fixed(let name):
      camera.type = Int32(mjCAMERA_FIXED.rawValue)
      camera.fixedcamid = Int32(try model.id(of: .camera, named: name))
    case .overhead(let center, let extent):
      let fieldOfView = Double(model.pointer.pointee.vis.global.fovy) * .pi / 180
      camera.lookat = (center.x, center.y, center.z)
      camera.distance = extent / 2 / tan(fieldOfView / 2) / min(1, aspect)
    }
    return camera
  }

  private func position(
    of body: Int, in pose: UnsafeMutablePointer<mjData>
  ) -> (Double, Double, Double) {
    let position = pose.pointee.xpos + 3 * body
    return (position[0], position[1], position[2])
  }
}
