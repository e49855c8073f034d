import NeuralNetworks

/// A batch of transitions as the learner's input; may hold the batches of several updates in turn.
public final class Batch: @unchecked Sendable {
  /// The number of transitions that there is room for.
  public let capacity: Int

  /// Inputs and actions, `[capacity, inputs + actions]`: the input of the critics.
  package let inputsAndActions: Matrix

  /// The reward of each transition. `[capacity]`.
  public var rewards: [Float]

  /// γ of each transition, 0 where the episode terminated. `[capacity]`.
  public var discounts: [Float]

  /// An upper bound for the value of each next state, whatever the critics say; infinite if none is
  /// known. `[capacity]`.
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

  /// Sets one transition from arrays with the lengths of the learner's input and action.
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
