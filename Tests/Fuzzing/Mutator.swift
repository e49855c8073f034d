import Randomness

/// Makes hostile files out of good ones: bits flipped, bytes dropped, doubled and moved, numbers
/// and words replaced by those that readers stumble over, and good files spliced together.
public struct Mutator {
  private var stream: RandomStream
  private let seeds: [[UInt8]]
  private let words: [[UInt8]]

  /// A mutator of `seeds`, which must not be empty; `words` are put in as they are.
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
    for _ in 0...stream.index(below: 6) { mutate(&bytes) }
    return bytes
  }

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

  /// Mostly near the beginning, where files say what they are.
  private mutating func position(in bytes: [UInt8]) -> Int {
    let limit = stream.index(below: 2) == 0 ? min(bytes.count, 512) : bytes.count
    return stream.index(below: limit)
  }
}
