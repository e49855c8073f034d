// Trains HIRO with your own robot in your own maze.
//
//   swift run -c release own-robot [STEPS]

import Environments
import Experiments
import Foundation
import Learning

/// The path of a file that comes with this program.
func path(of file: String) throws -> String {
  guard let path = Bundle.module.path(forResource: file, ofType: nil) else {
    throw CocoaError(.fileNoSuchFile)
  }
  return path
}

// An error in one of the files is reported with its line.
let map = try MazeMap(path: path(of: "bend.txt"))
let definition = try TaskDefinition(map: map, robot: path(of: "hovercraft.xml"))
let task = definition.description
print(
  "\(task.summary): it observes \(task.observationCount) numbers, acts by \(task.actionCount), "
    + "a step lasts \(task.stepDuration) s")

// The robot moves up to 1.4 m from one decision to the next, so a subgoal is up to 3 m away. The
// run is short, so the averaged policies, which are the ones evaluated, must follow faster.
var configuration = try RunConfiguration(
  for: task, preset: "dependable",
  settings: [
    "subgoals.halfRange=[3, 3]", "higher.explorationNoise=1", "warmUpSteps=1000",
    "lower.averagingRate=0.005", "higher.averagingRate=0.005", "evaluation.interval=2000",
    "evaluation.confirmationEpisodes=0",
  ])
let steps = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 4_000
configuration.steps = steps / 2
configuration.seed = 1
_ = try TrainingRun(
  configuration: configuration, definition: definition, folder: "own-robot-run"
).run()

// The run's folder contains the map and the robot: neither of the two files is needed to continue.
let continued = try TrainingRun(
  resuming: "own-robot-run",
  changes: { saved in
    var longer = saved
    longer.steps = steps
    return longer
  })
_ = try continued.run()

// The policy file contains them too.
let policy = try PolicyFile(path: "own-robot-run/latest.safetensors")
let world = try policy.definition()
let isSame = try world.physicsDifference(from: definition) == nil
print("after \(policy.step) steps, in \(isSame ? "the same" : "another") world:")

let result = try Evaluation(task: world.description, episodes: 50, seed: 7).run(
  makeEnvironment: { try world.makeEnvironment() },
  makePolicy: { try policy.makePolicy(for: world.description) })
for (target, summary) in result.targets.map({ ($0.target, $0.summary) }) {
  print(
    "\(target.name): success \(summary.success?.value ?? 0), "
      + "\(summary.meanFinalDistance ?? 0) m from the target")
}
