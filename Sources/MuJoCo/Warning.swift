import CMuJoCo

/// The kinds of MuJoCo's warnings.
public enum WarningKind: Int, Sendable, CaseIterable, Codable {
  /// The inertia matrix is nearly singular.
  case singularInertia
  /// There was no room for all contacts.
  case contactsFull
  /// There was no room for all constraints.
  case constraintsFull
  /// There was no room for all geoms of a scene.
  case sceneFull
  /// A position was not finite or too big; the state was reset.
  case badPosition
  /// A velocity was not finite or too big; the state was reset.
  case badVelocity
  /// An acceleration was not finite or too big; the state was reset.
  case badAcceleration
  /// A control was not finite; all controls were taken as zero.
  case badControl
}

/// A warning and how often it was raised.
public struct Warning: Sendable, Equatable {
  /// The kind of the warning.
  public var kind: WarningKind
  /// How often the warning was raised since the last reset.
  public var count: Int
  /// MuJoCo's text for the last warning of this kind.
  public var message: String
}

extension Simulation {
  /// The largest position and velocity, without regard to sign, with which MuJoCo goes on: beyond
  /// it, the next step begins with a reset, which ``instabilityCount`` counts.
  package static var largestNumber: Double { mjMAXVAL }

  /// The warnings raised since the last ``reset()``.
  public var warnings: [Warning] {
    WarningKind.allCases.compactMap { kind in
      let count = count(of: kind)
      if count == 0 { return nil }
      let message = MuJoCoError.oneLine(cmj_warningText(data, Int32(kind.rawValue)))
      return Warning(kind: kind, count: count, message: message)
    }
  }

  /// How often a warning was raised since the last ``reset()``.
  public func count(of kind: WarningKind) -> Int {
    Int(cmj_warningCount(data, Int32(kind.rawValue)))
  }

  /// How often MuJoCo met a number that was not finite or too big (in position, velocity,
  /// acceleration or control) since the last ``reset()``. What MuJoCo computed with such a number
  /// is not physics.
  public var instabilityCount: Int {
    count(of: .badPosition) + count(of: .badVelocity) + count(of: .badAcceleration)
      + count(of: .badControl)
  }
}
