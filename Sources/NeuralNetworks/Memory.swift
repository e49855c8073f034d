import Foundation

/// Takes `byteCount` bytes of memory for ``freeMemory(_:)``.
///
/// Where there is none left, the process ends with one line and the exit code of a lack of the
/// operating system's (`EX_OSERR`, 71): what the standard library does instead is a crash, whose
/// registers tell nobody that a limit was too low. Who can tell beforehand what will be needed checks
/// that first.
package func allocateMemory(byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer {
  var pointer: UnsafeMutableRawPointer?
  guard posix_memalign(&pointer, alignment, byteCount) == 0, let pointer else {
    let line =
      "out of memory: \(byteCount / 1_000_000) MB more cannot be had here (ulimit, container or "
      + "machine); make the networks, batches or replay buffers smaller\n"
    _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    _exit(71)
  }
  return pointer
}

/// Gives back what ``allocateMemory(byteCount:alignment:)`` took.
package func freeMemory(_ pointer: UnsafeMutableRawPointer) {
  free(pointer)
}
