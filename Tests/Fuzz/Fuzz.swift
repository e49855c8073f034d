import Foundation
import Fuzzing

// `scripts/fuzz` builds this program twice: as it is, it is a loop of mutations; with LIBFUZZER
// defined and -sanitize=fuzzer, libFuzzer provides the main function and looks for new paths by
// itself.

#if LIBFUZZER
  /// The reader that FUZZ_TARGET names; below, the path of the file that it reads.
  private let target = FuzzTarget(
    rawValue: ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? "safetensors")!
  private let path = "/dev/shm/hiro-fuzz-\(getpid()).\(target.fileExtension)"

  /// Called by libFuzzer with each of its inputs.
  @_cdecl("LLVMFuzzerTestOneInput")
  public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var run = FuzzRun()
    run.check(target, Array(UnsafeBufferPointer(start: start, count: count)), path: path)
    precondition(run.faults.isEmpty, run.faults.joined(separator: "; "))
    return 0
  }
#else
  @main
  struct Fuzz {
    /// fuzz TARGET CASES SEED FOLDER: gives a reader CASES mutated files; or
    /// fuzz TARGET --seeds FOLDER: writes the valid files from which the mutations start.
    static func main() throws {
      let arguments = CommandLine.arguments
      guard arguments.count >= 4, let target = FuzzTarget(rawValue: arguments[1]) else {
        let targets = FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")
        print("usage: fuzz \(targets) CASES SEED FOLDER | TARGET --seeds FOLDER")
        exit(64)
      }
      if arguments[2] == "--seeds" {
        for (number, seed) in try target.seeds(in: arguments[3]).enumerated() {
          let path = "\(arguments[3])/seed-\(number).\(target.fileExtension)"
          try Data(seed).write(to: URL(fileURLWithPath: path))
        }
        return
      }
      let start = ContinuousClock.now
      let before = peakMemory
      let run = try FuzzRun.run(
        target, cases: Int(arguments[2]) ?? 0, seed: UInt64(arguments[3]) ?? 0,
        folder: arguments.count > 4 ? arguments[4] : "/dev/shm")
      let seconds = ContinuousClock.now - start
      print(
        "\(target.rawValue): \(run.accepted + run.refused) files, \(run.accepted) accepted, "
          + "\(run.refused) refused, slowest \(run.slowest), "
          + "memory grew by \((peakMemory - before) >> 10) MiB, \(seconds)")
      for fault in run.faults { print("FAULT: \(fault)") }
      exit(run.faults.isEmpty ? 0 : 1)
    }

    /// The most memory that the process has used (KiB).
    private static var peakMemory: Int {
      var usage = rusage()
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return usage.ru_maxrss
    }
  }
#endif
