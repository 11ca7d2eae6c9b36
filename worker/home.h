/* home.h - a worker's state folder: its lock, and the id that it keeps. */
#ifndef GC_WORKER_HOME_H
#define GC_WORKER_HOME_H

#include "common/error.h"
#include "common/id.h"

struct gc_home {
    int lock_fd;
    struct gc_id128 worker;
};

/* Locks the folder (two workers on one would take each other's leases for their own) and reads its id, or makes one in a folder that
 * has none. The lock holds until the process ends. */
enum gc_err gc_home_open(const char *folder, struct gc_home *ret, struct gc_fault *f) GC_MUST_CHECK;

#endif
