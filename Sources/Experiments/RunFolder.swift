import Foundation

/// What the files in the output folder of a run are called.
public enum RunFolder {
  /// The configuration that was used, every value of it.
  public static let configuration = "config.yaml"
  /// The evaluations and the learning curves.
  public static let metrics = "metrics.csv"
  /// The policy as it was last saved.
  public static let latestPolicy = "latest.safetensors"
  /// The policy with the highest success so far.
  public static let bestPolicy = "best.safetensors"

  /// The task's map, where it is one's own.
  public static let map = "map.txt"
  /// Names the process that is training in the folder.
  public static let lock = "lock"
  /// What checkpoints are called, with the step in the middle.
  package static let checkpointPrefix = "checkpoint-"
  package static let checkpointSuffix = ".safetensors"

  /// The checkpoints in a run's folder, the newest first.
  public static func checkpoints(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let steps = names.compactMap { name -> Int? in
      guard name.hasPrefix(checkpointPrefix), name.hasSuffix(checkpointSuffix) else { return nil }
      return Int(name.dropFirst(checkpointPrefix.count).dropLast(checkpointSuffix.count))
    }
    return steps.sorted(by: >).map { checkpoint($0, in: folder) }
  }

  /// The checkpoint of a step.
  package static func checkpoint(_ step: Int, in folder: String) -> String {
    "\(folder)/\(checkpointPrefix)\(step)\(checkpointSuffix)"
  }

  /// The policy file that `path` stands for: itself, or in a run's folder the best policy, else the
  /// latest.
  public static func policy(at path: String) throws(PolicyFileError) -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return path }
    for name in [bestPolicy, latestPolicy] {
      let file = "\(path)/\(name)"
      if FileManager.default.fileExists(atPath: file) { return file }
    }
    throw .noPolicy(folder: path)
  }

  /// Removes what a kill in the middle of writing has left in a run's folder.
  static func removePartialFiles(in folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasPrefix(".") && name.hasSuffix(AtomicFile.partialSuffix) {
      unlink("\(folder)/\(name)")
    }
  }
}
