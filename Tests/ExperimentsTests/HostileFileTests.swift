import Fuzzing
import TestSupport
import Testing

@Suite("Hostile files")
struct HostileFileTests {
  @Test(
    "Each reader answers thousands of mutated files with a result or a typed error of one line",
    arguments: FuzzTarget.allCases)
  func mutations(target: FuzzTarget) throws {
    let folder = try TemporaryFolder()
    let cases = target == .model ? 200 : 1_500
    let run = try FuzzRun.run(target, cases: cases, seed: 1, folder: folder.path)
    #expect(run.faults.isEmpty, "\(run.faults)")
    #expect(run.accepted + run.refused == cases)
    #expect(run.refused > 0)
  }
}
