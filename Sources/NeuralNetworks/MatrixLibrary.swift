import CKernels

/// The library that multiplies matrices: oneDNN.
public enum MatrixLibrary {
  /// The version that is linked, such as `2.6.3`.
  public static var version: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    kernels_library_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }

  /// The widest instruction set that it uses on this processor, in its own word: `avx2`,
  /// `avx512_core`, …; `default` where it tells none, as on arm64. `ONEDNN_MAX_CPU_ISA` lowers it.
  ///
  /// Products differ in their last bits from one to the next, and so does what is learnt.
  public static var instructionSet: String { String(cString: kernels_instruction_set()) }
}
