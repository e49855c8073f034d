import Environments
import Files
import Foundation

/// Traces as JSON files: the format of the reference trajectory among the tests.
extension PhysicsTrace {
  /// The most bytes of a trace's text: enough for about a hundred thousand steps of the Ant.
  package static let sizeLimit = 64 << 20

  /// Reads the trace in the JSON file at `path`.
  package init(path: String) throws(TraceError) {
    let text: String
    do throws(FileError) {
      text = try InputFile.text(path: path, limit: Self.sizeLimit)
    } catch { throw .file(error) }
    do {
      self = try JSONDecoder().decode(PhysicsTrace.self, from: Data(text.utf8))
    } catch let error as DecodingError {
      throw .malformed(path: path, problem: describe(error))
    } catch {
      throw .malformed(path: path, problem: "not JSON")
    }
  }

  /// The largest difference between the states of this trace and of `other`, and the step of the
  /// first difference; `nil` where either has no states to compare.
  package func difference(from other: PhysicsTrace) -> (largest: Double, firstStep: Int?)? {
    var largest = 0.0
    var firstStep: Int?
    for (index, (mine, theirs)) in zip(steps, other.steps).enumerated() {
      guard let positions = mine.qpos, let velocities = mine.qvel,
        let otherPositions = theirs.qpos, let otherVelocities = theirs.qvel
      else { return nil }
      for (a, b) in zip(positions + velocities, otherPositions + otherVelocities) where a != b {
        largest = max(largest, abs(a - b))
        firstStep = firstStep ?? index
      }
    }
    return steps.isEmpty ? nil : (largest, firstStep)
  }

  /// Writes the trace as JSON, one line per step, each number with 17 significant digits: reading it
  /// gives the same double.
  package func write(to path: String) throws(FileError) {
    func numbers(_ values: [Double]) -> String {
      "[\(values.map { String(format: "%.17g", $0) }.joined(separator: ","))]"
    }
    var fields = mujoco.map { ["\"mujoco\":\"\($0)\""] } ?? []
    if let frameSkip { fields.append("\"frame_skip\":\(frameSkip)") }
    if let timestep { fields.append("\"timestep\":\(String(format: "%.17g", timestep))") }
    for (name, count) in [("nq", nq), ("nv", nv), ("nu", nu)] {
      if let count { fields.append("\"\(name)\":\(count)") }
    }
    for (name, values) in [("initial_qpos", initialQpos), ("initial_qvel", initialQvel)] {
      if let values { fields.append("\n\"\(name)\":\(numbers(values))") }
    }
    let head = "{\((fields + ["\n\"steps\":["]).joined(separator: ","))"
    try AtomicFile.write(to: path) { file throws(FileError) in
      try file.append(Array(head.utf8))
      for (index, step) in steps.enumerated() {
        var line = "\(index == 0 ? "" : ",")\n{\"ctrl\":\(numbers(step.ctrl))"
        if let qpos = step.qpos { line += ",\"qpos\":\(numbers(qpos))" }
        if let qvel = step.qvel { line += ",\"qvel\":\(numbers(qvel))" }
        try file.append(Array((line + "}").utf8))
      }
      try file.append(Array("\n]}\n".utf8))
    }
  }
}

/// Why a trace could not be read.
package enum TraceError: Error, Equatable, CustomStringConvertible {
  /// The file could not be read.
  case file(FileError)
  /// The file is not a trace.
  case malformed(path: String, problem: String)

  /// One line: the file and what is wrong with it.
  package var description: String {
    switch self {
    case .file(let error): error.description
    case .malformed(let path, let problem): "\(printable(path)): not a usable trace: \(problem)"
    }
  }
}
