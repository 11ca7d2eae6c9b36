/* share.h - which run is served next: start-time fair queueing over the runs that have something to grant.
 *
 * A run's virtual time grows by the estimated time of what it was granted, divided by its weight; the smallest is served. One that
 * comes (or comes back) starts at the clock, the virtual time of the last one served: it is served by the next credit, and gains
 * nothing by having been away. On a tie the youngest run goes first, so that a new run never waits behind one that is ahead of it.
 * Invariant: a run is in the heap exactly if it serves (run.h) and one of its ready lists is not empty.
 */
#ifndef GC_CORE_SHARE_H
#define GC_CORE_SHARE_H

#include "common/heap.h"
#include "coordinator/core/core.h"

struct core_run;

struct core_share {
    struct gc_heap runs;
    uint64_t clock;
};

/* Whether it serves and has something to grant. */
bool core_share_wants(const struct core_run *run);
/* Call after its ready lists or its state have changed. O(log runs). */
void core_share_touch(struct gc_core *core, struct core_run *run);
/* Who is served next; NULL: nobody wants anything. */
struct core_run *core_share_first(const struct gc_core *core);
/* It was granted work of so many ns. */
void core_share_charge(struct gc_core *core, struct core_run *run, uint64_t ns);
enum gc_err core_share_init(struct gc_core *core, struct gc_arena *arena, uint32_t runs) GC_MUST_CHECK;

#endif
