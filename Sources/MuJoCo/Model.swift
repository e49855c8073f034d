import CMuJoCo
import Foundation

/// A compiled MuJoCo model: what the world is made of. It never changes after it was loaded, so it
/// may be shared by simulations on several threads.
public final class Model: @unchecked Sendable {
  /// The name of the file, or the name given with the text: what errors call the model.
  public let name: String
  /// What MuJoCo found worth a warning while it compiled the model; nil where it was content.
  public let loadingWarning: String?

  package let pointer: UnsafeMutablePointer<mjModel>

  /// How much a file may ask for.
  public enum Limits: Sendable {
    /// Far more than a robot or a world needs, and never so much that MuJoCo's compiler, which
    /// multiplies sizes without looking, overwrites its memory: for files of strangers.
    case standard
    /// Whatever MuJoCo takes, unlooked at: for files of your own that need more. A size or a mesh that
    /// is wrong can end the process or worse.
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
    if limits == .standard { try ModelLimits.check(path: path, name: path) }
    try self.init(adopting: cmj_loadModelFile(path), name: path)
  }

  /// Compiles MJCF text. `name` stands for the file name in messages.
  ///
  /// - Parameters:
  ///   - xml: The text.
  ///   - name: What errors call the model.
  ///   - files: Meshes, textures and height fields by the names that the text calls them by: plain
  ///     file names, which differ also without regard to case.
  ///   - limits: How large the model may become.
  /// - Throws: ``MuJoCoError/invalidModel(name:message:)`` with MuJoCo's own message.
  public convenience init(
    xml: String, name: String, files: [String: [UInt8]] = [:], limits: Limits = .standard
  ) throws {
    let text = Array(xml.utf8)
    if limits == .standard { try ModelLimits.check(text: text, name: name) }
    guard let store = cmj_makeFiles() else {
      throw MuJoCoError.invalidModel(name: name, message: "out of memory")
    }
    defer { cmj_deleteFiles(store) }
    // No asset has this name: theirs end in other ways.
    let document = "world.mjcf"
    for (file, bytes) in [(document, text)] + files.sorted(by: { $0.key < $1.key }) {
      if limits == .standard { try AssetLimits.check(bytes, file: file, name: name) }
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

  /// MuJoCo's message, and where it may come of a file that was written for another version, which
  /// version is linked and how to get one.
  private static func withVersion(_ message: String) -> String {
    let signs = ["chema violation", "nrecognized", "nvalid keyword", "imited", "nknown"]
    guard signs.contains(where: message.contains) else { return message }
    return message + "; libmujoco \(libraryVersionName) is linked, and a file written for another "
      + "version may need that one: see docs/mujoco.md"
  }

  /// The version of the linked libmujoco as a number that grows with it: 222 is 2.2.2, 337 is 3.3.7,
  /// 4000001 is 4.0.1.
  public static var libraryVersion: Int { Int(mj_version()) }

  /// The version of the linked libmujoco in its own words: `2.2.2`.
  public static var libraryVersionName: String { String(cString: mj_versionString()) }
}

// MARK: - Sizes and options

extension Model {
  /// Numbers in `qpos`.
  public var nq: Int { Int(pointer.pointee.nq) }
  /// Degrees of freedom: numbers in `qvel`.
  public var nv: Int { Int(pointer.pointee.nv) }
  /// Controls: numbers in `ctrl`, one for each actuator unless an actuator takes several.
  public var nu: Int { Int(pointer.pointee.nu) }
  /// Numbers in the actuators' activation.
  public var na: Int { Int(pointer.pointee.na) }
  /// Bodies; body 0 is the world.
  public var nbody: Int { Int(pointer.pointee.nbody) }
  /// Joints.
  public var njnt: Int { Int(pointer.pointee.njnt) }
  /// Geoms.
  public var ngeom: Int { Int(pointer.pointee.ngeom) }
  /// Cameras.
  public var ncam: Int { Int(pointer.pointee.ncam) }
  /// Bodies that are moved by hand.
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
