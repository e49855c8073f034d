import CKernels

/// Runs `body` without letting a signal handler run in this thread before its end: what each matrix
/// product does by itself, once for many of them.
package func holdingSignals<Result>(_ body: () -> Result) -> Result {
  kernels_hold_signals()
  defer { kernels_release_signals() }
  return body()
}
