/* scan.h - a walk over the committed results of a stage, item by item. Inside of worker/ops.
 *
 * The spool is a file of parts (proto/scan.h), which hold every item of the stage in order. It is read in blocks of a few MiB and never
 * held whole: two parts' worth of memory whatever the number of items. Who needs more than one pass rewinds.
 *
 * Reading is hostile-safe: what is not as proto/scan.h, status.h and values.h say ends the walk, and the walk remembers why. So a
 * loop over gc_scan_next is checked once, at its end, with gc_scan_ended.
 * Cost: O(bytes) a pass. Thread: one at a time; the descriptor's place is the walk's.
 */
#ifndef GC_WORKER_OPS_SCAN_H
#define GC_WORKER_OPS_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/slice.h"
#include "proto/message.h"
#include "proto/states.h"

#define GC_SCAN_INPUTS 2u /* a reducer's own input, and what its mapped op made of it */

struct gc_scan;

/* What one input has of an item. */
struct gc_scan_value {
    enum gc_outcome outcome;
    struct gc_bytes value; /* of one that is done: one value; empty where the input is the item itself */
};

struct gc_scan_item {
    uint64_t item;
    struct gc_scan_value inputs[GC_SCAN_INPUTS]; /* borrowed until the next call */
};

/* Done, cached or done with a warning: it has a value, and reducers take it. */
static inline bool gc_scan_done(enum gc_outcome outcome)
{
    return outcome == GC_OUTCOME_DONE || outcome == GC_OUTCOME_CACHED || outcome == GC_OUTCOME_WARNED;
}

/* A walk over `spool`, whose stage has `n_nodes` nodes, for the inputs of a reducer's step (which name bits below n_nodes, or
 * GC_UNSET for the item itself: always done). The descriptor stays the caller's. GC_ERR_NOMEM. */
enum gc_err gc_scan_open(int spool, uint32_t n_nodes, const struct gc_step *step,
                         struct gc_scan **ret) GC_MUST_CHECK;
void gc_scan_close(struct gc_scan **self_p);

/* The next item, in ascending order; false at the end, and where the walk cannot go on. */
bool gc_scan_next(struct gc_scan *s, struct gc_scan_item *ret);
/* The next item whose first input is done. */
bool gc_scan_next_done(struct gc_scan *s, struct gc_scan_item *ret);
/* GC_OK where the walk came to the end of the spool; else why not: GC_ERR_IO (reading failed), GC_ERR_CORRUPT. */
enum gc_err gc_scan_ended(const struct gc_scan *s, struct gc_fault *fault) GC_MUST_CHECK;
/* To the first item again, whatever happened before. */
void gc_scan_rewind(struct gc_scan *s);

/* The string of a value; false where it is none. */
bool gc_scan_string(struct gc_bytes value, struct gc_bytes *ret);

#endif
