import NeuralNetworks
import Randomness

/// Memory in which only pages that have been written use physical memory, so that a large buffer
/// costs nothing before it fills.
package final class LazyBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  package let count: Int
  package let pointer: UnsafeMutablePointer<Element>

  package init(count: Int) {
    self.count = count
    let capacity = max(count, 1)
    pointer = allocateMemory(
      byteCount: capacity * MemoryLayout<Element>.stride, alignment: 64
    ).bindMemory(to: Element.self, capacity: capacity)
  }

  deinit {
    freeMemory(pointer)
  }
}

/// A window: consecutive steps of one episode on their way into the ``Experience``, with
/// observations, subgoals, actions and rewards.
public final class Window: @unchecked Sendable {
  /// How the episode stands after the window's last step.
  public enum Ending: Int, Codable, Sendable {
    /// The episode goes on.
    case none
    /// The episode ended at its time limit: values are bootstrapped through it.
    case truncated
    /// The episode truly ended: nothing comes after it.
    case terminated
    /// The simulation became unstable: the step in which it did is left out.
    case diverged
  }

  package let capacity: Int
  package let observations: Matrix
  package let subgoals: Matrix
  package let actions: Matrix
  package var rewards: [Float]

  /// The target of this episode, as the higher level sees it.
  package var target: [Float]

  /// The number of steps in the window.
  public package(set) var count = 0

  /// How the episode stands after the last step.
  public package(set) var ending = Ending.none

  /// Whether the higher level sets a new subgoal after the last step.
  package var endsInterval = false

  /// Whether exploration held a place in the decision before these steps, and in the next one.
  package var isHeld = false
  package var nextIsHeld = false

  package init(capacity: Int, shape: AgentShape) {
    self.capacity = capacity
    observations = Matrix(rows: capacity + 1, columns: shape.observationCount)
    subgoals = Matrix(rows: capacity + 1, columns: shape.subgoalCount)
    actions = Matrix(rows: capacity, columns: shape.actionCount)
    rewards = Array(repeating: 0, count: capacity)
    target = Array(repeating: 0, count: shape.targetCount)
  }

  /// Begins an episode with its first state.
  func begin(observation: [Float], target: [Float]) {
    precondition(count == 0 && observation.count == observations.columns)
    self.target = target
    ending = .none
    endsInterval = false
    observations.row(0).update(from: observation, count: observation.count)
  }

  /// Adds the step whose action was written to `actions` last; the step of a diverged simulation
  /// shows nothing to learn from and is left out.
  ///
  /// - Returns: Whether the step was added.
  func append(reward: Float, observation: [Float], ending: Ending) -> Bool {
    self.ending = ending
    if ending == .diverged { return false }
    rewards[count] = reward
    count += 1
    observations.row(count).update(from: observation, count: observation.count)
    return true
  }

  /// Makes the state after the last step the first one of an empty window.
  package func advance() {
    observations.row(0).update(from: observations.row(count), count: observations.columns)
    subgoals.row(0).update(from: subgoals.row(count), count: subgoals.columns)
    if endsInterval { isHeld = nextIsHeld }
    count = 0
    ending = .none
    endsInterval = false
  }
}

/// One transition of the higher level: the steps from one of its decisions to the next.
package struct HigherTransition {
  /// The step at which the subgoal was set, counted over the whole run.
  package var start: Int
  /// Steps to the next decision.
  package var length: Int
  /// Whether the episode terminated with this transition.
  package var isTerminal: Bool
  /// Whether exploration held a place: then the higher level did not choose the subgoal's x and y.
  package var isHeld: Bool
  /// Sum of the environment's rewards.
  package var reward: Float
}

/// The replay buffer of both levels: one ring of steps, which holds every state once, and one ring
/// of higher-level transitions that refer to these steps.
///
/// A *slot* holds a state, the subgoal that the lower level saw in it and the action that it took.
/// Slots are numbered over the whole run; the last state of an episode has a slot of its own,
/// without an action, so that slot i + 1 always holds the state that followed slot i.
public final class Experience: @unchecked Sendable {
  private let shape: AgentShape
  private let lowerCapacity: Int
  private let higherCapacity: Int
  private let interval: Int

  /// Slots of states and actions, enough for all higher-level transitions.
  private let slotCapacity: Int
  /// Slots of subgoals and rewards, enough for all lower-level transitions.
  private let recentCapacity: Int

