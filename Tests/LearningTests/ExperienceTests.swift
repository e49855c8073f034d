import Learning
import NeuralNetworks
import Randomness
import Testing

@Suite("Experience")
struct ExperienceTests {
  /// Writes windows whose observations are numbered, and notes what the experience should remember.
  private struct Writer {
    let experience: Experience
    let window = Window(capacity: 10, shape: smallShape)
    var transitions: [(from: Float, to: Float, subgoal: Float, next: Float, reward: Float)] = []
    var intervals: [(from: Float, to: Float, reward: Float, isTerminal: Bool)] = []
    /// For each slot, whether it holds an action: the last state of an episode has none.
    var hasAction: [Bool] = []
    private var counter: Float = 0

    init(lower: Int, higher: Int) {
      experience = Experience(
        shape: smallShape, lowerCapacity: lower, higherCapacity: higher, interval: 10)
    }

    mutating func episode(steps: Int, ending: Window.Ending, windowSize: Int = 10) {
      place(0)
      var left = steps
      var sinceDecision = 0
      var earned: Float = 0
      var begin = counter
      while left > 0 {
        let count = min(windowSize, left)
        for index in 0..<count {
          window.actions.row(index)[0] = counter
          window.rewards[index] = counter
          earned += counter
          counter += 1
          place(index + 1)
          hasAction.append(true)
          transitions.append((counter - 1, counter, counter - 1001, counter - 1000, counter - 1))
        }
        window.count = count
        left -= count
        sinceDecision += count
        window.ending = left == 0 ? ending : .none
        window.endsInterval = sinceDecision == 10 || left == 0
        if window.endsInterval {
          intervals.append((begin, counter, earned, left == 0 && ending == .terminated))
          (begin, earned, sinceDecision) = (counter, 0, 0)
        }
        experience.append(window)
        window.advance()
      }
      counter += 1
      hasAction.append(false)
    }

    private func place(_ row: Int) {
      window.observations.row(row)[0] = counter
      window.subgoals.row(row)[0] = counter - 1000
    }
  }

  @Test("The place of an episode that has not begun is empty, whatever stood there before")
  func emptyHead() {
    var writer = Writer(lower: 30, higher: 3)
    // The ring buffer has room for 64 steps more than are remembered.
    let slots = 30 + 64
    for _ in 0..<(slots / 14 + 3) { writer.episode(steps: 13, ending: .truncated) }
    let (experience, head) = (writer.experience, writer.experience.position.head)
    #expect(head > slots)
    #expect(numbers(experience.observation(head), 7) == Array(repeating: 0, count: 7))
    #expect(numbers(experience.action(head), 3) == [0, 0, 0])
    #expect(numbers(experience.subgoal(head), 4) == [0, 0, 0, 0])
    #expect(experience.reward(head) == 0 && experience.stepsUntilDecision(head) == 0)
  }

  @Test("Drawn lower transitions are the newest ones, each with the state that followed it")
  func lowerTransitions() {
    var writer = Writer(lower: 130, higher: 50)
    for length in [25, 40, 7, 60, 33] {
      writer.episode(steps: length, ending: .truncated, windowSize: length == 60 ? 1 : 10)
    }
    let kept = writer.transitions.suffix(130)
    #expect(writer.experience.lowerCount == 130)
    let byState = Dictionary(uniqueKeysWithValues: kept.map { ($0.from, $0) })
    var stream = RandomStream(seed: 1, name: "draw")
    var seen: [Float: Int] = [:]
    for _ in 0..<26_000 {
      let slot = writer.experience.drawLowerSlot(using: &stream)
      let state = writer.experience.observation(slot)[0]
      guard let expected = byState[state] else {
        Issue.record("state \(state) should be forgotten, or ends an episode")
        return
      }
      #expect(writer.experience.observation(slot + 1)[0] == expected.to)
      #expect(writer.experience.action(slot)[0] == expected.from)
      #expect(writer.experience.subgoal(slot)[0] == expected.subgoal)
      #expect(writer.experience.subgoal(slot + 1)[0] == expected.next)
      #expect(writer.experience.reward(slot) == expected.reward)
      seen[state, default: 0] += 1
    }
    #expect(seen.count == 130)
    // 200 draws are expected for each; the tolerance is six standard deviations.
    #expect(seen.values.allSatisfy { abs($0 - 200) < 85 })
  }

