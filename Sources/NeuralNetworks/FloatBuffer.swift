/// A fixed number of 32-bit floats on a 64-byte boundary, zero at first: the storage of weights,
/// gradients and matrices.
///
/// Only this package uses the pointer; all other code reads and writes through ``withValues(_:)``
/// and ``withMutableValues(_:)``.
public final class FloatBuffer: @unchecked Sendable {
  /// The number of floats.
  public let count: Int

  package let pointer: UnsafeMutablePointer<Float>

  /// Allocates `count` zeros.
  public init(count: Int) {
    self.count = count
    // Rounded up to whole cache lines, so that a loop may touch a few floats after the last one.
    let capacity = max((count + 15) / 16 * 16, 16)
    let bytes = allocateMemory(
      byteCount: capacity * MemoryLayout<Float>.stride, alignment: 64)
    pointer = bytes.bindMemory(to: Float.self, capacity: capacity)
    pointer.initialize(repeating: 0, count: capacity)
  }

  deinit {
    freeMemory(pointer)
  }

  /// Calls `body` with the floats, to read them.
  public func withValues<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows
    -> Result
  {
    try body(UnsafeBufferPointer(start: pointer, count: count))
  }

  /// Calls `body` with the floats, to write them.
  public func withMutableValues<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeMutableBufferPointer(start: pointer, count: count))
  }

  /// Copies all floats of `other`, which must have as many.
  public func copy(from other: FloatBuffer) {
    precondition(count == other.count, "buffers of \(count) and \(other.count) floats")
    pointer.update(from: other.pointer, count: count)
  }
}
