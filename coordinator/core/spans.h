/* spans.h - where a stage has items that were given back: ranges that *may* hold PENDING items below the first unleased one.
 *
 * Whatever ends a lease early adds its whole range as one span; what is PENDING in it is found when it is granted again. So giving
 * back is O(1) and needs one span a lease, however torn the range is. Where the pool is full the stage's own spare span is
 * stretched instead: nothing is ever lost, only found more slowly. A search looks at CORE_SCAN_BLOCKS blocks at most and goes on
 * in the next step; what it has passed over is cut off for good, so every block is passed once a span.
 * Invariant: a PENDING item below `fresh` lies in a span of its stage, or is an orphan (grace.h).
 */
#ifndef GC_CORE_SPANS_H
#define GC_CORE_SPANS_H

#include "common/list.h"
#include "common/pool.h"
#include "coordinator/core/core.h"

#define CORE_SCAN_BLOCKS 256u

struct core_stage;

struct core_span {
    uint64_t first;
    uint64_t end;
    struct gc_link link; /* stage->spans */
};

struct core_spans {
    struct gc_pool pool;
};

void core_spans_add(struct gc_core *core, struct core_stage *stage, uint64_t first, uint64_t end);
bool core_spans_any(const struct core_stage *stage);
/* The first PENDING item of the spans and how many follow it there in a row. False: none was found (in this step: core->more is
 * set when the search was cut short). The caller leases from its front. */
bool core_spans_next(struct gc_core *core, struct core_stage *stage, uint64_t *ret_first, uint64_t *ret_end);
/* Drops up to `budget` spans; true: there are none. */
bool core_spans_release(struct gc_core *core, struct core_stage *stage, uint32_t budget);
bool core_spans_cover(const struct core_stage *stage, uint64_t item);

#endif
