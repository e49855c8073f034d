import CMuJoCo

extension Model {
  /// A kind of object that has names.
  public enum ObjectKind: String, Sendable, CaseIterable {
    /// A rigid body.
    case body
    /// A joint.
    case joint
    /// A geom.
    case geom
    /// A site.
    case site
    /// A camera.
    case camera
    /// An actuator.
    case actuator

    var type: Int32 {
      switch self {
      case .body: Int32(mjOBJ_BODY.rawValue)
      case .joint: Int32(mjOBJ_JOINT.rawValue)
      case .geom: Int32(mjOBJ_GEOM.rawValue)
      case .site: Int32(mjOBJ_SITE.rawValue)
      case .camera: Int32(mjOBJ_CAMERA.rawValue)
      case .actuator: Int32(mjOBJ_ACTUATOR.rawValue)
      }
    }
  }

  /// How many objects of this kind the model has.
  public func count(of kind: ObjectKind) -> Int {
    let model = pointer.pointee
    return switch kind {
    case .body: Int(model.nbody)
    case .joint: Int(model.njnt)
    case .geom: Int(model.ngeom)
    case .site: Int(model.nsite)
    case .camera: Int(model.ncam)
    case .actuator: Int(cmj_actuatorCount(pointer))
    }
  }

  /// The name of an object; nil where it has none.
  public func name(of kind: ObjectKind, _ id: Int) -> String? {
    guard let name = mj_id2name(pointer, kind.type, Int32(id)), name.pointee != 0 else {
      return nil
    }
    return String(cString: name)
  }

  /// The id of the object with this name.
  ///
  /// - Throws: ``MuJoCoError/unknownName(kind:name:model:known:)`` with the names there are.
  public func id(of kind: ObjectKind, named name: String) throws -> Int {
    let id = mj_name2id(pointer, kind.type, name)
    if id < 0 {
      let known = (0..<count(of: kind)).compactMap { self.name(of: kind, $0) }
      throw MuJoCoError.unknownName(
        kind: kind.rawValue, name: name, model: self.name, known: known)
    }
    return Int(id)
  }

  /// The name of a body; nil where it has none.
  public func bodyName(_ id: Int) -> String? { name(of: .body, id) }
}
