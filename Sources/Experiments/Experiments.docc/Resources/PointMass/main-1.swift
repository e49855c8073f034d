// Trains HIRO in an environment of one's own, without MuJoCo.
//
//   swift run -c release point-mass [STEPS]

import Experiments
import Foundation
import Learning

let environments = EnvironmentFactory(PointMassMaze.description) { PointMassMaze() }
