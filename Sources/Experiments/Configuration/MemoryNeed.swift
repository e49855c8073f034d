import Environments
import Foundation
import Learning
import Parallel

extension RunConfiguration {
  /// The memory that a run with this configuration takes once its replay buffers are full (bytes),
  /// to within a factor of two. A `Double`, because settings can ask for more than an integer
  /// holds.
  func memoryNeeded(for task: TaskDescription) throws(AgentShapeError) -> Double {
    let shape = try task.agentShape(for: learning)
    let (observations, actions) = (Double(shape.observationCount), Double(shape.actionCount))
    let (subgoals, targets) = (Double(shape.subgoalCount), Double(shape.targetCount))
    let interval = Double(learning.subgoals.interval)
    let isHierarchy = learning.hierarchy == .hiro

    var numbers = learning.levels(of: shape).reduce(0) {
      $0 + Self.learner($1.sizes, $1.configuration)
    }
    var slots = Double(learning.lower.replayCapacity)
    numbers += slots * (subgoals + targets + 3)
    if isHierarchy {
      let transitions = Double(learning.higher.replayCapacity)
      numbers += transitions * (subgoals + targets + 5)
      slots = max(slots, transitions * interval)
      if learning.correction.kind == .candidates {
        let batch = Double(learning.refreshedCount)
        let candidates = Double(learning.correction.randomCandidates) + 2
        let hidden = Double(learning.lower.hiddenUnits)
        let steps = interval * (observations + subgoals + hidden + actions)
        let rows = (candidates + interval - 1) * (2 * hidden + observations + subgoals + actions)
        numbers += batch * (steps + rows + candidates * (hidden + 2 * subgoals + interval))
      }
    }
    numbers += slots * (observations + actions)
    return 4 * numbers
  }

  /// Refuses a run that needs more memory than this process can have, before any is allocated. The
  /// limit may be that of the machine, of its container or of `ulimit`.
  ///
  /// - Throws: ``ConfigurationError/tooLarge(needed:available:limit:)``, or `AgentShapeError`.
  func checkMemory(for task: TaskDescription) throws {
    let needed = try memoryNeeded(for: task) + Self.besidesLearning
    let memory = ProcessLimits().memory
    guard needed <= memory.bytes else {
      throw ConfigurationError.tooLarge(
        needed: needed, available: memory.bytes, limit: memory.source)
    }
  }

  /// Memory that a run takes besides learning: the program, its libraries, the worlds (bytes).
  private static let besidesLearning = 100e6

  /// How many 32-bit numbers the learner of one level holds: an actor and two critics, each with
  /// its target network, gradient and Adam's two moments, and the layers' values for a batch.
  private static func learner(_ sizes: LevelSizes, _ level: LevelConfiguration) -> Double {
    let hidden = Double(level.hiddenUnits)
    let (inputs, outputs) = (Double(sizes.inputCount), Double(sizes.limits.count))
    // Not counted layer by layer with integers: the settings may ask for more than an integer
    // holds.
    let weights = hidden * (hidden + inputs + 2 * outputs + 3)
    let layers = Double(level.batchSize) * 2 * (inputs + outputs + 6 * hidden)
    return 16 * weights + layers
  }
}
