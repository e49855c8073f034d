import Environments
import MuJoCoGraphics

/// Where a world is looked at from.
extension RobotEnvironment {
  /// A camera that sees all of the world that can be walked, from above.
  public var overviewCamera: Camera {
    let (center, extent) = worldBox
    return .overhead(center: [center.x, center.y, 0], extent: extent)
  }

  /// A camera that sees the whole world obliquely.
  public var obliqueCamera: Camera {
    let (center, extent) = worldBox
    return .free(
      lookAt: [center.x, center.y, 0], distance: extent * 1.3, azimuth: 90, elevation: -58)
  }

  /// A camera that goes with the robot, steep enough to see it behind a wall.
  public var followingCamera: Camera {
    .following(body: robotBody, distance: 11 * pictureScale, azimuth: 90, elevation: -60)
  }
}
