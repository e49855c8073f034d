// Measures the cost of the physics alone: a loop of mj_step in C, without any code of hiro.
//
//   physics MODEL.xml [SECONDS]
//
// One environment step is 5 calls of mj_step with the same random torques. After every 500 environment
// steps, the state is reset to the model's initial state, as at the start of an episode. Prints a JSON
// object with the median, minimum and maximum time of an environment step over windows of 500
// environment steps, the number of windows, and the version of MuJoCo.

#include <mujoco/mujoco.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { kFrameSkip = 5, kEpisodeSteps = 500, kMaxWindows = 10000 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// SplitMix64: so fast that its cost is negligible compared with the physics.
static double uniform(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int count, char **arguments) {
  if (count < 2 || count > 3) {
    fprintf(stderr, "usage: physics MODEL.xml [SECONDS]\n");
    return 64;
  }
  const double seconds = count == 3 ? atof(arguments[2]) : 5;
  char message[1024] = "";
  mjModel *model = mj_loadXML(arguments[1], NULL, message, sizeof message);
  if (!model) {
    fprintf(stderr, "physics: %s: %s\n", arguments[1], message);
    return 65;
  }
  mjData *data = mj_makeData(model);

  static double windows[kMaxWindows];
  int measured = 0;
  uint64_t random = 1;
  const double start = now();
  // The first episode fills the caches and is not counted.
  for (int episode = -1; measured < kMaxWindows && now() - start < seconds; ++episode) {
    mj_resetData(model, data);
    const double begin = now();
    for (int step = 0; step < kEpisodeSteps; ++step) {
      for (int i = 0; i < model->nu; ++i) {
        const double low = model->actuator_ctrlrange[2 * i];
        const double high = model->actuator_ctrlrange[2 * i + 1];
        data->ctrl[i] = low + (high - low) * uniform(&random);
      }
      for (int i = 0; i < kFrameSkip; ++i) mj_step(model, data);
    }
    if (episode >= 0) windows[measured++] = 1e6 * (now() - begin) / kEpisodeSteps;
  }
  if (measured == 0) {
    fprintf(stderr, "physics: %g s is too short to measure one episode\n", seconds);
    return 64;
  }
  qsort(windows, (size_t)measured, sizeof windows[0], ascending);
  printf("{\"microseconds_per_step\": %.2f, \"min\": %.2f, \"max\": %.2f, \"windows\": %d, "
         "\"mujoco\": %d}\n",
         windows[measured / 2], windows[0], windows[measured - 1], measured, mj_version());
  mj_deleteData(data);
  mj_deleteModel(model);
  return 0;
}
