import Parallel
import Randomness
import Synchronization

/// Measures a policy: episodes without exploration noise, from new start states, to given targets.
///
/// The random stream of an episode derives from the seed, the target and the episode's number, so
/// the result does not depend on the number of threads or on which of them is faster.
public struct Evaluation: Sendable {
  /// The task in which the policy acts.
  public var task: TaskDescription
  /// The places to go to (m), with their names; in a task without targets one entry named `none`,
  /// with an empty position.
  public var targets: [Target]
  /// Episodes per target.
  public var episodes: Int
  /// The seed from which every episode's start state is derived.
  public var seed: UInt64
  /// The largest number of threads to use.
  public var threads: Int

  /// A place to go to.
  public struct Target: Sendable, Equatable, Codable {
    /// The target's name.
    public var name: String
    /// The target's position (m).
    public var position: [Double]

    /// Makes a target from its name and position.
    public init(name: String, position: [Double]) {
      self.name = name
      self.position = position
    }
  }

  /// An evaluation on the targets that the task itself reports, its own first.
  public init(
    task: TaskDescription, episodes: Int, seed: UInt64,
    threads: Int = WorkerPool.processorCount
  ) {
    self.task = task
    self.episodes = episodes
    self.seed = seed
    self.threads = threads
    targets = zip(task.evaluationTargetNames, task.evaluationTargets).map {
      Target(name: $0, position: $1)
    }
    if targets.isEmpty { targets = [Target(name: "none", position: [])] }
  }

  /// The result of one episode.
  public struct Episode: Sendable, Equatable, Codable {
    /// The index of the episode's target.
    public var target: Int
    /// The number of the episode among those with the same target, from 0.
    public var number: Int
    /// Whether the episode ended in success; `nil` in a task that counts only the score.
    public var isSuccess: Bool?
    /// Whether any state of the episode would have been a success at the end; `nil` as above.
    public var isSuccessAtAnyTime: Bool?
    /// How far the robot was from the target at the end (m).
    public var finalDistance: Double?
    /// The sum of the task's rewards.
    public var episodeReturn: Double
    /// Environment steps made.
    public var steps: Int
    /// Whether the robot lay on its back at the end; `nil` for a robot that can't.
    public var isOverturned: Bool?
    /// Whether the simulation became unstable; the episode ends there, without success.
    public var isDiverged: Bool
  }

  /// Runs all episodes.
  ///
  /// - Parameters:
  ///   - makeEnvironment: Makes an environment of ``task``; called once per thread.
  ///   - makePolicy: Makes the policy; called once per thread.
  ///   - shouldStop: Asked before every step, in any thread.
  ///   - progress: Called after every episode, in any thread, with the number of finished episodes
  ///     and the number of all episodes.
  /// - Throws: `CancellationError` where `shouldStop()` was true, and what the environment and the
  ///   policy throw.
  public func run(
    makeEnvironment: @Sendable () throws -> any Environment,
    makePolicy: @Sendable () throws -> HierarchicalPolicy,
    shouldStop: @Sendable () -> Bool = { false },
    progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws -> EvaluationResult {
    let count = targets.count * episodes
    let workers = max(1, min(threads, count))
    let shared = Mutex((next: 0, done: 0, episodes: [Episode?](repeating: nil, count: count)))
    let failure = Mutex<(any Error)?>(nil)
    WorkerPool(threads: workers).forEach(below: workers) { _ in
      do {
        let environment = try makeEnvironment()
        let policy = try makePolicy()
        func nextIndex() -> Int? {
          shared.withLock { shared in
            guard shared.next < count, failure.withLock({ $0 == nil }) else { return nil }
            shared.next += 1
            return shared.next - 1
          }
        }
        while let index = nextIndex() {
          let episode = try run(
            target: index / episodes, number: index % episodes, in: environment, policy: policy,
            shouldStop: shouldStop)
          let done = shared.withLock { shared in
            shared.episodes[index] = episode
            shared.done += 1
            return shared.done
          }
          progress(done, count)
        }
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return EvaluationResult(
      evaluation: self, episodes: shared.withLock { $0.episodes.compactMap(\.self) })
  }

  private func run(
    target: Int, number: Int, in environment: any Environment, policy: HierarchicalPolicy,
    shouldStop: () -> Bool
  ) throws -> Episode {
    var rollout = try Rollout(
      environment: environment, policy: policy, target: targets[target].position,
      stream: RandomStream(seed: seed, name: "evaluation \(target) \(number)"))
    repeat {
      if shouldStop() { throw CancellationError() }
    } while try rollout.step()
    return rollout.episode(target: target, number: number)
  }
}
