import Environments
import Learning

/// The task and the world of a run, and what the run's files hold of them.
struct RunWorld {
  /// Makes the environments of training and evaluation.
  let environments: EnvironmentFactory
  /// The robot and its world; nil for a custom environment.
  let definition: TaskDefinition?
  /// What the run's files hold of the world.
  let carried: CarriedWorld

  /// The world of a robot task; its model is compiled once for all environments.
  ///
  /// - Throws: `MuJoCoError` if MuJoCo refuses the world.
  init(_ definition: TaskDefinition) throws {
    let model = try definition.makeModel()
    self.definition = definition
    environments = EnvironmentFactory(definition.description) {
      try definition.makeEnvironment(model: model)
    }
    carried = CarriedWorld(
      task: definition.description.name, map: definition.isBuiltIn ? nil : definition.map,
      robot: definition.customRobot,
      compiled: try CompiledWorld(of: model))
  }

  /// The world of custom environments.
  init(_ environments: EnvironmentFactory) {
    self.environments = environments
    definition = nil
    carried = CarriedWorld(task: environments.task.name)
  }

  /// What the task asks and how it is shaped.
  var task: TaskDescription { environments.task }
}
