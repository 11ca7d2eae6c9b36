/* Processes: starting one with exactly the descriptors it may have, and what one has used.
 * Thread: any. */
#ifndef GC_COMMON_SYS_PROC_H
#define GC_COMMON_SYS_PROC_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { GC_PROC_MAX_FDS = 64 };

struct gc_proc_spawn {
    const char *path;  /* the program's file; PATH is not searched */
    char *const *argv; /* argv[0] included, NULL behind the last */
    char *const *env;  /* NULL: ours */
    const int *fds;    /* fds[i] becomes descriptor i of the child; -1: /dev/null */
    size_t fd_count;   /* at most GC_PROC_MAX_FDS; all else is closed in the child */
    bool own_group;    /* a process group of its own, so that its children can be killed too */
};

/* The child starts with an empty signal mask and default signal actions. GC_ERR_NOT_FOUND or
 * GC_ERR_DENIED when the program cannot be executed: that is known before this returns. The caller
 * waits for the child. */
GC_MUST_CHECK enum gc_err gc_proc_spawn(const struct gc_proc_spawn *s, pid_t *ret_pid, struct gc_fault *f);

/* The most memory a process has had resident (VmHWM), and what it has now (VmRSS), in bytes; each
 * ret may be NULL. 0 is ourselves. GC_ERR_NOT_FOUND where it is gone or a zombie. */
GC_MUST_CHECK enum gc_err gc_proc_memory(pid_t pid, uint64_t *ret_peak, uint64_t *ret_now);

#endif
