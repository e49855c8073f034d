import CMuJoCo

/// A sensor, as the model describes it.
public struct Sensor: Sendable, Equatable {
  /// The sensor's number in the model.
  public var id: Int
  /// The sensor's name; nil if it has none.
  public var name: String?
  /// What the sensor measures, in the words of MJCF: `accelerometer`, `touch`, `framepos`; nil for
  /// a type that this module doesn't know.
  public var type: String?
  /// The number of values in a reading.
  public var dimension: Int
  /// Index of the reading's first number in ``Simulation/sensorData``.
  public var address: Int
  /// The largest reading, or the largest absolute value for readings with a sign; 0 if there is no
  /// limit.
  public var cutoff: Double
}

extension Model {
  /// The sensor with this number.
  public func sensor(_ id: Int) -> Sensor {
    let model = pointer.pointee
    check(.sensor, id)
    return Sensor(
      id: id, name: name(of: .sensor, id),
      type: cmj_sensorType(model.sensor_type[id]).map { String(cString: $0) },
      dimension: Int(model.sensor_dim[id]), address: Int(model.sensor_adr[id]),
      cutoff: model.sensor_cutoff[id])
  }
}

extension Simulation {
  /// The readings of all sensors, one after the other: `nsensordata` numbers, in the units of their
  /// types.
  ///
  /// The readings are those of the last ``forward()``, or of the state *before* the last physics
  /// step of ``step(count:)``: after a step, call ``forward()`` for the readings of the new state.
  public var sensorData: StateVector {
    view(data.pointee.sensordata, Int(model.pointer.pointee.nsensordata))
  }

  /// The reading of one sensor: ``Sensor/dimension`` numbers of ``sensorData``.
  public func sensorValues(_ id: Int) -> StateVector {
    model.check(.sensor, id)
    let layout = model.pointer.pointee
    return view(
      data.pointee.sensordata + Int(layout.sensor_adr[id]), Int(layout.sensor_dim[id]))
  }

  /// The reading of the sensor with this name. In a loop, look up the sensor's number once instead.
  ///
  /// - Throws: ``MuJoCoError/unknownName(kind:name:model:known:)``.
  public func sensorValues(named name: String) throws -> StateVector {
    sensorValues(try model.id(of: .sensor, named: name))
  }
}
