import CKernels

/// Runs `body` and lets no signal handler run in this thread until it ends. Each matrix product
/// does the same by itself; doing it once for many products costs less.
package func holdingSignals<Result>(_ body: () -> Result) -> Result {
  kernels_hold_signals()
  defer { kernels_release_signals() }
  return body()
}
