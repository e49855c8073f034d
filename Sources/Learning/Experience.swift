import NeuralNetworks
import Randomness

/// Memory that is only backed by pages that have been written, so that a large buffer costs
/// nothing before it fills.
package final class LazyBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  package let count: Int
  package let pointer: UnsafeMutablePointer<Element>

  package init(count: Int) {
    self.count = count
    pointer = .allocate(capacity: max(count, 1))
  }

  deinit {
    pointer.deallocate()
  }
}

/// The steps of one window on their way into the ``Experience``: what was seen, wanted, done and
/// earned, in order, within one episode.
public final class Window: @unchecked Sendable {
  /// How the last step of the window left the episode.
  public enum Ending: Int, Codable, Sendable {
    /// The episode goes on.
    case none
    /// The episode ended at its time limit: values are bootstrapped through it.
    case truncated
    /// The episode truly ended: nothing comes after it.
    case terminated
    /// The simulation became unstable: the step that did so is left out.
    case diverged
  }

  package let capacity: Int
  package let observations: Matrix
  package let subgoals: Matrix
  package let actions: Matrix
  package var rewards: [Float]

  /// What the higher level saw of the target in this episode.
  package var target: [Float]

  /// Steps that stand in the window.
  public package(set) var count = 0

  /// How the episode went on after the last step.
  public package(set) var ending = Ending.none

  /// Whether the higher level decides anew after the last step.
  package var endsInterval = false

  package init(capacity: Int, shape: AgentShape) {
    self.capacity = capacity
    observations = Matrix(rows: capacity + 1, columns: shape.observationCount)
    subgoals = Matrix(rows: capacity + 1, columns: shape.subgoalCount)
    actions = Matrix(rows: capacity, columns: shape.actionCount)
    rewards = Array(repeating: 0, count: capacity)
    target = Array(repeating: 0, count: shape.targetCount)
  }

  /// Makes the state after the last step the first one of an empty window.
  package func advance() {
    observations.row(0).update(from: observations.row(count), count: observations.columns)
    subgoals.row(0).update(from: subgoals.row(count), count: subgoals.columns)
    count = 0
    ending = .none
    endsInterval = false
  }
}

/// One transition of the higher level: the steps from one of its decisions to the next.
package struct HigherTransition: BitwiseCopyable {
  /// The step at which the subgoal was set, counted over the whole run.
  package var start: Int
  /// Steps to the next decision.
  package var length: Int32
  /// Whether the episode truly ended with it.
  package var isTerminal: Bool
  /// Sum of the environment's rewards.
  package var reward: Float
}

/// All that the agent remembers: one ring of steps in which every state stands once, and one ring
/// of higher-level transitions that point into it.
///
/// A *slot* is a state with the subgoal that the lower level saw in it and the action that it
/// took. Slots are counted over the whole run; the last state of an episode has a slot of its own,
/// without an action, so that slot i + 1 always holds what came after slot i.
public final class Experience: @unchecked Sendable {
  private let shape: AgentShape
  private let lowerCapacity: Int
  private let higherCapacity: Int

  /// Slots of states and actions, enough for all higher-level transitions.
  private let slotCapacity: Int
  /// Slots of subgoals and rewards, enough for all lower-level transitions.
  private let recentCapacity: Int

  private let observations: LazyBuffer<Float>
  private let actions: LazyBuffer<Float>
  private let subgoals: LazyBuffer<Float>
  private let rewards: LazyBuffer<Float>
  private let targets: LazyBuffer<Float>
  private let hasAction: LazyBuffer<Bool>
  private let untilDecision: LazyBuffer<Int32>
  private let isTerminal: LazyBuffer<Bool>

  private let higherTransitions: LazyBuffer<HigherTransition>
  private let higherTargets: LazyBuffer<Float>
  private let higherSubgoals: LazyBuffer<Float>

  /// The slot that the next step goes to.
  package private(set) var head = 0
  /// The oldest slot that lower-level transitions are drawn from.
  package private(set) var lowerTail = 0

  /// Lower-level transitions that can be drawn.
  public private(set) var lowerCount = 0

  /// Higher-level transitions added so far.
  package private(set) var higherHead = 0
  private var higherTail = 0

  /// The slot at which the current interval of the higher level began, and what it earned so far.
  private var intervalStart = 0
  private var intervalReward: Float = 0

  /// Makes room for `lowerCapacity` and `higherCapacity` transitions, of at most `interval` steps
  /// each.
  package init(shape: AgentShape, lowerCapacity: Int, higherCapacity: Int, interval: Int) {
    self.shape = shape
    self.lowerCapacity = lowerCapacity
    self.higherCapacity = higherCapacity
    // Each episode has a slot more than steps; room for one in 64 steps is ample where episodes
    // have hundreds, and where they are shorter the ring forgets a little earlier.
    recentCapacity = lowerCapacity + lowerCapacity / 64 + 64
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
    higherTransitions = LazyBuffer(count: higherCapacity)
    higherTargets = LazyBuffer(count: higherCapacity * shape.targetCount)
    higherSubgoals = LazyBuffer(count: higherCapacity * shape.subgoalCount)
  }

