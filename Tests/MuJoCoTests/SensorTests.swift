import MuJoCo
import Testing

@Suite struct SensorTests {
  @Test("Sensors read as they were written: name, type, dimension and place")
  func description() throws {
    let model = try Apparatus.makeBall().model
    let sensors = (0..<model.count(of: .sensor)).map(model.sensor)
    #expect(sensors.map(\.name) == ["clock", "acceleration", "touch", "attitude"])
    #expect(sensors.map(\.type) == ["clock", "accelerometer", "touch", "framequat"])
    #expect(sensors.map(\.dimension) == [1, 3, 1, 4])
    #expect(sensors.map(\.address) == [0, 1, 4, 5])
    #expect(sensors[2].cutoff == 500)
  }

  @Test("At rest the accelerometer reads gravity upwards, and touch the weight")
  func rest() throws {
    let simulation = try Apparatus.makeBall()
    try simulation.step(count: 5000)
    try simulation.forward()
    let acceleration = try simulation.sensorValues(named: "acceleration")
    // The contact is soft: the tolerance is for the rest of its settling.
    #expect(abs(acceleration[0]) < 1e-6 && abs(acceleration[1]) < 1e-6)
    #expect(abs(acceleration[2] - 9.81) < 1e-6)
    #expect(abs(try simulation.sensorValues(named: "touch")[0] - 2 * 9.81) < 1e-5)
    #expect(abs(try simulation.sensorValues(named: "clock")[0] - 10) < 1e-9)
    #expect(simulation.sensorData.count == 9)
    #expect(Array(simulation.sensorData[1..<4]) == Array(acceleration))
  }

  @Test("In free fall nothing is felt, however the ball lies")
  func fall() throws {
    let simulation = try Apparatus.makeBall()
    simulation.qpos.assign([0, 0, 50, 0, 1, 0, 0])
    try simulation.step(count: 100)
    #expect(try simulation.sensorValues(named: "acceleration").allSatisfy { abs($0) < 1e-9 })
    #expect(Array(try simulation.sensorValues(named: "touch")) == [0])
    #expect(Array(try simulation.sensorValues(named: "attitude")) == [0, 1, 0, 0])
  }

  @Test("A view of a sensor follows the simulation")
  func view() throws {
    let simulation = try Apparatus.makePendulum()
    let speed = simulation.sensorValues(try simulation.model.id(of: .sensor, named: "speed"))
    for velocity in [0.5, -2.0] {
      simulation.qvel[0] = velocity
      try simulation.forward()
      #expect(Array(speed) == [velocity])
    }
  }

  @Test("A sensor that is not there is answered with those that are")
  func unknown() throws {
    let simulation = try Apparatus.makePendulum()
    let error = #expect(throws: MuJoCoError.self) { try simulation.sensorValues(named: "tips") }
    #expect(error?.description.contains("no sensor named 'tips'; it has tip, speed") == true)
  }
}
