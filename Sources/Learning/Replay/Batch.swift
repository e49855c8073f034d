import NeuralNetworks

/// Transitions in the form that a learner learns from, those of one update after those of another.
public final class Batch: @unchecked Sendable {
  /// Transitions that there is room for.
  public let capacity: Int

  /// Inputs and actions, `[capacity, inputs + actions]`: the input of the critics.
  package let inputsAndActions: Matrix

  /// `[capacity]`.
  public var rewards: [Float]

  /// γ of each transition, 0 where the episode terminated. `[capacity]`.
  public var discounts: [Float]

  /// What the value of the next state can't be above, whatever the critics say: infinite where
  /// nothing is known. `[capacity]`.
  public var bounds: [Float]

  /// Inputs at the next step, `[capacity, inputs]`: the input of the target actor.
  package let nextInputs: Matrix

  package init(capacity: Int, inputCount: Int, actionCount: Int) {
    self.capacity = capacity
    inputsAndActions = Matrix(rows: capacity, columns: inputCount + actionCount, feedsLayer: true)
    rewards = Array(repeating: 0, count: capacity)
    discounts = Array(repeating: 0, count: capacity)
    bounds = Array(repeating: .infinity, count: capacity)
    nextInputs = Matrix(rows: capacity, columns: inputCount, feedsLayer: true)
  }

  /// Sets one transition from arrays of the widths that the learner has.
  public func set(
    _ row: Int, input: [Float], action: [Float], reward: Float, discount: Float,
    nextInput: [Float]
  ) {
    precondition(row >= 0 && row < capacity && input.count == nextInput.count)
    precondition(input.count == nextInputs.columns)
    precondition(input.count + action.count == inputsAndActions.columns)
    inputsAndActions.row(row).update(from: input, count: input.count)
    (inputsAndActions.row(row) + input.count).update(from: action, count: action.count)
    rewards[row] = reward
    discounts[row] = discount
    nextInputs.row(row).update(from: nextInput, count: nextInput.count)
  }
}
