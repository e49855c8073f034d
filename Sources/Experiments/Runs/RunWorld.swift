import Environments
import Learning

/// Where a run acts, and how a file carries that.
struct RunWorld {
  /// Makes the environments of training and evaluation.
  let environments: EnvironmentFactory
  /// The robot and its world; nil in environments that MuJoCo knows nothing of.
  let definition: TaskDefinition?
  /// What the run's files hold of the world.
  let carried: CarriedWorld

  /// A robot in a world, which is compiled once for all environments.
  ///
  /// - Parameter map: The map, where it is one's own.
  /// - Throws: `MuJoCoError` if MuJoCo refuses the world.
  init(_ definition: TaskDefinition, map: MazeMap?) throws {
    let model = try definition.makeModel()
    self.definition = definition
    environments = EnvironmentFactory(definition.description) {
      try definition.makeEnvironment(model: model)
    }
    carried = CarriedWorld(
      task: definition.description.name, map: map, robot: definition.customRobot,
      compiled: try CompiledWorld(of: model))
  }

  /// Environments of one's own.
  init(_ environments: EnvironmentFactory) {
    self.environments = environments
    definition = nil
    carried = CarriedWorld(task: environments.task.name)
  }

  /// What the task asks and how it is shaped.
  var task: TaskDescription { environments.task }
}
