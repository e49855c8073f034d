import MuJoCo
import TestSupport

extension Worlds {
  static func makeTumbler() throws -> Simulation {
    try Simulation(model: Model(xml: tumbler, name: "tumbler"))
  }
}
