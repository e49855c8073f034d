import Learning

extension AgentShape.QuarterTurn {
  /// The quarter turn of the Ant: leg 1 takes the values of leg 2, and so on. The axes of the
  /// ankles turn with the legs except for their signs. The angular velocity is in the body's own
  /// frame, so its x and y change too.
  static let ant: AgentShape.QuarterTurn = {
    var observation = Relabelling(
      sources: Array(0..<30), signs: Array(repeating: 1, count: 30))
    var action = Relabelling(sources: Array(0..<8), signs: Array(repeating: 1, count: 8))
    let ankleSigns: [Float] = [-1, 1, -1, 1]
    // The order of the motors begins with leg 4.
    func motor(_ leg: Int) -> Int { 2 * ((leg + 1) % 4) }
    for leg in 0..<4 {
      let next = (leg + 1) % 4
      for first in [7, 21] {
        observation.sources[first + 2 * leg] = first + 2 * next
        observation.sources[first + 2 * leg + 1] = first + 2 * next + 1
        observation.signs[first + 2 * leg + 1] = ankleSigns[leg]
      }
      action.sources[motor(leg)] = motor(next)
      action.sources[motor(leg) + 1] = motor(next) + 1
      action.signs[motor(leg) + 1] = ankleSigns[leg]
    }
    (observation.sources[18], observation.sources[19]) = (19, 18)
    observation.signs[19] = -1
    return Self(observation: observation, action: action)
  }()
}
