/* sync.h - many files made durable at once.
 *
 * Several threads wait for the disk side by side: a journal's commit serves all that wait for it, so that many files together cost
 * little more than one. Measured with 64 new files of 20 KB on ext4 (a virtual disk, write-back begun before; ms for all of them):
 *
 *     one after the other        196
 *     2 threads                   59
 *     4, 8, 16, 32 threads     9 8 5 6
 *     one syncfs                  10
 *
 * syncfs is not used: it also waits for what strangers have written to that file system, without a bound, and tells of no error before
 * Linux 5.8. Thread: any number. */
#ifndef GC_POOL_SYNC_H
#define GC_POOL_SYNC_H

#include <stdint.h>

#include "common/error.h"

#define GC_SYNC_THREADS 16u

struct gc_sync;

enum gc_err gc_sync_start(uint32_t threads, struct gc_sync **ret, struct gc_fault *f) GC_MUST_CHECK;
/* Nobody may be in gc_sync_files. */
void gc_sync_destroy(struct gc_sync **self_p);

/* fsync of each; ret_errnums[i]: 0, or why not. Returns when all are through; the caller's thread works too. */
void gc_sync_files(struct gc_sync *s, const int *fds, uint32_t n, int *ret_errnums);

#endif