  @Test("With short episodes, the ring forgets what it overwrites", arguments: [1, 10])
  func shortEpisodes(windowSize: Int) {
    let capacity = 5_000
    var writer = Writer(lower: capacity, higher: 50)
    for _ in 0..<400 { writer.episode(steps: 20, ending: .truncated, windowSize: windowSize) }
    // Every episode takes a slot more than it has steps, so that fewer than `capacity` steps fit in.
    let slots = capacity + capacity / 64 + 64
    let kept = writer.hasAction.suffix(slots - 1)
    #expect(writer.experience.lowerCount == kept.count { $0 })
    #expect(kept.count { $0 } < capacity)
    var stream = RandomStream(seed: 2, name: "draw")
    let states = Set(writer.transitions.suffix(kept.count { $0 }).map(\.from))
    for _ in 0..<2_000 {
      let slot = writer.experience.drawLowerSlot(using: &stream)
      #expect(states.contains(writer.experience.observation(slot)[0]))
    }
  }

  @Test("A buffer that is smaller than an interval holds the newest steps")
  func smallerThanInterval() {
    let experience = Experience(
      shape: smallShape, lowerCapacity: 1, higherCapacity: 3, interval: 100)
    let window = Window(capacity: 100, shape: smallShape)
    var stream = RandomStream(seed: 3, name: "draw")
    for interval in 0..<5 {
      for step in 0...100 {
        window.observations.row(step)[0] = Float(interval * 100 + step)
        window.subgoals.row(step)[0] = Float(interval * 100 + step)
      }
      window.count = 100
      window.endsInterval = true
      window.ending = interval == 2 ? .truncated : .none
      experience.append(window)
      #expect(experience.lowerCount == 1)
      let newest = experience.drawLowerSlot(using: &stream)
      #expect(experience.observation(newest)[0] == Float(interval * 100 + 99))
      #expect(experience.higherSubgoal(interval)[0] == Float(interval * 100))
      window.advance()
    }
  }

  @Test("Higher transitions span their interval, sum its rewards and know a true end")
  func higherTransitions() {
    var writer = Writer(lower: 60, higher: 9)
    writer.episode(steps: 40, ending: .truncated)
    writer.episode(steps: 23, ending: .terminated, windowSize: 1)
    writer.episode(steps: 50, ending: .truncated)
    let kept = writer.intervals.suffix(9)
    #expect(writer.experience.higherCount == 9)
    for (offset, expected) in kept.enumerated() {
      let number = writer.experience.higherHead - 9 + offset
      let transition = writer.experience.higherTransition(number)
      #expect(writer.experience.observation(transition.start)[0] == expected.from)
      #expect(
        writer.experience.observation(transition.start + transition.length)[0] == expected.to)
      #expect(transition.reward == expected.reward)
      #expect(transition.isTerminal == expected.isTerminal)
      #expect(writer.experience.higherSubgoal(number)[0] == expected.from - 1000)
      for step in 0..<transition.length {
        #expect(writer.experience.action(transition.start + step)[0] == expected.from + Float(step))
      }
    }
  }

  @Test("What a diverged simulation showed is not remembered")
  func divergedEpisodes() {
    let experience = Experience(
      shape: smallShape, lowerCapacity: 100, higherCapacity: 10, interval: 10)
    let window = Window(capacity: 10, shape: smallShape)
    window.count = 4
    window.ending = .diverged
    experience.append(window)
    #expect(experience.lowerCount == 4)
    #expect(experience.higherCount == 0)
    window.advance()
    window.count = 10
    window.endsInterval = true
    experience.append(window)
    #expect(experience.lowerCount == 14)
    #expect(experience.higherTransition(0).length == 10)
  }
}
