import Files

/// Why a study cannot begin, go on or be submitted, in one line with the remedy.
package enum StudyError: Error, Equatable, CustomStringConvertible {
  /// A file could not be read.
  case file(FileError)
  /// Something in a study file or on the command line is wrong.
  case invalid(source: String, problem: String)
  /// The folder holds another study.
  case anotherStudy(folder: String, difference: String)
  /// The folder holds a single run.
  case isRun(folder: String)
  /// There is no study in the folder.
  case noStudy(folder: String)
  /// `jobs` runs at a time need more memory than the machine has; `fit` runs would fit.
  case tooManyJobs(jobs: Int, fit: Int)
  /// The cluster's commands are not installed.
  case noSlurm
  /// The cluster refused the study.
  case refused(reason: String)
  /// The study is on the cluster already.
  case queued(folder: String, job: String)
  /// The path of the folder or the program has a character that the batch script cannot hold.
  case unsuitablePath(String)
  /// The study has ended, but these runs failed; `mayHelp` tells whether repeating it can help.
  case failed(runs: [String], mayHelp: Bool)
  /// The study was stopped, but the last state of these runs could not be saved.
  case unsaved(runs: [String])

  /// One line: what was found where, and what would be right.
  package var description: String {
    switch self {
    case .file(let error): error.description
    case .invalid(let source, let problem): "\(source): \(problem)"
    case .anotherStudy(let folder, let difference):
      "\(printable(folder)): contains another study: \(difference); choose another folder"
    case .isRun(let folder):
      "\(printable(folder)): contains a run of hiro train; choose another folder for the study"
    case .noStudy(let folder):
      "\(printable(folder)): contains no \(StudyFolder.file) to continue; begin a study with "
        + "--output"
    case .tooManyJobs(let jobs, let fit):
      "--jobs \(jobs): this many runs at a time need more memory than there is; "
        + "use --jobs \(max(1, fit))"
    case .noSlurm:
      "--slurm: there is no sbatch here; install Slurm's commands (Debian: slurm-client), "
        + "or leave --slurm out to use this machine"
    case .refused(let reason): "Slurm refused the study: \(reason)"
    case .queued(let folder, let job):
      "\(printable(folder)): is already on the cluster as job \(job); wait for it, or end it with "
        + "scancel \(job)"
    case .unsuitablePath(let path):
      "\(printable(path)): a path with a line break or a quote cannot be used in a batch script; "
        + "choose another folder"
    case .failed(let runs, let mayHelp):
      "\(Self.list(runs, "failed"))" + (mayHelp ? "; repeat the command to try again" : "")
    case .unsaved(let runs):
      "stopped, but \(Self.list(runs, "could not be saved")); the command continues from the last "
        + "checkpoints"
    }
  }

  /// What happened to some runs, with the first of them.
  private static func list(_ runs: [String], _ what: String) -> String {
    "\(runs.count == 1 ? "a run" : "\(runs.count) runs") \(what): "
      + runs.prefix(5).joined(separator: "; ") + (runs.count > 5 ? "; …" : "")
  }
}
