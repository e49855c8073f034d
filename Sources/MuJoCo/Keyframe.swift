import CMuJoCo

/// A keyframe: a state that is stored in the model, with a number and perhaps a name, to begin
/// from.
public struct Keyframe: Sendable, Equatable {
  /// The keyframe's number in the model.
  public var id: Int
  /// The keyframe's name; nil if it has none.
  public var name: String?
  /// Seconds since the start.
  public var time: Double
  /// Positions: `nq` numbers (m, rad, unit quaternions).
  public var qpos: [Double]
  /// Velocities: `nv` numbers (m/s, rad/s).
  public var qvel: [Double]
  /// Activations: `na` numbers.
  public var act: [Double]
  /// Controls: `nu` numbers.
  public var ctrl: [Double]
  /// Positions of the mocap bodies: `nmocap` × 3 numbers (m).
  public var mocapPositions: [Double]
  /// Orientations of the mocap bodies: `nmocap` unit quaternions.
  public var mocapOrientations: [Double]
}

extension Model {
  /// The keyframe with this number.
  public func keyframe(_ id: Int) -> Keyframe {
    let model = pointer.pointee
    check(.keyframe, id)
    func row(_ start: UnsafeMutablePointer<Double>?, _ length: Int) -> [Double] {
      Array(
        UnsafeBufferPointer(start: start.map { $0 + id * length }, count: start == nil ? 0 : length)
      )
    }
    return Keyframe(
      id: id, name: name(of: .keyframe, id), time: model.key_time[id],
      qpos: row(model.key_qpos, nq), qvel: row(model.key_qvel, nv), act: row(model.key_act, na),
      ctrl: row(model.key_ctrl, nu), mocapPositions: row(model.key_mpos, 3 * nmocap),
      mocapOrientations: row(model.key_mquat, 4 * nmocap))
  }
}

extension Simulation {
  /// Like ``reset()``, but to a keyframe instead of the initial configuration.
  public func reset(toKeyframe id: Int) {
    model.check(.keyframe, id)
    // Like a reset, this only writes into arrays that exist, so it can't fail.
    _ = cmj_resetToKeyframe(model.pointer, data, Int32(id))
  }

  /// Like ``reset()``, but to the keyframe of this name instead of the initial configuration.
  ///
  /// - Throws: ``MuJoCoError/unknownName(kind:name:model:known:)``; the simulation is then
  ///   unchanged.
  public func reset(toKeyframeNamed name: String) throws {
    reset(toKeyframe: try model.id(of: .keyframe, named: name))
  }
}
