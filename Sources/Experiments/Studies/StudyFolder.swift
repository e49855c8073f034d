import Environments
import Foundation

/// A study and its folder: `study.yaml`, enough to repeat it, and a run's folder for each run.
public final class StudyFolder {
  /// What the study's description is called.
  public static let file = "study.yaml"
  /// What is written of a run that a study made, beside the run's own files.
  public static let log = "train.log"
  private static let map = "map.txt"

  /// Where it is.
  public let path: String
  /// The study.
  public let study: Study
  /// Its runs.
  public let runs: [StudyRun]

  private var lock: RunLock?

  /// Opens the folder `path` for `study`, which it holds already or does not yet; nothing is written
  /// before ``prepare()``.
  ///
  /// A study that grew (more seeds, variants or tasks) goes on in its folder.
  ///
  /// - Throws: ``StudyError`` where the folder holds something else, and what is wrong with the study.
  public init(path: String, study: Study) throws {
    self.path = path
    runs = try study.runs()
    self.study = study
    guard access("\(path)/\(RunFolder.configuration)", F_OK) != 0 else {
      throw StudyError.isRun(folder: path)
    }
    guard access("\(path)/\(Self.file)", F_OK) == 0 else { return }
    try check(grownFrom: try Study(path: "\(path)/\(Self.file)"))
  }

  /// Opens the study in the folder `path`.
  public convenience init(path: String) throws {
    try self.init(path: path, study: Self.study(in: path))
  }

  /// The study in the folder `path`.
  public static func study(in path: String) throws -> Study {
    guard access("\(path)/\(file)", F_OK) == 0 else { throw StudyError.noStudy(folder: path) }
    return try Study(path: "\(path)/\(file)")
  }

  /// Where the files of `run` are.
  public func folder(of run: StudyRun) -> String { "\(path)/\(run.folder)" }

  /// How far `run` has come.
  public func state(of run: StudyRun) -> RunState {
    RunState(folder: folder(of: run), configuration: run.configuration)
  }

  /// Makes the folder, keeps others out of it, and writes `study.yaml`.
  ///
  /// - Throws: ``RunError/locked(folder:holder:)`` or ``FileError``.
  public func prepare() throws {
    try AtomicFile.makeFolder(path)
    lock = try RunLock(folder: path)
    var kept = study
    // The map is part of what is repeated; its own file may change or go away.
    if case .map(let map, let robot) = study.world {
      let copy = "\(path)/\(Self.map)"
      if map != copy { try AtomicFile.write(MazeMap(path: map).text, to: copy) }
      kept.world = .map(Self.map, robot: robot.map(Self.absolute))
    }
    try AtomicFile.write(
      kept.yaml(
        heading: """
          A study of \(runs.count) runs; `hiro study \(Self.file) --output FOLDER` makes it again.
          What each run used in full is in its \(RunFolder.configuration).
          """), to: "\(path)/\(Self.file)")
  }

  private static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  /// Refuses what is not `old` with more runs.
  private func check(grownFrom old: Study) throws {
    let present = Dictionary(uniqueKeysWithValues: runs.map { ($0.folder, $0.configuration) })
    for run in try old.runs() {
      guard let configuration = present[run.folder] else {
        throw StudyError.anotherStudy(
          folder: path, difference: "it has \(run.name), this one has not")
      }
      if let setting = run.configuration.firstDifference(from: configuration) {
        throw StudyError.anotherStudy(
          folder: path,
          difference: "\(setting.key) of \(run.name) is \(setting.mine) there and "
            + "\(setting.other) here")
      }
    }
    if case .map(let map, _) = study.world, case .map(let oldMap, _) = old.world,
      try MazeMap(path: map) != MazeMap(path: oldMap)
    {
      throw StudyError.anotherStudy(folder: path, difference: "its map is another")
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
