import CKernels

/// What decides the last bits of everything that is learned here, besides the seed: the version of
/// oneDNN and the instruction sets in use. Two processors for which it is the same compute the same.
package let arithmeticInUse = String(cString: kernels_instructions())
