// Trains HIRO in a custom environment, without MuJoCo.
//
//   swift run -c release point-mass [STEPS]

import Experiments
import Foundation
import Learning

let environments = EnvironmentFactory(PointMassMaze.description) { PointMassMaze() }

// Check the environment. Nothing is printed if it has no problems.
for problem in try EnvironmentChecker(environments).problems() { print("problem: \(problem)") }
