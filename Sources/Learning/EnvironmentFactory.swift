/// A task with all that is needed to make environments for it: one to train in, and for evaluations one
/// for each thread.
public struct EnvironmentFactory: Sendable {
  /// What the task asks and how it is shaped.
  public let task: TaskDescription
  private let make: @Sendable () throws -> any Environment

  /// Says how environments of a task are made.
  ///
  /// - Parameters:
  ///   - task: What the task asks and how it is shaped.
  ///   - make: Makes an environment of `task` that shares nothing with the others.
  public init(
    _ task: TaskDescription, make: @escaping @Sendable () throws -> any Environment
  ) {
    self.task = task
    self.make = make
  }

  /// Makes an environment. It must be reset before its first step.
  public func makeEnvironment() throws -> any Environment { try make() }
}
