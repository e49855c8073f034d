import CKernels
import NeuralNetworks

/// A few transitions of a batch, scored together.
final class CorrectionChunk: @unchecked Sendable {
  let transitions: Range<Int>
  private(set) var rowsScored = 0
  private(set) var rowsInFull = 0

  private let shape: AgentShape
  private let subgoals: Subgoals
  private let interval: Int
  private let candidateCount: Int

  /// Per (transition, step): the input without the candidate, and its product with the first layer.
  private let stepInputs: Matrix
  private let stepLayer: Matrix
  /// Per (transition, step): the state, and the shift of a candidate in that state.
  private let states: LazyBuffer<UnsafePointer<Float>>
  private let shifts: Matrix
  private let actions: Matrix
  /// Per (transition, candidate): the candidate's product with the first layer.
  private let candidateLayer: Matrix
  private let activations: Activations
  private let operationsPerRow: Int

  // Buffers rather than arrays: Swift checks each access to an array that a class holds.

  /// Per transition: its steps in the order in which they are scored, the most informative first.
  private let stepOrder: LazyBuffer<Int>
  /// Per (transition, candidate, step): the error, where it has been scored.
  private let stepErrors: FloatBuffer
  /// Per (transition, candidate): the sum of the errors scored so far, and their number.
  private let partial: FloatBuffer
  private let scoredSteps: LazyBuffer<Int>
  /// Per transition: the smallest error of a candidate scored in full, and the first to have it.
  private let bound: FloatBuffer
  let leader: LazyBuffer<Int>
  private let lengths: LazyBuffer<Int>

  /// Per transition: the candidate to score in full next.
  private var favourites: [Int?]

  /// The rows being scored: their step and their candidate, and their errors.
  private let stepRows: LazyBuffer<Int32>
  private let candidateRows: LazyBuffer<Int32>
  private let errors: FloatBuffer
  private let quarters: LazyBuffer<Int>
  private let subgoal: FloatBuffer

  init(
    transitions: Range<Int>, shape: AgentShape, subgoals: Subgoals, interval: Int,
    candidateCount: Int, hiddenUnits: Int
  ) {
    self.transitions = transitions
    self.shape = shape
    self.subgoals = subgoals
    self.interval = interval
    self.candidateCount = candidateCount
    let count = transitions.count
    // No stage scores more than all steps of one candidate and one step of each of the others.
    let rows = count * (interval + candidateCount - 1)
    favourites = Array(repeating: nil, count: count)
    stepInputs = Matrix(
      rows: count * interval, columns: shape.lowerInputCount, feedsLayer: true)
    stepLayer = Matrix(rows: count * interval, columns: hiddenUnits)
    states = LazyBuffer(count: count * interval)
    shifts = Matrix(rows: count * interval, columns: shape.subgoalCount)
    actions = Matrix(rows: count * interval, columns: shape.actionCount)
    candidateLayer = Matrix(rows: count * candidateCount, columns: hiddenUnits)
    let network = PerceptronShape(
      inputs: shape.lowerInputCount, hidden: hiddenUnits, outputs: shape.actionCount)
    operationsPerRow = network.operationsFromFirstHidden
    activations = Activations(shape: network, rows: rows)
    stepOrder = LazyBuffer(count: count * interval)
    stepErrors = FloatBuffer(count: count * candidateCount * interval)
    partial = FloatBuffer(count: count * candidateCount)
    scoredSteps = LazyBuffer(count: count * candidateCount)
    bound = FloatBuffer(count: count)
    leader = LazyBuffer(count: count)
    lengths = LazyBuffer(count: count)
    stepRows = LazyBuffer(count: rows)
    candidateRows = LazyBuffer(count: rows)
    errors = FloatBuffer(count: rows)
    quarters = LazyBuffer(count: rows)
    subgoal = FloatBuffer(count: shape.subgoalCount)
  }

  /// Floating-point operations of the matrix products, if `rowFraction` of all rows are scored.
  func operations(rowFraction: Double) -> Double {
    let steps = 2 * transitions.count * interval * shape.lowerInputCount * stepLayer.columns
    let candidates = 2 * transitions.count * candidateCount * subgoals.count * stepLayer.columns
    let rows = rowFraction * Double(transitions.count * candidateCount * interval)
    return Double(steps + candidates) + rows * Double(operationsPerRow)
  }

