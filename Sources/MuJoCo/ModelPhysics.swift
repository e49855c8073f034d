import CMuJoCo

/// The parts of a model that decide how its world moves, for comparing worlds and naming the
/// difference.
extension Model {
  /// One array that decides how a world moves: `rows` rows of numbers.
  private struct Field {
    var name: String
    var rows: Int
    var values: [Double]
    var columns: Int { rows == 0 ? 0 : values.count / rows }
  }

  /// A hash of 16 hexadecimal digits. Two models have the same one if, and almost certainly only
  /// if, their worlds move identically to the last bit under the same version of MuJoCo. It covers
  /// sizes, options, bodies, joints, shapes, contacts and actuators; names and appearance don't
  /// count.
  public var physicsFingerprint: String {
    // The FNV-1a hash, which any other program can compute with a few lines.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    visitPhysics { name, _, bytes, _, _ in
      for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The first difference between the physics of this world and of `other`'s, as the author of a
  /// model would name it, such as "the gear of actuator 'left' is 10 and not 1"; `nil` if there is
  /// none.
  public func physicsDifference(from other: Model) -> String? {
    let (ours, theirs) = (physics, other.physics)
    let names = ours.keys.filter { theirs[$0] != nil }
      .sorted { (Self.rank(of: $0), $0) < (Self.rank(of: $1), $1) }
    for name in names {
      guard let (a, b) = (ours[name], theirs[name]) as? (Field, Field) else { continue }
      if let difference = difference(a, b) { return difference }
    }
    return Set(ours.keys) == Set(theirs.keys) ? nil : "it has different parts"
  }

  /// The order in which differences are looked for: what a person writes in a file comes before
  /// what MuJoCo computes from it.
  private static func rank(of field: String) -> Int {
    let order = [
      "nbody", "njnt", "nu", "ngeom", "opt_", "actuator_gear", "actuator_ctrlrange",
      "actuator_gain",
      "actuator_bias", "actuator_t", "actuator_dyn", "actuator_force", "geom_type", "geom_size",
      "geom_", "jnt_", "dof_armature", "dof_damping", "dof_frictionloss", "eq_", "tendon_", "pair_",
      "mesh_vert", "body_pos", "body_quat", "body_mass", "body_inertia", "body_", "site_",
    ]
    let place = order.firstIndex { $0.hasSuffix("_") ? field.hasPrefix($0) : field == $0 }
    return place ?? order.firstIndex { field.hasPrefix($0) } ?? order.count
  }

  private func difference(_ a: Field, _ b: Field) -> String? {
    if a.rows == 1, a.columns == 1, b.values.count == 1, a.name.hasPrefix("n") {
      guard a.values != b.values else { return nil }
      let what = Self.counted[a.name] ?? a.name
      return "it has \(Self.text(a.values)) \(what) and not \(Self.text(b.values))"
    }
    guard a.values.count == b.values.count else { return "it has a different number of \(a.name)" }
    guard
      let index = zip(a.values, b.values).enumerated().first(where: {
        // Compare bits, so that NaN equals NaN.
        $0.element.0.bitPattern != $0.element.1.bitPattern
      })?.offset
    else { return nil }
    let row = index / a.columns
    let range = row * a.columns..<(row + 1) * a.columns
    return "\(owner(of: a.name, row)) is \(Self.text(Array(a.values[range]))) and not "
      + Self.text(Array(b.values[range]))
  }

  private static let counted = [
    "nbody": "bodies", "njnt": "joints", "nu": "actuators", "ngeom": "geoms", "nq": "positions",
    "nv": "degrees of freedom",
  ]

  /// A row of at most six numbers as text, without the zeros at its end.
  private static func text(_ values: [Double]) -> String {
    let last = values.lastIndex { $0 != 0 } ?? 0
    let shown = values.prefix(min(last + 1, 6)).map { value in
      value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }
    return shown.joined(separator: " ")
  }

  /// The name of a row in words, such as "the gear of actuator 'left'" for row 0 of
  /// `actuator_gear`.
  private func owner(of field: String, _ row: Int) -> String {
    let kinds: [(prefix: String, kind: ObjectKind)] = [
      ("actuator_", .actuator), ("geom_", .geom), ("jnt_", .joint), ("dof_", .joint),
      ("body_", .body), ("site_", .site),
    ]
    if field.hasPrefix("stat_") { return "the statistic \(field.dropFirst(5))" }
    if field.hasPrefix("opt_") { return "the option \(field.dropFirst(4))" }
    guard let (prefix, kind) = kinds.first(where: { field.hasPrefix($0.prefix) }) else {
      return "\(field)[\(row)]"
    }
    let id = prefix == "dof_" ? Int(pointer.pointee.dof_jntid[row]) : row
    var name = self.name(of: kind, id).map { "'\($0)'" } ?? "\(id)"
    if kind == .actuator, self.name(of: kind, id) == nil, let joint = actuator(id).joint,
      let moved = self.name(of: .joint, joint)
    {
      name += " (of joint '\(moved)')"
    }
    return "the \(field.dropFirst(prefix.count)) of \(kind.rawValue) \(name)"
  }

  private var physics: [String: Field] {
    var fields: [String: Field] = [:]
    visitPhysics { name, type, bytes, rows, columns in
      let values: [Double] = (0..<rows * columns).map { index in
        switch type {
        case "d": bytes.loadUnaligned(fromByteOffset: 8 * index, as: Double.self)
        case "l": Double(bytes.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self))
        case "f": Double(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
        case "i": Double(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self))
        default: Double(bytes[index])
        }
      }
      fields[name] = Field(name: name, rows: rows, values: values)
    }
    return fields
  }

