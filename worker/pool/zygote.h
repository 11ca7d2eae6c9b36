/* zygote.h - the process from which executors are forked.
 *
 * It is the worker's own program, started anew by exec (posix_spawn) with one socket and nothing else, so that it has no thread and
 * no lock of the worker's in it. It starts libvips, runs no operation (a fork after one hangs), writes the catalogue, and then forks
 * an executor for each request. It is their parent, waits for them, and tells each one's tender how it ended, on that executor's own
 * status socket. What an executor prints goes into a pipe of its own that never blocks it (said.h). It ends when its worker is gone
 * (end of file, PR_SET_PDEATHSIG), and its executors with it.
 *
 * The worker's side may be used from any thread; requests are one at a time. When the zygote is found dead another is started.
 */
#ifndef GC_POOL_ZYGOTE_H
#define GC_POOL_ZYGOTE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/slice.h"

#define GC_ZYGOTE_FD 3 /* of the child: its socket */

/* ---- the child: gc-worker --zygote ---- */
int gc_zygote_main(const char *argv0, int fd);

/* What comes on a status socket: first BORN with a pidfd, then ENDED, then end of file. End of file without ENDED: the zygote died. */
enum gc_zygote_word { GC_ZYGOTE_BORN = 1, GC_ZYGOTE_ENDED, GC_ZYGOTE_STILLBORN };
struct gc_zygote_status {
    uint32_t word;
    int32_t pid;
    int32_t status; /* as of waitpid; STILLBORN: errno */
    uint32_t pad;
    uint64_t peak; /* bytes it had resident at most */
};

/* ---- the worker's side ---- */
struct gc_zygote;

/* Starts it and waits until it is ready. `program`: gc-worker's own file. */
enum gc_err gc_zygote_start(const char *program, struct gc_zygote **ret,
                            struct gc_fault *fault) GC_MUST_CHECK;
void gc_zygote_destroy(struct gc_zygote **self_p);
/* Lives as long as the zygote object. */
struct gc_bytes gc_zygote_catalogue(const struct gc_zygote *z);
/* For any thread, without waiting for one that starts it again; 0: there is none now. */
pid_t gc_zygote_pid(const struct gc_zygote *z);

/* What a child is for: executor.h, seal_try.h. */
enum gc_zygote_order { GC_ZYGOTE_EXECUTOR = 'x', GC_ZYGOTE_TRIAL = 't' };

struct gc_zygote_child {
    int pidfd;
    int pid;
    int sock;   /* to the executor */
    int status; /* from the zygote */
    int said;   /* what it prints: to read without waiting */
};
/* A new child that shares `memory` with us; the caller lets go of it with gc_zygote_leave. GC_ERR_UNREACHABLE: none can be had now. */
enum gc_err gc_zygote_fork(struct gc_zygote *z, enum gc_zygote_order order, int memory,
                           struct gc_zygote_child *ret, struct gc_fault *fault) GC_MUST_CHECK;
/* SIGKILL. One that has ended is left in peace. */
void gc_zygote_kill(const struct gc_zygote_child *child);
/* Waits until it has ended, `ms` at most. False: it has not, or nobody can say how, since the zygote is gone as well. */
bool gc_zygote_ended(const struct gc_zygote_child *child, int ms, struct gc_zygote_status *ret);
/* Closes what we have of it. */
void gc_zygote_leave(const struct gc_zygote_child *child);

#endif
