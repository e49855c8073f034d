import CMuJoCo
import Foundation

/// A compiled MuJoCo model: what the world is made of. A model never changes after it was loaded,
/// so several threads may share it for their simulations.
public final class Model: @unchecked Sendable {
  /// The path of the file, or the name given with the text; errors call the model by it.
  public let name: String
  /// MuJoCo's warning from compiling the model; nil if there was none.
  public let loadingWarning: String?

  package let pointer: UnsafeMutablePointer<mjModel>

  /// Limits on the sizes that a file may ask for.
  public enum Limits: Sendable {
    /// Far more than a robot or a world needs, but never so much that MuJoCo's compiler, which
    /// multiplies sizes without checking for overflow, overwrites its memory: for untrusted files.
    /// The meshes, textures and height fields to which a model refers are checked, too.
    case standard
    /// Everything that MuJoCo accepts, without a check: for files of your own that need more. A
    /// wrong size or a wrong mesh can end the process or corrupt its memory.
    case unlimited
  }

  /// Loads an MJCF or URDF file.
  ///
  /// - Throws: ``MuJoCoError/missingFile(path:)``, or ``MuJoCoError/invalidModel(name:message:)``
  ///   with MuJoCo's own message.
  public convenience init(path: String, limits: Limits = .standard) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      !isDirectory.boolValue, FileManager.default.isReadableFile(atPath: path)
    else { throw MuJoCoError.missingFile(path: path) }
    // Relative to a relative path, some versions look for nested includes in wrong folders.
    let absolute =
      path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    if limits == .standard { try ModelLimits.check(path: absolute, name: path) }
    try self.init(adopting: cmj_loadModelFile(absolute), name: path)
  }

  /// Compiles MJCF text. Messages contain `name` in the place of a file name.
  ///
  /// - Parameters:
  ///   - xml: The text.
  ///   - name: The model's name in errors.
  ///   - files: Meshes, textures and height fields by the names that the text uses for them: plain
  ///     file names, which must differ even without regard to case.
  ///   - limits: How large the model may become.
  /// - Throws: ``MuJoCoError/invalidModel(name:message:)`` with MuJoCo's own message.
  public convenience init(
    xml: String, name: String, files: [String: [UInt8]] = [:], limits: Limits = .standard
  ) throws {
    // No asset has this name: MuJoCo's asset files have other extensions.
    let document = "world.mjcf"
    let all: [(key: String, value: [UInt8])] =
      [(document, Array(xml.utf8))] + files.sorted { $0.key < $1.key }
    if limits == .standard { try ModelLimits.check(files: all, name: name) }
    guard let store = cmj_makeFiles() else {
      throw MuJoCoError.invalidModel(name: name, message: "out of memory")
    }
    defer { cmj_deleteFiles(store) }
    for (file, bytes) in all {
      let status = bytes.withUnsafeBytes {
        cmj_addFile(store, file, $0.baseAddress, Int32(clamping: $0.count))
      }
      guard status == CMJ_OK else {
        throw MuJoCoError.invalidModel(
          name: name, message: "\(file): \(MuJoCoError.oneLine(cmj_errorMessage()))")
      }
    }
    try self.init(adopting: cmj_loadModelFiles(store, document), name: name)
  }

  private init(adopting model: UnsafeMutablePointer<mjModel>?, name: String) throws {
    guard let model else {
      throw MuJoCoError.invalidModel(
        name: name, message: Self.withVersion(MuJoCoError.oneLine(cmj_errorMessage())))
    }
    let warning = MuJoCoError.oneLine(cmj_warningMessage())
    self.name = name
    loadingWarning = warning.isEmpty ? nil : warning
    pointer = model
  }

  deinit { mj_deleteModel(pointer) }

  /// MuJoCo's message. If the cause may be that the file was written for another version of MuJoCo,
  /// it also says which version is linked and where to read about others.
  private static func withVersion(_ message: String) -> String {
    let signs = ["chema violation", "nrecognized", "nvalid keyword", "imited", "nknown"]
    guard signs.contains(where: message.contains) else { return message }
    return message
      + "; libmujoco \(libraryVersionName) is linked, and a file for another version of "
      + "MuJoCo may need that version: see docs/mujoco.md"
  }

  /// The version of the linked libmujoco as a number that grows with newer versions: 222 is 2.2.2,
  /// 337 is 3.3.7, 4000001 is 4.0.1.
  public static var libraryVersion: Int { Int(mj_version()) }

  /// The version of the linked libmujoco as text: `2.2.2`.
  public static var libraryVersionName: String { String(cString: mj_versionString()) }
}

// MARK: - Sizes and options

extension Model {
  /// The length of `qpos`.
  public var nq: Int { Int(pointer.pointee.nq) }
  /// The number of degrees of freedom, which is the length of `qvel`.
  public var nv: Int { Int(pointer.pointee.nv) }
  /// The number of controls, which is the length of `ctrl`: one for each actuator unless an
  /// actuator takes several.
  public var nu: Int { Int(pointer.pointee.nu) }
  /// The number of activations, which is the length of `act`.
  public var na: Int { Int(pointer.pointee.na) }
  /// The number of bodies; body 0 is the world.
  public var nbody: Int { Int(pointer.pointee.nbody) }
  /// The number of joints.
  public var njnt: Int { Int(pointer.pointee.njnt) }
  /// The number of geoms.
  public var ngeom: Int { Int(pointer.pointee.ngeom) }
  /// The number of cameras.
  public var ncam: Int { Int(pointer.pointee.ncam) }
  /// The number of mocap bodies: bodies that the program places, not the physics.
  public var nmocap: Int { Int(pointer.pointee.nmocap) }

  /// Length of one physics step, in seconds.
  public var timestep: Double { pointer.pointee.opt.timestep }
  /// Whether positions are integrated by the fourth-order Runge–Kutta method.
  public var usesRungeKutta: Bool {
    pointer.pointee.opt.integrator == Int32(mjINT_RK4.rawValue)
  }
  /// The middle of the model in its initial configuration, in metres.
  public var center: SIMD3<Double> {
    let center = pointer.pointee.stat.center
    return [center.0, center.1, center.2]
  }
  /// The size of the model in its initial configuration, in metres.
  public var extent: Double { pointer.pointee.stat.extent }
  /// The initial configuration: `nq` numbers.
  public var qpos0: [Double] {
    Array(UnsafeBufferPointer(start: pointer.pointee.qpos0, count: nq))
  }
}
