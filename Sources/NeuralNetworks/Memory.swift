import Foundation

/// Allocates `byteCount` bytes of memory, to be released by ``freeMemory(_:)``.
///
/// If there is no memory left, the process ends with one line and the exit code for an error of the
/// operating system (`EX_OSERR`, 71). The standard library would crash instead, and the registers
/// that it prints do not say that a limit was too low. Code that can compute its need of memory in
/// advance checks it first.
package func allocateMemory(byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer {
  var pointer: UnsafeMutableRawPointer?
  guard posix_memalign(&pointer, alignment, byteCount) == 0, let pointer else {
    let line =
      "out of memory: \(byteCount / 1_000_000) MB more are not available here (ulimit, container "
      + "or machine); use smaller networks, batches or replay buffers\n"
    _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    _exit(71)
  }
  return pointer
}

/// Releases memory from ``allocateMemory(byteCount:alignment:)``.
package func freeMemory(_ pointer: UnsafeMutableRawPointer) {
  free(pointer)
}
