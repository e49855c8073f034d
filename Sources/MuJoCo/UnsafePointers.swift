import CMuJoCo

// Access to MuJoCo's own functions, for everything that this module does not offer.

extension Model {
  /// Calls `body` with MuJoCo's own model, for functions that this module does not offer. After
  /// `import CMuJoCo`, MuJoCo's C functions are available.
  ///
  /// - The model must only be read: it may be in use on other threads, and values computed from it,
  ///   here and in MuJoCo, rely on the model never changing.
  /// - The pointer, and every pointer in it, is valid only during the call of `body`.
  /// - If a MuJoCo function that `body` calls raises a fatal error, the process ends. The calls
  ///   that this module makes itself throw instead.
  public func withUnsafePointer<Result>(
    _ body: (_ model: UnsafePointer<mjModel>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(self) { try body(UnsafePointer(pointer)) }
  }
}

extension Simulation {
  /// Calls `body` with MuJoCo's own model and data, for functions that this module does not offer;
  /// `import CMuJoCo` makes MuJoCo's C functions available.
  ///
  /// ```swift
  /// let momentum = simulation.withUnsafePointers { model, data in
  ///   mj_subtreeVel(model, data)
  ///   return data.pointee.subtree_angmom[2]
  /// }
  /// ```
  ///
  /// - The model is to be read only: other simulations may use it on other threads.
  /// - The numbers in the data may be changed, but not its sizes or pointers. The data must not be
  ///   freed, and a ``StateVector`` of this simulation must not be in exclusive use at the same
  ///   time.
  /// - Both pointers, and every pointer in them, are valid only during the call of `body`; contacts
  ///   and constraints move in memory with every step.
  /// - If a MuJoCo function that `body` calls raises a fatal error, the process ends. The calls
  ///   that this module makes itself throw instead. `mju_user_error` and `mju_user_warning` belong
  ///   to this module and must not be set.
  public func withUnsafePointers<Result>(
    _ body: (_ model: UnsafePointer<mjModel>, _ data: UnsafeMutablePointer<mjData>) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(self) { try body(UnsafePointer(model.pointer), data) }
  }
}
