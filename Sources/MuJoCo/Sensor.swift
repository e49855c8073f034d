import CMuJoCo

/// A sensor, as the model describes it.
public struct Sensor: Sendable, Equatable {
  /// Its number in the model.
  public var id: Int
  /// Its name, where it has one.
  public var name: String?
  /// What it measures, in the words of MJCF: `accelerometer`, `touch`, `framepos`. nil for a type
  /// that this list doesn't know.
  public var type: String?
  /// How many numbers it gives.
  public var dimension: Int
  /// Index of its first number in ``Simulation/sensorData``.
  public var address: Int
  /// The greatest reading, or its greatest size where readings have a sign; 0 where there is none.
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
  /// What all sensors read, one after the other: `nsensordata` numbers, in the units of their types.
  ///
  /// They are those of the last ``forward()``, or of the state *before* the last step of
  /// ``step(count:)``: after a step call ``forward()`` for the readings of where it led.
  public var sensorData: StateVector {
    view(data.pointee.sensordata, Int(model.pointer.pointee.nsensordata))
  }

  /// What one sensor reads: ``Sensor/dimension`` numbers of ``sensorData``.
  public func sensorValues(_ id: Int) -> StateVector {
    model.check(.sensor, id)
    let layout = model.pointer.pointee
    return view(
      data.pointee.sensordata + Int(layout.sensor_adr[id]), Int(layout.sensor_dim[id]))
  }

  /// What the sensor of this name reads. In a loop rather ask once for its number.
  ///
  /// - Throws: ``MuJoCoError/unknownName(kind:name:model:known:)``.
  public func sensorValues(named name: String) throws -> StateVector {
    sensorValues(try model.id(of: .sensor, named: name))
  }
}
