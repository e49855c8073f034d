/// A task and how to make environments for it: one for training, and one for each thread of an
/// evaluation.
public struct EnvironmentFactory: Sendable {
  /// The description of the task.
  public let task: TaskDescription
  private let make: @Sendable () throws -> any Environment

  /// Makes a factory for a task.
  ///
  /// - Parameters:
  ///   - task: The description of the task.
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
