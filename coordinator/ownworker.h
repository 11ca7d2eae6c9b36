/* ownworker.h - the one worker of a private coordinator: started, and started again when it dies.
 *
 * It is STATE/worker's. One that lives already (its coordinator was killed, it was not) holds the lock of that folder and is left
 * in peace: it comes back by itself. One that dies is started again after a wait that doubles with each early death.
 * Thread: the loop's, which reads SIGCHLD.
 */
#ifndef GC_COORDINATOR_OWNWORKER_H
#define GC_COORDINATOR_OWNWORKER_H

#include <sys/types.h>

#include "coordinator/settings.h"

struct gc_ownworker {
    const struct gc_settings *settings; /* NULL: there is none */
    char *program;
    char *folder;
    char *lock;
    pid_t pid;   /* our child; 0: none runs */
    pid_t other; /* one that we did not start and that holds the lock; 0: none */
    uint64_t started_ns;
    uint64_t wait_ns;
    bool ending;
    uint64_t due_ns; /* look again, or start it; UINT64_MAX: while it runs */
};

/* Finds the program beside our own file and makes the folder. */
enum gc_err gc_ownworker_init(struct gc_ownworker *w, const struct gc_settings *settings,
                              struct gc_fault *f) GC_MUST_CHECK;
/* Starts it where it is due. */
void gc_ownworker_tend(struct gc_ownworker *w, uint64_t now_ns);
/* A child has died: perhaps it. */
void gc_ownworker_reap(struct gc_ownworker *w, uint64_t now_ns);
/* Tells it to drain and end; it is not started again. */
void gc_ownworker_ask_end(struct gc_ownworker *w);
/* Waits for its end, at most so long; then it is killed. */
void gc_ownworker_stop(struct gc_ownworker *w, uint64_t patience_ns);
void gc_ownworker_release(struct gc_ownworker *w);

#endif
