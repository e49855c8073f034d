import Foundation
import TestSupport
import Testing

@Suite("The limits of the process", .timeLimit(.minutes(10)))
struct LimitTests {
  let folder = try! TemporaryFolder()

  var run: String { folder.file("run") }

  /// The arguments of a run that does not end by itself and is in an evaluation from step 200 on.
  var evaluating: [String] {
    ["train", "point-maze", "--steps", "100000000", "--output", run]
      + tinyRun(with: "evaluation.episodes=100000")
  }

  /// The largest number of threads that a training run works with in the second of processor time
  /// after its first row, when it is evaluating.
  func threads(of program: Program) throws -> Int {
    var most = 0
    var rowTime: Double?
    try program.wait {
      let tasks = "/proc/\(program.identifier)/task"
      let count = ((try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []).count
      // One thread only waits for signals. Before the first row there may be more threads, because
      // libmujoco 3 and later use some to compile a model.
      if rowTime != nil { most = max(most, count - 1) }
      if (try? String(contentsOfFile: "\(run)/metrics.csv", encoding: .utf8))?.contains("\n100,")
        == true, rowTime == nil
      {
        rowTime = program.processorTime
      }
      return rowTime.map { program.processorTime > $0 + 1 } ?? false
    }
    program.send(SIGTERM)
    #expect(try program.outcome().code == 128 + SIGTERM)
    return most
  }

  @Test("Threads are those that taskset leaves, and --threads holds for evaluations, too")
  func threads() throws {
    #expect(try threads(of: Program(script: "exec taskset -c 0 \"$HIRO\" \"$@\"", evaluating)) == 1)
    try FileManager.default.removeItem(atPath: run)
    #expect(try threads(of: Program(evaluating + ["--threads", "1"])) == 1)
    try FileManager.default.removeItem(atPath: run)
    // The threads are those of the training's pool and of the evaluation's pool.
    #expect(try threads(of: Program(evaluating + ["--threads", "3"])) == 5)
  }

  @Test("ulimit -v and -d: a run that does not fit is refused in one line; no crash below that")
  func memory() throws {
    let train = ["train", "ant-maze", "--steps", "100", "--output", run]
    for (option, megabytes) in [("v", 700), ("d", 400)] {
      let outcome = try Program.script(
        "ulimit -\(option) \(megabytes * 1024); exec \"$HIRO\" \"$@\"", train)
      #expect(outcome.code == 78, "\(outcome.errors)")
      #expect(outcome.errors.contains("this process (ulimit -\(option)) may still use"))
      #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: run))
    }
  }

  @Test("A file that would be too large is a warning, and the reason at the end")
  func fileSize() throws {
    let train = ["train", "point-maze", "--steps", "600", "--output", run] + tiny
    let outcome = try Program.script("ulimit -f 16; exec \"$HIRO\" \"$@\"", train)
    #expect(outcome.code == 74, "\(outcome.errors)")
    #expect(outcome.errors.hasSuffix("raise ulimit -f\n"), "\(outcome.errors)")
  }

  /// Creates a control group for a controller and returns its path; `nil` if that is not possible.
  static func makeGroup(_ controller: String) -> String? {
    // With version 2 of control groups, the groups of all controllers are in the same folder.
    let name = "hiro-test-\(controller)-\(getpid())"
    for root in ["/sys/fs/cgroup/\(controller)", "/sys/fs/cgroup"] {
      let path = "\(root)/\(name)"
      guard mkdir(path, 0o755) == 0 else { continue }
      let files = [
        "cpu": ["cpu.max", "cpu.cfs_quota_us"], "memory": ["memory.max", "memory.limit_in_bytes"],
      ]
      if files[controller]!.contains(where: { access("\(path)/\($0)", W_OK) == 0 }) { return path }
      rmdir(path)
    }
    return nil
  }

  /// Whether this process may create a control group for a controller.
  static func canMakeGroup(_ controller: String) -> Bool {
    guard let group = makeGroup(controller) else { return false }
    rmdir(group)
    return true
  }

  /// Writes to the first of the given files of a control group that exists.
  func set(_ group: String, _ values: [(file: String, value: String)]) throws {
    let (file, value) = try #require(
      values.first { access("\(group)/\($0.file)", W_OK) == 0 })
    try value.write(toFile: "\(group)/\(file)", atomically: false, encoding: .utf8)
  }

  @Test(
    "The memory of a control group is what there is",
    .enabled(if: canMakeGroup("memory"), "no control group with a memory limit can be made here"))
  func memoryGroup() throws {
    let group = try #require(Self.makeGroup("memory"))
    defer { rmdir(group) }
    let limit = "\(300 << 20)"
    try set(group, [("memory.max", limit), ("memory.limit_in_bytes", limit)])
    let outcome = try Program.script(
      "echo $$ > \(group)/cgroup.procs; exec \"$HIRO\" \"$@\"",
      ["train", "ant-maze", "--steps", "100", "--output", run])
    #expect(outcome.code == 78, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("this container (cgroup) may use 314 MB"), "\(outcome.errors)")
    let small = try Program.script(
      "echo $$ > \(group)/cgroup.procs; exec \"$HIRO\" \"$@\"",
      ["train", "point-maze", "--steps", "300", "--output", run] + tiny
        + ["--set", "lower.replayCapacity=10000", "--set", "higher.replayCapacity=1000"])
    #expect(small.code == 0, "\(small.errors)")
  }

  @Test(
    "The processors of a control group are those that there are",
    .enabled(if: canMakeGroup("cpu"), "no control group with a processor limit can be made here"))
  func processorGroup() throws {
    let group = try #require(Self.makeGroup("cpu"))
    defer { rmdir(group) }
    try set(group, [("cpu.max", "100000 100000"), ("cpu.cfs_quota_us", "100000")])
    let program = try Program(
      script: "echo $$ > \(group)/cgroup.procs; exec \"$HIRO\" \"$@\"", evaluating)
    #expect(try threads(of: program) == 1)
  }
}