  private let observations: LazyBuffer<Float>
  private let actions: LazyBuffer<Float>
  private let subgoals: LazyBuffer<Float>
  private let rewards: LazyBuffer<Float>
  private let targets: LazyBuffer<Float>
  private let hasAction: LazyBuffer<UInt8>
  private let untilDecision: LazyBuffer<Int32>
  private let isTerminal: LazyBuffer<UInt8>

  private let higherStarts: LazyBuffer<Int64>
  private let higherLengths: LazyBuffer<Int32>
  private let higherFlags: LazyBuffer<UInt8>
  private let higherRewards: LazyBuffer<Float>
  /// For each transition, how many came before in its episode; not saved: the starts tell it.
  private let higherOrdinals: LazyBuffer<Int32>
  private let higherTargets: LazyBuffer<Float>
  private let higherSubgoals: LazyBuffer<Float>
  /// The subgoals that transitions are learned from: the original ones, until they are relabelled.
  private let relabelledSubgoals: LazyBuffer<Float>

  /// The bits of ``higherFlags``, which files have called `terminals` from the first version on.
  private static let (terminalFlag, heldFlag): (UInt8, UInt8) = (1, 2)

  /// Where the rings begin and end.
  package struct Position: Codable, Equatable, Sendable {
    /// The slot that the next step goes to.
    package var head = 0
    /// The oldest slot that lower-level transitions are drawn from.
    var lowerTail = 0
    /// Lower-level transitions that can be drawn.
    var lowerCount = 0
    /// Higher-level transitions added so far, and forgotten so far.
    var higherHead = 0
    var higherTail = 0
    /// The slot at which the higher level's current interval began, and its rewards so far, summed.
    var intervalStart = 0
    var intervalReward: Float = 0
  }
  package private(set) var position = Position()

  /// The steps before falls; nil if no setting needs them.
  private var nearFalls: NearFalls?

  /// Makes room for `lowerCapacity` and `higherCapacity` transitions, of at most `interval` steps
  /// each; `notesFalls` makes the buffer find the steps before falls.
  package init(
    shape: AgentShape, lowerCapacity: Int, higherCapacity: Int, interval: Int,
    notesFalls: Bool = false
  ) {
    self.shape = shape
    nearFalls = notesFalls ? NearFalls() : nil
    self.lowerCapacity = lowerCapacity
    self.higherCapacity = higherCapacity
    self.interval = interval
    // Each episode needs one slot more than it has steps. One additional slot for 64 steps is ample
    // where episodes have hundreds; with shorter episodes the ring forgets a little earlier. A whole
    // interval and the state after it must fit in any case.
    recentCapacity = max(lowerCapacity + lowerCapacity / 64 + 64, interval + 2)
    let longest = higherCapacity * interval
    slotCapacity = max(recentCapacity, longest + longest / 64 + 64)
    observations = LazyBuffer(count: slotCapacity * shape.observationCount)
    actions = LazyBuffer(count: slotCapacity * shape.actionCount)
    subgoals = LazyBuffer(count: recentCapacity * shape.subgoalCount)
    rewards = LazyBuffer(count: recentCapacity)
    targets = LazyBuffer(count: recentCapacity * shape.targetCount)
    hasAction = LazyBuffer(count: recentCapacity)
    untilDecision = LazyBuffer(count: recentCapacity)
    isTerminal = LazyBuffer(count: recentCapacity)
    higherStarts = LazyBuffer(count: higherCapacity)
    higherLengths = LazyBuffer(count: higherCapacity)
    higherFlags = LazyBuffer(count: higherCapacity)
    higherRewards = LazyBuffer(count: higherCapacity)
    higherOrdinals = LazyBuffer(count: higherCapacity)
    higherTargets = LazyBuffer(count: higherCapacity * shape.targetCount)
    higherSubgoals = LazyBuffer(count: higherCapacity * shape.subgoalCount)
    relabelledSubgoals = LazyBuffer(count: higherCapacity * shape.subgoalCount)
  }

  /// Lower-level transitions that can be drawn.
  public var lowerCount: Int { position.lowerCount }

  /// Higher-level transitions that can be drawn.
  public var higherCount: Int { position.higherHead - position.higherTail }

  /// Higher-level transitions added so far.
  package var higherHead: Int { position.higherHead }

  // MARK: Adding

