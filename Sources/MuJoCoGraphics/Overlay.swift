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

  /// Where it is.
  public var corner: Corner
  /// Lines of two columns.
  public var lines: [(left: String, right: String)]
  /// Whether the letters are big.
  public var isBig: Bool

  /// Text of two columns in a corner.
  public init(_ corner: Corner, lines: [(left: String, right: String)], isBig: Bool = false) {
    self.corner = corner
    self.lines = lines
    self.isBig = isBig
  }

  /// Whether both say the same in the same place.
  public static func == (a: Overlay, b: Overlay) -> Bool {
    a.corner == b.corner && a.isBig == b.isBig && a.lines.elementsEqual(b.lines, by: ==)
  }
}
