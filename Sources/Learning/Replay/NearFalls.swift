import Randomness

/// The stored steps shortly before a fall: few, but they decide whether the robot walks on.
///
/// A step is one of them if its state is not on the back and a state at most ``stepsAhead`` steps
/// later in its episode leans by more than 45°. When the Ant leans so far, it falls in a quarter to
/// a half of the cases.
struct NearFalls {
  /// The largest number of steps before such a state.
  static let stepsAhead = 15

  /// In ascending order; those before index `first` are forgotten.
  private var slots: [Int] = []
  private var first = 0
  /// The last slot that leaned by more than 45°.
  private var last = -1

  /// The number of stored steps before falls.
  var count: Int { slots.count - first }

  /// Checks a slot that was added after all others.
  ///
  /// - Parameters:
  ///   - uprightness: The uprightness of a slot's state; see ``AgentShape/uprightness(of:)``.
  ///   - hasAction: Whether a slot has an action; if not, an episode ended there.
  ///   - oldest: The first slot that is still remembered.
  mutating func look(
    at slot: Int, oldest: Int, uprightness: (Int) -> Float, hasAction: (Int) -> Bool
  ) {
    guard uprightness(slot) < Float(0.5).squareRoot() else { return }
    var start = slot
    while start > max(oldest, slot - Self.stepsAhead, last + 1), hasAction(start - 1) { start -= 1 }
    for near in start...slot where hasAction(near) && uprightness(near) >= 0 { slots.append(near) }
    last = slot
  }

  /// Forgets the slots before `oldest`.
  mutating func forget(before oldest: Int) {
    while first < slots.count, slots[first] < oldest { first += 1 }
    if first > 1_000, 2 * first > slots.count {
      slots.removeFirst(first)
      first = 0
    }
  }

  /// A uniformly drawn step before a fall.
  func draw(using generator: inout RandomStream) -> Int {
    slots[first + generator.index(below: count)]
  }
}