  /// Finds the best candidate of each transition.
  func choose(
    _ numbers: [Int], of experience: Experience, candidates: Matrix, actor: Perceptron
  ) {
    rowsScored = 0
    rowsInFull = 0
    load(numbers, of: experience)
    if shape.frame == .world { multiplyFirstLayer(candidates: candidates, actor: actor) }

    // The achieved change usually explains the actions well: its error is the first bound, and
    // shows which steps are hard to explain.
    score(candidates, actor) { _, candidate in candidate == OffPolicyCorrection.mean ? interval : 0
    }
    orderSteps()
    for step in 0..<interval {
      for transition in 0..<transitions.count {
        favourites[transition] = favourite(of: transition, after: step)
      }
      score(candidates, actor) { transition, candidate in
        if !canStillWin(transition, candidate) { return 0 }
        return candidate == favourites[transition] ? interval : 1
      }
    }
  }

  /// Whether the candidate's error so far is within the bound. The errors were not added in the
  /// order of the steps, so the sum may differ from the final one by a few roundings.
  private func canStillWin(_ transition: Int, _ candidate: Int) -> Bool {
    partial.pointer[transition * candidateCount + candidate]
      <= bound.pointer[transition] * 1.000_01
  }

  private func load(_ numbers: [Int], of experience: Experience) {
    for (index, row) in transitions.enumerated() {
      let transition = experience.higherTransition(numbers[row])
      lengths.pointer[index] = transition.length
      bound.pointer[index] = .infinity
      // If the actor's outputs are not finite, no candidate takes the lead and the original stays.
      leader.pointer[index] = 0
      rowsInFull += transition.length * candidateCount
      for step in 0..<interval { stepOrder.pointer[index * interval + step] = step }
      let start = experience.observation(transition.start)
      for step in 0..<transition.length {
        let observation = experience.observation(transition.start + step)
        let input = stepInputs.row(index * interval + step)
        shape.writeLowerObservation(observation, into: input)
        let shift = shifts.row(index * interval + step)
        subgoals.shift(from: start, to: observation, into: shift)
        (input + shape.observationCount).update(from: shift, count: subgoals.count)
        states.pointer[index * interval + step] = observation
        actions.row(index * interval + step).update(
          from: experience.action(transition.start + step), count: shape.actionCount)
      }
    }
    for place in 0..<partial.count {
      partial.pointer[place] = 0
      scoredSteps.pointer[place] = 0
    }
  }

  private func multiplyFirstLayer(candidates: Matrix, actor: Perceptron) {
    let layer = actor.layers[0]
    let weights = actor.parameters.pointer + layer.offset
    kernels_multiply(
      false, false, transitions.count * interval, layer.outputs, layer.inputs + 1,
      stepInputs.pointer, stepInputs.stride, weights, layer.stride, 0, stepLayer.pointer,
      stepLayer.stride)
    kernels_multiply(
      false, false, transitions.count * candidateCount, layer.outputs, subgoals.count,
      candidates.row(transitions.lowerBound * candidateCount), candidates.stride,
      weights + shape.observationCount * layer.stride, layer.stride, 0, candidateLayer.pointer,
      candidateLayer.stride)
  }

