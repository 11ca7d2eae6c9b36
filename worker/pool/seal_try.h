/* seal_try.h - tries what image code must not be able to do, in a process that was made and sealed in the very way of all executors.
 *
 * Two sides. The trial's process seals itself and makes each attempt; what it finds stands in shared memory. The worker has one made
 * by its zygote before it takes work, and runs nothing where a single attempt has got through: which wall it was that held does not
 * matter. No attempt does harm where it is possible: nothing is left behind, nobody is stopped. Costs a fork and some system calls:
 * one or two milliseconds.
 *
 * A build with a sanitizer is not sealed (it could not live so); there the trial is left out, and the log says so. */
#ifndef GC_POOL_SEAL_TRY_H
#define GC_POOL_SEAL_TRY_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "worker/pool/seal.h"
#include "worker/pool/zygote.h"

/* What an attempt is about: bit of a set, and what people read after "image code could". */
#define GC_SEAL_WHATS(X)                               \
    X(OPEN, "open files")                              \
    X(USE, "use descriptors of the worker")            \
    X(CONNECT, "open sockets")                         \
    X(EXEC, "start programs")                          \
    X(FORK, "start processes")                         \
    X(TRACE, "read other processes' memory")           \
    X(SIGNAL, "signal other processes")                \
    X(OUTLIVE, "outlive the worker")                   \
    X(MEMORY_LIMIT, "take more memory than its limit") \
    X(FILE_LIMIT, "write larger files than its limit")

enum gc_seal_what {
#define X(name, text) GC_SEAL_##name,
    GC_SEAL_WHATS(X)
#undef X
        GC_SEAL_WHATS_N
};

struct gc_seal_report {
    int32_t worker; /* in: whom it tries to signal and to read */
    struct gc_seal walls;
    _Atomic uint32_t possible; /* bits of enum gc_seal_what */
    _Atomic uint32_t trying;   /* what is under way; GC_SEAL_WHATS_N: all were tried */
};

/* Makes each attempt; `file` is one that it may write, `sock` a socket that it has: beside the standard ones the only descriptors that
 * it may have. Sealed or not. */
void gc_seal_try(struct gc_seal_report *report, int file, int sock);

/* The trial's process, forked for it: exit status. `memory`: the report. */
int gc_seal_trial_main(int sock, int memory);

/* What is said of a report whose process has ended. GC_OK: nothing was possible; GC_ERR_UNSUPPORTED, with what was and what to do. */
enum gc_err gc_seal_judge(const struct gc_seal_report *report, struct gc_fault *fault) GC_MUST_CHECK;

/* Has a trial made and judges it. *ret_walls is written on success. */
enum gc_err gc_seal_prove(struct gc_zygote *z, struct gc_seal *ret_walls,
                          struct gc_fault *fault) GC_MUST_CHECK;

#endif
