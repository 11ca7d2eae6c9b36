/* publisher.h - the thread that publishes a tender's outputs, so that its executor goes on meanwhile. One batch at a time.
 *
 * Thread: all calls from one (the tender's), but for what the publisher does inside. */
#ifndef GC_POOL_PUBLISHER_H
#define GC_POOL_PUBLISHER_H

#include <pthread.h>
#include <stdbool.h>

#include "worker/pool/publish.h"

struct gc_publisher {
    struct gc_publish publish;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int event_fd; /* readable once a batch is through, until gc_publisher_take */

    /* under the lock */
    enum { GC_PUBLISHER_IDLE, GC_PUBLISHER_BUSY, GC_PUBLISHER_THROUGH } state;
    bool quit;

    /* the batch: whoever's turn it is */
    struct gc_output *outputs; /* GC_PUBLISH_BATCH */
    uint32_t n;
    enum gc_cause cause;
    uint64_t item;
};

enum gc_err gc_publisher_start(struct gc_publisher *p, struct gc_sync *sync,
                               const atomic_uint_fast64_t *fence_ns) GC_MUST_CHECK;
/* Waits for a batch that is under way; its outputs are closed. Does nothing to one that was not started. */
void gc_publisher_end(struct gc_publisher *p);

/* With the `n` outputs that the caller has put into `outputs`, to be closed by gc_publisher_clear. It must be idle. */
void gc_publisher_begin(struct gc_publisher *p, uint32_t n);
bool gc_publisher_busy(struct gc_publisher *p); /* a batch was begun and not taken */
/* Waits until the batch is through: what became of it is in cause, item and outputs, until gc_publisher_clear. `stop`: nothing more of
 * it is wanted. */
void gc_publisher_take(struct gc_publisher *p, bool stop);
/* Closes the outputs. */
void gc_publisher_clear(struct gc_publisher *p);

#endif
