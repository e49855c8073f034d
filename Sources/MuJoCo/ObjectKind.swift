import CMuJoCo

extension Model {
  /// The kinds of objects in a model that can have names.
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
    /// A light.
    case light
    /// A deformable body; versions before 3 have none.
    case flex
    /// A mesh.
    case mesh
    /// A skin.
    case skin
    /// A height field.
    case heightField = "hfield"
    /// A texture.
    case texture
    /// A material.
    case material
    /// A pair of geoms that are checked for contacts explicitly.
    case pair
    /// A pair of bodies that are excluded from contacts.
    case exclude
    /// An equality constraint.
    case equality
    /// A tendon.
    case tendon
    /// An actuator.
    case actuator
    /// A sensor.
    case sensor
    /// A custom array of numbers.
    case numeric
    /// A custom text.
    case text
    /// A custom list of objects.
    case tuple
    /// A keyframe.
    case keyframe = "key"

    /// MuJoCo's number for the kind, which differs from version to version; 0 if this version
    /// doesn't have it.
    fileprivate var type: Int32 { mju_str2Type(rawValue) }
  }

  /// Stops the program if there is no object of this kind and number.
  func check(_ kind: ObjectKind, _ id: Int) {
    precondition(
      id >= 0 && id < count(of: kind), "\(kind) \(id) of \(count(of: kind))")
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
    case .light: Int(model.nlight)
    case .flex: Int(cmj_flexCount(pointer))
    case .mesh: Int(model.nmesh)
    case .skin: Int(model.nskin)
    case .heightField: Int(model.nhfield)
    case .texture: Int(model.ntex)
    case .material: Int(model.nmat)
    case .pair: Int(model.npair)
    case .exclude: Int(model.nexclude)
    case .equality: Int(model.neq)
    case .tendon: Int(model.ntendon)
    case .actuator: Int(cmj_actuatorCount(pointer))
    case .sensor: Int(model.nsensor)
    case .numeric: Int(model.nnumeric)
    case .text: Int(model.ntext)
    case .tuple: Int(model.ntuple)
    case .keyframe: Int(model.nkey)
    }
  }

  /// The name of an object; nil if it has none.
  public func name(of kind: ObjectKind, _ id: Int) -> String? {
    guard let name = mj_id2name(pointer, kind.type, Int32(id)), name.pointee != 0 else {
      return nil
    }
    return String(cString: name)
  }

  /// The names of all objects of this kind, in the order of their ids; nil for an object without a
  /// name.
  public func names(of kind: ObjectKind) -> [String?] {
    (0..<count(of: kind)).map { name(of: kind, $0) }
  }

  /// The id of the object with this name: its index among the objects of its kind, from 0 on. The
  /// search compares text, so look an id up once and keep it.
  ///
  /// - Throws: ``MuJoCoError/unknownName(kind:name:model:known:)`` with the names there are.
  public func id(of kind: ObjectKind, named name: String) throws -> Int {
    let id = mj_name2id(pointer, kind.type, name)
    if id < 0 {
      throw MuJoCoError.unknownName(
        kind: kind.rawValue, name: name, model: self.name,
        known: names(of: kind).compactMap(\.self))
    }
    return Int(id)
  }

  /// The name of a body; nil if it has none.
  public func bodyName(_ id: Int) -> String? { name(of: .body, id) }
}
