// Matrix products over oneDNN, and the vector loops around them.
//
// All matrices are row-major arrays of 32-bit floats; `ld…` is the distance between the starts of
// two rows. The vector loops are compiled for several processors and chosen at load time.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Limits OpenMP to one thread in the calling thread, so that oneDNN's threads do not compete with
// the threads of the caller. Call it once in each thread that multiplies matrices.
void kernels_use_one_thread(void);

// A description of what decides the last bits of a result: the version of oneDNN, the instruction
// set that oneDNN uses for single precision, and that of the vector loops. It does not change
// within a process.
const char *kernels_instructions(void);

// Between these two calls, which may be nested, the calling thread runs no signal handler. Each
// matrix product blocks signals by itself; for a series of products it costs less to block them
// once.
void kernels_hold_signals(void);
void kernels_release_signals(void);

// c = op(a)·op(b) + beta·c, with op(a) of m×k, op(b) of k×n and c of m×n.
void kernels_multiply(
  bool transpose_a, bool transpose_b, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a,
  ptrdiff_t lda, const float *b, ptrdiff_t ldb, float beta, float *c, ptrdiff_t ldc);

// x = max(x, 0).
void kernels_relu(ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t ldx);

// gradient = 0 where activation = 0: the backward pass of `kernels_relu`.
void kernels_relu_backward(
  ptrdiff_t rows, ptrdiff_t columns, const float *activation, ptrdiff_t lda, float *gradient,
  ptrdiff_t ldg);

// Layer normalisation, then relu: n = (x − mean of its row)/deviation of its row, x = max(n, 0).
// Keeps n, and 1/deviation for each row, for the backward pass. 1e-5 is added to the variance, as
// in PyTorch.
void kernels_normalise_relu(
  ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t ldx, float *normal, ptrdiff_t ldn,
  float *scales);

// Replaces the gradient with respect to n by that with respect to x: the backward pass of the
// normalisation in `kernels_normalise_relu`, to be called after that of its relu.
void kernels_normalise_backward(
  ptrdiff_t rows, ptrdiff_t columns, const float *normal, ptrdiff_t ldn, const float *scales,
  float *gradient, ptrdiff_t ldg);

// x = scale·tanh(x), with one scale per column.
void kernels_scaled_tanh(
  ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t ldx, const float *scale);

// gradient = gradient·scale·(1 − (output/scale)²): the backward pass of `kernels_scaled_tanh`.
void kernels_scaled_tanh_backward(
  ptrdiff_t rows, ptrdiff_t columns, const float *output, ptrdiff_t ldo, const float *scale,
  float *gradient, ptrdiff_t ldg);

// Replaces 2·pairs uniformly random 32-bit words in `values` by as many draws from N(0,
// deviation²).
void kernels_normals(ptrdiff_t pairs, float *values, float deviation);

// One step of Adam on `count` weights. `step_size` is the learning rate ÷ (1 − β₁ᵗ) and
// `second_correction` is 1 ÷ √(1 − β₂ᵗ).
void kernels_adam(
  ptrdiff_t count, float *weights, const float *gradients, float *first, float *second,
  float beta1, float beta2, float epsilon, float step_size, float second_correction);

// target = target + rate·(weights − target).
void kernels_soft_update(ptrdiff_t count, float *target, const float *weights, float rate);

// errors[r] = Σ over columns of (actions[action_rows[r]] − outputs[r])².
void kernels_squared_errors(
  ptrdiff_t rows, ptrdiff_t columns, const float *actions, ptrdiff_t lda,
  const int32_t *action_rows, const float *outputs, ptrdiff_t ldo, float *errors);

// sums[r] = max(a[a_rows[r]] + b[b_rows[r]], 0): adds rows of two matrices, chosen by index.
void kernels_add_chosen_rows_relu(
  ptrdiff_t rows, ptrdiff_t columns, const float *a, ptrdiff_t lda, const int32_t *a_rows,
  const float *b, ptrdiff_t ldb, const int32_t *b_rows, float *sums, ptrdiff_t lds);

// Whether all of `count` numbers are finite.
bool kernels_all_finite(ptrdiff_t count, const float *values);

// The version of oneDNN that is linked, such as 2.6.3.
void kernels_library_version(int *major, int *minor, int *patch);

// The widest instruction set that oneDNN uses on this processor, by oneDNN's name for it, such as
// "avx512_core"; "default" if it is none of the known ones.
const char *kernels_instruction_set(void);

// Tells the processor that the calling thread is spinning.
static inline void kernels_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
