import Learning
import NeuralNetworks
import Parallel
import Randomness

/// The shape of a small task: 7 numbers in an observation, and subgoals over the first 4 of them.
let smallShape = AgentShape(
  observationCount: 7, targetCount: 2, actionLimits: [30, 30, 30],
  subgoalHalfRange: [10, 10, 0.5, 1], positionIndices: [0, 1])

/// The published configuration, with networks and buffers small enough for a test.
func makeSmallConfiguration() -> HIROConfiguration {
  var configuration = HIROConfiguration()
  configuration.warmUpSteps = 40
  for level in [\HIROConfiguration.lower.learner, \.higher.learner] {
    configuration[keyPath: level].hiddenUnits = 24
    configuration[keyPath: level].batchSize = 30
    configuration[keyPath: level].replayCapacity = 500
  }
  return configuration
}

/// A made-up world: the state drifts with the action, and an episode has 23 steps, so that the last
/// interval of an episode is short.
struct ToyWorld {
  var state: [Float] = []
  var steps = 0
  var stream: RandomStream
  var length = 23
  var ending = Window.Ending.truncated
  /// The length of a state.
  var count = 7
  /// If there is a target, the reward is minus the distance to it in the plane.
  var target: [Float]?

  init(seed: UInt64, count: Int = 7) {
    stream = RandomStream(seed: seed, name: "toy world")
    self.count = count
  }

  mutating func reset() {
    steps = 0
    state = (0..<count).map { _ in Float(stream.normal()) }
  }

  mutating func step(_ action: [Float]) -> (reward: Float, ending: Window.Ending) {
    for index in state.indices {
      state[index] += 0.02 * action[index % action.count] + 0.1 * Float(stream.normal())
    }
    steps += 1
    let distance =
      target.map {
        ((state[0] - $0[0]) * (state[0] - $0[0]) + (state[1] - $0[1]) * (state[1] - $0[1]))
          .squareRoot()
      }
      ?? abs(state[0] - 3)
    return (-distance, steps == length ? ending : .none)
  }
}

/// Runs an agent in a ``ToyWorld``, window by window, in the order of its schedule.
func train(
  _ agent: any Agent, in world: inout ToyWorld, windows: Int, pool: WorkerPool,
  target: [Float] = [3, -1]
) {
  var isInEpisode = false
  for _ in 0..<windows {
    agent.learn(pool: pool)
    if !isInEpisode {
      world.reset()
      agent.beginEpisode(observation: world.state, target: target)
      isInEpisode = true
    }
    repeat {
      let (reward, ending) = world.step(agent.chooseAction())
      agent.record(reward: reward, observation: world.state, ending: ending)
      isInEpisode = ending == .none
    } while !agent.windowIsFull
    agent.commit()
  }
}

/// The numbers at a pointer.
func numbers(_ pointer: UnsafePointer<Float>, _ count: Int) -> [Float] {
  Array(UnsafeBufferPointer(start: pointer, count: count))
}