  /// Adds the steps of a window.
  package func append(_ window: Window) {
    makeRoom(for: window.count + (window.ending == .none ? 0 : 1))
    for index in 0..<window.count {
      write(window, index, hasAction: true)
      position.intervalReward += window.rewards[index]
      lookForFall(position.head)
      position.head += 1
      position.lowerCount += 1
    }
    if window.ending == .terminated, window.count > 0 {
      isTerminal.pointer[(position.head - 1) % recentCapacity] = 1
    }
    // The state after the last step: the next window begins with it, or it closes the episode.
    write(window, window.count, hasAction: false)
    markDecisions(window)
    if window.endsInterval, position.head > position.intervalStart, window.ending != .diverged {
      appendHigherTransition(window)
    }
    if window.ending != .none {
      lookForFall(position.head)
      position.head += 1
    }
    if window.endsInterval || window.ending != .none {
      position.intervalStart = position.head
      position.intervalReward = 0
    }
    forget()
    if window.ending != .none { clearHead() }
  }

  /// Clears the slot for the next step. If that step never comes, the slot is still saved with the
  /// others, and the same run must be saved as the same bytes, whatever the memory held before.
  private func clearHead() {
    let (slot, recent) = (position.head % slotCapacity, position.head % recentCapacity)
    (observations.pointer + slot * shape.observationCount)
      .update(repeating: 0, count: shape.observationCount)
    (actions.pointer + slot * shape.actionCount).update(repeating: 0, count: shape.actionCount)
    (subgoals.pointer + recent * shape.subgoalCount).update(repeating: 0, count: shape.subgoalCount)
    (targets.pointer + recent * shape.targetCount).update(repeating: 0, count: shape.targetCount)
    rewards.pointer[recent] = 0
    hasAction.pointer[recent] = 0
    untilDecision.pointer[recent] = 0
    isTerminal.pointer[recent] = 0
  }

  private func write(_ window: Window, _ index: Int, hasAction acts: Bool) {
    if !acts { clearHead() }
    let (slot, recent) = (position.head % slotCapacity, position.head % recentCapacity)
    (observations.pointer + slot * shape.observationCount)
      .update(from: window.observations.row(index), count: shape.observationCount)
    (subgoals.pointer + recent * shape.subgoalCount)
      .update(from: window.subgoals.row(index), count: shape.subgoalCount)
    (targets.pointer + recent * shape.targetCount)
      .update(from: window.target, count: shape.targetCount)
    isTerminal.pointer[recent] = 0
    untilDecision.pointer[recent] = 1
    guard acts else { return }
    hasAction.pointer[recent] = 1
    (actions.pointer + slot * shape.actionCount)
      .update(from: window.actions.row(index), count: shape.actionCount)
    rewards.pointer[recent] = window.rewards[index]
  }

  /// Stores, for each step of the interval so far, the number of steps to the last known state:
  /// hindsight may choose a state up to that one.
  private func markDecisions(_ window: Window) {
    guard higherCapacity > 0 else { return }
    for slot in max(
      position.intervalStart, position.head - recentCapacity)..<max(
        position.head, position.intervalStart)
    {
      untilDecision.pointer[slot % recentCapacity] = Int32(position.head - slot)
    }
  }

  private func appendHigherTransition(_ window: Window) {
    let place = position.higherHead % higherCapacity
    higherStarts.pointer[place] = Int64(position.intervalStart)
    higherLengths.pointer[place] = Int32(position.head - position.intervalStart)
    higherFlags.pointer[place] =
      (window.ending == .terminated ? Self.terminalFlag : 0)
      | (window.isHeld ? Self.heldFlag : 0)
    higherRewards.pointer[place] = position.intervalReward
    (higherTargets.pointer + place * shape.targetCount)
      .update(from: window.target, count: shape.targetCount)
    (higherSubgoals.pointer + place * shape.subgoalCount).update(
      from: subgoals.pointer + (position.intervalStart % recentCapacity) * shape.subgoalCount,
      count: shape.subgoalCount)
    relabelledSubgoal(position.higherHead).update(
      from: higherSubgoal(position.higherHead), count: shape.subgoalCount)
    countInEpisode(position.higherHead)
    position.higherHead += 1
  }

  /// Stores how many transitions of the same episode come before `number` in the ring.
  private func countInEpisode(_ number: Int) {
    var ordinal: Int32 = 0
    if number > position.higherTail {
      let before = higherTransition(number - 1)
      // The first transition of another episode begins one slot later.
      if before.start + before.length == higherTransition(number).start {
        ordinal = higherOrdinals.pointer[(number - 1) % higherCapacity] + 1
      }
    }
    higherOrdinals.pointer[number % higherCapacity] = ordinal
  }

