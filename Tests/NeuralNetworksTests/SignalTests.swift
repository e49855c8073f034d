import CKernels
import Foundation
import Synchronization
import Testing

private let signals = Atomic<Int>(0)
private let signalsOffTheStack = Atomic<Int>(0)
private let stack = Atomic<Int>(0)
private let isDone = Atomic<Bool>(false)
/// The thread that multiplies matrices; 0 until it runs.
private let multiplying = Atomic<UInt>(0)

@Suite("Signals")
struct SignalTests {
  /// oneDNN up to 3.11 points the stack pointer to the heap for a while; a handler that ran then
  /// would overwrite the heap.
  @Test("A handler that comes amid matrix products finds the stack where it belongs")
  func handlerStaysOnTheStack() {
    // Nobody else sends SIGURG, and it does no harm if it is lost.
    let previous = signal(SIGURG) { _ in
      var here = 0
      let address = withUnsafeMutablePointer(to: &here) { Int(bitPattern: $0) }
      signals.add(1, ordering: .relaxed)
      if abs(address - stack.load(ordering: .relaxed)) > 1 << 20 {
        signalsOffTheStack.add(1, ordering: .relaxed)
      }
    }
    defer { signal(SIGURG, previous) }

    // The test uses a thread of its own, because those that run tests may have blocked all signals.
    let worker = Thread {
      var here = 0
      stack.store(
        withUnsafeMutablePointer(to: &here) { Int(bitPattern: $0) }, ordering: .relaxed)
      var urgent = sigset_t()
      sigemptyset(&urgent)
      sigaddset(&urgent, SIGURG)
      pthread_sigmask(SIG_UNBLOCK, &urgent, nil)
      multiplying.store(UInt(pthread_self()), ordering: .releasing)
      kernels_use_one_thread()
      let side = 304
      let a = [Float](repeating: 1, count: side * side)
      var c = [Float](repeating: 0, count: side * side)
      while !isDone.load(ordering: .relaxed) {
        for (transposeA, transposeB) in [(false, true), (false, false), (true, false)] {
          kernels_multiply(
            transposeA, transposeB, 100, 300, 100, a, side, a, side, 0, &c, side)
        }
      }
    }
    worker.start()
    while signals.load(ordering: .relaxed) < 200 {
      let thread = multiplying.load(ordering: .acquiring)
      if thread != 0 { pthread_kill(pthread_t(thread), SIGURG) }
      usleep(50)
    }
    isDone.store(true, ordering: .relaxed)
    while !worker.isFinished { usleep(100) }
    #expect(signalsOffTheStack.load(ordering: .relaxed) == 0)
  }
}
