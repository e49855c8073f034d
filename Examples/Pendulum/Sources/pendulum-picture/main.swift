// Draws a pendulum and the path of its ball into pendulum.png, without a window.

import MuJoCo
import MuJoCoGraphics
import PendulumWorld

let model = try Model(xml: pendulumWorld, name: "pendulum")
let simulation = try Simulation(model: model)
simulation.qpos[0] = -1

let ball = try model.id(of: .site, named: "ball")
var way: [SIMD3<Double>] = []
while simulation.time < 0.8 {
  try simulation.step()
  try simulation.forward()
  way.append(simulation.sitePosition(ball))
}

let renderer = try Renderer(model: model, width: 480, height: 360)
let image = try renderer.render(
  simulation, camera: .fixed("side"),
  markers: Marker.path(way, width: 0.01, tolerance: 0.005, rgba: [0.2, 0.4, 0.9, 1]))
try image.write(png: "pendulum.png")

let red = (0..<image.width * image.height).count { index in
  let color = image[index % image.width, index / image.width]
  return color.red > 100 && color.green < 80 && color.blue < 80
}
print("pendulum.png: \(image.width)x\(image.height), the ball covers \(red) pixels")