  /// Forgets the slots that the next `count` slots will overwrite, and the one after them.
  private func makeRoom(for count: Int) {
    while position.head + count - position.lowerTail >= recentCapacity { forgetOldestSlot() }
  }

  private func forgetOldestSlot() {
    if hasAction.pointer[position.lowerTail % recentCapacity] == 1 { position.lowerCount -= 1 }
    position.lowerTail += 1
  }

  /// Forgets what is beyond the capacities, and higher-level transitions that were overwritten.
  private func forget() {
    while lowerCount > lowerCapacity { forgetOldestSlot() }
    while higherCount > 0,
      higherCount > higherCapacity
        || position.head - Int(higherStarts.pointer[position.higherTail % higherCapacity])
          >= slotCapacity
    {
      position.higherTail += 1
    }
    nearFalls?.forget(before: position.lowerTail)
  }

  /// Finds the steps before a fall; the state in `slot` may show one.
  private func lookForFall(_ slot: Int) {
    nearFalls?.look(
      at: slot, oldest: position.lowerTail,
      uprightness: { shape.uprightness(of: observation($0)) ?? 1 },
      hasAction: { hasAction.pointer[$0 % recentCapacity] == 1 })
  }

  // MARK: Drawing

  /// A slot drawn uniformly from those of the lower-level transitions.
  package func drawLowerSlot(using generator: inout RandomStream) -> Int {
    precondition(lowerCount > 0, "there is no transition to draw")
    while true {
      let slot = position.lowerTail + generator.index(below: position.head - position.lowerTail)
      if hasAction.pointer[slot % recentCapacity] == 1 { return slot }
    }
  }

  /// A slot drawn uniformly from those of the lower-level transitions before falls; nil where there is
  /// none.
  package func drawNearFall(using generator: inout RandomStream) -> Int? {
    guard let nearFalls, nearFalls.count > 0 else { return nil }
    return nearFalls.draw(using: &generator)
  }

  /// Lower-level transitions before falls that can be drawn.
  package var nearFallCount: Int { nearFalls?.count ?? 0 }

  /// The number of a higher-level transition, drawn uniformly.
  package func drawHigherTransition(using generator: inout RandomStream) -> Int {
    position.higherTail + generator.index(below: higherCount)
  }

  // MARK: Reading

  /// The state in a slot.
  package func observation(_ slot: Int) -> UnsafePointer<Float> {
    UnsafePointer(observations.pointer + (slot % slotCapacity) * shape.observationCount)
  }

  /// The action taken in a slot.
  package func action(_ slot: Int) -> UnsafePointer<Float> {
    UnsafePointer(actions.pointer + (slot % slotCapacity) * shape.actionCount)
  }

  /// The subgoal that the lower level saw in a slot.
  package func subgoal(_ slot: Int) -> UnsafePointer<Float> {
    UnsafePointer(subgoals.pointer + (slot % recentCapacity) * shape.subgoalCount)
  }

  /// The environment's reward for the action in a slot.
  package func reward(_ slot: Int) -> Float {
    rewards.pointer[slot % recentCapacity]
  }

  /// The target of a slot's episode.
  package func target(_ slot: Int) -> UnsafePointer<Float> {
    UnsafePointer(targets.pointer + (slot % recentCapacity) * shape.targetCount)
  }

  /// Whether the episode terminated with the action in a slot.
  package func isTerminal(_ slot: Int) -> Bool {
    isTerminal.pointer[slot % recentCapacity] == 1
  }

  /// Steps from a slot to the last state known before the next decision of the higher level.
  package func stepsUntilDecision(_ slot: Int) -> Int {
    Int(untilDecision.pointer[slot % recentCapacity])
  }

  /// A higher-level transition by its number.
  package func higherTransition(_ number: Int) -> HigherTransition {
    let place = number % higherCapacity
    return HigherTransition(
      start: Int(higherStarts.pointer[place]), length: Int(higherLengths.pointer[place]),
      isTerminal: higherFlags.pointer[place] & Self.terminalFlag != 0,
      isHeld: higherFlags.pointer[place] & Self.heldFlag != 0, reward: higherRewards.pointer[place])
  }

  /// The robot's place `count` decisions before a higher-level transition (m), or at the first
  /// decision of its episode that is still stored.
  package func place(decisions count: Int, before number: Int) -> (x: Float, y: Float) {
    let ordinal = Int(higherOrdinals.pointer[number % higherCapacity])
    let earlier = max(number - min(count, ordinal), position.higherTail)
    return shape.place(
      in: observation(Int(higherStarts.pointer[earlier % higherCapacity])))
  }

