import Learning
import MuJoCo

/// An environment in a MuJoCo world, which can be drawn.
public protocol PhysicsEnvironment: Environment {
  /// The simulation of the environment's world.
  var simulation: Simulation { get }

  /// The id of the robot's main body, which a camera follows.
  var robotBody: Int { get }

  /// The robot's position (m).
  var robotPosition: SIMD3<Double> { get }

  /// The markers to draw in addition to the world: the target, apples and bombs.
  var markers: [Marker] { get }

  /// The apples and bombs that are left; empty except in Ant Gather.
  var objects: [GatherObject] { get }
}
