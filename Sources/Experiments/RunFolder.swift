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

  /// Makes a run's folder, and those that it is in, where they are missing.
  public static func create(_ folder: String) throws(FileError) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
        !isFolder.boolValue
      {
        throw .notAFolder(path: folder)
      }
      throw .notWritable(path: folder)
    }
    guard access(folder, W_OK) == 0 else { throw .notWritable(path: folder) }
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
}