  /// The subgoal that the higher level set in a transition.
  package func higherSubgoal(_ number: Int) -> UnsafePointer<Float> {
    UnsafePointer(higherSubgoals.pointer + (number % higherCapacity) * shape.subgoalCount)
  }

  /// The subgoal with which a transition was last relabelled; only the higher level's learning
  /// changes it.
  package func relabelledSubgoal(_ number: Int) -> UnsafeMutablePointer<Float> {
    relabelledSubgoals.pointer + (number % higherCapacity) * shape.subgoalCount
  }

  /// The target of a higher-level transition's episode.
  package func higherTarget(_ number: Int) -> UnsafePointer<Float> {
    UnsafePointer(higherTargets.pointer + (number % higherCapacity) * shape.targetCount)
  }

  // MARK: Saving

  /// Passes all written parts of the rings to `visitor`; if the visitor fills them, `position` says
  /// how much was written.
  package func visit(_ visitor: some StateVisitor, restoring position: Position?) throws {
    if let position {
      guard position.isPossible(slots: slotCapacity, recent: recentCapacity, higher: higherCapacity)
      else { throw StateError.inconsistent("the replay buffers' positions") }
      self.position = position
    }
    // The slot at the head holds the state that the next window begins with.
    let slots = min(self.position.head + 1, slotCapacity)
    let recent = min(self.position.head + 1, recentCapacity)
    let higher = min(self.position.higherHead, higherCapacity)
    try visitor.visit("replay.observations", observations, slots * shape.observationCount)
    try visitor.visit("replay.actions", actions, slots * shape.actionCount)
    try visitor.visit("replay.subgoals", subgoals, recent * shape.subgoalCount)
    try visitor.visit("replay.rewards", rewards, recent)
    try visitor.visit("replay.targets", targets, recent * shape.targetCount)
    try visitor.visit("replay.has_action", hasAction, recent)
    try visitor.visit("replay.until_decision", untilDecision, recent)
    try visitor.visit("replay.is_terminal", isTerminal, recent)
    try visitor.visit("replay.higher.starts", higherStarts, higher)
    try visitor.visit("replay.higher.lengths", higherLengths, higher)
    try visitor.visit("replay.higher.terminals", higherFlags, higher)
    try visitor.visit("replay.higher.rewards", higherRewards, higher)
    try visitor.visit("replay.higher.targets", higherTargets, higher * shape.targetCount)
    try visitor.visit("replay.higher.subgoals", higherSubgoals, higher * shape.subgoalCount)
    try visitor.visit(
      "replay.higher.relabelled_subgoals", relabelledSubgoals, higher * shape.subgoalCount)
    if position != nil {
      try checkTransitions()
      for number in self.position.higherTail..<self.position.higherHead { countInEpisode(number) }
      if nearFalls != nil {
        nearFalls = NearFalls()
        for slot in self.position.lowerTail..<self.position.head { lookForFall(slot) }
      }
    }
  }

  /// Checks what indices are computed from, so that no file can make an index leave the rings.
  private func checkTransitions() throws(StateError) {
    for number in position.higherTail..<position.higherHead {
      let transition = higherTransition(number)
      guard transition.start >= 0, transition.start > position.head - slotCapacity,
        transition.length > 0, transition.length <= interval,
        transition.start + transition.length <= position.head
      else { throw .inconsistent("a higher-level transition") }
    }
    var actions = 0
    for slot in position.lowerTail..<position.head
    where hasAction.pointer[slot % recentCapacity] == 1 {
      actions += 1
      let ahead = stepsUntilDecision(slot)
      guard ahead > 0, ahead <= interval, slot + ahead <= position.head else {
        throw .inconsistent("a lower-level transition")
      }
    }
    guard actions == position.lowerCount else { throw .inconsistent("the number of transitions") }
  }
}

extension Experience.Position {
  fileprivate func isPossible(slots: Int, recent: Int, higher: Int) -> Bool {
    head >= 0 && lowerTail >= 0 && lowerTail <= head && head - lowerTail < recent
      && head < Int.max / 1024 && lowerCount >= 0 && lowerCount <= head - lowerTail
      && higherTail >= 0 && higherTail <= higherHead && higherHead - higherTail <= higher
      && intervalStart >= 0 && intervalStart <= head && intervalReward.isFinite
  }
}
