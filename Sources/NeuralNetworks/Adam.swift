import CKernels
import Foundation

/// Adam (Kingma and Ba 2015, algorithm 1) over the parameters of one network.
public final class Adam: @unchecked Sendable {
  /// Constants of the optimiser.
  public struct Settings: Equatable, Sendable {
    /// The step size α.
    public var learningRate: Double
    /// Decay of the first moment.
    public var beta1: Double
    /// Decay of the second moment.
    public var beta2: Double
    /// Added to the root of the second moment.
    public var epsilon: Double

    /// Makes settings from the constants.
    public init(
      learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8
    ) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
    }
  }

  /// The constants.
  public let settings: Settings

  /// Steps made so far.
  public package(set) var steps = 0

  /// Running mean of the gradients.
  public let firstMoments: FloatBuffer

  /// Running mean of the squared gradients.
  public let secondMoments: FloatBuffer

  /// Makes an optimiser for `count` parameters.
  public init(count: Int, settings: Settings) {
    self.settings = settings
    firstMoments = FloatBuffer(count: count)
    secondMoments = FloatBuffer(count: count)
  }

  /// Begins the next step, to be completed by calls of ``step(_:gradients:in:)``.
  public func beginStep() {
    steps += 1
  }

  /// Updates a range of the parameters from their gradients; a step needs each parameter once.
  public func step(_ parameters: FloatBuffer, gradients: FloatBuffer, in range: Range<Int>) {
    let stepSize = settings.learningRate / (1 - pow(settings.beta1, Double(steps)))
    let secondCorrection = 1 / (1 - pow(settings.beta2, Double(steps))).squareRoot()
    let first = range.lowerBound
    kernels_adam(
      range.count, parameters.pointer + first, gradients.pointer + first,
      firstMoments.pointer + first, secondMoments.pointer + first, Float(settings.beta1),
      Float(settings.beta2), Float(settings.epsilon), Float(stepSize), Float(secondCorrection))
  }
}

extension FloatBuffer {
  /// Moves the numbers in a range by the fraction `rate` towards those of `other`: the update of a
  /// target network.
  public func move(towards other: FloatBuffer, rate: Double, in range: Range<Int>) {
    precondition(count == other.count)
    kernels_soft_update(
      range.count, pointer + range.lowerBound, other.pointer + range.lowerBound, Float(rate))
  }

  /// Whether no number is infinite or NaN.
  public var isFinite: Bool {
    kernels_all_finite(count, pointer)
  }
}
