import Parallel
import Randomness
import Synchronization

/// Measures a policy: episodes without exploration noise, from fresh starts, to given targets.
///
/// The random stream of an episode derives from the seed, the target and the episode's number, so
/// the result does not depend on the number of threads or on which of them is faster.
public struct Evaluation: Sendable {
  /// The task in which the policy acts.
  public var task: TaskDescription
  /// The places to go (m), with their names; one nameless entry without a place in a task without
  /// targets.
  public var targets: [Target]
  /// Episodes per target.
  public var episodes: Int
  /// From which every episode's start derives.
  public var seed: UInt64
  /// Threads at most.
  public var threads: Int

  /// A place to go.
  public struct Target: Sendable, Equatable, Codable {
    /// What it is called.
    public var name: String
    /// Where it is (m).
    public var position: [Double]

    /// Names a place.
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

  /// How one episode went.
  public struct Episode: Sendable, Equatable, Codable {
    /// Which of the targets it had.
    public var target: Int
    /// Its number among those of its target.
    public var number: Int
    /// Whether it ended in success; `nil` in a task that counts only the score.
    public var isSuccess: Bool?
    /// Whether any state of it would have been a success at its end; `nil` as above.
    public var isSuccessAtAnyTime: Bool?
    /// How far the robot was from the target at the end (m).
    public var finalDistance: Double?
    /// The sum of the task's rewards.
    public var episodeReturn: Double
    /// Environment steps made.
    public var steps: Int
    /// Whether the robot lay on its back at the end; `nil` where it can't.
    public var isOverturned: Bool?
    /// Whether the simulation became unstable; the episode ends there, without success.
    public var isDiverged: Bool
  }

  /// Runs all episodes of `policy`.
  ///
  /// - Parameters:
  ///   - makeEnvironment: Makes an environment of ``task``; called once per thread.
  ///   - makePolicy: Makes the policy; called once per thread.
  ///   - shouldStop: Asked before every step, in any thread.
  ///   - progress: Called after every episode, in any thread, with the number of those done and of
  ///     all.
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
