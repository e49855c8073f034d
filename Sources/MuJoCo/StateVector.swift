/// A view of numbers that MuJoCo owns: reading and writing access MuJoCo's memory directly, nothing
/// is copied. The view keeps its simulation alive.
@frozen
public struct StateVector: MutableCollection, RandomAccessCollection {
  @usableFromInline let owner: Simulation
  @usableFromInline let start: UnsafeMutablePointer<Double>
  /// How many numbers there are.
  public let count: Int

  @usableFromInline
  init(owner: Simulation, start: UnsafeMutablePointer<Double>?, count: Int) {
    self.owner = owner
    // MuJoCo gives no address to an array of length zero.
    self.start = start ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Double>.alignment)!
    self.count = count
  }

  /// 0.
  @inlinable public var startIndex: Int { 0 }
  /// ``count``.
  @inlinable public var endIndex: Int { count }

  /// The number at `index`. Out of bounds is a programming error.
  @inlinable public subscript(index: Int) -> Double {
    get {
      precondition(index >= 0 && index < count, "index out of bounds")
      return start[index]
    }
    nonmutating set {
      precondition(index >= 0 && index < count, "index out of bounds")
      start[index] = newValue
    }
  }

  /// Writes the numbers into `destination` from `offset` on, rounded to single precision.
  ///
  /// - Precondition: the numbers fit into `destination`.
  @inlinable public func copy(into destination: inout [Float], at offset: Int = 0) {
    precondition(offset >= 0 && offset + count <= destination.count, "the numbers don't fit")
    destination.withUnsafeMutableBufferPointer { buffer in
      for index in 0..<count { buffer[offset + index] = Float(start[index]) }
    }
  }

  /// Writes the first `length` numbers into `destination` from `offset` on, rounded to single
  /// precision.
  ///
  /// - Precondition: there are at least `length` numbers, and they fit into `destination`.
  @inlinable public func copy(first length: Int, into destination: inout [Float], at offset: Int) {
    precondition(length >= 0 && length <= count, "there are not as many numbers")
    precondition(offset >= 0 && offset + length <= destination.count, "the numbers don't fit")
    destination.withUnsafeMutableBufferPointer { buffer in
      for index in 0..<length { buffer[offset + index] = Float(start[index]) }
    }
  }

  /// Replaces all numbers.
  ///
  /// - Precondition: `values` has ``count`` numbers.
  @inlinable public func assign(_ values: [Double]) {
    precondition(values.count == count, "\(values.count) numbers given for \(count)")
    for index in 0..<count { start[index] = values[index] }
  }

  /// Replaces all numbers by single-precision ones.
  ///
  /// - Precondition: `values` has ``count`` numbers.
  @_disfavoredOverload  // Otherwise `[0, 1]` would be ambiguous.
  @inlinable public func assign(_ values: [Float]) {
    precondition(values.count == count, "\(values.count) numbers given for \(count)")
    for index in 0..<count { start[index] = Double(values[index]) }
  }

  /// Calls `body` with the numbers as a buffer, which is valid only during the call.
  @inlinable public func withUnsafeMutableBufferPointer<Result>(
    _ body: (UnsafeMutableBufferPointer<Double>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(owner) {
      try body(UnsafeMutableBufferPointer(start: start, count: count))
    }
  }
}
