// Trains HIRO in a custom environment, without MuJoCo.
//
//   swift run -c release point-mass [STEPS]

import Experiments
import Foundation
import Learning

let environments = EnvironmentFactory(PointMassMaze.description) { PointMassMaze() }

// Check the environment. Nothing is printed if it has no problems.
for problem in try EnvironmentChecker(environments).problems() { print("problem: \(problem)") }

// Any place is reached in a few decisions, and the run is short: so the higher level looks less far
// ahead (a smaller discount) and explores nearby, and the averaged policies, which are evaluated,
// follow the trained ones faster.
var configuration = try RunConfiguration(
  for: environments.task, preset: "dependable",
  settings: [
    "warmUpSteps=1000", "higher.discount=0.95", "higher.explorationNoise=0.5",
    "higher.holdPlaces=around", "higher.holdReach=2",
    "lower.averagingRate=0.005", "higher.averagingRate=0.005",
    "evaluation.interval=2000", "evaluation.confirmationEpisodes=0",
  ])
configuration.steps = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 20_000
configuration.seed = 1

// The run writes the same files as `hiro train`: learning curves, checkpoints, policies.
let whole = try TrainingRun(
  configuration: configuration, environments: environments, folder: "point-mass-run")
_ = try whole.run()

// Evaluate the run's last policy, without exploration noise.
let policy = try PolicyFile(path: "point-mass-run/latest.safetensors")
let result = try Evaluation(task: environments.task, episodes: 50, seed: 7).run(
  makeEnvironment: environments.makeEnvironment,
  makePolicy: { try policy.makePolicy(for: environments.task) })
print(
  "after \(whole.trainer.steps) steps: success \(result.overall.success?.value ?? 0), "
    + "\(result.overall.meanFinalDistance ?? 0) m from the target")

// A run that ends halfway and is then continued gives the same bits.
var half = configuration
half.steps = configuration.steps / 2
_ = try TrainingRun(
  configuration: half, environments: environments, folder: "point-mass-halves"
).run()
let continued = try TrainingRun(
  resuming: "point-mass-halves", environments: environments,
  changes: { saved in
    var longer = saved
    longer.steps = 2 * saved.steps
    return longer
  })
_ = try continued.run()
let files = try ["point-mass-run", "point-mass-halves"].map {
  try Data(contentsOf: URL(fileURLWithPath: "\($0)/latest.safetensors"))
}
print("in one go and in two: \(files[0] == files[1] ? "the same" : "other") policy")
