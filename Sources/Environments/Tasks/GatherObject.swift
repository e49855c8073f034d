/// An object that the Ant can take in Ant Gather.
public struct GatherObject: Codable, Equatable, Sendable {
  /// The kinds of objects.
  public enum Kind: String, Codable, Sendable {
    /// An apple: a reward of +1.
    case apple
    /// A bomb: a reward of −1.
    case bomb
  }

  /// The kind of the object.
  public var kind: Kind
  /// The x coordinate of the object (m).
  public var x: Double
  /// The y coordinate of the object (m).
  public var y: Double

  /// Creates an object; each parameter sets the property of the same name.
  public init(kind: Kind, x: Double, y: Double) {
    self.kind = kind
    self.x = x
    self.y = y
  }
}
