import Environments
import MuJoCoGraphics

/// The cameras that show a world.
extension RobotEnvironment {
  /// A camera straight above the world that sees all of its walkable area.
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

  /// A camera that follows the robot and looks down steeply enough to see it behind a wall.
  public var followingCamera: Camera {
    .following(body: robotBody, distance: 11 * pictureScale, azimuth: 90, elevation: -60)
  }
}
