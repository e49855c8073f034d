#define _GNU_SOURCE
#include "CKernels.h"

#include <dlfcn.h>
#include <dnnl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The loader chooses the variant before ThreadSanitizer's runtime is ready, and the choice then
// crashes.
#if defined(__x86_64__) && defined(__clang__) && !__has_feature(thread_sanitizer)
#define VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VECTORISED
#endif

void kernels_use_one_thread(void) {
  // oneDNN brings an OpenMP runtime with it; which one depends on how oneDNN was built, so the
  // function is looked up by its name.
  void (*set_threads)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (set_threads) set_threads(1);
}

// Instruction sets that add nothing for single precision give the same bits and count as one.
static const char *product_instructions(void) {
#if defined(__x86_64__)
  int isa = dnnl_get_effective_cpu_isa();
  if ((isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core) return "AVX-512";
  if ((isa & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2) return "AVX2";
  if ((isa & dnnl_cpu_isa_avx) == dnnl_cpu_isa_avx) return "AVX";
  return "SSE4.1";
#elif defined(__aarch64__)
  return "AArch64";
#else
  return "generic";
#endif
}

static const char *loop_instructions(void) {
#if defined(__x86_64__) && defined(__clang__)
  if (__builtin_cpu_supports("x86-64-v4")) return "x86-64-v4";
  if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3";
  return "x86-64";
#else
  return product_instructions();
#endif
}

static char instructions[128];
static pthread_once_t instructions_once = PTHREAD_ONCE_INIT;

static void describe_instructions(void) {
  const dnnl_version_t *version = dnnl_version();
  snprintf(
    instructions, sizeof instructions, "oneDNN %d.%d.%d on %s, loops on %s", version->major,
    version->minor, version->patch, product_instructions(), loop_instructions());
}

const char *kernels_instructions(void) {
  pthread_once(&instructions_once, describe_instructions);
  return instructions;
}

// oneDNN up to 3.11 points the stack pointer into its own buffer on the heap while it computes (its
// issue 4845): a signal handler that ran then would overwrite memory that belongs to something
// else. So signals are blocked until the product is done, except those that a faulty instruction
// raises.
static _Thread_local int holds;
static _Thread_local sigset_t before_holds;

void kernels_hold_signals(void) {
  if (holds++ > 0) return;
  sigset_t held;
  sigfillset(&held);
  const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&held, faults[i]);
  pthread_sigmask(SIG_BLOCK, &held, &before_holds);
}

void kernels_release_signals(void) {
  if (--holds == 0) pthread_sigmask(SIG_SETMASK, &before_holds, NULL);
}

void kernels_multiply(
  bool transpose_a, bool transpose_b, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a,
  ptrdiff_t lda, const float *b, ptrdiff_t ldb, float beta, float *c, ptrdiff_t ldc) {
  kernels_hold_signals();
  dnnl_status_t status = dnnl_sgemm(
    transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc);
  kernels_release_signals();
  if (status != dnnl_success) {
    fprintf(stderr, "oneDNN refused a matrix product of %td×%td×%td: status %d\n", m, k, n, status);
    abort();
  }
}

void kernels_library_version(int *major, int *minor, int *patch) {
  const dnnl_version_t *version = dnnl_version();
  *major = version->major;
  *minor = version->minor;
  *patch = version->patch;
}

const char *kernels_instruction_set(void) {
  // Compare numbers: version 3 renamed some of the constants, and gave others new numbers.
  switch ((int)dnnl_get_effective_cpu_isa()) {
  case 0x1: return "sse41";
  case 0x3: return "avx";
  case 0x7: return "avx2";
  case 0x27: return "avx512_core";
  case 0x67: return "avx512_core_vnni";
  case 0xe7: return "avx512_core_bf16";
#if DNNL_VERSION_MAJOR < 3
  case 0xf: return "avx512_mic";
  case 0x1f: return "avx512_mic_4ops";
  case 0x3e7: return "avx512_core_amx";
  case 0x407: return "avx2_vnni";
#else
  case 0xf: return "avx2_vnni";
  case 0x1f: return "avx2_vnni_2";
  case 0x1ef: return "avx512_core_fp16";
  case 0xfef: return "avx512_core_amx";
  case 0x1fef: return "avx512_core_amx_fp16";
#endif
  default: return "default";
  }
}

VECTORISED void kernels_relu(ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t ldx) {
  for (ptrdiff_t r = 0; r < rows; r++) {
    float *restrict row = x + r * ldx;
    for (ptrdiff_t i = 0; i < columns; i++) row[i] = row[i] > 0 ? row[i] : 0;
  }
}

VECTORISED void kernels_relu_backward(
  ptrdiff_t rows, ptrdiff_t columns, const float *activation, ptrdiff_t lda, float *gradient,
  ptrdiff_t ldg) {
  for (ptrdiff_t r = 0; r < rows; r++) {
    const float *restrict active = activation + r * lda;
    float *restrict row = gradient + r * ldg;
    for (ptrdiff_t i = 0; i < columns; i++) row[i] = active[i] > 0 ? row[i] : 0;
  }
}

// The sums may be reordered into whatever order is fastest on the processor.
VECTORISED void kernels_normalise_relu(
  ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t ldx, float *normal, ptrdiff_t ldn,
  float *scales) {
#pragma clang fp reassociate(on)
  for (ptrdiff_t r = 0; r < rows; r++) {
    float *restrict row = x + r * ldx;
    float *restrict kept = normal + r * ldn;
    float sum = 0;
    for (ptrdiff_t i = 0; i < columns; i++) sum += row[i];
    float mean = sum / (float)columns;
    float squares = 0;
    for (ptrdiff_t i = 0; i < columns; i++) squares += (row[i] - mean) * (row[i] - mean);
    float scale = 1.0f / __builtin_sqrtf(squares / (float)columns + 1e-5f);
    for (ptrdiff_t i = 0; i < columns; i++) {
      float value = (row[i] - mean) * scale;
      kept[i] = value;
      row[i] = value > 0 ? value : 0;
    }
    scales[r] = scale;
  }
}

VECTORISED void kernels_normalise_backward(
  ptrdiff_t rows, ptrdiff_t columns, const float *normal, ptrdiff_t ldn, const float *scales,
  float *gradient, ptrdiff_t ldg) {
#pragma clang fp reassociate(on)
  for (ptrdiff_t r = 0; r < rows; r++) {
    const float *restrict kept = normal + r * ldn;
    float *restrict row = gradient + r * ldg;
    float sum = 0, along = 0;
    for (ptrdiff_t i = 0; i < columns; i++) sum += row[i];
    for (ptrdiff_t i = 0; i < columns; i++) along += row[i] * kept[i];
    float mean = sum / (float)columns, slope = along / (float)columns;
    for (ptrdiff_t i = 0; i < columns; i++) row[i] = scales[r] * (row[i] - mean - kept[i] * slope);
  }
}

// eˣ for x in [−40, 0], to about one unit in the last place: x = n·ln 2 + r, and a polynomial in r.
static inline __attribute__((always_inline)) float exp_nonpositive(float x) {
  float n = __builtin_rintf(x * 1.44269504088896341f);
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  union {
    int32_t bits;
    float value;
  } power = {((int32_t)n + 127) << 23};
  return p * power.value;
}

// tanh to about two units in the last place, without branches so that it vectorises.
static inline __attribute__((always_inline)) float fast_tanh(float x) {
  float magnitude = __builtin_fabsf(x);
  float bounded = magnitude < 20.0f ? magnitude : 20.0f;
  float e = exp_nonpositive(-2.0f * bounded);
  float large = (1.0f - e) / (1.0f + e);
  // Near zero 1 − e loses digits, so the series in x is used there.
  float s = x * x;
  float p = -5.70498872745e-3f;
  p = p * s + 2.06390887954e-2f;
  p = p * s - 5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s - 3.33332819422e-1f;
  float small = magnitude + magnitude * s * p;
  float result = magnitude < 0.625f ? small : large;
  // A NaN fails every comparison above; it must be returned unchanged.
  return x != x ? x : __builtin_copysignf(result, x);
}

// ln u for u in [2⁻²⁴, 1], to about one unit in the last place of ln u or of u − 1, whichever is
// larger: u = m·2ᵉ with m in [√½, √2), and a polynomial in m − 1.
static inline __attribute__((always_inline)) float log_of_fraction(float u) {
  union {
    float value;
    int32_t bits;
  } x = {u};
  int32_t exponent = (x.bits - 0x3f3504f3) >> 23;
  x.bits -= exponent << 23;
  float f = x.value - 1.0f;
  float n = (float)exponent;
  float p = 7.0376836292e-2f;
  p = p * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  float square = f * f;
  float y = f * square * p - 2.12194440e-4f * n;
  return f + (y - 0.5f * square) + 0.693359375f * n;
}

VECTORISED void kernels_normals(ptrdiff_t pairs, float *values, float deviation) {
  for (ptrdiff_t i = 0; i < pairs; i++) {
    uint32_t first, second;
    memcpy(&first, values + i, sizeof first);
    memcpy(&second, values + pairs + i, sizeof second);
    // The Box–Muller transform: a radius from the first word, and an angle, as the fraction of a
    // turn, from the second.
    float u = (float)(int32_t)((first >> 8) + 1) * 0x1p-24f;
    float radius = deviation * __builtin_elementwise_sqrt(-2.0f * log_of_fraction(u));
    float turn = (float)(int32_t)second * 0x1p-32f;
    float quarters = __builtin_rintf(turn * 4.0f);
    float x = (turn - quarters * 0.25f) * 6.28318530718f;
    float z = x * x;
    float sine = x + x * z * ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f);
    float cosine = 1.0f - 0.5f * z +
      z * z * ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f);
    int32_t quadrant = (int32_t)quarters;
    float along = quadrant & 1 ? -sine : cosine;
    float across = quadrant & 1 ? cosine : sine;
    values[i] = radius * (quadrant & 2 ? -along : along);
    values[pairs + i] = radius * (quadrant & 2 ? -across : across);
  }
}