  /// Higher-level transitions that can be drawn.
  public var higherCount: Int { higherHead - higherTail }

  // MARK: Adding

  /// Adds the steps of a window.
  package func append(_ window: Window) {
    for index in 0..<window.count {
      write(window, index, hasAction: true)
      intervalReward += window.rewards[index]
      head += 1
      lowerCount += 1
    }
    if window.ending == .terminated, window.count > 0 {
      isTerminal.pointer[(head - 1) % recentCapacity] = true
    }
    // The state after the last step: the next window begins with it, or it closes the episode.
    write(window, window.count, hasAction: false)
    markDecisions(window)
    if window.endsInterval, head > intervalStart, window.ending != .diverged {
      appendHigherTransition(window)
    }
    if window.ending != .none { head += 1 }
    if window.endsInterval || window.ending != .none {
      intervalStart = head
      intervalReward = 0
    }
    forget()
  }

  private func write(_ window: Window, _ index: Int, hasAction acts: Bool) {
    let slot = head % slotCapacity
    let recent = head % recentCapacity
    (observations.pointer + slot * shape.observationCount)
      .update(from: window.observations.row(index), count: shape.observationCount)
    (subgoals.pointer + recent * shape.subgoalCount)
      .update(from: window.subgoals.row(index), count: shape.subgoalCount)
    (targets.pointer + recent * shape.targetCount)
      .update(from: window.target, count: shape.targetCount)
    hasAction.pointer[recent] = acts
    isTerminal.pointer[recent] = false
    guard acts else { return }
    (actions.pointer + slot * shape.actionCount)
      .update(from: window.actions.row(index), count: shape.actionCount)
    rewards.pointer[recent] = window.rewards[index]
  }

  /// Notes for each step of the interval so far how far its last state is: what hindsight may
  /// take as reached.
  private func markDecisions(_ window: Window) {
    for slot in max(intervalStart, head - recentCapacity)..<max(head, intervalStart) {
      untilDecision.pointer[slot % recentCapacity] = Int32(head - slot)
    }
  }

  private func appendHigherTransition(_ window: Window) {
    let place = higherHead % higherCapacity
    higherTransitions.pointer[place] = HigherTransition(
      start: intervalStart, length: Int32(head - intervalStart),
      isTerminal: window.ending == .terminated, reward: intervalReward)
    (higherTargets.pointer + place * shape.targetCount)
      .update(from: window.target, count: shape.targetCount)
    (higherSubgoals.pointer + place * shape.subgoalCount).update(
      from: subgoals.pointer + (intervalStart % recentCapacity) * shape.subgoalCount,
      count: shape.subgoalCount)
    higherHead += 1
  }

  /// Forgets what is beyond the capacities or has been overwritten.
  private func forget() {
    while lowerCount > lowerCapacity || head - lowerTail >= recentCapacity {
      if hasAction.pointer[lowerTail % recentCapacity] { lowerCount -= 1 }
      lowerTail += 1
    }
    while higherCount > 0,
      higherCount > higherCapacity
        || head - higherTransitions.pointer[higherTail % higherCapacity].start >= slotCapacity
    {
      higherTail += 1
    }
  }

  // MARK: Drawing

  /// A slot drawn uniformly from those of the lower-level transitions.
  package func drawLowerSlot(using generator: inout RandomStream) -> Int {
    precondition(lowerCount > 0, "there is no transition to draw")
    while true {
      let slot = lowerTail + generator.index(below: head - lowerTail)
      if hasAction.pointer[slot % recentCapacity] { return slot }
    }
  }

  /// The number of a higher-level transition, drawn uniformly.
  package func drawHigherTransition(using generator: inout RandomStream) -> Int {
    higherTail + generator.index(below: higherCount)
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

  /// Whether the episode truly ended with the action in a slot.
  package func isTerminal(_ slot: Int) -> Bool {
    isTerminal.pointer[slot % recentCapacity]
  }

  /// Steps from a slot to the last state known before the next decision of the higher level.
  package func stepsUntilDecision(_ slot: Int) -> Int {
    Int(untilDecision.pointer[slot % recentCapacity])
  }

  /// A higher-level transition by its number.
  package func higherTransition(_ number: Int) -> HigherTransition {
    higherTransitions.pointer[number % higherCapacity]
  }

  /// The subgoal that the higher level set in a transition.
  package func higherSubgoal(_ number: Int) -> UnsafePointer<Float> {
    UnsafePointer(higherSubgoals.pointer + (number % higherCapacity) * shape.subgoalCount)
  }

  /// The target of a higher-level transition's episode.
  package func higherTarget(_ number: Int) -> UnsafePointer<Float> {
    UnsafePointer(higherTargets.pointer + (number % higherCapacity) * shape.targetCount)
  }
}
