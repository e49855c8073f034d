import Files
import Foundation

/// A study as a job array of Slurm: each array task is one run, in the same folder and with the
/// same bits as on one machine.
///
/// Before its time limit, on preemption and on `scancel --signal=TERM`, a task saves its run and
/// ends. Near the time limit the batch script puts the task back into the queue; after SIGTERM that
/// is left to Slurm, which requeues preempted tasks. A requeued task continues from its checkpoint,
/// and one that was killed without notice from the last checkpoint before.
package struct SlurmArray: Sendable {
  /// The partition; the cluster's default where there is none.
  package var partition: String?
  /// The time limit of one task, in Slurm's form, such as `4:00:00`.
  package var time: String?
  /// Memory of one task, in Slurm's form, such as `2G`; nil for what the largest run needs.
  package var memory: String?
  /// Threads of one task.
  package var threads = 1
  /// The most tasks at a time; nil for as many as the cluster allows.
  package var jobs: Int?
  /// Further options of `hiro study` that do not change what is computed, such as
  /// `--no-tensorboard`.
  package var options: [String] = []

  /// The defaults.
  package init() {}

  /// The folder within the study's for the batch script, its logs and the number of the job.
  package static let folder = "slurm"
  private static let script = "job.sh"
  private static let job = "job"

  /// Seconds before the time limit at which a task begins to save.
  package static let notice = 120

  /// The shortest time limit (s) that is accepted, so that a task can train before its ``notice``.
  package static let shortestTime = 300

  /// The number of seconds of a time limit in Slurm's form (`90` for minutes, `4:00:00`, `2-12`);
  /// nil if `text` is not one.
  package static func seconds(inTime text: String) -> Int? {
    let days = text.split(separator: "-", omittingEmptySubsequences: false)
    let parts = days.last?.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard let parts, days.count <= 2, (1...3).contains(parts.count) else { return nil }
    let numbers = parts.compactMap(\.self)
    guard numbers.count == parts.count, numbers.allSatisfy({ (0...1_000_000).contains($0) }) else {
      return nil
    }
    // With days, the numbers are hours, minutes and seconds; so are three numbers without days. One
    // number is minutes, two are minutes and seconds.
    let units = days.count == 2 ? [3_600, 60, 1] : numbers.count == 3 ? [3_600, 60, 1] : [60, 1]
    let rest = zip(numbers, units).reduce(0) { $0 + $1.0 * $1.1 }
    guard days.count == 2 else { return rest }
    guard let count = Int(days[0]), (0...10_000).contains(count) else { return nil }
    return count * 86_400 + rest
  }

  /// Submits the runs of `study` that are not finished.
  ///
  /// Slurm is first asked whether it would accept them, so that a refused study leaves nothing
  /// behind.
  ///
  /// - Parameter program: The path of `hiro`, the same on every node.
  /// - Returns: The job's number and how many runs were submitted; nil where all are finished.
  /// - Throws: ``StudyError``.
  package func submit(_ study: StudyFolder, program: String) throws -> (job: String, runs: Int)? {
    guard Self.path(of: "sbatch") != nil else { throw StudyError.noSlurm }
    let open = study.runs.filter { !study.state(of: $0).isFinished }
    guard !open.isEmpty else { return nil }
    try Self.checkNotQueued(study)
    let text = try script(for: study, runs: open, program: program)
    _ = try Self.sbatch(["--test-only"], script: text)
    try study.prepare()
    let folder = "\(study.path)/\(Self.folder)"
    try AtomicFile.makeFolder(folder)
    try AtomicFile.write(text, to: "\(folder)/\(Self.script)")
    let job =
      try Self.sbatch(["--parsable"], script: text)
      .split(separator: ";").first.map(String.init) ?? ""
    try AtomicFile.write(job + "\n", to: "\(folder)/\(Self.job)")
    return (job, open.count)
  }

  /// The batch script of the given runs.
  func script(for study: StudyFolder, runs: [StudyRun], program: String) throws -> String {
    let path = URL(fileURLWithPath: study.path).standardizedFileURL.path
    for text in [path, program] where text.contains(where: { $0.isNewline || $0 == "'" }) {
      throw StudyError.unsuitablePath(text)
    }
    var options = [
      "--job-name=hiro-\(Study.folderName((path as NSString).lastPathComponent))",
      "--array=\(Self.indices(runs))" + (jobs.map { "%\($0)" } ?? ""),
      "--ntasks=1", "--cpus-per-task=\(threads)",
      "--mem=\(memory ?? Self.memory(of: runs))",
      "--signal=B:USR1@\(Self.notice)", "--requeue", "--open-mode=append",
      "--output='\(path)/\(Self.folder)/%a.log'",
    ]
    if let partition { options.append("--partition=\(partition)") }
    if let time { options.append("--time=\(time)") }
    options += study.study.slurm
    let resume = ["study", "--resume", "\(path)", "--threads", "\(threads)"] + self.options
    return """
      #!/bin/sh
      \(options.map { "#SBATCH \($0)" }.joined(separator: "\n"))

      # A study of hiro, one run for each task of the array. Slurm signals a task before its time
      # limit (USR1) and when it is preempted or requeued (TERM): the run saves and ends, and goes on
      # from there when the task is started again.
      task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
      run=
      notice=
      stop() {
        notice=$1
        [ -z "$run" ] || kill -TERM "$run" 2>/dev/null
      }
      trap 'stop limit' USR1
      trap 'stop term' TERM

      \((["'\(program)'"] + resume.map { "'\($0)'" }).joined(separator: " ")) \\
        --only "$SLURM_ARRAY_TASK_ID" &
      run=$!
      wait "$run"
      status=$?
      # A signal ends `wait` early; the run may still be saving.
      while kill -0 "$run" 2>/dev/null; do
        wait "$run"
        status=$?
      done

      # The time limit was near, or the run died (128 and above: by a signal; 74: the disk): once more
      # from the checkpoint. Wrong settings stay wrong.
      if [ "$status" -ne 0 ] && { [ "$notice" = limit ] ||
        { [ -z "$notice" ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 3 ] &&
          { [ "$status" -ge 128 ] || [ "$status" -eq 74 ]; }; }; }; then
        echo "task $task: queued again, to continue from the checkpoint"
        scontrol requeue "$task"
        # Slurm ends this task now; to end by itself would count as its end.
        sleep 60
      fi
      exit "$status"

      """
  }

  /// The indices of `runs` as Slurm writes them: `0-3,7`.
  private static func indices(_ runs: [StudyRun]) -> String {
    SeedList.text(runs.map { UInt64($0.index) })
  }

  /// The memory that the largest of `runs` needs, with a reserve for the program itself, in Slurm's
  /// form.
  private static func memory(of runs: [StudyRun]) -> String {
    let bytes = runs.map(\.memory).max() ?? 0
    return "\(Int((1.5 * bytes / 1e6).rounded(.up)) + 500)M"
  }

  /// Refuses a second submission while the first one is waiting or at work.
  package static func checkNotQueued(_ study: StudyFolder) throws {
    let file = "\(study.path)/\(folder)/\(job)"
    guard let job = try? InputFile.text(path: file, limit: 100),
      case let number = job.trimmingCharacters(in: .whitespacesAndNewlines),
      !number.isEmpty, number.allSatisfy(\.isNumber)
    else { return }
    // `squeue` fails for a job that the cluster no longer knows; then nothing is queued.
    let queue = try? run("squeue", ["--noheader", "--jobs", number], input: "")
    if let queue, queue.code == 0, !queue.output.allSatisfy(\.isWhitespace) {
      throw StudyError.queued(folder: study.path, job: number)
    }
  }

  private static func sbatch(_ options: [String], script: String) throws -> String {
    let result = try run("sbatch", options, input: script)
    guard result.code == 0 else {
      let lines = result.errors.split(separator: "\n").map {
        $0.replacing(
          /^(sbatch: |error: |allocation failure: |Batch job submission failed: )+/, with: "")
      }
      var reason = lines.isEmpty ? "exit code \(result.code)" : lines.joined(separator: "; ")
      if reason.localizedCaseInsensitiveContains("partition") {
        reason += "; `sinfo --summarize` shows the partitions"
      }
      throw StudyError.refused(reason: printable(reason, limit: 500))
    }
    return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func run(
    _ name: String, _ arguments: [String], input: String
  ) throws -> (code: Int32, output: String, errors: String) {
    guard let program = path(of: name) else { throw StudyError.noSlurm }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stderr
    do { try process.run() } catch { throw StudyError.refused(reason: "\(name) cannot be started") }
    // Input and output are far smaller than what a pipe holds, so neither side waits for the other.
    try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try? stdin.fileHandleForWriting.close()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    let errors = stderr.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: output, as: UTF8.self),
      String(decoding: errors, as: UTF8.self)
    )
  }

  private static func path(of program: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
      .map { "\($0)/\(program)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