VECTORISED void kernels_scaled_tanh(
  ptrdiff_t rows, ptrdiff_t columns, float *x, ptrdiff_t ldx, const float *scale) {
  for (ptrdiff_t r = 0; r < rows; r++) {
    float *restrict row = x + r * ldx;
    for (ptrdiff_t i = 0; i < columns; i++) row[i] = scale[i] * fast_tanh(row[i]);
  }
}

VECTORISED void kernels_scaled_tanh_backward(
  ptrdiff_t rows, ptrdiff_t columns, const float *output, ptrdiff_t ldo, const float *scale,
  float *gradient, ptrdiff_t ldg) {
  for (ptrdiff_t r = 0; r < rows; r++) {
    const float *restrict y = output + r * ldo;
    float *restrict row = gradient + r * ldg;
    for (ptrdiff_t i = 0; i < columns; i++) {
      float t = y[i] / scale[i];
      row[i] = row[i] * scale[i] * (1.0f - t * t);
    }
  }
}

// If a weight gets no gradient any more, its moments shrink until they are subnormal numbers, with
// which processors compute slowly. Values as small as this can't change a weight.
static inline __attribute__((always_inline)) float flush_to_zero(float x) {
  return __builtin_fabsf(x) < 1e-36f ? 0.0f : x;
}

