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
