/// The errors of this module. Each description is one line that names the thing and the remedy.
public enum MuJoCoError: Error, Equatable, CustomStringConvertible {
  /// There is no file at `path`, or it can't be read.
  case missingFile(path: String)
  /// MuJoCo refused the model called `name`; `message` is MuJoCo's own, with the line if it is
  /// known.
  case invalidModel(name: String, message: String)
  /// The model called `model` has no object of this `kind` with this `name`.
  case unknownName(kind: String, name: String, model: String, known: [String])
  /// MuJoCo raised a fatal error inside `call`. The simulation must be reset or restored before
  /// further use.
  case internalError(model: String, call: String, message: String)
  /// A saved state or an array does not fit the model.
  case sizeMismatch(model: String, field: String, expected: Int, found: Int)
  /// OpenGL is not available, for this `reason`.
  case noGraphics(reason: String)

  /// One line that names the thing and the remedy.
  public var description: String {
    // A name in an untrusted file may contain anything, also line breaks.
    Self.oneLine(text)
  }

  /// Whether MuJoCo could not get enough memory, which only the text of its message tells.
  package var isOutOfMemory: Bool {
    switch self {
    case .invalidModel(_, let message), .internalError(_, _, let message):
      message.lowercased().contains("could not allocate memory")
    default: false
    }
  }

  private var text: String {
    switch self {
    case .missingFile(let path):
      "\(path): no such file, or it can't be read; give the path of an MJCF file"
    case .invalidModel(let name, _) where isOutOfMemory,
      .internalError(let name, _, _) where isOutOfMemory:
      "\(name): not enough memory for this world; raise the memory limit of this process "
        + "(ulimit -v, or that of its container)"
    case .invalidModel(let name, let message):
      "\(name): not a valid model: \(message)"
    case .unknownName(let kind, let name, let model, let known):
      "\(model): there is no \(kind) named '\(name)'; it has "
        + (known.isEmpty ? "none with a name" : known.joined(separator: ", "))
    case .internalError(let model, let call, let message):
      "\(model): MuJoCo failed in \(call): \(message); reset the simulation or restore a state"
    case .sizeMismatch(let model, let field, let expected, let found):
      "\(model): \(field) has \(found) numbers where \(expected) are expected; "
        + "was it saved with another model?"
    case .noGraphics(let reason):
      "no OpenGL for rendering: \(reason)"
    }
  }

  /// MuJoCo's messages may have several lines; a description has one.
  package static func oneLine(_ message: UnsafePointer<CChar>) -> String {
    oneLine(String(cString: message))
  }

  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: "; ")
  }
}
