import Environments
import Files
import Foundation

/// A study and its folder: `study.yaml`, enough to repeat it, and a run's folder for each run.
package final class StudyFolder {
  /// The file name of the study's description.
  package static let file = "study.yaml"
  /// The name of the file, in each run's folder, that holds the output of `hiro train`.
  package static let log = "train.log"

  /// The path of the folder.
  package let path: String
  /// The study; after ``prepare()``, its map and robot are the copies in the folder.
  package private(set) var study: Study
  /// The runs of the study.
  package private(set) var runs: [StudyRun]

  private var lock: RunLock?

  /// Opens the folder `path` for `study`, whether or not the folder already holds it. Nothing is
  /// written before ``prepare()``.
  ///
  /// A study that grew (more seeds, variants or tasks) goes on in its folder.
  ///
  /// - Throws: ``StudyError`` if the folder holds something else, or the error that the study
  ///   itself has.
  package init(path: String, study: Study) throws {
    guard access("\(path)/\(RunFolder.configuration)", F_OK) != 0 else {
      throw StudyError.isRun(folder: path)
    }
    self.path = path
    var study = study
    let isKept = access("\(path)/\(Self.file)", F_OK) == 0
    let old = isKept ? try Study(path: "\(path)/\(Self.file)") : nil
    if let old { study.world = try Self.world(study.world, keptAs: old.world, in: path) }
    self.study = study
    runs = try study.runs()
    if let old { try check(grownFrom: old) }
  }

  /// Opens the study in the folder `path`.
  package convenience init(path: String) throws {
    try self.init(path: path, study: Self.study(in: path))
  }

  /// The study in the folder `path`.
  package static func study(in path: String) throws -> Study {
    guard access("\(path)/\(file)", F_OK) == 0 else { throw StudyError.noStudy(folder: path) }
    return try Study(path: "\(path)/\(file)")
  }

  /// The path of the folder of `run`.
  package func folder(of run: StudyRun) -> String { "\(path)/\(run.folder)" }

  /// How far `run` has come.
  package func state(of run: StudyRun) -> RunState {
    RunState(folder: folder(of: run), configuration: run.configuration)
  }

  /// Creates the folder, locks it against other processes, and writes `study.yaml`.
  ///
  /// - Throws: ``RunError/locked(folder:holder:)`` or ``FileError``.
  package func prepare() throws {
    try AtomicFile.makeFolder(path)
    lock = try RunLock(folder: path)
    lock?.announce()
    var kept = study
    // The map and the robot are copied, because their original files may change or be deleted.
    if case .map(let map, let robot) = study.world {
      try AtomicFile.write(MazeMap(path: map).text, to: "\(path)/\(RunFolder.map)")
      let copy = try robot.map { try RunFolder.write(Robot(path: $0), to: path) }
      kept.world = .map(RunFolder.map, robot: copy)
      study.world = .map("\(path)/\(RunFolder.map)", robot: copy.map { "\(path)/\($0)" })
      runs = try study.runs()
    }
    try AtomicFile.write(
      kept.yaml(
        heading: """
          A study of \(runs.count) runs; `hiro study \(Self.file) --output FOLDER` repeats it.
          All settings of each run are in its \(RunFolder.configuration).
          """), to: "\(path)/\(Self.file)")
  }

  /// The world for a study whose folder already holds the world `old`: the folder's copies, after
  /// checking that they are of the same map and the same robot, whose file may have another name.
  private static func world(
    _ world: Study.World, keptAs old: Study.World, in folder: String
  ) throws -> Study.World {
    guard case .map(let map, let robot) = world, case .map(let oldMap, let oldRobot) = old else {
      return world
    }
    let maze = try MazeMap(path: map)
    guard try maze == MazeMap(path: oldMap) else {
      throw StudyError.anotherStudy(folder: folder, difference: "its map is different")
    }
    // If only one of the studies uses the Ant, their tasks have different names, which is found
    // later.
    guard (robot == nil) == (oldRobot == nil) else { return world }
    if let robot, let oldRobot, robot != oldRobot,
      let difference = try TaskDefinition(map: maze, robot: robot)
        .physicsDifference(from: TaskDefinition(map: maze, robot: oldRobot))
    {
      throw StudyError.anotherStudy(
        folder: folder, difference: "its robot is different: \(printable(difference))")
    }
    return old
  }

  /// Refuses a study that is not `old` or `old` with more runs.
  private func check(grownFrom old: Study) throws {
    let present = Dictionary(uniqueKeysWithValues: runs.map { ($0.folder, $0.configuration) })
    for run in try old.runs() {
      guard let configuration = present[run.folder] else {
        throw StudyError.anotherStudy(
          folder: path, difference: "it has the run \(run.name), which this one does not have")
      }
      if let setting = run.configuration.firstDifference(from: configuration) {
        throw StudyError.anotherStudy(
          folder: path,
          difference: "\(setting.key) of \(run.name) is \(setting.mine) there and "
            + "\(setting.other) here")
      }
    }
  }
}

extension RunConfiguration {
  /// The first setting whose value is not that of `other`.
  func firstDifference(
    from other: RunConfiguration
  ) -> (key: String, mine: String, other: String)? {
    differences(from: other).first
  }

  /// The settings whose values are not those of `other`, in their order.
  package func differences(
    from other: RunConfiguration
  ) -> [(key: String, mine: String, other: String)] {
    let (mine, others) = (ConfigurationLayers(self), ConfigurationLayers(other))
    return Setting.all.compactMap { setting in
      let (value, otherValue) = (mine.value(of: setting), others.value(of: setting))
      return value == otherValue ? nil : (setting.key, value, otherValue)
    }
  }
}
