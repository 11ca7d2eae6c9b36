/* inside.h - what the core is made of, one member a concept. For the .c files of this folder (and for gc_core_check).
 *
 * Everything named core_ is inside the library; everything named gc_ is for its users. Functions take the core first. Pointers
 * between runs, stages, leases, histories and workers are plain: each header says who ends whom, and in what order.
 */
#ifndef GC_CORE_INSIDE_H
#define GC_CORE_INSIDE_H

#include "coordinator/core/core.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/grace.h"
#include "coordinator/core/lease.h"
#include "coordinator/core/memory.h"
#include "coordinator/core/odd.h"
#include "coordinator/core/reduce.h"
#include "coordinator/core/run.h"
#include "coordinator/core/share.h"
#include "coordinator/core/spans.h"
#include "coordinator/core/stage.h"
#include "coordinator/core/watch.h"
#include "coordinator/core/worker.h"

struct gc_core {
    uint64_t term;
    uint64_t now; /* of the step under way, monotonic */
    uint64_t wall;
    uint64_t
        slack;    /* how long the coordinator itself stood still while leases were out: no lease ages in it */
    bool stepped; /* `now` has been set */
    bool open;    /* the store has given back all it kept: peers are served */
    bool full;    /* the disk is */
    bool draining;
    bool more; /* work was left over: step again at once */

    struct core_effects effects;
    struct core_memory memory;
    struct gc_pool units; /* GC_CORE_BLOCK bytes each: see table.h and items.h */
    struct core_runs runs;
    struct core_stages stages;
    struct core_spans spans;
    struct core_deltas deltas;
    struct core_odds odds;
    struct core_leases leases;
    struct core_workers workers;
    struct core_share share;
    struct core_watch watch;
    struct core_grace grace;
};

/* The clock that leases age by: it stands still where the coordinator did. */
static inline uint64_t core_clock(const struct gc_core *core)
{
    return core->now - core->slack;
}

#endif
