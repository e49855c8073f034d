import Foundation
import Learning
import NeuralNetworks
import Parallel
import Randomness
import Testing

@Suite("Off-policy correction")
struct OffPolicyCorrectionTests {
  /// An agent with some experience and a lower actor whose outputs spread over their range.
  private func makeAgent(seed: UInt64, semantics: GoalSemantics, kind: CorrectionKind = .candidates)
    throws -> HIROAgent
  {
    var configuration = makeSmallConfiguration()
    configuration.subgoals.semantics = semantics
    configuration.correction.kind = kind
    configuration.warmUpSteps = .max
    let agent = try HIROAgent(shape: smallShape, configuration: configuration, seed: seed)
    var world = ToyWorld(seed: seed)
    train(agent, in: &world, windows: 80, pool: WorkerPool(threads: 1))
    // Changes the weights, so that the actor that scores candidates is not the one that acted:
    // otherwise the original always wins.
    var stream = RandomStream(seed: seed, name: "weights")
    agent.lower.actor.parameters.withMutableValues { values in
      for index in values.indices where values[index] != 0 {
        values[index] = Float(0.15 * stream.normal())
      }
    }
    return agent
  }

  /// Relabels a batch and returns the choices with the candidates from which they were made.
  private func relabel(_ agent: HIROAgent, pool: WorkerPool) -> (
    transitions: [Int], candidates: [[[Float]]], subgoals: [[Float]], work: RelabellingWork
  ) {
    var stream = RandomStream(seed: 9, name: "relabelling")
    let batch = agent.configuration.higher.batchSize
    let transitions = (0..<batch).map { _ in
      agent.experience.drawHigherTransition(using: &stream)
    }
    let result = Matrix(rows: batch, columns: 9)
    let work = agent.relabelling.relabel(
      transitions, of: agent.experience, actor: agent.lower.actor, pool: pool, using: &stream,
      into: result, column: 3)
    let correction = agent.relabelling as? OffPolicyCorrection
    let candidates = (0..<batch).map { row in
      (0..<(correction?.candidateCount ?? 0)).map {
        numbers(correction!.candidates.row(row * correction!.candidateCount + $0), 4)
      }
    }
    return (transitions, candidates, (0..<batch).map { numbers(result.row($0) + 3, 4) }, work)
  }

  /// Σ over the stored steps of ‖a − μ(s, g̃)‖², one row at a time, where g̃ follows the goal
  /// transition.
  private func error(_ candidate: [Float], _ number: Int, _ agent: HIROAgent) -> Double {
    let transition = agent.experience.higherTransition(number)
    let subgoals = Subgoals(count: 4, semantics: agent.configuration.subgoals.semantics)
    let activations = Activations(shape: agent.lower.actor.shape, rows: 1)
    var subgoal = candidate
    var sum = 0.0
    for step in 0..<transition.length {
      let state = agent.experience.observation(transition.start + step)
      smallShape.writeLowerInput(state, subgoal: subgoal, into: activations.input.row(0))
      agent.lower.actor.forward(activations, rows: 0..<1)
      let action = agent.experience.action(transition.start + step)
      for index in 0..<3 { sum += pow(Double(action[index] - activations.output[0, index]), 2) }
      var next = subgoal
      subgoals.transition(
        subgoal, from: state, to: agent.experience.observation(transition.start + step + 1),
        into: &next)
      subgoal = next
    }
    return sum
  }

  @Test(
    "Of a batch only the fraction that was asked for is relabelled; the rest keeps its subgoals")
  func refreshed() throws {
    var configuration = makeSmallConfiguration()
    configuration.correction.refreshed = 0.2
    let agent = try HIROAgent(shape: smallShape, configuration: configuration, seed: 1)
    #expect((agent.relabelling as? OffPolicyCorrection)?.batchSize == 6)
    var world = ToyWorld(seed: 1)
    train(agent, in: &world, windows: 40, pool: WorkerPool(threads: 1))
    var kept = 0
    let experience = agent.experience
    for number in experience.higherHead - experience.higherCount..<experience.higherHead {
      let (original, relabelled) = (
        numbers(experience.higherSubgoal(number), 4),
        numbers(experience.relabelledSubgoal(number), 4)
      )
      kept += original == relabelled ? 1 : 0
    }
    // There are some forty transitions and some thirty updates with six draws each, so most
    // transitions were drawn. The original may still be the best.
    #expect(kept < experience.higherCount && kept > 0)
    // All rows of the last batch have the relabelled subgoals that the experience stores.
    let learned = (0..<30).map { row in
      numbers(agent.higher.batch.inputsAndActions.row(row) + 9, 4)
    }
    let all = (experience.higherHead - experience.higherCount..<experience.higherHead).map {
      numbers(experience.relabelledSubgoal($0), 4)
    }
    #expect(learned.allSatisfy { all.contains($0) })
  }

