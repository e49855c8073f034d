import Foundation

/// Makes a video from pictures with the `ffmpeg` program, which reads them from a socket: an MP4
/// or, if the name ends in `.gif`, a GIF. The file appears under its name only when it is complete.
///
/// The video is H.264 if this `ffmpeg` can make that, otherwise whatever it can make instead:
/// builds differ in their encoders, and some name an encoder whose library is missing.
public final class VideoWriter {
  /// The name that `ffmpeg` gives to the encoder of the video.
  public let encoder: String

  private let path: String
  private let partialPath: String
  private let width: Int
  private let height: Int
  private let encoding: Encoding

  /// The encoder that is tried first.
  public static var preferredEncoder: String { encoders[0].name }

  /// The encoders for an MP4, the best first, with their options for good pictures.
  private static let encoders: [(name: String, options: [String])] = [
    ("libx264", ["-preset", "medium", "-crf", "18", "-pix_fmt", "yuv420p"]),
    ("libopenh264", ["-b:v", "8M", "-pix_fmt", "yuv420p"]),
    ("mpeg4", ["-q:v", "3", "-pix_fmt", "yuv420p"]),
    ("libvpx-vp9", ["-crf", "24", "-b:v", "0", "-pix_fmt", "yuv420p"]),
    ("mjpeg", ["-q:v", "3", "-pix_fmt", "yuvj420p"]),
  ]

  /// One palette for all pictures, and no dithering, so that GIFs of worlds with few colours stay
  /// small.
  private static let gif =
    "split[a][b];[a]palettegen=max_colors=64[p];[b][p]paletteuse=dither=none"

  /// Whether there is an `ffmpeg` program in the search path.
  public static var isAvailable: Bool {
    let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return search.split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/ffmpeg")
    }
  }

  /// Starts a video of `width` × `height` pixels; odd sizes are padded by one.
  ///
  /// - Parameter shouldStop: Called again and again while waiting for `ffmpeg`; true ends the wait.
  /// - Throws: ``ImagingError/ffmpegMissing``, ``ImagingError/noEncoder(path:reason:)``,
  ///   ``ImagingError/unwritable(path:reason:)``, `CancellationError` if `shouldStop()` is true.
  public init(
    path: String, width: Int, height: Int, framesPerSecond: Double,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws {
    precondition(width > 0 && height > 0 && framesPerSecond > 0)
    guard Self.isAvailable else { throw ImagingError.ffmpegMissing }
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: directory) else {
      throw ImagingError.unwritable(path: path, reason: "its folder is missing or read-only")
    }
    let name = URL(fileURLWithPath: path).lastPathComponent
    let partialPath = "\(directory)/.\(name).\(getpid()).partial"
    Self.removeAbandoned(name, in: directory)

    let isGIF = path.hasSuffix(".gif")
    func start(_ encoder: (name: String, options: [String])) throws -> Encoding {
      let arguments =
        [
          "ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-f", "rawvideo", "-pixel_format",
          "rgb24", "-video_size", "\(width)x\(height)", "-framerate", "\(framesPerSecond)",
          "-i", "pipe:0", "-vf", isGIF ? Self.gif : "pad=ceil(iw/2)*2:ceil(ih/2)*2",
          "-c:v", encoder.name,
        ] + encoder.options
        + (isGIF ? ["-f", "gif"] : ["-movflags", "+faststart", "-f", "mp4"])
        + ["file:" + partialPath]
      return try Encoding(arguments, path: path, partialPath: partialPath, shouldStop: shouldStop)
    }
    // Try each encoder on a video of two frames, before there are pictures to lose.
    let frame = Image(width: width, height: height)
    var firstFailure: String?
    let encoder = try (isGIF ? [("gif", [])] : Self.encoders).first { encoder in
      do {
        let trial = try start(encoder)
        for _ in 0..<2 { try trial.append(frame) }
        try trial.finish()
        unlink(partialPath)
        return true
      } catch ImagingError.ffmpegFailed(_, let reason) {
        firstFailure = firstFailure ?? reason
        return false
      }
    }
    guard let encoder else {
      throw ImagingError.noEncoder(path: path, reason: firstFailure ?? "")
    }
    self.encoder = encoder.name
    self.path = path
    self.partialPath = partialPath
    self.width = width
    self.height = height
    encoding = try start(encoder)
  }

  /// Removes the unfinished videos of processes that were killed.
  private static func removeAbandoned(_ name: String, in directory: String) {
    let (prefix, suffix) = (".\(name).", ".partial")
    for file in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    where file.hasPrefix(prefix) && file.hasSuffix(suffix) {
      guard let process = pid_t(file.dropFirst(prefix.count).dropLast(suffix.count)),
        kill(process, 0) != 0, errno == ESRCH
      else { continue }
      unlink("\(directory)/\(file)")
    }
  }

  /// Adds a picture.
  ///
  /// - Throws: ``ImagingError/wrongFrameSize(path:expected:found:)``,
  ///   ``ImagingError/ffmpegFailed(path:reason:)``, or `CancellationError`.
  public func append(_ image: Image) throws {
    guard image.width == width, image.height == height else {
      throw ImagingError.wrongFrameSize(
        path: path, expected: "\(width)x\(height)", found: "\(image.width)x\(image.height)")
    }
    try encoding.append(image)
  }

  /// Completes the video and gives the file its name.
  ///
  /// - Throws: ``ImagingError/ffmpegFailed(path:reason:)``,
  ///   ``ImagingError/unwritable(path:reason:)``, or `CancellationError`.
  public func finish() throws {
    try encoding.finish()
    guard rename(partialPath, path) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(partialPath)
      throw ImagingError.unwritable(path: path, reason: reason)
    }
  }
}

