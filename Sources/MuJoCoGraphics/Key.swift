import CGLFW

/// A key of the keyboard.
public enum Key: Hashable, Sendable {
  /// A letter (lower case), digit or sign, as the key is labelled on a US keyboard.
  case character(Character)
  /// The space bar.
  case space
  /// Return.
  case enter
  /// Escape.
  case escape
  /// Tab.
  case tab
  /// Backspace.
  case backspace
  /// The arrow to the left.
  case left
  /// The arrow to the right.
  case right
  /// The arrow upwards.
  case up
  /// The arrow downwards.
  case down
  /// A function key, from 1 on.
  case function(Int)

  /// The key with this GLFW number; nil for a key that is not used here.
  init?(code: Int32) {
    switch code {
    case GLFW_KEY_SPACE: self = .space
    case GLFW_KEY_ENTER, GLFW_KEY_KP_ENTER: self = .enter
    case GLFW_KEY_ESCAPE: self = .escape
    case GLFW_KEY_TAB: self = .tab
    case GLFW_KEY_BACKSPACE: self = .backspace
    case GLFW_KEY_LEFT: self = .left
    case GLFW_KEY_RIGHT: self = .right
    case GLFW_KEY_UP: self = .up
    case GLFW_KEY_DOWN: self = .down
    case GLFW_KEY_F1...GLFW_KEY_F25: self = .function(Int(code - GLFW_KEY_F1) + 1)
    case GLFW_KEY_KP_ADD: self = .character("+")
    case GLFW_KEY_KP_SUBTRACT: self = .character("-")
    // GLFW numbers printable keys as ASCII does.
    case 33...126:
      self = .character(Character(Unicode.Scalar(UInt8(code)).properties.lowercaseMapping))
    default: return nil
    }
  }
}

/// A key that was pressed, or repeats while it is held.
public struct KeyEvent: Hashable, Sendable {
  /// The key.
  public var key: Key
  /// Whether Shift was held.
  public var isShifted: Bool
  /// Whether the key repeats because it is held.
  public var isRepeat: Bool

  /// Creates an event.
  public init(_ key: Key, isShifted: Bool = false, isRepeat: Bool = false) {
    (self.key, self.isShifted, self.isRepeat) = (key, isShifted, isRepeat)
  }
}
