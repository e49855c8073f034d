import Learning
import Parallel

extension ConfigurationLayers {
  /// The configuration of `hiro train TASK --preset PRESET --set SETTING…`: the published defaults,
  /// what the task suggests, the preset, and the settings; later ones override earlier ones.
  package init(
    for task: TaskDescription, preset: String?, settings: [String] = []
  ) throws(ConfigurationError) {
    self.init()
    try apply(task.suggestedSettings, source: "task \(task.name)")
    if let preset { try apply(Preset.named(preset), for: task) }
    for setting in settings { try apply(assignment: setting) }
  }
}

extension RunConfiguration {
  /// The configuration of `hiro train TASK --preset PRESET --set SETTING…`: the published defaults,
  /// what the task suggests, the preset, and the settings; later ones override earlier ones.
  ///
  /// - Parameters:
  ///   - task: What is to be learnt.
  ///   - preset: One of ``Preset/all``, by name; the published configuration if it is left out.
  ///   - settings: Assignments such as `lower.discount=0.95`.
  /// - Throws: ``ConfigurationError`` where there is no such preset or setting.
  public init(
    for task: TaskDescription, preset: String? = nil, settings: [String] = []
  ) throws(ConfigurationError) {
    self = try ConfigurationLayers(for: task, preset: preset, settings: settings).configuration
    self.task = task.name
  }
}

extension Trainer {
  /// Makes a trainer for a whole run's configuration.
  ///
  /// - Throws: `AgentShapeError` where the configuration does not fit the task, and
  ///   ``ConfigurationError`` where it needs more memory than there is.
  public convenience init(
    configuration: RunConfiguration, environment: any Environment, pool: WorkerPool
  ) throws {
    try configuration.check()
    try configuration.checkMemory(for: environment.task)
    try self.init(
      configuration: configuration.learning, seed: configuration.seed, environment: environment,
      pool: pool)
  }
}
