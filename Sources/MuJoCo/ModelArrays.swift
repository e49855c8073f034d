/// Reading rows of the model's arrays.
extension Model {
  /// MuJoCo's truth values are bytes in older versions and Booleans in newer ones.
  func isTrue(_ value: UInt8) -> Bool { value != 0 }
  func isTrue(_ value: Bool) -> Bool { value }

  /// A file may contain invalid ranges, with exchanged limits or with NaN: these become 0...0.
  func range(_ values: UnsafeMutablePointer<Double>, _ index: Int) -> ClosedRange<Double> {
    let (lower, upper) = (values[2 * index], values[2 * index + 1])
    return lower <= upper ? lower...upper : 0...0
  }

  func vector(_ values: UnsafeMutablePointer<Double>, _ index: Int) -> SIMD3<Double> {
    [values[3 * index], values[3 * index + 1], values[3 * index + 2]]
  }
}
