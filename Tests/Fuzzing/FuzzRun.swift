import Foundation
import TestSupport

/// The results of giving hostile files to a reader.
public struct FuzzRun: Sendable {
  /// Files that were read as if nothing were wrong.
  public private(set) var accepted = 0
  /// Files that were refused.
  public private(set) var refused = 0
  /// The processor time of the slowest file: the machine may be busy with something else.
  public private(set) var slowest = Duration.zero
  /// What should not have happened, in words; a crash ends the process instead.
  public private(set) var faults: [String] = []

  /// Creates a run with all counts at zero.
  public init() {}

  /// The most processor time that one file may take.
  public static let timeLimit = Duration.seconds(5)

  private static let modules = [
    "Environments.", "Experiments.", "Files.", "Learning.", "MuJoCo.", "NeuralNetworks.",
    "Safetensors.",
  ]

  /// Gives `target` one file. The file stays at `path`, so that a crash leaves its cause behind.
  public mutating func check(_ target: FuzzTarget, _ mutation: [UInt8], path: String) {
    let bytes = target.repaired(mutation)
    guard let file = fopen(path, "w") else { return faults.append("\(path) cannot be written") }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    let start = threadTime
    do {
      try target.read(path: path)
      accepted += 1
    } catch {
      refused += 1
      let text = "\(error)"
      let isOneLine = !text.contains(where: \.isNewline)
      if !isOneLine || text.isEmpty || text.utf8.count > 4_000 {
        faults.append("a message that is not one line: \(text.debugDescription)")
      }
      let type = String(reflecting: type(of: error))
      if !Self.modules.contains(where: type.hasPrefix) {
        faults.append("an error that is not of a type of ours: \(type): \(text)")
      }
    }
    let time = threadTime - start
    slowest = max(slowest, time)
    if time > Self.timeLimit { faults.append("a file of \(bytes.count) bytes took \(time)") }
  }

  /// Gives `target` as many mutated files as `cases`, all derived from `seed`.
  public static func run(
    _ target: FuzzTarget, cases: Int, seed: UInt64, folder: String,
    until deadline: ContinuousClock.Instant? = nil
  ) throws -> FuzzRun {
    var mutator = Mutator(seeds: try target.seeds(in: folder), words: target.words, seed: seed)
    var run = FuzzRun()
    let path = "\(folder)/\(target.rawValue).\(target.fileExtension)"
    for number in 0..<cases where run.faults.isEmpty {
      if number % 256 == 0, let deadline, ContinuousClock.now > deadline { break }
      run.check(target, mutator.next(), path: path)
    }
    if run.faults.isEmpty { unlink(path) }
    return run
  }
}
