import CKernels

/// The version of oneDNN and the instruction sets in use. Besides the seed, these decide the last
/// bits of all that is learned: processors with the same text compute the same bits.
package let arithmeticInUse = String(cString: kernels_instructions())