/// A running `ffmpeg` that makes a file. If it does not finish, its file is removed.
private final class Encoding {
  private let path: String
  private let partialPath: String
  private let shouldStop: @Sendable () -> Bool
  /// The file for ffmpeg's messages. It is an unnamed file, so that ffmpeg never has to wait for us
  /// to read.
  private let messages: UnsafeMutablePointer<FILE>
  private var process: pid_t?
  private var socket: Int32?

  /// The longest time to wait before asking again whether to stop (ms).
  private static let patience: Int32 = 50

  init(
    _ arguments: [String], path: String, partialPath: String,
    shouldStop: @escaping @Sendable () -> Bool
  ) throws {
    // A socket, not a pipe: if the reader has died, writing to a socket can return an error without
    // raising a signal.
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard let messages = tmpfile() else {
      throw ImagingError.unwritable(path: path, reason: String(cString: strerror(errno)))
    }
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      let reason = String(cString: strerror(errno))
      fclose(messages)
      throw ImagingError.unwritable(path: path, reason: reason)
    }
    process = Self.spawn(arguments, input: ends[1], messages: fileno(messages))
    close(ends[1])
    guard process != nil else {
      close(ends[0])
      fclose(messages)
      throw ImagingError.ffmpegMissing
    }
    self.path = path
    self.partialPath = partialPath
    self.shouldStop = shouldStop
    self.messages = messages
    socket = ends[0]
  }

  deinit {
    abandon()
    fclose(messages)
  }

  func append(_ image: Image) throws {
    try image.pixels.withUnsafeBytes { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        guard let socket else { preconditionFailure("the video is finished") }
        var stream = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        guard poll(&stream, 1, Self.patience) > 0 else {
          if shouldStop() { throw CancellationError() }
          continue
        }
        let sent = send(
          socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        if sent > 0 {
          rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(sent))
        } else if errno != EINTR, errno != EAGAIN {
          // ffmpeg has ended; its last message says more than our "broken pipe".
          _ = try end()
          throw failure()
        }
      }
    }
  }

  /// Lets ffmpeg finish the file, under its partial name.
  func finish() throws {
    guard try end() == 0 else { throw failure() }
  }

  /// Closes ffmpeg's input, waits for ffmpeg to end, and returns its exit status.
  private func end() throws -> Int32 {
    if let socket { close(socket) }
    socket = nil
    guard let process else { preconditionFailure("the video is finished") }
    var status: Int32 = 0
    while true {
      let ended = waitpid(process, &status, WNOHANG)
      if ended == process || ended < 0 && errno != EINTR { break }
      if shouldStop() { throw CancellationError() }
      usleep(5_000)
    }
    self.process = nil
    return status
  }

  private func failure() -> ImagingError {
    unlink(partialPath)
    rewind(messages)
    var text = [UInt8](repeating: 0, count: 1 << 16)
    let length = fread(&text, 1, text.count, messages)
    let lines = String(decoding: text.prefix(length), as: UTF8.self).split(separator: "\n")
    return .ffmpegFailed(path: path, reason: lines.last.map(String.init) ?? "it ended early")
  }

  /// Ends ffmpeg if it still runs, and removes the file that it has made.
  private func abandon() {
    if let socket { close(socket) }
    guard let process else { return }
    kill(process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    unlink(partialPath)
  }

  private static func spawn(_ arguments: [String], input: Int32, messages: Int32) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO)

    // ffmpeg runs in a process group of its own, so that Ctrl-C reaches only this process, which
    // then decides whether ffmpeg goes on.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setpgroup(&attributes, 0)
    // ffmpeg does not inherit the signals that are blocked or ignored in this process.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var ours = sigset_t()
    sigemptyset(&ours)
    for signal in [SIGPIPE, SIGXFSZ] { sigaddset(&ours, signal) }
    posix_spawnattr_setsigdefault(&attributes, &ours)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var vector = arguments.map { strdup($0) } + [nil]
    defer { for argument in vector { free(argument) } }
    var process = pid_t()
    let status = posix_spawnp(&process, "ffmpeg", &actions, &attributes, &vector, environ)
    return status == 0 ? process : nil
  }
}
