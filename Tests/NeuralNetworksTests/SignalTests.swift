import CKernels
import Foundation
import Synchronization
import Testing

private let signals = Atomic<Int>(0)
private let signalsOffTheStack = Atomic<Int>(0)
private let stack = Atomic<Int>(0)

@Suite("Signals")
struct SignalTests {
  /// oneDNN up to 3.11 keeps the stack pointer on the heap for a while, and a handler that ran then
  /// would write over it.
  @Test("A handler that comes amid matrix products finds the stack where it belongs")
  func handlerStaysOnTheStack() {
    // SIGURG is what nobody else sends, and what harms nobody where it gets lost.
    let previous = signal(SIGURG) { _ in
      var here = 0
      let address = withUnsafeMutablePointer(to: &here) { Int(bitPattern: $0) }
      signals.add(1, ordering: .relaxed)
      if abs(address - stack.load(ordering: .relaxed)) > 1 << 20 {
        signalsOffTheStack.add(1, ordering: .relaxed)
      }
    }
    defer { signal(SIGURG, previous) }

    var here = 0
    stack.store(
      withUnsafeMutablePointer(to: &here) { Int(bitPattern: $0) }, ordering: .relaxed)
    let isDone = Atomic<Bool>(false)
    let multiplying = pthread_self()
    let side = 304
    let a = [Float](repeating: 1, count: side * side)
    var c = [Float](repeating: 0, count: side * side)
    kernels_use_one_thread()
    withoutActuallyEscaping({
      while !isDone.load(ordering: .relaxed) {
        pthread_kill(multiplying, SIGURG)
        usleep(50)
      }
    }) { send in
      // The thread is joined below, before anything that it uses goes away.
      nonisolated(unsafe) let send = send
      let sender = Thread { send() }
      sender.start()
      while signals.load(ordering: .relaxed) < 500 {
        for (transposeA, transposeB) in [(false, true), (false, false), (true, false)] {
          kernels_multiply(
            transposeA, transposeB, 100, 300, 100, a, side, a, side, 0, &c, side)
        }
      }
      isDone.store(true, ordering: .relaxed)
      while !sender.isFinished { usleep(100) }
    }
    #expect(signalsOffTheStack.load(ordering: .relaxed) == 0)
    #expect(c[0] == 100)
  }
}
