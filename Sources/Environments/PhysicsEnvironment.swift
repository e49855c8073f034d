import Learning
import MuJoCo

/// An environment whose world can be looked at.
public protocol PhysicsEnvironment: Environment {
  /// The world in motion.
  var simulation: Simulation { get }

  /// The body that stands for the robot: what a camera follows.
  var robotBody: Int { get }

  /// Where the robot is (m).
  var robotPosition: SIMD3<Double> { get }

  /// What is drawn besides the world: the target, apples and bombs.
  var markers: [Marker] { get }

  /// What is left to gather; empty except in Ant Gather.
  var objects: [GatherObject] { get }
}
