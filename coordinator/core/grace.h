/* grace.h - the time after a start in which workers say what they still hold.
 *
 * Until it ends, unfinished items below a recovered stage's frontier are orphans: PENDING, in no span, and adopted by the
 * inventories that name them. It ends when every worker that the store names has said HELLO, at the latest GC_GRACE_NS after the
 * start; then each such stage gets one span over all that lies below its frontier, and its histories are ready, some a step.
 */
#ifndef GC_CORE_GRACE_H
#define GC_CORE_GRACE_H

#include "common/list.h"
#include "common/map.h"
#include "coordinator/core/core.h"

struct core_stage;

struct core_grace {
    bool running;
    bool crowded; /* not every awaited worker could be remembered */
    uint64_t until;
    struct gc_map awaited; /* hashes of workers' ids */
    struct gc_list runs;   /* recovered, not looked at yet: by `settling` */
    struct gc_list stages; /* with orphans: by `orphaned` */
};

enum gc_err core_grace_init(struct gc_core *core, struct gc_arena *arena, uint32_t workers) GC_MUST_CHECK;
/* The store names a worker that may hold something; or says that it does not any more. */
void core_grace_await(struct gc_core *core, const struct gc_id128 *worker, bool holds);
void core_grace_begin(struct gc_core *core);
/* That worker has said HELLO. */
void core_grace_arrived(struct gc_core *core, const struct gc_id128 *worker);
/* Ends it when its time has come, and hands orphans on. */
void core_grace_step(struct gc_core *core);
uint64_t core_grace_deadline(const struct gc_core *core);

#endif