VECTORISED void kernels_adam(
  ptrdiff_t count, float *restrict weights, const float *restrict gradients,
  float *restrict first, float *restrict second, float beta1, float beta2, float epsilon,
  float step_size, float second_correction) {
  for (ptrdiff_t i = 0; i < count; i++) {
    float g = gradients[i];
    float m = flush_to_zero(beta1 * first[i] + (1.0f - beta1) * g);
    float v = flush_to_zero(beta2 * second[i] + (1.0f - beta2) * g * g);
    first[i] = m;
    second[i] = v;
    weights[i] -= step_size * m / (__builtin_elementwise_sqrt(v) * second_correction + epsilon);
  }
}

VECTORISED void kernels_soft_update(
  ptrdiff_t count, float *restrict target, const float *restrict weights, float rate) {
  for (ptrdiff_t i = 0; i < count; i++) target[i] += rate * (weights[i] - target[i]);
}

VECTORISED void kernels_squared_errors(
  ptrdiff_t rows, ptrdiff_t columns, const float *actions, ptrdiff_t lda,
  const int32_t *action_rows, const float *outputs, ptrdiff_t ldo, float *errors) {
  for (ptrdiff_t r = 0; r < rows; r++) {
    const float *restrict action = actions + action_rows[r] * lda;
    float sum = 0;
    for (ptrdiff_t i = 0; i < columns; i++) {
      float difference = action[i] - outputs[r * ldo + i];
      sum += difference * difference;
    }
    errors[r] = sum;
  }
}

VECTORISED void kernels_add_chosen_rows_relu(
  ptrdiff_t rows, ptrdiff_t columns, const float *a, ptrdiff_t lda, const int32_t *a_rows,
  const float *b, ptrdiff_t ldb, const int32_t *b_rows, float *sums, ptrdiff_t lds) {
  for (ptrdiff_t r = 0; r < rows; r++) {
    const float *restrict left = a + a_rows[r] * lda;
    const float *restrict right = b + b_rows[r] * ldb;
    float *restrict sum = sums + r * lds;
    for (ptrdiff_t i = 0; i < columns; i++) {
      float value = left[i] + right[i];
      sum[i] = value > 0 ? value : 0;
    }
  }
}

VECTORISED bool kernels_all_finite(ptrdiff_t count, const float *values) {
  // A float is infinite or NaN exactly if all bits of its exponent are set.
  uint32_t found = 0;
  for (ptrdiff_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, values + i, sizeof bits);
    found |= (bits & 0x7f800000u) == 0x7f800000u;
  }
  return !found;
}
