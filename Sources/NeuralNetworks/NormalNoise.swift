import CKernels
import Randomness

extension FloatBuffer {
  /// Fills the first `count` floats with independent draws from N(0, `standardDeviation`²), two
  /// from each 64 bits of the stream.
  package func fillNormal(
    _ count: Int, standardDeviation: Float, using generator: inout RandomStream
  ) {
    precondition(count <= self.count)
    let pairs = (count + 1) / 2
    pointer.withMemoryRebound(to: UInt64.self, capacity: pairs) { words in
      for index in 0..<pairs { words[index] = generator.next() }
    }
    kernels_normals(pairs, pointer, standardDeviation)
  }
}
