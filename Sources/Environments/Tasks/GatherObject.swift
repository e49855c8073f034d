/// Something to take in Ant Gather.
public struct GatherObject: Codable, Equatable, Sendable {
  /// What an object is.
  public enum Kind: String, Codable, Sendable {
    /// Worth +1.
    case apple
    /// Worth −1.
    case bomb
  }

  /// What it is.
  public var kind: Kind
  /// Its place (m).
  public var x: Double
  /// Its place (m).
  public var y: Double

  /// Makes an object; each parameter is the property of its name.
  public init(kind: Kind, x: Double, y: Double) {
    self.kind = kind
    self.x = x
    self.y = y
  }
}
