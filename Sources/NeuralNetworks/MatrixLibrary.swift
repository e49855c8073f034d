import CKernels

/// The library that multiplies matrices: oneDNN.
public enum MatrixLibrary {
  /// The version that is linked, such as `2.6.3`.
  public static var version: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    kernels_library_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }

  /// The widest instruction set that oneDNN uses on this processor, as oneDNN names it: `avx2`,
  /// `avx512_core`, …; `default` if unknown, as on arm64. `ONEDNN_MAX_CPU_ISA` lowers it.
  ///
  /// With another instruction set, products differ in their last bits, and so do training results.
  public static var instructionSet: String { String(cString: kernels_instruction_set()) }
}
