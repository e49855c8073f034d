import NeuralNetworks
import Parallel
import Randomness

/// HIRO (Nachum et al. 2018): a higher level that sets subgoals and a lower level that reaches
/// them, each a learner (``TD3``) on its own view of one ``Experience``.
public final class HIROAgent: Agent, @unchecked Sendable {
  /// The sizes and ranges of the task.
  public let shape: AgentShape

  /// Every constant.
  public let configuration: HIROConfiguration

  /// The level that drives the joints: input `[observation without place, subgoal]`.
  package let lower: any Learner

  /// The level that sets subgoals: input `[observation, target, earlier places]`.
  package let higher: any Learner

  /// The replay buffer of both levels.
  public let experience: Experience

  package let relabelling: any Relabelling
  /// The work of relabelling since the statistics were last taken.
  var relabellingWork = RelabellingWork()
  let collector: Collector
  private let subgoals: Subgoals
  private let surroundings: (any Surroundings)?

  private var transitions: [Int]
  private let otherSubgoal: FloatBuffer
  private let movedSubgoal: FloatBuffer
  private var batchTarget: [Float]

  /// Copies of the actors that act; nil if the learned actors act themselves.
  private let lowerSnapshot: Perceptron?
  private let higherSnapshot: Perceptron?

  /// Where the higher level had decided at the last commit; empty without a novelty reward.
  private var visited = VisitedPlaces()

  // The levels learn at the same time, so each has its own streams, in a structure of its own.
  var lowerStreams: LowerStreams
  var higherStreams: HigherStreams

  /// Environment steps committed.
  public internal(set) var steps = 0
  var lowerUpdatesOwed = 0
  var higherUpdatesOwed = 0

  /// Makes an untrained agent; everything random in it derives from `seed`.
  ///
  /// - Throws: ``AgentShapeError`` where the subgoal configuration does not fit the task.
  public convenience init(
    shape: AgentShape, configuration: HIROConfiguration, seed: UInt64
  ) throws(AgentShapeError) {
    try self.init(
      shape: shape, configuration: configuration, seed: seed, makeLearner: TD3.make)
  }

  /// Makes an untrained agent with other learners than ``TD3``, or for a task whose surroundings
  /// can be drawn anew.
  package init(
    shape taskShape: AgentShape, configuration: HIROConfiguration, seed: UInt64,
    surroundings: (any Surroundings)? = nil, makeLearner: MakeLearner
  ) throws(AgentShapeError) {
    let shape = try taskShape.adapted(to: configuration)
    try configuration.check(surroundings)
    self.surroundings = surroundings
    self.shape = shape
    self.configuration = configuration
    subgoals = Subgoals(count: shape.subgoalCount, semantics: configuration.subgoals.semantics)
    lowerStreams = LowerStreams(seed: seed)
    higherStreams = HigherStreams(seed: seed)

    var initialisation = RandomStream(seed: seed, name: "initialisation of the lower level")
    lower = makeLearner(shape.lowerLevel, configuration.lower.learner, &initialisation)
    initialisation = RandomStream(seed: seed, name: "initialisation of the higher level")
    higher = makeLearner(shape.higherLevel, configuration.higher.learner, &initialisation)

    experience = Experience(
      shape: shape, lowerCapacity: configuration.lower.replayCapacity,
      higherCapacity: configuration.higher.replayCapacity,
      interval: configuration.subgoals.interval, notesFalls: configuration.lower.nearFalls > 0)
    relabelling = configuration.makeRelabelling(shape: shape)
    transitions = Array(repeating: 0, count: configuration.higher.batchSize)
    otherSubgoal = FloatBuffer(count: shape.subgoalCount)
    movedSubgoal = FloatBuffer(count: shape.subgoalCount)
    batchTarget = Array(repeating: 0, count: shape.targetCount)

    let usesSnapshots = configuration.schedule == .pipelined
    lowerSnapshot = usesSnapshots ? lower.actor.copy() : nil
    higherSnapshot = usesSnapshots ? higher.actor.copy() : nil
    collector = Collector(
      shape: shape, configuration: configuration, lower: lowerSnapshot ?? lower.actor,
      higher: higherSnapshot ?? higher.actor, seed: seed)
  }

  // MARK: Collecting

