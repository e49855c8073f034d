import ArgumentParser
import Environments
import Experiments
import Files
import Imaging
import Learning
import MuJoCo
import NeuralNetworks
import Safetensors

/// How the program ended, in the numbers of `sysexits.h`.
enum ExitStatus: Int32 {
  /// The command line is wrong.
  case usage = 64
  /// A file holds something else than it should.
  case data = 65
  /// A file is not there or may not be read.
  case noInput = 66
  /// Something that this computer lacks is needed.
  case unavailable = 69
  /// The program itself failed.
  case software = 70
  /// A file could not be created.
  case cannotCreate = 73
  /// The disk failed or is full.
  case inputOutput = 74
  /// Another process is at work in the folder; once it has ended, the same command can succeed.
  case busy = 75
  /// A setting is wrong.
  case configuration = 78

  /// The status that tells the kind of `error`.
  init(_ error: any Error) {
    switch error {
    case let error as FileError: self.init(error)
    case SafetensorsError.headerTooLarge: self = .cannotCreate
    case SafetensorsError.file(let error), TraceError.file(let error),
      ConfigurationError.file(let error), ComparisonError.file(let error):
      self.init(error)
    case ComparisonError.noRuns, ComparisonError.noEvaluation: self = .noInput
    case ComparisonError.targets, ComparisonError.sameRun: self = .usage
    case is ComparisonError: self = .data
    case ConfigurationError.notAnAssignment, ConfigurationError.unknownPreset: self = .usage
    case is ConfigurationError, is AgentShapeError: self = .configuration
    case PolicyFileError.noPolicy: self = .noInput
    case let error as SourceError: self = error.isMissing ? .noInput : .data
    case let error as StudyError: self.init(error)
    case RunError.locked: self = .busy
    case RunError.occupied, RunError.isStudy: self = .cannotCreate
    case RunError.unsaved: self = .inputOutput
    case RunError.noCheckpoint, RunError.notAFolder: self = .noInput
    case RunError.changed, RunError.behind, WorldError.anotherRobot: self = .configuration
    case is WorldError: self = .usage
    case is TrainingError: self = .software
    case is SafetensorsError, is RunError, is StateError, is PolicyFileError, is TraceError,
      is TensorError:
      self = .data
    case EnvironmentError.unknownTask, EnvironmentError.invalidTarget: self = .usage
    case is EnvironmentError: self = .data
    case let error as MuJoCoError where error.isOutOfMemory: self = .unavailable
    case MuJoCoError.missingFile: self = .noInput
    case MuJoCoError.noGraphics: self = .unavailable
    case MuJoCoError.internalError: self = .software
    case is MuJoCoError: self = .data
    case ImagingError.ffmpegMissing, ImagingError.noEncoder: self = .unavailable
    case ImagingError.unreadable: self = .data
    case is ImagingError: self = .cannotCreate
    case is OutputError: self = .inputOutput
    case is ValidationError: self = .usage
    default:
      // What the argument parser throws has no public type but knows its exit code.
      self = Hiro.exitCode(for: error) == .validationFailure ? .usage : .software
    }
  }

  private init(_ error: StudyError) {
    switch error {
    case .file(let error): self.init(error)
    case .invalid(let source, _) where source.hasPrefix("--"): self = .usage
    case .invalid: self = .configuration
    case .anotherStudy, .isRun, .queued: self = .cannotCreate
    case .noStudy: self = .noInput
    case .tooManyJobs, .unsuitablePath: self = .usage
    case .noSlurm, .refused: self = .unavailable
    case .failed: self = .software
    case .unsaved: self = .inputOutput
    }
  }

  private init(_ error: FileError) {
    switch error {
    case .isFolder(_, let writing): self = writing ? .cannotCreate : .noInput
    case .notFound, .notAFile, .notReadable: self = .noInput
    case .tooLarge, .truncated: self = .data
    case .noSuchFolder, .notAFolder, .notWritable: self = .cannotCreate
    case .diskFull, .tooLargeToWrite, .failed: self = .inputOutput
    }
  }
}
