/// The errors of pictures and videos. Each description is one line that names the thing and the
/// remedy.
public enum ImagingError: Error, Equatable, CustomStringConvertible {
  /// The file does not exist or is not a PNG that can be read.
  case unreadable(path: String, reason: String)
  /// The file can't be written.
  case unwritable(path: String, reason: String)
  /// A frame does not have the size of the video.
  case wrongFrameSize(path: String, expected: String, found: String)
  /// There is no `ffmpeg` program.
  case ffmpegMissing
  /// None of the encoders for such a video works; `reason` is what `ffmpeg` said about the first
  /// one.
  case noEncoder(path: String, reason: String)
  /// The `ffmpeg` program failed; `reason` is the last line it wrote.
  case ffmpegFailed(path: String, reason: String)

  /// One line that names the thing and the remedy.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): can't be read as a PNG: \(reason)"
    case .unwritable(let path, let reason): "\(path): can't be written: \(reason)"
    case .wrongFrameSize(let path, let expected, let found):
      "\(path): a frame of \(found) pixels was given to a video of \(expected)"
    case .ffmpegMissing:
      "the program ffmpeg, which makes the video, is missing; install the package ffmpeg, or use "
        + "--no-video"
    case .noEncoder(let path, let reason):
      "\(path): this ffmpeg cannot make a video (\(reason)); install one with libx264"
    case .ffmpegFailed(let path, let reason): "\(path): ffmpeg failed: \(reason)"
    }
  }
}