  /// Begins a new episode; `observation` is its first state.
  public func beginEpisode(observation: [Float], target: [Float]) {
    chooseWhoActs()
    collector.beginEpisode(observation: observation, target: target)
  }

  /// The actor's action for the current state with exploration noise, clipped to the limits.
  public func chooseAction() -> [Float] {
    collector.chooseAction()
  }

  /// Records the result of the last action; the step of a diverged simulation is left out.
  public func record(reward: Float, observation: [Float], ending: Window.Ending) {
    collector.record(reward: reward, observation: observation, ending: ending)
  }

  /// Whether the recorded steps must be committed before the next action is chosen.
  public var windowIsFull: Bool {
    collector.window.endsInterval || collector.window.ending != .none
      || configuration.schedule == .sequential && collector.window.count > 0
  }

  /// Steps recorded since the last commit.
  public var windowCount: Int { collector.window.count }

  /// Adds the recorded steps to the replay buffer, and makes the learned networks act.
  public func commit() {
    let higherBefore = experience.higherHead
    experience.append(collector.window)
    for _ in 0..<collector.window.count {
      steps += 1
      if steps > configuration.warmUpSteps { lowerUpdatesOwed += 1 }
    }
    let isPretraining = steps <= configuration.pretrainingSteps
    if steps > configuration.warmUpSteps, !isPretraining {
      higherUpdatesOwed +=
        configuration.higher.updatesPerDecision * (experience.higherHead - higherBefore)
    }
    chooseWhoActs()
    collector.window.advance()
    refreshSnapshots()
  }

  /// Decides whether the networks act, or actions and subgoals are drawn uniformly.
  func chooseWhoActs() {
    collector.drawsActions =
      configuration.warmUpPolicy == .uniform && steps < configuration.warmUpSteps
    collector.drawsSubgoals = collector.drawsActions || steps < configuration.pretrainingSteps
  }

  func refreshSnapshots() {
    lowerSnapshot?.parameters.copy(from: lower.actor.parameters)
    higherSnapshot?.parameters.copy(from: higher.actor.parameters)
    if configuration.higher.noveltyReward > 0 { visited = collector.visited }
  }

  // MARK: Learning

  /// Makes the updates that are due for the committed steps.
  public func learn(pool: WorkerPool) {
    switch configuration.schedule {
    case .sequential:
      updateLower(pool: pool)
      updateHigher(pool: pool, lowerActor: lower.actor)
    case .pipelined:
      pool.concurrently(
        { updateLower(pool: pool) },
        { updateHigher(pool: pool, lowerActor: lowerSnapshot!) })
    }
  }

  private func updateLower(pool: WorkerPool) {
    while lowerUpdatesOwed > 0, experience.lowerCount > 0 {
      let count = min(lowerUpdatesOwed, lower.updatesAtOnce)
      fillLowerBatch(rows: count * configuration.lower.batchSize)
      lower.update(count, pool: pool, noise: &lowerStreams.targetNoise)
      lowerUpdatesOwed -= count
    }
  }

  private func updateHigher(pool: WorkerPool, lowerActor: Perceptron) {
    while higherUpdatesOwed > 0, experience.higherCount > 0 {
      fillHigherBatch(pool: pool, lowerActor: lowerActor)
      higher.update(1, pool: pool, noise: &higherStreams.targetNoise)
      higherUpdatesOwed -= 1
    }
  }

