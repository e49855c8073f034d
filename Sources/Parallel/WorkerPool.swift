import CKernels
import Dispatch
import Foundation
import Synchronization

/// Threads that run independent pieces of work at the same time.
///
/// ``concurrently(_:_:)`` forks two pieces and joins them, and may be nested: an idle thread takes
/// the oldest piece that no thread has begun. The thread that runs a piece only affects the time,
/// so results do not depend on the number of threads.
public final class WorkerPool: Sendable {
  /// The number of threads that work, including the caller's.
  public let threadCount: Int

  private let crew = Crew()

  /// The processors that this process may use: those of the machine, or fewer where `taskset` or a
  /// container says so.
  public static let processorCount = ProcessLimits().processors

  /// Starts a pool of `threads` threads (the caller's and `threads − 1` more); by default one for
  /// each processor that this process may use.
  public init(threads: Int = WorkerPool.processorCount) {
    precondition(threads >= 1)
    threadCount = threads
    kernels_use_one_thread()
    for index in 1..<threads {
      let thread = Thread { [crew] in crew.work() }
      thread.name = "worker \(index)"
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  deinit {
    crew.stop(threads: threadCount - 1)
  }

  /// Runs both pieces, at the same time where a thread is free, and returns when both are done.
  public func concurrently(_ first: () -> Void, _ second: () -> Void) {
    if threadCount > 1 {
      crew.concurrently(first, second)
    } else {
      first()
      second()
    }
  }

  /// Runs `body` for each index below `count`, at the same time where threads are free.
  public func forEach(below count: Int, _ body: (Int) -> Void) {
    forEach(in: 0..<count, body)
  }

  /// Runs `body` for each of `items`, at the same time where threads are free.
  package func forEach<Item>(_ items: [Item], _ body: (Item) -> Void) {
    forEach(below: items.count) { body(items[$0]) }
  }

  /// Runs `body` for both halves of a range, at the same time where a thread is free. The halves
  /// meet at a multiple of 16, so that a row of floats that begins on a cache line is split at one.
  package func forHalves(of range: Range<Int>, _ body: (Range<Int>) -> Void) {
    let middle = range.lowerBound + (range.count / 2 + 15) / 16 * 16
    if middle >= range.upperBound { return body(range) }
    concurrently(
      { body(range.lowerBound..<middle) }, { body(middle..<range.upperBound) })
  }

  private func forEach(in range: Range<Int>, _ body: (Int) -> Void) {
    if range.count <= 1 {
      if let index = range.first { body(index) }
      return
    }
    let middle = range.lowerBound + range.count / 2
    concurrently(
      { forEach(in: range.lowerBound..<middle, body) },
      { forEach(in: middle..<range.upperBound, body) })
  }
}

/// What the threads of a pool share. Lives until the last thread has seen the end of the pool.
private final class Crew: @unchecked Sendable {
  private let slots = (0..<32).map { _ in Slot() }
  private let forked = Atomic<Int>(0)
  /// The number of pieces that no thread has begun, or a little more. Idle threads read this number
  /// only, so that they do not disturb the threads that work.
  private let waiting = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let isStopping = Atomic<Bool>(false)
  private let wake = DispatchSemaphore(value: 0)

  /// The number of idle loops before a thread sleeps: a few milliseconds, longer than the pauses of
  /// a training run and shorter than a person notices.
  private static let patience = 20_000
  private static let turnsBetweenYields = 200

  func concurrently(_ first: () -> Void, _ second: () -> Void) {
    guard let slot = claimSlot() else {
      first()
      second()
      return
    }
    // Both pieces have ended when this returns, so neither escapes.
    withoutActuallyEscaping(second) { second in
      slot.work = second
      let order = forked.wrappingAdd(1, ordering: .relaxed).newValue
      slot.order.store(order, ordering: .relaxed)
      waiting.wrappingAdd(1, ordering: .sequentiallyConsistent)
      slot.state.store(Slot.waiting, ordering: .sequentiallyConsistent)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wake.signal() }
      first()
      if slot.transition(from: Slot.waiting, to: Slot.running) {
        waiting.wrappingSubtract(1, ordering: .relaxed)
        slot.run()
      } else {
        var idleTurns = 0
        while slot.state.load(ordering: .acquiring) != Slot.finished {
          // Pieces forked later are small, or part of what this thread waits for.
          if runOldest(forkedAfter: order) { continue }
          idleTurns += 1
          // If other programs use the processors too, the piece may need this thread's processor.
          if idleTurns % Crew.turnsBetweenYields == 0 { sched_yield() } else { kernels_pause() }
        }
      }
      slot.work = nil
    }
    slot.state.store(Slot.free, ordering: .releasing)
  }

  /// The loop of a thread: when there is nothing to do, the thread spins for a while, then sleeps.
  func work() {
    kernels_use_one_thread()
    // Never released: only the thread that made the pool handles signals.
    kernels_hold_signals()
    var idleTurns = 0
    while !isStopping.load(ordering: .relaxed) {
      if runOldest() {
        idleTurns = 0
      } else if idleTurns < Crew.patience {
        idleTurns += 1
        if idleTurns % Crew.turnsBetweenYields == 0 { sched_yield() } else { kernels_pause() }
      } else {
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        // Look once more: a fork between the last look and the addition above has not signalled.
        if !runOldest() { wake.wait() }
        sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        idleTurns = 0
      }
    }
  }

  func stop(threads: Int) {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    for _ in 0..<threads { wake.signal() }
  }

  private func claimSlot() -> Slot? {
    slots.first { slot in
      slot.state.load(ordering: .relaxed) == Slot.free
        && slot.transition(from: Slot.free, to: Slot.claimed)
    }
  }

  /// Runs the oldest piece that nobody has begun; false if there is none.
  private func runOldest(forkedAfter bound: Int = 0) -> Bool {
    guard waiting.load(ordering: .sequentiallyConsistent) > 0 else { return false }
    var oldest: Slot?
    var oldestOrder = Int.max
    for slot in slots where slot.state.load(ordering: .acquiring) == Slot.waiting {
      let order = slot.order.load(ordering: .relaxed)
      if order > bound, order < oldestOrder { (oldest, oldestOrder) = (slot, order) }
    }
    guard let oldest, oldest.transition(from: Slot.waiting, to: Slot.running) else {
      return false
    }
    waiting.wrappingSubtract(1, ordering: .relaxed)
    oldest.run()
    return true
  }
}

/// A place for one forked piece of work, which is used again for other pieces.
private final class Slot: @unchecked Sendable {
  static let free = 0
  static let claimed = 1
  static let waiting = 2
  static let running = 3
  static let finished = 4

  let state = Atomic<Int>(Slot.free)
  let order = Atomic<Int>(0)
  var work: (() -> Void)?

  func transition(from old: Int, to new: Int) -> Bool {
    state.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing).exchanged
  }

  func run() {
    work!()
    state.store(Slot.finished, ordering: .releasing)
  }
}
