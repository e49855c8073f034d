/// Text over a picture, in a corner of the window.
public struct Overlay: Sendable, Equatable {
  /// A corner.
  public enum Corner: Sendable {
    /// Top left.
    case topLeft
    /// Top right.
    case topRight
    /// Bottom left.
    case bottomLeft
    /// Bottom right.
    case bottomRight
  }

  /// The corner in which the text is drawn.
  public var corner: Corner
  /// The lines of text, each with a left and a right column.
  public var lines: [(left: String, right: String)]
  /// Whether the letters are big.
  public var isBig: Bool

  /// Creates a text of two columns in a corner.
  public init(_ corner: Corner, lines: [(left: String, right: String)], isBig: Bool = false) {
    self.corner = corner
    self.lines = lines
    self.isBig = isBig
  }

  /// Whether both have the same text, in the same corner and size.
  public static func == (a: Overlay, b: Overlay) -> Bool {
    a.corner == b.corner && a.isBig == b.isBig && a.lines.elementsEqual(b.lines, by: ==)
  }
}
