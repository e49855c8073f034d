import Environments
import Experiments
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
    let cases = target.compilesModels ? 200 : 1_500
    let run = try FuzzRun.run(target, cases: cases, seed: 1, folder: folder.path)
    #expect(run.faults.isEmpty, "\(run.faults)")
    #expect(run.accepted + run.refused == cases)
    #expect(run.refused > 0)
  }

  @Test("Settings that no machine has the memory for are refused before any of it is taken")
  func tooLarge() throws {
    let definition = try TaskRegistry.definition(named: "point-maze")
    let folder = try TemporaryFolder()
    let path = folder.file("run")
    for (key, value) in [
      ("lower.replayCapacity", "100000000"), ("higher.hiddenUnits", "8192"),
      ("subgoals.interval", "10000"),
    ] {
      var layers = ConfigurationLayers()
      let sizes = ["higher.replayCapacity": "100000000", "higher.batchSize": "65536"]
      try layers.apply(sizes.merging([key: value]) { $1 }, source: "test")
      let error = #expect(throws: ConfigurationError.self) {
        try TrainingRun(
          configuration: layers.configuration, definition: definition, folder: path)
      }
      #expect(error?.description.contains("of memory, but this machine has") == true)
    }
    #expect(try folder.contents.isEmpty)
  }
}
