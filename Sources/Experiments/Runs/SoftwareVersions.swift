import MuJoCo
import NeuralNetworks

/// What the bits of a result depend on besides its configuration: the program, the libraries that
/// are linked and the processor.
public struct SoftwareVersions: Codable, Equatable, Sendable {
  /// The program's version, such as `1.0.0`.
  public var program: String
  /// The git commit that it was built from (40 hexadecimal digits), with `+changes` where the
  /// sources were not those of the commit; nil where it was built without git.
  public var commit: String?
  /// The version of libmujoco, such as `2.2.2`.
  public var mujoco: String
  /// The version of oneDNN, such as `2.6.3`.
  public var oneDNN: String
  /// The widest instruction set that oneDNN uses on this processor, such as `avx512_core`.
  public var instructionSet: String

  private enum CodingKeys: String, CodingKey {
    // Written out, because the snake-case conversion does not give "oneDNN" back when it is read.
    case program, commit, mujoco, instructionSet
    case oneDNN = "onednn"
  }

  /// The versions of the running program.
  public static let current = SoftwareVersions(
    program: "1.0.0", commit: gitCommit, mujoco: Model.libraryVersionName,
    oneDNN: MatrixLibrary.version, instructionSet: MatrixLibrary.instructionSet)

  /// Creates the versions; each parameter sets the property of the same name.
  public init(
    program: String, commit: String?, mujoco: String, oneDNN: String, instructionSet: String
  ) {
    self.program = program
    self.commit = commit
    self.mujoco = mujoco
    self.oneDNN = oneDNN
    self.instructionSet = instructionSet
  }
}

extension SoftwareVersions: CustomStringConvertible {
  /// The versions in four lines, as `hiro --version` prints them.
  public var description: String {
    """
    hiro \(program)
    commit \(commit ?? "unknown (built without git)")
    libmujoco \(mujoco)
    oneDNN \(oneDNN), instruction set \(instructionSet)
    """
  }
}