  /// Scores as many of the next steps of each candidate as `stepsWanted(transition, candidate)`
  /// says.
  private func score(
    _ candidates: Matrix, _ actor: Perceptron, stepsWanted: (Int, Int) -> Int
  ) {
    var count = 0
    for transition in 0..<transitions.count {
      let length = lengths.pointer[transition]
      for candidate in 0..<candidateCount {
        let place = transition * candidateCount + candidate
        let first = scoredSteps.pointer[place]
        guard first < length else { continue }
        for index in first..<min(first + stepsWanted(transition, candidate), length) {
          let step = stepOrder.pointer[transition * interval + index]
          stepRows.pointer[count] = Int32(transition * interval + step)
          candidateRows.pointer[count] = Int32(place)
          count += 1
        }
      }
    }
    guard count > 0 else { return }
    rowsScored += count
    if shape.frame == .world {
      kernels_add_chosen_rows_relu(
        count, stepLayer.columns, stepLayer.pointer, stepLayer.stride, stepRows.pointer,
        candidateLayer.pointer, candidateLayer.stride, candidateRows.pointer,
        activations.hidden1.pointer, activations.hidden1.stride)
      actor.forwardFromFirstHidden(activations, rows: 0..<count)
    } else {
      // A candidate turns with each step's heading, so its part of the first layer changes.
      for row in 0..<count { quarters.pointer[row] = writeInput(row, candidates) }
      actor.forward(activations, rows: 0..<count)
      for row in 0..<count {
        shape.restoreAction(activations.output.row(row), quarters: quarters.pointer[row])
      }
    }
    kernels_squared_errors(
      count, shape.actionCount, actions.pointer, actions.stride, stepRows.pointer,
      activations.output.pointer, activations.output.stride, errors.pointer)
    for row in 0..<count {
      let place = Int(candidateRows.pointer[row])
      let error = errors.pointer[row]
      stepErrors.pointer[place * interval + Int(stepRows.pointer[row]) % interval] = error
      partial.pointer[place] += error
      scoredSteps.pointer[place] += 1
      if scoredSteps.pointer[place] == lengths.pointer[place / candidateCount] { finish(place) }
    }
  }

  /// Writes a row's input of the lower level, in the level's frame, and returns its quarter turns.
  private func writeInput(_ row: Int, _ candidates: Matrix) -> Int {
    let step = Int(stepRows.pointer[row])
    let candidate = candidates.row(
      transitions.lowerBound * candidateCount + Int(candidateRows.pointer[row]))
    for index in 0..<subgoals.count {
      subgoal.pointer[index] = candidate[index] + shifts.row(step)[index]
    }
    return shape.writeLowerInput(
      states.pointer[step], subgoal: subgoal.pointer, into: activations.input.row(row))
  }

  /// Makes a candidate that has been scored in full the leader, if its error is smaller than the
  /// leader's, or equal and the candidate comes first.
  private func finish(_ place: Int) {
    let (transition, candidate) = place.quotientAndRemainder(dividingBy: candidateCount)
    // Added in the order of the steps, so that the sum does not depend on the order of scoring.
    var total: Float = 0
    for step in 0..<lengths.pointer[transition] {
      total += stepErrors.pointer[place * interval + step]
    }
    let (best, first) = (bound.pointer[transition], leader.pointer[transition])
    if total < best || total == best && candidate < first {
      bound.pointer[transition] = total
      leader.pointer[transition] = candidate
    }
  }

  /// Puts the steps that the achieved change explains worst first: they say most about the others.
  private func orderSteps() {
    for transition in 0..<transitions.count {
      let errors =
        stepErrors.pointer + (transition * candidateCount + OffPolicyCorrection.mean) * interval
      var order = UnsafeMutableBufferPointer(
        start: stepOrder.pointer + transition * interval, count: lengths.pointer[transition])
      order.sort { left, right in
        errors[left] != errors[right] ? errors[left] > errors[right] : left < right
      }
    }
  }

  /// The candidate with the smallest error in the first `count` steps scored, if the leader's error
  /// in them is not smaller: scored in full, it may give a new bound.
  private func favourite(of transition: Int, after count: Int) -> Int? {
    let length = lengths.pointer[transition]
    guard count > 0, count < length else { return nil }
    let first = transition * candidateCount
    let order = stepOrder.pointer + transition * interval
    let errors = stepErrors.pointer + (first + leader.pointer[transition]) * interval
    var smallest: Float = 0
    for index in 0..<count { smallest += errors[order[index]] }
    var favourite: Int?
    for candidate in 0..<candidateCount
    where scoredSteps.pointer[first + candidate] == count
      && partial.pointer[first + candidate] <= smallest
    {
      smallest = partial.pointer[first + candidate]
      favourite = candidate
    }
    return favourite
  }
}
