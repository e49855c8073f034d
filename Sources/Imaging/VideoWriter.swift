import Foundation

/// Makes an MP4 (H.264) of pictures with the `ffmpeg` program, which reads them from a socket. The
/// file appears under its name when it is finished, never half of it.
public final class VideoWriter {
  private let path: String
  private let partialPath: String
  private let width: Int
  private let height: Int
  private let process: pid_t
  /// Where ffmpeg's messages go: an unnamed file, so that it never waits for us to read.
  private let messages: UnsafeMutablePointer<FILE>
  private var socket: Int32?

  /// Whether there is an `ffmpeg` program in the search path.
  public static var isAvailable: Bool {
    let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return search.split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/ffmpeg")
    }
  }

  /// Starts a video of `width` × `height` pixels; odd sizes are padded by one.
  ///
  /// - Throws: ``ImagingError/ffmpegMissing``, ``ImagingError/unwritable(path:reason:)``.
  public init(path: String, width: Int, height: Int, framesPerSecond: Double) throws {
    precondition(width > 0 && height > 0 && framesPerSecond > 0)
    guard Self.isAvailable else { throw ImagingError.ffmpegMissing }
    let partialPath = path + ".partial-\(getpid()).mp4"
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: directory) else {
      throw ImagingError.unwritable(path: path, reason: "its folder is missing or read-only")
    }

    // A socket, not a pipe: writing to one whose reader has died can be an error without a signal.
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard let messages = tmpfile() else {
      throw ImagingError.unwritable(path: path, reason: String(cString: strerror(errno)))
    }
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      fclose(messages)
      throw ImagingError.unwritable(path: path, reason: String(cString: strerror(errno)))
    }
    let arguments = [
      "ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-f", "rawvideo", "-pixel_format", "rgb24",
      "-video_size", "\(width)x\(height)", "-framerate", "\(framesPerSecond)", "-i", "pipe:0",
      "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-preset", "medium", "-crf", "18",
      "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", "file:" + partialPath,
    ]
    let process = Self.spawn(arguments, input: ends[1], messages: fileno(messages))
    close(ends[1])
    guard let process else {
      close(ends[0])
      fclose(messages)
      throw ImagingError.ffmpegMissing
    }
    self.path = path
    self.partialPath = partialPath
    self.width = width
    self.height = height
    self.process = process
    self.messages = messages
    socket = ends[0]
  }

  /// A video that was not finished leaves nothing behind.
  deinit {
    if let socket {
      close(socket)
      kill(process, SIGKILL)
      _ = Self.wait(for: process)
      unlink(partialPath)
    }
    fclose(messages)
  }

  /// Adds a picture.
  ///
  /// - Throws: ``ImagingError/wrongFrameSize(path:expected:found:)``,
  ///   ``ImagingError/ffmpegFailed(path:reason:)``.
  public func append(_ image: Image) throws {
    precondition(socket != nil, "the video is finished")
    guard image.width == width, image.height == height else {
      throw ImagingError.wrongFrameSize(
        path: path, expected: "\(width)x\(height)", found: "\(image.width)x\(image.height)")
    }
    try image.pixels.withUnsafeBytes { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty, let socket {
        let sent = send(socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
        if sent > 0 {
          rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(sent))
        } else if errno != EINTR {
          // ffmpeg went away; its last words are worth more than our "broken pipe".
          _ = end()
          throw failure()
        }
      }
    }
  }

  /// Ends the video and gives the file its name.
  ///
  /// - Throws: ``ImagingError/ffmpegFailed(path:reason:)``.
  public func finish() throws {
    precondition(socket != nil, "the video is finished")
    guard end() == 0 else { throw failure() }
    guard rename(partialPath, path) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(partialPath)
      throw ImagingError.unwritable(path: path, reason: reason)
    }
  }

  /// Lets ffmpeg see the end of its input and waits for it: its exit status.
  private func end() -> Int32 {
    if let socket { close(socket) }
    socket = nil
    return Self.wait(for: process)
  }

  private func failure() -> ImagingError {
    unlink(partialPath)
    rewind(messages)
    var text = [UInt8](repeating: 0, count: 1 << 16)
    let length = fread(&text, 1, text.count, messages)
    let lines = String(decoding: text.prefix(length), as: UTF8.self).split(separator: "\n")
    return .ffmpegFailed(path: path, reason: lines.last.map(String.init) ?? "it ended early")
  }

  private static func spawn(_ arguments: [String], input: Int32, messages: Int32) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO)

    // In a group of its own, so that Ctrl-C reaches us alone and we decide what becomes of it.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)

    var vector = arguments.map { strdup($0) } + [nil]
    defer { for argument in vector { free(argument) } }
    var process = pid_t()
    let status = posix_spawnp(&process, "ffmpeg", &actions, &attributes, &vector, environ)
    return status == 0 ? process : nil
  }

  private static func wait(for process: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
      if errno != EINTR { return -1 }
    }
    return status
  }
}
