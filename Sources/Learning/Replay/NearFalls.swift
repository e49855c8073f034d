import Randomness

/// The steps before falls, of all that is remembered: few, and what decides between walking and lying.
///
/// A step is one of them where its state is not on the back and a state at most ``stepsAhead`` steps later
/// in its episode leans by more than 45°, from where on a quarter to a half of the Ant's falls happen.
struct NearFalls {
  /// How long before such a state.
  static let stepsAhead = 15

  /// Ascending; those before `first` are forgotten.
  private var slots: [Int] = []
  private var first = 0
  /// The last slot that was looked at.
  private var last = -1

  /// How many there are.
  var count: Int { slots.count - first }

  /// Looks at a slot that was added after all others.
  ///
  /// - Parameters:
  ///   - uprightness: Of a slot's state; see ``AgentShape/uprightness(of:)``.
  ///   - hasAction: Whether a slot has an action: where not, an episode ended.
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

  /// One of them, each as likely.
  func draw(using generator: inout RandomStream) -> Int {
    slots[first + generator.index(below: count)]
  }
}
