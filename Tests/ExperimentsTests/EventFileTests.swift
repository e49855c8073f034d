import Experiments
import Foundation
import TestSupport
import Testing

@Suite("Event files for TensorBoard")
struct EventFileTests {
  let folder = try! TemporaryFolder()

  @Test("CRC-32C of the vectors of RFC 3720, and the mask of TensorFlow's records")
  func checksums() {
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xe306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
    #expect(CRC32C.checksum([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
    #expect(CRC32C.checksum(0..<32) == 0x46dd_794e)
    // Undoing the mask gives the checksum back.
    let rotated = CRC32C.masked(0..<32) &- 0xa282_ead8
    #expect(rotated << 15 | rotated >> 17 == 0x46dd_794e)
  }

  @Test("The wire format is that of protocol buffers")
  func wireFormat() {
    var message = ProtobufMessage()
    message.add(1, 300)
    message.add(2, "ab")
    message.add(3, Float(1))
    message.add(4, 2.0)
    #expect(
      message.bytes == [
        0x08, 0xac, 0x02, 0x12, 0x02, 0x61, 0x62, 0x1d, 0, 0, 0x80, 0x3f, 0x21, 0, 0, 0, 0, 0, 0, 0,
        0x40,
      ])
    #expect(ProtobufMessage.integer(1, of: message.bytes[...]) == 300)
    #expect(ProtobufMessage.integer(9, of: message.bytes[...]) == 0)
    #expect(ProtobufMessage.integer(1, of: message.bytes.dropLast()) == nil)
  }

  /// The steps of all records with numbers, in all files of the folder, the oldest file first.
  func steps() throws -> [Int] {
    try EventFile.files(in: folder.path).flatMap { path -> [Int] in
      var rest = try Data(contentsOf: URL(fileURLWithPath: path))[...]
      var steps: [Int] = []
      while rest.count >= 12 {
        let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let data = Array(rest.dropFirst(12).prefix(length))
        rest = rest.dropFirst(16 + length)
        // Field 2 of a record is its step; only a record with numbers contains the name of one.
        let step = try #require(ProtobufMessage.integer(2, of: data[...]))
        if data.contains(Array("loss".utf8)) { steps.append(Int(step)) }
      }
      return steps
    }
  }

  @Test("A run that is continued has no step twice, whatever a kill has left behind")
  func continuing() throws {
    do {
      let first = try EventFile(folder: folder.path, continuingAfter: nil)
      for step in [100, 200, 300] { try first.append(step: step, scalars: [("loss", 1)]) }
      try first.append(step: 400, scalars: [("loss", .nan)])
    }
    #expect(try steps() == [100, 200, 300])
    let path = try #require(EventFile.files(in: folder.path).first)
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    data.removeLast(3)
    try data.write(to: URL(fileURLWithPath: path))
    do {
      let second = try EventFile(folder: folder.path, continuingAfter: 200)
      try second.append(step: 300, scalars: [("loss", 2)])
    }
    #expect(EventFile.files(in: folder.path).count == 2)
    #expect(try steps() == [100, 200, 300])
    let third = try EventFile(folder: folder.path, continuingAfter: 100)
    try third.append(step: 200, scalars: [("loss", 3)])
    #expect(try steps() == [100, 200])
    _ = try EventFile(folder: folder.path, continuingAfter: nil)
    #expect(EventFile.files(in: folder.path).count == 1, "a new run keeps nothing of an older one")
  }

  @Test("Columns become tags in groups")
  func tags() {
    #expect(RunEvents.tag(of: "evaluation_success_far_end") == "evaluation/success_far_end")
    #expect(RunEvents.tag(of: "lower_loss") == "lower/loss")
    #expect(RunEvents.tag(of: "episode_return") == "training/episode_return")
  }
}
