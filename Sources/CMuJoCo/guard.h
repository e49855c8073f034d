#pragma once
#include "CMuJoCo.h"

#include <setjmp.h>

// The jump target for an error of MuJoCo on this thread; NULL outside of a guarded call.
extern _Thread_local __attribute__((visibility("hidden"))) jmp_buf* cmj_jumpTarget;

// Runs `statement`; if MuJoCo raises an error, runs `cleanup` and returns `failure`.
// _setjmp does not save the signal mask, so a guard costs only a few nanoseconds.
#define GUARDED(statement, cleanup, failure) \
  do {                                       \
    jmp_buf target;                          \
    jmp_buf* outer = cmj_jumpTarget;         \
    if (_setjmp(target)) {                   \
      cmj_jumpTarget = outer;                \
      cleanup;                               \
      return failure;                        \
    }                                        \
    cmj_jumpTarget = &target;                \
    statement;                               \
    cmj_jumpTarget = outer;                  \
  } while (0)

#define NOTHING ((void)0)

// Releases the arena of the data, which an error in the middle of a computation leaves in use.
static inline void releaseStack(mjData* data) {
  data->pstack = 0;
#if mjVERSION_HEADER >= 300
  data->pbase = 0;
  data->parena = 0;
#endif
}
