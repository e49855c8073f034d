/// A named, independent, restorable stream of pseudo-random numbers.
///
/// Every consumer of randomness in a run (environment, exploration of each level, replay sampling
/// of each level, …) owns its own stream, derived from the run's one seed and the stream's name.
/// A stream's output therefore depends only on the seed and the name, not on the thread that draws
/// from it, nor on what the other consumers do.
///
/// The generator is xoshiro256++ (Blackman and Vigna 2019), its state expanded from the seed with
/// SplitMix64.
public struct RandomStream: RandomNumberGenerator, Hashable, Codable, Sendable {
  /// The generator's four words, enough to continue the stream exactly.
  public var state: [UInt64] { [s0, s1, s2, s3] }

  private var s0: UInt64
  private var s1: UInt64
  private var s2: UInt64
  private var s3: UInt64

  /// Derives the stream `name` of the run seeded with `seed`.
  public init(seed: UInt64, name: String) {
    // FNV-1a over the name: `Hasher` is seeded per process and would not repeat.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    var mixer = SplitMix64(state: seed)
    mixer = SplitMix64(state: mixer.next() ^ hash)
    (s0, s1, s2, s3) = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
  }

  /// Continues a stream from a saved ``state``; `nil` unless it has four words, not all zero.
  public init?(state: [UInt64]) {
    guard state.count == 4, state.contains(where: { $0 != 0 }) else { return nil }
    (s0, s1, s2, s3) = (state[0], state[1], state[2], state[3])
  }

  /// Reads a stream as it was encoded. A state of four zeros is refused: no stream ever has it, and
  /// it would give the same number for ever.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func word(_ key: CodingKeys) throws -> UInt64 {
      try container.decode(UInt64.self, forKey: key)
    }
    let state = try [CodingKeys.s0, .s1, .s2, .s3].map(word)
    guard let stream = RandomStream(state: state) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "no random stream's state"))
    }
    self = stream
  }

  private enum CodingKeys: CodingKey {
    case s0, s1, s2, s3
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let result = rotate(s0 &+ s3, by: 23) &+ s0
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = rotate(s3, by: 45)
    return result
  }

  /// A number drawn uniformly from [0, 1), with 53 random bits.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number drawn uniformly from [`range.lowerBound`, `range.upperBound`).
  public mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// An index drawn uniformly from `0..<count`; `count` must be positive.
  public mutating func index(below count: Int) -> Int {
    precondition(count > 0, "cannot draw an index from an empty range")
    return Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  private func rotate(_ word: UInt64, by bits: UInt64) -> UInt64 {
    (word << bits) | (word >> (64 - bits))
  }
}

/// Expands one word of seed into as many as a larger generator needs (Steele et al. 2014).
private struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
