import MuJoCo
import Randomness
import Testing

@Suite("Markers")
struct MarkerTests {
  private func path(_ points: [SIMD3<Double>], _ tolerance: Double) -> [(
    SIMD3<Double>, SIMD3<Double>
  )] {
    Marker.path(points, width: 0.1, tolerance: tolerance, rgba: [1, 1, 1, 1]).compactMap { marker in
      guard case .line(let end, 0.1) = marker.shape else { return nil }
      return (marker.position, end)
    }
  }

  @Test("A path is as few lines as keep near every point, from the first to the last")
  func path() {
    var generator = RandomStream(seed: 1, name: "walk")
    var walk = [SIMD3<Double>(0, 0, 0.5)]
    for _ in 0..<400 {
      let step = SIMD3(0.1, 0.05 * generator.normal(), 0.02 * generator.normal())
      walk.append(walk.last! + step)
    }
    var before = walk.count
    for tolerance in [0, 0.05, 0.2] {
      let lines = path(walk, tolerance)
      #expect(lines.first?.0 == walk.first && lines.last?.1 == walk.last)
      #expect(zip(lines, lines.dropFirst()).allSatisfy { $0.1 == $1.0 })
      for point in walk {
        let nearest = lines.map { line in
          // Brute force: the nearest of a thousand places on the line.
          (0...1_000).map { share in
            let gap = point - (line.0 + Double(share) / 1_000 * (line.1 - line.0))
            return (gap * gap).sum()
          }.min()!
        }.min()!
        #expect(nearest.squareRoot() <= tolerance + 2e-3)
      }
      #expect(lines.count < before)
      before = lines.count / 2
    }
  }

  @Test("A straight way is one line, standing still none, and there and back two")
  func special() {
    let straight = (0...50).map { SIMD3(Double($0), 2, 3) }
    #expect(path(straight, 1e-9).count == 1)
    #expect(path(straight + straight.reversed(), 1e-9).count == 2)
    #expect(path(Array(repeating: [1, 2, 3], count: 9), 0).isEmpty)
    #expect(path([[1, 2, 3]], 0).isEmpty && path([], 0).isEmpty)
  }
}
