import Experiments
import Safetensors

/// Repairs those parts of a safetensors file that a mutation breaks first.
enum SafetensorsRepair {
  /// `bytes` with the correct length of the header and, if asked for, with a checkpoint's correct
  /// checksums; unchanged if no header can be found.
  static func repaired(_ bytes: [UInt8], checksums: Bool) -> [UInt8] {
    guard bytes.count > 8, let end = endOfHeader(bytes) else { return bytes }
    let length = withUnsafeBytes(of: UInt64(end - 8).littleEndian, Array.init)
    let data = Array(bytes[end...])
    guard checksums,
      var header = try? SafetensorsHeader(parsing: Array(bytes[8..<end]), dataCount: data.count)
    else { return length + bytes[8...] }
    for entry in header.entries {
      header.metadata[Checkpoint.checksumKey(entry.name)] = Checkpoint.checksum(
        Array(data[entry.byteRange]))
    }
    header.metadata[Checkpoint.metadataChecksum] = nil
    header.metadata[Checkpoint.metadataChecksum] = Checkpoint.checksum(of: header.metadata)
    return header.encoded() + data
  }

  /// The index behind the brace that closes the header and the spaces after it.
  private static func endOfHeader(_ bytes: [UInt8]) -> Int? {
    var depth = 0
    var isInString = false
    var index = 8
    while index < bytes.count {
      switch (bytes[index], isInString) {
      case (UInt8(ascii: "\\"), true): index += 1
      case (UInt8(ascii: "\""), _): isInString.toggle()
      case (UInt8(ascii: "{"), false): depth += 1
      case (UInt8(ascii: "}"), false):
        depth -= 1
        if depth == 0 {
          return bytes[(index + 1)...].firstIndex { $0 != UInt8(ascii: " ") } ?? bytes.count
        }
      default: break
      }
      index += 1
    }
    return nil
  }
}
