import NeuralNetworks

/// How the networks of a ``HierarchicalPolicy`` are to be used.
public struct PolicySettings: Codable, Equatable, Sendable {
  /// Two levels, or one.
  public var hierarchy: Hierarchy
  /// Environment steps from one subgoal to the next.
  public var interval: Int
  /// Whether a subgoal is a wanted change or a wanted state.
  public var semantics: GoalSemantics

  /// Gives the settings.
  public init(hierarchy: Hierarchy, interval: Int, semantics: GoalSemantics) {
    self.hierarchy = hierarchy
    self.interval = interval
    self.semantics = semantics
  }
}

/// A policy without exploration noise: sets its own subgoals and chooses actions to reach them.
public final class HierarchicalPolicy: @unchecked Sendable {
  /// The networks of a policy.
  package enum Networks {
    case levels(lower: Perceptron, higher: Perceptron)
    case flat(Perceptron)
  }

  /// The sizes and ranges of the task, with the range of the policy's subgoals.
  public let shape: AgentShape

  /// How the networks are used.
  public let settings: PolicySettings

  /// The subgoal that the lower level is following: a wanted change, or a wanted state with
  /// absolute subgoals; nil before the first action and where there are no levels.
  public private(set) var subgoal: [Float]?

  /// The state that the subgoal asks for, in the observation's first dimensions.
  public private(set) var absoluteSubgoal: [Float]?

  private let networks: Networks
  private let subgoals: Subgoals
  /// The actor that drives the joints: the lower level's, or a flat agent's.
  private let lower: ActingNetwork
  private let higher: ActingNetwork?
  private var stepsSinceDecision = 0
  private var previousObservation: [Float] = []
  private var path = DecisionPath()

  package init(shape: AgentShape, settings: PolicySettings, networks: Networks) {
    self.shape = shape
    self.settings = settings
    self.networks = networks
    subgoals = Subgoals(count: shape.subgoalCount, semantics: settings.semantics)
    switch networks {
    case .levels(let lower, let higher):
      self.lower = ActingNetwork(lower)
      self.higher = ActingNetwork(higher)
    case .flat(let actor):
      lower = ActingNetwork(actor)
      higher = nil
    }
  }

  /// Makes a policy from saved weights, as ``tensors`` gives them.
  ///
  /// - Throws: `TensorError` where a tensor is missing or has another shape than the task asks
  ///   for.
  public convenience init(
    shape: AgentShape, settings: PolicySettings, tensors: [String: Tensor]
  ) throws(TensorError) {
    func network(_ level: LevelSizes) throws(TensorError) -> Perceptron {
      let prefix = "\(level.name).actor"
      let name = "\(prefix).layer1.bias"
      guard let bias = tensors[name] else { throw .missing(name: name) }
      // The size of the second layer proves that the file really has so many weights: without this
      // check a short file could ask for a network that does not fit into memory.
      let (second, hidden) = ("\(prefix).layer2.weight", bias.values.count)
      guard let weight = tensors[second] else { throw .missing(name: second) }
      guard hidden > 0, weight.shape == [hidden, hidden] else {
        throw .shape(name: second, expected: [hidden, hidden], found: weight.shape)
      }
      let network = Perceptron(
        shape: level.actor(hidden: hidden), outputScale: level.limits)
      try network.load(tensors, prefix: prefix)
      return network
    }
    switch settings.hierarchy {
    case .hiro:
      self.init(
        shape: shape, settings: settings,
        networks: .levels(
          lower: try network(shape.lowerLevel), higher: try network(shape.higherLevel)))
    case .flat:
      self.init(
        shape: shape, settings: settings,
        networks: .flat(try network(shape.flatLevel)))
    }
  }

  /// The weights of the actors: `lower.actor.layer1.weight` `[outputs, inputs]`, and so on.
  public var tensors: [String: Tensor] {
    switch networks {
    case .levels(let lower, let higher):
      lower.tensors(prefix: "lower.actor").merging(higher.tensors(prefix: "higher.actor")) {
        first, _ in first
      }
    case .flat(let actor):
      actor.tensors(prefix: "flat.actor")
    }
  }

  /// A policy with the same weights that can be used in another thread.
  public func copy() -> HierarchicalPolicy {
    switch networks {
    case .levels(let lower, let higher):
      HierarchicalPolicy(
        shape: shape, settings: settings,
        networks: .levels(lower: lower.copy(), higher: higher.copy()))
    case .flat(let actor):
      HierarchicalPolicy(shape: shape, settings: settings, networks: .flat(actor.copy()))
    }
  }

  /// Forgets the subgoal: the next observation is the first of an episode.
  public func beginEpisode() {
    stepsSinceDecision = 0
    path = DecisionPath()
    subgoal = nil
    absoluteSubgoal = nil
  }

  /// The action for an observation, `[actions]`, in the units of the task.
  ///
  /// - Parameters:
  ///   - observation: `[observationCount]`, the one that follows that of the previous call.
  ///   - target: `[targetCount]`.
  public func action(observation: [Float], target: [Float]) -> [Float] {
    precondition(observation.count == shape.observationCount && target.count == shape.targetCount)
    let action: UnsafeMutablePointer<Float>
    if let higher {
      let current = followSubgoal(observation: observation, target: target, higher: higher)
      let quarters = shape.writeLowerInput(observation, subgoal: current, into: lower.input)
      action = lower.forward()
      shape.restoreAction(action, quarters: quarters)
    } else {
      shape.writeFlatInput(observation, target: target, into: lower.input)
      action = lower.forward()
    }
    return Array(UnsafeBufferPointer(start: action, count: shape.actionCount))
  }

  /// The subgoal that the higher level would set in a state if an episode began there; nil where
  /// there are no levels. The subgoal that the policy is following does not change.
  ///
  /// - Parameters:
  ///   - observation: `[observationCount]`.
  ///   - target: `[targetCount]`.
  public func subgoal(observation: [Float], target: [Float]) -> [Float]? {
    precondition(observation.count == shape.observationCount && target.count == shape.targetCount)
    var start = DecisionPath()
    start.append(observation, seenBy: shape)
    return higher.map {
      decide(observation: observation, target: target, path: start, higher: $0)
    }
  }

  private func decide(
    observation: [Float], target: [Float], path: DecisionPath, higher: ActingNetwork
  ) -> [Float] {
    shape.writeHigherInput(
      observation, target: target, into: higher.input, place: path.place(decisionsAgo:))
    let output = higher.forward()
    shape.subgoal(fromActor: output, in: observation)
    return Array(UnsafeBufferPointer(start: output, count: subgoals.count))
  }

  /// The subgoal for `observation`: the transition of the last one, or a new one after an interval.
  private func followSubgoal(
    observation: [Float], target: [Float], higher: ActingNetwork
  ) -> [Float] {
    var current = [Float](repeating: 0, count: subgoals.count)
    if let subgoal, stepsSinceDecision < settings.interval {
      subgoals.transition(subgoal, from: previousObservation, to: observation, into: &current)
    } else {
      path.append(observation, seenBy: shape)
      current = decide(observation: observation, target: target, path: path, higher: higher)
      stepsSinceDecision = 0
    }
    stepsSinceDecision += 1
    previousObservation = observation
    subgoal = current
    absoluteSubgoal = current.indices.map {
      settings.semantics == .relative ? observation[$0] + current[$0] : current[$0]
    }
    return current
  }
}
