import Foundation
import Randomness

/// The state of a training loop besides its agent and its environment.
package struct TrainerProgress: Codable, Equatable {
  package var steps: Int
  var statistics: EpisodeStatistics
  var environmentStream: RandomStream
  var isInEpisode: Bool
  var episodeReturn: Double
  var stepsOverturned: Int?
  /// These two are nil, and left out of the file, if they can end no episode.
  var standstill: Standstill?
  var startHeight: Float?
}

/// The state of a training loop with that of its environment.
private struct TrainerState<State: Codable>: Codable {
  var progress: TrainerProgress
  var environment: State

  private enum CodingKeys: CodingKey { case environment }

  init(_ progress: TrainerProgress, environment: State) {
    self.progress = progress
    self.environment = environment
  }

  init(from decoder: any Decoder) throws {
    progress = try TrainerProgress(from: decoder)
    environment = try decoder.container(keyedBy: CodingKeys.self)
      .decode(State.self, forKey: .environment)
  }

  func encode(to encoder: any Encoder) throws {
    try progress.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(environment, forKey: .environment)
  }
}

extension Trainer {
  /// The state between two windows as JSON, without the agent's.
  package func encodeState() throws -> Data {
    let progress = TrainerProgress(
      steps: steps, statistics: statistics, environmentStream: environmentStream,
      isInEpisode: isInEpisode, episodeReturn: episodeReturn, stepsOverturned: stepsOverturned,
      standstill: standstill, startHeight: startHeight)
    func encoded(_ environment: some Environment) throws -> Data {
      try StateCoding.encode(TrainerState(progress, environment: environment.saveState()))
    }
    return try encoded(environment)
  }

  /// Continues from a saved state; the agent is restored separately.
  ///
  /// - Throws: ``StateError`` if `state` cannot have been saved by a trainer, and whatever the
  ///   environment throws if its part belongs to another task.
  package func restore(_ state: Data) throws {
    let progress = try restore(state, into: environment)
    steps = progress.steps
    statistics = progress.statistics
    environmentStream = progress.environmentStream
    isInEpisode = progress.isInEpisode
    episodeReturn = progress.episodeReturn
    stepsOverturned = progress.stepsOverturned ?? 0
    standstill = progress.standstill
    startHeight = progress.startHeight
  }

  private func restore<World: Environment>(
    _ data: Data, into environment: World
  ) throws -> TrainerProgress {
    let state = try StateCoding.decode(TrainerState<World.State>.self, from: data)
    let statistics = state.progress.statistics
    let counts = [
      state.progress.steps, statistics.episodes, statistics.diverged, statistics.successes,
      state.progress.stepsOverturned ?? 0,
    ]
    guard counts.allSatisfy(isPossibleCount), state.progress.standstill?.isPossible != false else {
      throw StateError.inconsistent("the number of steps or episodes")
    }
    try environment.restore(state.environment)
    return state.progress
  }
}
