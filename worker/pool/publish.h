/* publish.h - outputs get their names: many together, each whole, once, and only while the lease holds.
 *
 * In this order, for all outputs that are handed over: they are made durable, side by side (sync.h); then, if the lease still holds by
 * the monotonic clock, each is linked under its name without replacing anything (or, where the job says so, replaces what is there in
 * one step); then each folder is made durable once, with the folders above it that this thread has not seen durable yet, since
 * whoever made one need not have got as far. A file of the same bytes is already the output; with other bytes it is a failure of
 * cause `output`.
 *
 * A name that was given stays, whatever comes after: the next attempt finds its own bytes there. */
#ifndef GC_POOL_PUBLISH_H
#define GC_POOL_PUBLISH_H

#include <stdatomic.h>

#include "worker/pool/files.h"
#include "worker/pool/sync.h"

#define GC_PUBLISH_BATCH 512u /* outputs at most */
/* Folders that are remembered, so many to a set: of those that share one, the oldest goes, and is synced more than once. */
#define GC_PUBLISH_SETS 256u
#define GC_PUBLISH_WAYS 4u

/* What one thread publishes with. Large. */
struct gc_publish {
    struct gc_sync *sync;
    const atomic_uint_fast64_t *fence_ns; /* until when publishing is allowed */
    atomic_bool stop;                     /* set by others: nothing more of this batch is wanted */
    struct gc_publish_folder {
        uint64_t device;
        uint64_t inode;
    } durable[GC_PUBLISH_SETS]
             [GC_PUBLISH_WAYS]; /* with all that is above them; in each set the newest first */
    struct gc_publish_folder folders[GC_PUBLISH_BATCH];
    uint32_t n_folders;
    int fds[GC_PUBLISH_BATCH];
    int errnums[GC_PUBLISH_BATCH];
    uint32_t whose[GC_PUBLISH_BATCH]; /* output of fds[i] */
};

/* Publishes those outputs that are `made` and not refused. What becomes of each is in it: `refused`, with a text. Returns the worst:
 * GC_CAUSE_NONE; OUTPUT; INFRA (the disk, the fence, or `stop`), and then *ret_item is one that it befell. O(outputs). */
enum gc_cause gc_publish(struct gc_publish *p, struct gc_output *outputs, uint32_t n, uint64_t *ret_item);

#endif
