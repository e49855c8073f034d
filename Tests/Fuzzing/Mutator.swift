import Randomness

/// Makes hostile files out of valid ones: bits flipped, bytes dropped, doubled and moved, numbers
/// and words replaced by those that readers often fail on, and valid files spliced together. Half
/// of them keep the form of text, with other numbers, names and parts in it.
public struct Mutator {
  private var stream: RandomStream
  private let seeds: [[UInt8]]
  private let words: [[UInt8]]

  /// Creates a mutator of `seeds`, which must not be empty; `words` are inserted as they are.
  public init(seeds: [[UInt8]], words: [String], seed: UInt64) {
    self.seeds = seeds
    self.words = (words + Self.commonWords).map { Array($0.utf8) }
    stream = RandomStream(seed: seed, name: "mutator")
  }

  private static let commonWords = [
    "0", "-1", "1", "255", "65536", "2147483648", "-2147483649", "9223372036854775807",
    "18446744073709551616", "1e309", "-0.0", "nan", "inf", "null", "true", "\"\"", "{}", "[]",
    "\\u0000", "\\ud800", "\u{feff}", "\u{202e}", "\0", "\r\n", "\n", "\t", ":", ",", "..", "/",
  ]

  /// The next hostile file.
  public mutating func next() -> [UInt8] {
    var bytes = seeds[stream.index(below: seeds.count)]
    let keepsForm = stream.index(below: 2) == 0
    for _ in 0...stream.index(below: 6) {
      if keepsForm { mutateText(&bytes) } else { mutate(&bytes) }
    }
    return bytes
  }

  // MARK: Text that keeps its form

  /// Changes a number, a name, or a whole part of text. The result usually passes the reader's
  /// first checks, of the form, and reaches those of the meaning. In a file that is not all text,
  /// such as weights behind a header, it may instead replace a byte.
  private mutating func mutateText(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let place = stream.index(below: bytes.count)
    switch stream.index(below: 8) {
    case 0: bytes[place] = UInt8(truncatingIfNeeded: stream.next())
    case 1...3:
      guard let range = token(in: bytes, from: place, of: Self.isDigit) else { return }
      bytes.replaceSubrange(range, with: number(insteadOf: bytes[range]))
    case 4, 5:
      let other = seeds[stream.index(below: seeds.count)]
      guard !other.isEmpty, let range = token(in: bytes, from: place, of: Self.isLetter),
        let source = token(
          in: other, from: stream.index(below: other.count), of: Self.isLetter)
      else { return }
      bytes.replaceSubrange(range, with: other[source])
    default:
      guard let range = part(of: bytes, from: place) else { return }
      let copy = Array(bytes[range])
      let isMoved = stream.index(below: 2) == 0
      if isMoved { bytes.removeSubrange(range) }
      guard stream.index(below: 3) > 0, !bytes.isEmpty else { return }
      let start = stream.index(below: bytes.count)
      guard let target = part(of: bytes, from: start) else { return }
      bytes.insert(contentsOf: copy, at: target.lowerBound)
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "-")
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
  }

  /// The first run of bytes for which `isPart` holds, at `start` or not far after it.
  private func token(
    in bytes: [UInt8], from start: Int, of isPart: (UInt8) -> Bool
  ) -> Range<Int>? {
    guard var lower = bytes[start...].prefix(1 << 10).firstIndex(where: isPart) else { return nil }
    while lower > 0, isPart(bytes[lower - 1]) { lower -= 1 }
    var upper = lower
    while upper < bytes.count, isPart(bytes[upper]) { upper += 1 }
    return lower..<upper
  }

  /// A tag, a line, or the text between two commas.
  private mutating func part(of bytes: [UInt8], from start: Int) -> Range<Int>? {
    let ends = [UInt8(ascii: "\n"), UInt8(ascii: ","), UInt8(ascii: ">")]
    let end = ends[stream.index(below: ends.count)]
    guard let first = bytes[start...].prefix(1 << 12).firstIndex(of: end),
      let last = bytes[(first + 1)...].prefix(1 << 12).firstIndex(of: end)
    else { return nil }
    return first + 1..<last + 1
  }

  private mutating func number(insteadOf old: ArraySlice<UInt8>) -> [UInt8] {
    let value = Double(String(decoding: old, as: UTF8.self)) ?? 0
    switch stream.index(below: 6) {
    case 0: return Array("\(-value)".utf8)
    case 1: return Array("\(Int64(stream.index(below: 1 << 20)))".utf8)
    case 2 where abs(value) < 1e15: return Array("\(Int64(value) + 1)".utf8)
    case 3 where abs(value) < 1e15: return Array("\(Int64(value) - 1)".utf8)
    default:
      return Array(Self.numbers[stream.index(below: Self.numbers.count)].utf8)
    }
  }

  private static let numbers = [
    "0", "-1", "1", "2", "0.5", "255", "65536", "2147483647", "-2147483649",
    "9223372036854775807", "18446744073709551615", "1e309", "1e300", "1e-300", "-0.0", "1e10",
  ]

  // MARK: Bytes

  private mutating func mutate(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = words[stream.index(below: words.count)]
      return
    }
    let place = position(in: bytes)
    let length = min(bytes.count - place, 1 + stream.index(below: 1 + stream.index(below: 64)))
    switch stream.index(below: 9) {
    case 0: bytes[place] ^= 1 << UInt8(stream.index(below: 8))
    case 1: bytes[place] = UInt8(truncatingIfNeeded: stream.next())
    case 2: bytes.removeSubrange(place..<place + length)
    case 3: bytes.insert(contentsOf: Array(bytes[place..<place + length]), at: place)
    case 4: bytes.removeSubrange(place...)
    case 5: bytes.insert(contentsOf: words[stream.index(below: words.count)], at: place)
    case 6:
      let word = words[stream.index(below: words.count)]
      bytes.replaceSubrange(place..<place + length, with: word)
    case 7:
      let other = seeds[stream.index(below: seeds.count)]
      if !other.isEmpty { bytes.replaceSubrange(place..., with: other[position(in: other)...]) }
    default:
      // A number read as little-endian, such as the length of a header.
      for offset in 0..<min(8, bytes.count - place) {
        bytes[place + offset] = UInt8(truncatingIfNeeded: stream.next() & stream.next())
      }
    }
  }

  /// A random position, more often near the beginning, where files say what they contain.
  private mutating func position(in bytes: [UInt8]) -> Int {
    let limit = stream.index(below: 2) == 0 ? min(bytes.count, 512) : bytes.count
    return stream.index(below: limit)
  }
}
