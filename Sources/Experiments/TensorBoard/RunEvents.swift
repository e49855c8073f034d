import Environments
import Files
import Foundation
import Learning

/// What a run writes for TensorBoard: the numbers of `metrics.csv`, and a film of each new best
/// policy.
package final class RunEvents {
  private let file: EventFile
  private let recording = Recording.small
  private var canFilm = true

  /// Begins an event file in a run's folder; see ``EventFile``.
  package init(folder: String, continuingAfter step: Int?) throws(FileError) {
    file = try EventFile(folder: folder, continuingAfter: step)
  }

  /// Adds a row of the learning curves.
  package func append(step: Int, _ values: [String: Double]) throws(FileError) {
    try file.append(
      step: step,
      scalars: values.sorted { $0.key < $1.key }.map { (Self.tag(of: $0.key), $0.value) })
  }

  /// Adds a film of the policy's first evaluation episode. Without a graphics driver or `ffmpeg`
  /// there is no film and no error: the curves are useful without it.
  package func appendFilm(
    step: Int, policy: HierarchicalPolicy, in definition: TaskDefinition, seed: UInt64
  ) throws(FileError) {
    guard canFilm else { return }
    let target = Evaluation(task: definition.description, episodes: 1, seed: seed).targets[0]
    let folder = FileManager.default.temporaryDirectory.path
    let path = "\(folder)/hiro-film-\(getpid())-\(UUID().uuidString).gif"
    defer { unlink(path) }
    do {
      try recording.film(policy: policy, in: definition, target: target, seed: seed, to: path)
    } catch {
      canFilm = false
      return
    }
    let picture = try InputFile(path: path)
    try file.append(
      step: step, tag: "best policy", picture: picture.bytes(in: 0..<picture.count),
      width: recording.width, height: recording.height)
  }

  /// The TensorBoard tag of a column of `metrics.csv`: a group, by which TensorBoard sorts, a slash
  /// and a name.
  package static func tag(of column: String) -> String {
    for group in ["evaluation", "confirmed", "lower", "higher"] where column.hasPrefix(group + "_")
    {
      return "\(group)/\(column.dropFirst(group.count + 1))"
    }
    return "training/\(column)"
  }
}
