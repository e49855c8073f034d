/// A message in the wire format of protocol buffers, as far as event files need it.
package struct ProtobufMessage {
  /// The message so far.
  package private(set) var bytes: [UInt8] = []

  /// An empty message.
  package init() {}

  private enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
  }

  /// Adds a whole number, not negative.
  package mutating func add(_ field: UInt64, _ value: Int) {
    precondition(value >= 0)
    tag(field, .varint)
    varint(UInt64(value))
  }

  /// Adds a `double`.
  package mutating func add(_ field: UInt64, _ value: Double) {
    tag(field, .fixed64)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  /// Adds a `float`.
  package mutating func add(_ field: UInt64, _ value: Float) {
    tag(field, .fixed32)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  /// Adds a string.
  package mutating func add(_ field: UInt64, _ value: String) { add(field, Array(value.utf8)) }

  /// Adds a message within this one.
  package mutating func add(_ field: UInt64, _ value: ProtobufMessage) { add(field, value.bytes) }

  /// Adds bytes.
  package mutating func add(_ field: UInt64, _ value: [UInt8]) {
    tag(field, .lengthDelimited)
    varint(UInt64(value.count))
    bytes += value
  }

  private mutating func tag(_ field: UInt64, _ type: WireType) {
    varint(field << 3 | type.rawValue)
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// The integer in `field` of the message `bytes`; 0, the default of protocol buffers, if the
  /// field is missing; nil if the bytes are not a message.
  package static func integer(_ field: UInt64, of bytes: ArraySlice<UInt8>) -> UInt64? {
    var rest = bytes
    var result: UInt64 = 0
    func varint() -> UInt64? {
      var (value, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst(), shift < 64 {
        value |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
      return nil
    }
    while !rest.isEmpty {
      guard let tag = varint(), let type = WireType(rawValue: tag & 7) else { return nil }
      let count: UInt64
      switch type {
      case .varint:
        guard let value = varint() else { return nil }
        if tag >> 3 == field { result = value }
        continue
      case .fixed64: count = 8
      case .fixed32: count = 4
      case .lengthDelimited:
        guard let value = varint() else { return nil }
        count = value
      }
      guard count <= UInt64(rest.count) else { return nil }
      rest = rest.dropFirst(Int(count))
    }
    return result
  }
}