  /// Draws transitions (s, g, a, s′, g′); rewards are computed here, as ``LowerReward`` says. No
  /// lower-level transition is terminal.
  private func fillLowerBatch(rows: Int) {
    let batch = lower.batch
    for row in 0..<rows {
      let slot = drawLowerSlot()
      let state = experience.observation(slot)
      let next = experience.observation(slot + 1)
      var subgoal = experience.subgoal(slot)
      var nextSubgoal = experience.subgoal(slot + 1)
      if configuration.lower.nextSubgoal == .transition {
        subgoals.transition(subgoal, from: state, to: next, into: movedSubgoal.pointer)
        nextSubgoal = UnsafePointer(movedSubgoal.pointer)
      }
      if configuration.lowerHindsight > 0,
        lowerStreams.hindsight.uniform() < configuration.lowerHindsight
      {
        replaceByReached(slot)
        subgoal = UnsafePointer(otherSubgoal.pointer)
        nextSubgoal = UnsafePointer(movedSubgoal.pointer)
      } else if configuration.lower.otherSubgoals > 0,
        lowerStreams.otherSubgoals.uniform() < configuration.lower.otherSubgoals
      {
        replaceByAny(slot)
        subgoal = UnsafePointer(otherSubgoal.pointer)
        nextSubgoal = UnsafePointer(movedSubgoal.pointer)
      }
      let input = batch.inputsAndActions.row(row)
      let quarters = shape.writeLowerInput(state, subgoal: subgoal, into: input)
      let action = input + shape.lowerInputCount
      action.update(from: experience.action(slot), count: shape.actionCount)
      shape.turnAction(action, quarters: quarters)
      shape.writeLowerInput(next, subgoal: nextSubgoal, into: batch.nextInputs.row(row))
      var reward = subgoals.reward(subgoal, from: state, to: next)
      if configuration.lower.reward == .progress {
        reward += subgoals.distance(of: subgoal, in: state)
      }
      if configuration.lower.fallCost > 0, let upright = shape.uprightness(of: next) {
        let half = Float(0.5).squareRoot()
        reward -= Float(configuration.lower.fallCost) * max(0, half - upright) / (half + 1)
      }
      batch.rewards[row] = Float(configuration.lower.rewardScale) * reward
      if configuration.lower.valueBound == .distance {
        batch.bounds[row] =
          Float(configuration.lower.rewardScale) * subgoals.distance(of: nextSubgoal, in: next)
      }
      batch.discounts[row] = Float(configuration.lower.discount)
    }
  }

  /// Draws any stored step, or with the configured probability one shortly before a fall.
  private func drawLowerSlot() -> Int {
    let share = configuration.lower.nearFalls
    if share > 0, lowerStreams.sampling.uniform() < share,
      let slot = experience.drawNearFall(using: &lowerStreams.sampling)
    {
      return slot
    }
    return experience.drawLowerSlot(using: &lowerStreams.sampling)
  }

  /// Replaces the subgoal by any of the range, and the next subgoal by its transition.
  private func replaceByAny(_ slot: Int) {
    let state = experience.observation(slot)
    drawUniformly(
      limits: shape.subgoalHalfRange, using: &lowerStreams.otherSubgoals,
      into: otherSubgoal.pointer)
    subgoals.transition(
      otherSubgoal.pointer, from: state, to: experience.observation(slot + 1),
      into: movedSubgoal.pointer)
  }

  /// Hindsight: replaces the subgoal by a state that the trajectory reached after `slot`, up to the
  /// next decision.
  private func replaceByReached(_ slot: Int) {
    let ahead = 1 + lowerStreams.hindsight.index(below: experience.stepsUntilDecision(slot))
    subgoals.achieved(
      from: experience.observation(slot), in: experience.observation(slot + ahead),
      into: otherSubgoal.pointer)
    subgoals.transition(
      otherSubgoal.pointer, from: experience.observation(slot),
      to: experience.observation(slot + 1), into: movedSubgoal.pointer)
  }

  /// Fills the batch with transitions over whole intervals and relabels their subgoals.
  private func fillHigherBatch(pool: WorkerPool, lowerActor: Perceptron) {
    let batch = higher.batch
    for row in transitions.indices {
      let number = experience.drawHigherTransition(using: &higherStreams.sampling)
      transitions[row] = number
      let transition = experience.higherTransition(number)
      // A terminal transition keeps its target: with another one it might not have been terminal.
      let isOther = !transition.isTerminal && drawsOtherTarget()
      if !isOther {
        batchTarget.withUnsafeMutableBufferPointer { target in
          _ = target.update(
            fromContentsOf: UnsafeBufferPointer(
              start: experience.higherTarget(number), count: shape.targetCount))
        }
      }
      shape.writeHigherInput(
        experience.observation(transition.start), target: batchTarget,
        into: batch.inputsAndActions.row(row),
        place: { experience.place(decisions: $0, before: number) })
      let redrawn = transition.isTerminal ? nil : drawsOtherSurroundings()
      let outcome = outcome(of: number, isOther: isOther, isRedrawn: redrawn != nil)
      shape.writeHigherInput(
        experience.observation(outcome.end), target: batchTarget,
        into: batch.nextInputs.row(row),
        place: { experience.place(decisions: $0 - 1, before: outcome.last) })
      var reward = outcome.reward
      if let redrawn {
        // Replaces the reward of the task; a novelty reward stays as it is.
        let earned = redrawn.redraw(
          steps: transition.length, state: { experience.observation(transition.start + $0) },
          using: &higherStreams.targets, first: batch.inputsAndActions.row(row),
          last: batch.nextInputs.row(row))
        reward += earned - transition.reward
      }
      batch.rewards[row] = Float(configuration.higher.rewardScale) * reward
      if configuration.higher.valueBound == .distance {
        batch.bounds[row] =
          Float(configuration.higher.rewardScale) * distanceToTarget(outcome.end)
      }
      batch.discounts[row] = outcome.discount
    }
    relabel(lowerActor: lowerActor, pool: pool)
  }

