/* walk.h - the committed outcomes of one stage, one (item, node) after the other, read from the coordinator in portions.
 *
 * By item: in the order of items, from an item on. By commit: in the order in which they became durable, from a batch on; when
 * nothing more is there now the walk says so and can be asked again later.
 * Memory: one portion (BATCHES, at most GC_MAX_BULK) with its rows. Cost: O(bytes).
 */
#ifndef GC_CLIENT_WALK_H
#define GC_CLIENT_WALK_H

#include "client/connection.h"
#include "proto/status.h"

/* Where a walk stands: what comes next. By item: seq is not used. */
struct gc_walk_at {
    uint64_t seq; /* of the batch */
    uint64_t item;
    uint32_t bit; /* of the node within the stage */
};

struct gc_outcome_row {
    struct gc_walk_at after; /* where a walk goes on behind this */
    uint64_t item;
    uint32_t bit;
    enum gc_outcome outcome;
    struct gc_bytes worker;       /* who ran it, by name; empty: not known */
    struct gc_bytes value;        /* DONE, CACHED, WARNED: proto/values.h */
    struct gc_status_fault fault; /* FAILED */
};

struct gc_walk {
    struct graphcap *gc;
    struct gc_id128 run;
    uint64_t stage;
    uint32_t n_nodes; /* of the stage */
    bool by_commit;
    bool failures;

    struct gc_walk_at from; /* outcomes before it are passed over */
    uint64_t after;         /* what RESULTS asks for next */
    bool asked;             /* a portion was read */
    bool more;
    bool ended; /* nothing will come behind what was read */

    uint8_t *bulk; /* of a portion, and the names of its workers behind it */
    size_t bulk_len;
    size_t bulk_at; /* of the batch after the open one */
    struct gc_batch *batches;
    uint32_t n_batches;
    uint32_t next_batch;

    const struct gc_batch *open; /* NULL: none */
    struct gc_status status;
    struct gc_status_iter runs;
    struct gc_status_iter faults;
    struct gc_bytes values;
    const uint8_t *pattern;
    uint64_t left; /* items of this pattern, the current one included */
    uint64_t item; /* relative to the batch */
    uint32_t bit;
};

void gc_walk_init(struct gc_walk *w, struct graphcap *gc, struct gc_id128 run, uint64_t stage,
                  uint32_t n_nodes, bool by_commit, bool failures, struct gc_walk_at from);
void gc_walk_release(struct gc_walk *w);

/* All is read, and nothing will come. */
bool gc_walk_over(const struct gc_walk *w);

/* *ret_there false: nothing more (by commit: now; see gc_walk_over). *ret lives until the next call. */
int gc_walk_next(struct gc_walk *w, struct gc_outcome_row *ret, bool *ret_there,
                 struct graphcap_error *error);

#endif
