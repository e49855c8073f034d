// Lets a pendulum swing and measures its period: how to load a world, take steps and read sensors.

import CMuJoCo
import MuJoCo
import PendulumWorld

// A model says what the world is made of, and never changes; a simulation is its changing state.
let model = try Model(xml: pendulumWorld, name: "pendulum")
let simulation = try Simulation(model: model)
try simulation.reset(toKeyframeNamed: "lifted")

// Look names up once. The views then always show MuJoCo's current numbers, without a copy.
let ball = try model.id(of: .site, named: "ball")
let angle = try simulation.sensorValues(named: "angle")
let velocity = try simulation.sensorValues(named: "velocity")

var passages: [Double] = []
var (highest, fastest) = (-Double.infinity, 0.0)
var last = simulation.qpos[0]
while simulation.time < 10 {
  try simulation.step()
  // A step leaves sensors and positions as they were before it; `forward()` computes the new ones.
  try simulation.forward()
  if last < 0, angle[0] >= 0 { passages.append(simulation.time) }
  last = angle[0]
  highest = max(highest, simulation.sitePosition(ball).z)
  fastest = max(fastest, abs(velocity[0]))
}

let period = (passages.last! - passages.first!) / Double(passages.count - 1)
let expected = 2 * Double.pi * (1 / 9.81).squareRoot()
print("period \(rounded(period)) s; by the formula for small angles \(rounded(expected)) s")
// For what the MuJoCo module does not offer, call MuJoCo's own functions.
let mass = model.withUnsafePointer { mj_getTotalmass($0) }
print(
  "the ball of \(mass) kg rises to \(rounded(highest)) m and swings at \(rounded(fastest)) m/s")

func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
