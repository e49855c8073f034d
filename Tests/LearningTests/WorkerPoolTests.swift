import Foundation
import Learning
import Parallel
import Synchronization
import Testing

@Suite("The worker pool")
struct WorkerPoolTests {
  @Test("Every piece runs exactly once, however deep they are nested", arguments: [1, 2, 3, 8])
  func everyPieceRunsOnce(threads: Int) {
    let pool = WorkerPool(threads: threads)
    for _ in 0..<50 {
      let counts = (0..<200).map { _ in Counter() }
      pool.forEach(below: 10) { outer in
        pool.forEach(below: 20) { inner in counts[outer * 20 + inner].increment() }
      }
      #expect(counts.allSatisfy { $0.value == 1 })
    }
  }

  @Test("Two pieces run at the same time where there are two threads")
  func piecesOverlap() {
    let pool = WorkerPool(threads: 2)
    let met = Counter()
    func meet() {
      met.increment()
      let end = Date(timeIntervalSinceNow: 20)
      while met.value < 2, Date() < end { usleep(100) }
    }
    pool.concurrently(meet, meet)
    #expect(met.value == 2)
  }

  @Test("A pool that has been asleep wakes up")
  func sleepingPools() {
    let pool = WorkerPool(threads: 2)
    for _ in 0..<3 {
      usleep(50_000)
      let count = Counter()
      pool.concurrently({ count.increment() }, { count.increment() })
      #expect(count.value == 2)
    }
  }
}

private final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  func increment() { count.wrappingAdd(1, ordering: .sequentiallyConsistent) }
  var value: Int { count.load(ordering: .sequentiallyConsistent) }
}