  @Test(
    "The relabelled subgoal is the brute-force argmax", arguments: GoalSemantics.allCases,
    [1, 2, 3, 4, 5, 6])
  func choosesArgmax(semantics: GoalSemantics, seed: UInt64) throws {
    let agent = try makeAgent(seed: seed, semantics: semantics)
    let (transitions, candidates, subgoals, work) = relabel(agent, pool: WorkerPool(threads: 2))
    let correction = try #require(agent.relabelling as? OffPolicyCorrection)
    var distinct = Set<Int>()
    for (row, number) in transitions.enumerated() {
      let errors = candidates[row].map { error($0, number, agent) }
      let chosen = correction.choices[row]
      distinct.insert(chosen)
      #expect(subgoals[row] == candidates[row][chosen])
      // Another candidate may only be chosen if single precision can't tell the two apart.
      #expect(errors[chosen] <= errors.min()! * (1 + 1e-5))
    }
    #expect(distinct.count > 1, "the choices should not all be the same")
    #expect(0 < work.rows && work.rows < work.rowsInFull)
  }

  @Test("Where candidates tie, the first wins: the original before all others")
  func tiesGoToTheFirst() throws {
    let agent = try makeAgent(seed: 1, semantics: .relative)
    // An actor that does not look at the subgoal explains all candidates equally well.
    var tensors = agent.lower.actor.tensors(prefix: "n")
    tensors["n.layer1.weight"]!.values = tensors["n.layer1.weight"]!.values.map { _ in 0 }
    try agent.lower.actor.load(tensors, prefix: "n")
    let (_, candidates, subgoals, work) = relabel(agent, pool: WorkerPool(threads: 1))
    #expect((agent.relabelling as? OffPolicyCorrection)?.choices.allSatisfy { $0 == 0 } == true)
    #expect(subgoals == candidates.map { $0[0] })
    // No candidate can be dropped early: every step of every candidate has to be scored.
    #expect(work.rows == work.rowsInFull)
  }

  @Test("The candidates are the original, the achieved change and draws around it, all in range")
  func candidatesAreThoseOfThePaper() throws {
    let agent = try makeAgent(seed: 2, semantics: .relative)
    let (transitions, candidates, _, _) = relabel(agent, pool: WorkerPool(threads: 1))
    let ranges = smallShape.subgoalHalfRange
    var deviations = [[Double]](repeating: [], count: 4)
    for (row, number) in transitions.enumerated() {
      #expect(candidates[row].count == 10)
      #expect(candidates[row][0] == numbers(agent.experience.higherSubgoal(number), 4))
      let transition = agent.experience.higherTransition(number)
      let start = agent.experience.observation(transition.start)
      let end = agent.experience.observation(transition.start + transition.length)
      for index in 0..<4 {
        let achieved = min(max(end[index] - start[index], -ranges[index]), ranges[index])
        #expect(candidates[row][1][index] == achieved)
        for draw in candidates[row].dropFirst(2) {
          #expect(abs(draw[index]) <= ranges[index])
          if abs(draw[index]) < ranges[index] {
            deviations[index].append(Double(draw[index] - (end[index] - start[index])))
          }
        }
      }
    }
    // Only x and y are checked, where clipping is rare (σ = 5 in ±10 loses a few per cent of the
    // spread).
    for index in 0..<2 {
      let spread = deviations[index].map { $0 * $0 }.reduce(0, +) / Double(deviations[index].count)
      #expect(abs(spread.squareRoot() / 5 - 0.85) < 0.2)
    }
  }

  @Test("Without correction the stored subgoal is learned from as it is")
  func noneKeepsTheOriginal() throws {
    let agent = try makeAgent(seed: 3, semantics: .relative, kind: .none)
    let (transitions, _, subgoals, _) = relabel(agent, pool: WorkerPool(threads: 1))
    #expect(subgoals == transitions.map { numbers(agent.experience.higherSubgoal($0), 4) })
  }

  @Test("The mean correction is the achieved change with a tenth of the half range as noise")
  func meanIsNoisyAchievement() throws {
    let agent = try makeAgent(seed: 3, semantics: .relative, kind: .mean)
    let (transitions, _, subgoals, _) = relabel(agent, pool: WorkerPool(threads: 1))
    var squares = 0.0
    for (number, subgoal) in zip(transitions, subgoals) {
      let transition = agent.experience.higherTransition(number)
      let start = agent.experience.observation(transition.start)
      let end = agent.experience.observation(transition.start + transition.length)
      for index in 0..<2 { squares += pow(Double(subgoal[index] - (end[index] - start[index])), 2) }
    }
    #expect(abs((squares / Double(2 * transitions.count)).squareRoot() - 1) < 0.35)
  }

  @Test("The choices do not depend on the number of threads")
  func threadsDoNotMatter() throws {
    let agent = try makeAgent(seed: 4, semantics: .relative)
    let one = relabel(agent, pool: WorkerPool(threads: 1)).subgoals
    #expect(relabel(agent, pool: WorkerPool(threads: 2)).subgoals == one)
    #expect(relabel(agent, pool: WorkerPool(threads: 5)).subgoals == one)
  }
}
