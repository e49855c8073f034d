// Measures how fast oneDNN computes the matrix products of a HIRO update: with one thread, and with
// several threads at once.
//
//   sgemm [THREADS [SECONDS]]
//
// Each thread computes its own products, and oneDNN uses one OpenMP thread in each of them, as in
// training. The shapes are those of the lower level's critic and actor with a batch of 100 and 300
// hidden units: the forward product, the gradient of the input, and the gradient of the weights.
// Prints a JSON object with the GFLOP/s per thread (the mean over the threads) for each shape, and
// `update`, the rate for all shapes together in the proportions in which one update needs them.

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { kMaxThreads = 64, kAlignment = 64 };

// A product C[m, n] = op(A)[m, k] · op(B)[k, n] of row-major matrices, and how often one update needs
// it.
typedef struct {
  const char *name;
  char transposeA, transposeB;
  int m, n, k;
  double perUpdate;
} Product;

// One update of the lower level (input 45, action 8, hidden 300, batch 100) needs: the target actor,
// two target critics, and two critics forward and backward. In addition, it needs half of an actor
// update, because the actor is updated every second time: the actor forward, critic 1 forward and
// backward to the action, and the actor backward. Products in which a dimension is 8 or 1 are left
// out.
static const Product products[] = {
    {"layer 1 forward, actor", 'N', 'T', 100, 300, 45, 1 + 0.5},
    {"layer 1 forward, critic", 'N', 'T', 100, 300, 53, 2 + 2 + 0.5},
    {"layer 2 forward, actor", 'N', 'T', 100, 300, 300, 1 + 0.5},
    {"layer 2 forward, critic", 'N', 'T', 100, 300, 308, 2 + 2 + 0.5},
    {"layer 2 input gradient", 'N', 'N', 100, 300, 300, 2 + 0.5 + 0.5},
    {"layer 2 weight gradient", 'T', 'N', 300, 308, 100, 2 + 0.5},
    {"layer 1 weight gradient", 'T', 'N', 300, 53, 100, 2 + 0.5},
};
enum { kProducts = sizeof products / sizeof products[0] };

typedef struct {
  double seconds;
  double gigaflops[kProducts];
  pthread_barrier_t *barrier;
} Worker;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *matrix(int rows, int columns) {
  const size_t bytes = ((size_t)rows * (size_t)columns * sizeof(float) + kAlignment - 1) /
                       kAlignment * kAlignment;
  float *values = aligned_alloc(kAlignment, bytes);
  for (int i = 0; i < rows * columns; ++i) values[i] = (float)(i % 17) * 0.01f;
  return values;
}

static void *work(void *argument) {
  Worker *worker = argument;
  omp_set_num_threads(1);
  for (int p = 0; p < kProducts; ++p) {
    const Product *s = &products[p];
    float *a = matrix(s->m, s->k), *b = matrix(s->k, s->n), *c = matrix(s->m, s->n);
    const int lda = s->transposeA == 'N' ? s->k : s->m;
    const int ldb = s->transposeB == 'N' ? s->n : s->k;
    for (int i = 0; i < 50; ++i)
      dnnl_sgemm(s->transposeA, s->transposeB, s->m, s->n, s->k, 1, a, lda, b, ldb, 0, c, s->n);
    pthread_barrier_wait(worker->barrier);
    long calls = 0;
    const double start = now();
    double elapsed;
    do {
      for (int i = 0; i < 50; ++i)
        dnnl_sgemm(s->transposeA, s->transposeB, s->m, s->n, s->k, 1, a, lda, b, ldb, 0, c, s->n);
      calls += 50;
      elapsed = now() - start;
    } while (elapsed < worker->seconds / kProducts);
    worker->gigaflops[p] = 2e-9 * s->m * s->n * s->k * (double)calls / elapsed;
    free(a);
    free(b);
    free(c);
  }
  return NULL;
}

static void measure(int threads, double seconds, const char *end) {
  pthread_t ids[kMaxThreads];
  Worker workers[kMaxThreads];
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads);
  for (int i = 0; i < threads; ++i) {
    workers[i] = (Worker){.seconds = seconds, .barrier = &barrier};
    pthread_create(&ids[i], NULL, work, &workers[i]);
  }
  for (int i = 0; i < threads; ++i) pthread_join(ids[i], NULL);
  pthread_barrier_destroy(&barrier);

  printf("\"%d\": {", threads);
  double flops = 0, time = 0;
  for (int p = 0; p < kProducts; ++p) {
    const Product *s = &products[p];
    double rate = 0;
    for (int i = 0; i < threads; ++i) rate += workers[i].gigaflops[p] / threads;
    const double work = 2e-9 * s->m * s->n * s->k * s->perUpdate;
    flops += work;
    time += work / rate;
    printf("\"%s\": %.1f, ", s->name, rate);
  }
  printf("\"update\": %.1f}%s", flops / time, end);
}

int main(int count, char **arguments) {
  const int threads = count > 1 ? atoi(arguments[1]) : 2;
  const double seconds = count > 2 ? atof(arguments[2]) : 3;
  if (count > 3 || threads < 1 || threads > kMaxThreads || seconds <= 0) {
    fprintf(stderr, "usage: sgemm [THREADS [SECONDS]]\n");
    return 64;
  }
  printf("{\"gigaflops_per_thread\": {");
  measure(1, seconds, threads > 1 ? ", " : "");
  if (threads > 1) measure(threads, seconds, "");
  printf("}}\n");
  return 0;
}