  /// Sets the subgoals of the batch: new ones for the first `refreshedCount` transitions, and for
  /// the others the subgoals that they had last.
  private func relabel(lowerActor: Perceptron, pool: WorkerPool) {
    let (batch, column) = (higher.batch, shape.higherInputCount)
    let refreshed = transitions.prefix(configuration.refreshedCount)
    relabellingWork += relabelling.relabel(
      Array(refreshed), of: experience, actor: lowerActor, pool: pool,
      using: &higherStreams.correction, into: batch.inputsAndActions, column: column)
    for (row, number) in transitions.enumerated() {
      let (kept, learned) = (
        experience.relabelledSubgoal(number), batch.inputsAndActions.row(row) + column
      )
      if row < refreshed.count {
        kept.update(from: learned, count: shape.subgoalCount)
      } else {
        learned.update(from: kept, count: shape.subgoalCount)
      }
      shape.actorOutput(
        fromSubgoal: learned,
        in: experience.observation(experience.higherTransition(number).start))
    }
  }

  /// For some transitions, sets `batchTarget` to a target that is not theirs, and returns true.
  private func drawsOtherTarget() -> Bool {
    let higher = configuration.higher
    guard higher.otherTargets > 0, let targets = shape.targets,
      higherStreams.targets.uniform() < higher.otherTargets
    else { return false }
    if higherStreams.targets.uniform() < higher.evaluationTargets {
      batchTarget = targets.evaluation
    } else if higher.otherTargetPlaces == .visited {
      let place = experience.observation(experience.drawLowerSlot(using: &higherStreams.targets))
      for index in batchTarget.indices { batchTarget[index] = place[index] }
    } else {
      for index in batchTarget.indices {
        let range = Double(targets.lower[index])...Double(targets.upper[index])
        batchTarget[index] = Float(higherStreams.targets.uniform(in: range))
      }
    }
    return true
  }

  /// The task's surroundings if they are to be drawn anew for a transition; otherwise nil.
  private func drawsOtherSurroundings() -> (any Surroundings)? {
    let share = configuration.higher.otherSurroundings
    guard share > 0, higherStreams.targets.uniform() < share else { return nil }
    return surroundings
  }

  /// The outcome of a transition and the next ones in its episode, up to `nStep`: the discounted
  /// sum of rewards, the last transition, the slot of the state after it, and the discount of its
  /// value.
  private func outcome(
    of number: Int, isOther: Bool, isRedrawn: Bool
  ) -> (reward: Float, last: Int, end: Int, discount: Float) {
    let discount = Float(configuration.higher.discount)
    var transition = experience.higherTransition(number)
    var outcome = (
      reward: reward(of: transition, isOther: isOther), last: number,
      end: transition.start + transition.length, discount: discount
    )
    // The later decisions were made for the stored target and surroundings, so they say nothing
    // about others; and decisions in which exploration held a place say nothing about the policy.
    for next in number + 1..<number + (isOther || isRedrawn ? 1 : configuration.higher.nStep) {
      guard !transition.isTerminal, next < experience.higherHead else { break }
      let following = experience.higherTransition(next)
      // The first transition of another episode begins one slot later.
      guard following.start == outcome.end, !following.isHeld else { break }
      transition = following
      outcome.reward += outcome.discount * reward(of: transition, isOther: isOther)
      outcome.last = next
      outcome.end = transition.start + transition.length
      outcome.discount *= discount
    }
    if transition.isTerminal { outcome.discount = 0 }
    return outcome
  }

