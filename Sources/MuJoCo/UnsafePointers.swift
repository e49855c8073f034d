import CMuJoCo

// The way out: what this module has no name for, MuJoCo's own functions do.

extension Model {
  /// Lends MuJoCo's own model for the duration of `body`, to call what has no name here; `import
  /// CMuJoCo` brings MuJoCo's C functions.
  ///
  /// - Read only: the model may be in use on other threads, and what was computed from it, here and in
  ///   MuJoCo, relies on its never changing.
  /// - The pointer, and every pointer in it, is good for the duration of `body` alone.
  /// - A function that raises a fatal error of MuJoCo ends the process. What this module calls itself
  ///   throws instead.
  public func withUnsafePointer<Result>(
    _ body: (_ model: UnsafePointer<mjModel>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(self) { try body(UnsafePointer(pointer)) }
  }
}

extension Simulation {
  /// Lends MuJoCo's own model and data for the duration of `body`, to call what has no name here;
  /// `import CMuJoCo` brings MuJoCo's C functions.
  ///
  /// ```swift
  /// let momentum = simulation.withUnsafePointers { model, data in
  ///   mj_subtreeVel(model, data)
  ///   return data.pointee.subtree_angmom[2]
  /// }
  /// ```
  ///
  /// - The model is to be read only: other simulations may use it on other threads.
  /// - The data may be changed, its numbers and not its sizes or pointers. It may not be freed, and a
  ///   ``StateVector`` of this simulation may not be in exclusive use meanwhile.
  /// - Both pointers, and every pointer in them, are good for the duration of `body` alone; contacts
  ///   and constraints move with every step.
  /// - A function that raises a fatal error of MuJoCo ends the process. What this module calls itself
  ///   throws instead. `mju_user_error` and `mju_user_warning` belong to this module.
  public func withUnsafePointers<Result>(
    _ body: (_ model: UnsafePointer<mjModel>, _ data: UnsafeMutablePointer<mjData>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(self) { try body(UnsafePointer(model.pointer), data) }
  }
}
