import Foundation

/// A lock that is held while a closure runs.
final class Lock: Sendable {
  private let lock = NSLock()

  func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }
}