  /// The reward of a transition for `batchTarget`, which is its own target unless `isOther`, and
  /// for the novelty of the place that it reached.
  private func reward(of transition: HigherTransition, isOther: Bool) -> Float {
    let earned = earned(by: transition, isOther: isOther)
    let novelty = Float(configuration.higher.noveltyReward)
    guard novelty > 0 else { return earned }
    let place = shape.place(in: experience.observation(transition.start + transition.length))
    // Far away, where nothing is counted, nothing would ever become known.
    guard let count = visited.count(place) else { return earned }
    return earned + novelty / Float(max(count, 1))
  }

  private func earned(by transition: HigherTransition, isOther: Bool) -> Float {
    let end = transition.start + transition.length
    switch configuration.higher.reward {
    case .progress:
      return distanceToTarget(transition.start) - distanceToTarget(end)
    case .sum:
      guard isOther else { return transition.reward }
      return (transition.start + 1...end).reduce(0) { $0 - distanceToTarget($1) }
    }
  }

  /// The robot's distance from `batchTarget` in a slot (m); the reward of a task with a target is
  /// minus this distance.
  private func distanceToTarget(_ slot: Int) -> Float {
    let observation = experience.observation(slot)
    var square: Float = 0
    for (index, place) in batchTarget.enumerated() {
      square += (observation[index] - place) * (observation[index] - place)
    }
    return square.squareRoot()
  }

  // MARK: Results

  /// A copy of the current policy without exploration noise; it shares no memory with the agent.
  public func makePolicy() -> HierarchicalPolicy {
    HierarchicalPolicy(
      shape: shape,
      settings: PolicySettings(
        hierarchy: .hiro, interval: configuration.subgoals.interval,
        semantics: configuration.subgoals.semantics),
      networks: .levels(lower: lower.steadyActor.copy(), higher: higher.steadyActor.copy()))
  }

  /// The statistics since the last call.
  public func takeStatistics() -> AgentStatistics {
    var statistics = AgentStatistics()
    statistics.lower = lower.takeStatistics()
    statistics.higher = higher.takeStatistics()
    statistics.obedience = collector.statistics
    collector.statistics = ObedienceStatistics()
    statistics.correctionRows = relabellingWork.rows
    statistics.correctionRowsInFull = relabellingWork.rowsInFull
    relabellingWork = RelabellingWork()
    return statistics
  }

  /// The first network with a weight that is not finite, by name; nil if all weights are finite.
  public func firstNonFinite() -> String? {
    lower.firstNonFinite(level: "lower") ?? higher.firstNonFinite(level: "higher")
  }
}

extension HIROConfiguration {
  /// Transitions of a higher-level batch that are relabelled anew.
  package var refreshedCount: Int {
    let count = Double(higher.batchSize) * correction.refreshed
    return min(max(Int(count.rounded()), 1), higher.batchSize)
  }
}

/// The random streams from which the lower level learns, each with a single consumer.
struct LowerStreams: Codable, Equatable, Sendable {
  var sampling: RandomStream
  var targetNoise: RandomStream
  var hindsight: RandomStream
  var otherSubgoals: RandomStream

  init(seed: UInt64) {
    sampling = RandomStream(seed: seed, name: "lower replay sampling")
    targetNoise = RandomStream(seed: seed, name: "lower target noise")
    hindsight = RandomStream(seed: seed, name: "lower hindsight")
    otherSubgoals = RandomStream(seed: seed, name: "other subgoals")
  }
}

/// The random streams from which the higher level learns, each with a single consumer.
struct HigherStreams: Codable, Equatable, Sendable {
  var sampling: RandomStream
  var targetNoise: RandomStream
  var correction: RandomStream
  var targets: RandomStream

  init(seed: UInt64) {
    sampling = RandomStream(seed: seed, name: "higher replay sampling")
    targetNoise = RandomStream(seed: seed, name: "higher target noise")
    correction = RandomStream(seed: seed, name: "off-policy correction")
    targets = RandomStream(seed: seed, name: "other targets")
  }
}
