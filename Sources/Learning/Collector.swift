import NeuralNetworks
import Randomness

/// The acting half of a ``HIROAgent``: picks subgoals and actions with exploration noise, and
/// notes what came of them in a ``Window``.
package final class Collector: @unchecked Sendable {
  package let window: Window

  /// Whether subgoals are drawn uniformly instead of asked from the higher level.
  package var isPretraining = false

  /// The random streams of acting, each with a single consumer.
  package struct Streams: Codable, Equatable, Sendable {
    var lower: RandomStream
    var higher: RandomStream
  }
  package var streams: Streams

  /// Steps since the higher level's last decision.
  package var stepsSinceDecision = 0

  private let shape: AgentShape
  private let configuration: HIROConfiguration
  private let subgoals: Subgoals
  private let lower: Perceptron
  private let higher: Perceptron
  private let lowerActivations: Activations
  private let higherActivations: Activations
  private var action: [Float]

  /// Makes a collector that acts with the networks given, as they are at the time.
  package init(
    shape: AgentShape, configuration: HIROConfiguration, lower: Perceptron, higher: Perceptron,
    seed: UInt64
  ) {
    self.shape = shape
    self.configuration = configuration
    self.lower = lower
    self.higher = higher
    subgoals = Subgoals(count: shape.subgoalCount, semantics: configuration.subgoals.semantics)
    window = Window(capacity: configuration.subgoals.interval, shape: shape)
    lowerActivations = Activations(shape: lower.shape, rows: 1)
    higherActivations = Activations(shape: higher.shape, rows: 1)
    action = Array(repeating: 0, count: shape.actionCount)
    streams = Streams(
      lower: RandomStream(seed: seed, name: "lower exploration"),
      higher: RandomStream(seed: seed, name: "higher exploration"))
  }

  package func beginEpisode(observation: [Float], target: [Float]) {
    precondition(window.count == 0 && observation.count == shape.observationCount)
    window.target = target
    window.ending = .none
    window.endsInterval = false
    window.observations.row(0).update(from: observation, count: observation.count)
    chooseSubgoal(at: 0)
  }

  package func chooseAction() -> [Float] {
    let step = window.count
    shape.writeLowerInput(
      window.observations.row(step), subgoal: window.subgoals.row(step),
      into: lowerActivations.input.row(0))
    lower.forward(lowerActivations, rows: 0..<1)
    let chosen = window.actions.row(step)
    configuration.lower.explore(
      around: lowerActivations.output.row(0), limits: shape.actionLimits, using: &streams.lower,
      into: chosen)
    for index in action.indices { action[index] = chosen[index] }
    return action
  }

  package func record(reward: Float, observation: [Float], ending: Window.Ending) {
    window.ending = ending
    // What a diverged simulation shows is nothing to learn from: the step is left out.
    if ending == .diverged { return }
    let step = window.count
    window.rewards[step] = reward
    window.observations.row(step + 1).update(from: observation, count: observation.count)
    window.count += 1
    stepsSinceDecision += 1
    if stepsSinceDecision == configuration.subgoals.interval || ending != .none {
      window.endsInterval = true
      chooseSubgoal(at: step + 1)
    } else {
      subgoals.transition(
        window.subgoals.row(step), from: window.observations.row(step),
        to: window.observations.row(step + 1), into: window.subgoals.row(step + 1))
    }
  }

  /// g = μ(s, target) + N(0, σ²) per dimension, clipped to the range.
  private func chooseSubgoal(at step: Int) {
    stepsSinceDecision = 0
    let subgoal = window.subgoals.row(step)
    if isPretraining {
      for index in 0..<shape.subgoalCount {
        let bound = Double(shape.subgoalHalfRange[index])
        subgoal[index] = Float(streams.higher.uniform(in: -bound...bound))
      }
      return
    }
    shape.writeHigherInput(
      window.observations.row(step), target: window.target,
      into: higherActivations.input.row(0))
    higher.forward(higherActivations, rows: 0..<1)
    configuration.higher.explore(
      around: higherActivations.output.row(0), limits: shape.subgoalHalfRange,
      using: &streams.higher, into: subgoal)
  }
}

extension LevelConfiguration {
  /// What the actor chose, plus exploration noise, clipped to the limits.
  func explore(
    around chosen: UnsafePointer<Float>, limits: [Float], using stream: inout RandomStream,
    into result: UnsafeMutablePointer<Float>
  ) {
    for (index, limit) in limits.enumerated() {
      let noise = Float(explorationNoise * stream.normal())
      result[index] = min(max(chosen[index] + noise, -limit), limit)
    }
  }
}
