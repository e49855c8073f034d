import Randomness
import Testing

@Suite("Random streams")
struct RandomStreamTests {
  @Test("A stream repeats for the same seed and name, and differs for another of either")
  func streamsAreNamed() {
    func draw(_ seed: UInt64, _ name: String) -> [UInt64] {
      var stream = RandomStream(seed: seed, name: name)
      return (0..<8).map { _ in stream.next() }
    }
    #expect(draw(1, "environment") == draw(1, "environment"))
    #expect(draw(1, "environment") != draw(2, "environment"))
    #expect(draw(1, "environment") != draw(1, "exploration"))
  }

  @Test("The generator is xoshiro256++ as its authors give it")
  func generatorIsXoshiro() throws {
    // The first outputs of the authors' reference program from the state 1, 2, 3, 4. The first one
    // is also computed by hand from the definition: rotl(1 + 4, 23) + 1.
    var stream = try #require(RandomStream(state: [1, 2, 3, 4]))
    #expect(stream.next() == (5 << 23) + 1)
    #expect(stream.next() == 58_720_359)
    #expect(stream.next() == 3_588_806_011_781_223)
  }

  @Test("A stream continues from its saved state")
  func statesAreRestored() throws {
    var stream = RandomStream(seed: 3, name: "a")
    _ = stream.normal()
    var restored = try #require(RandomStream(state: stream.state))
    #expect((0..<5).map { _ in restored.normal() } == (0..<5).map { _ in stream.normal() })
    #expect(RandomStream(state: [0, 0, 0, 0]) == nil)
    #expect(RandomStream(state: [1]) == nil)
  }

  @Test("Normal draws have mean 0, variance 1 and the fourth moment 3")
  func normalMoments() {
    var stream = RandomStream(seed: 1, name: "normal")
    let count = 200_000
    let draws = (0..<count).map { _ in stream.normal() }
    let mean = draws.reduce(0, +) / Double(count)
    let variance = draws.reduce(0) { $0 + $1 * $1 } / Double(count)
    let fourth = draws.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(count)
    // The tolerances are five standard errors of each estimate.
    #expect(abs(mean) < 5 / Double(count).squareRoot())
    #expect(abs(variance - 1) < 5 * (2 / Double(count)).squareRoot())
    #expect(abs(fourth - 3) < 5 * (96 / Double(count)).squareRoot())
  }

  @Test("Indices are uniform below their bound")
  func indicesAreUniform() {
    var stream = RandomStream(seed: 1, name: "index")
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[stream.index(below: 7)] += 1 }
    for count in counts { #expect(abs(count - 10_000) < 500) }
  }
}