  private typealias Visitor = (
    _ name: String, _ type: Character, _ bytes: UnsafeRawBufferPointer, _ rows: Int, _ columns: Int
  ) -> Void

  private func visitPhysics(_ visit: Visitor) {
    withoutActuallyEscaping(visit) { visit in
      var visit = visit
      withUnsafeMutablePointer(to: &visit) { context in
        cmj_visitPhysics(
          pointer,
          { context, name, type, numbers, rows, columns in
            let type = Character(Unicode.Scalar(UInt8(bitPattern: type)))
            let size = type == "d" || type == "l" ? 8 : type == "b" ? 1 : 4
            let count = numbers == nil ? 0 : rows * columns * size
            context!.assumingMemoryBound(to: Visitor.self).pointee(
              String(cString: name!), type, UnsafeRawBufferPointer(start: numbers, count: count),
              count == 0 ? 0 : rows, columns)
          }, context)
      }
    }
  }

  /// The compiled model as a file in MuJoCo's own binary format (MJB), which other programs with
  /// the same version of MuJoCo can load.
  ///
  /// - Throws: ``MuJoCoError/internalError(model:call:message:)``.
  public func binary() throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(cmj_modelSize(pointer)))
    let status = bytes.withUnsafeMutableBytes {
      cmj_saveModel(pointer, $0.baseAddress, Int32($0.count))
    }
    guard status == CMJ_OK else {
      throw MuJoCoError.internalError(
        model: name, call: "mj_saveModel", message: MuJoCoError.oneLine(cmj_errorMessage()))
    }
    return bytes
  }

  /// The mass of everything but the world itself (kg).
  package var totalMass: Double { (1..<max(nbody, 1)).reduce(0) { $0 + body($1).mass } }

  /// Whether MuJoCo looks for contacts at all, and between all geoms whose contact bits allow it.
  package var findsContacts: Bool {
    pointer.pointee.opt.disableflags & Int32(mjDSBL_CONTACT.rawValue) == 0
      && cmj_testsGeoms(pointer) != 0
  }

  /// Whether a geom can move: whether its body or an ancestor of the body has a joint.
  package func canMove(_ geom: Geom) -> Bool { pointer.pointee.body_weldid[geom.body] != 0 }
}
