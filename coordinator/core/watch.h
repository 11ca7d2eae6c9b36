/* watch.h - SHOW, and telling those who watch a run, at most every GC_WATCH_NS.
 *
 * A run that has changed gets a time in a heap; when it has come, its watchers are told in a round, CORE_TELLS messages a step.
 * After a run's end the last round takes each watcher off.
 */
#ifndef GC_CORE_WATCH_H
#define GC_CORE_WATCH_H

#include "common/heap.h"
#include "common/list.h"
#include "common/map.h"
#include "common/pool.h"
#include "coordinator/core/core.h"

struct core_run;

#define CORE_TELLS       64u
#define CORE_TELL_ROUNDS 16u /* a step: each takes scratch for a run's account */

struct core_watcher {
    gc_peer peer;
    uint64_t re;
    struct core_run *run;
    struct gc_link link;       /* run->watchers */
    struct core_watcher *next; /* of the same peer */
};

struct core_watch {
    struct gc_pool pool;
    struct gc_map by_peer; /* handle of its first watcher */
    struct gc_heap due;    /* runs by tell_due */
};

enum gc_err core_watch_init(struct gc_core *core, struct gc_arena *arena, uint32_t watchers,
                            uint32_t runs) GC_MUST_CHECK;
void core_watch_show(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);
void core_watch_gone(struct gc_core *core, gc_peer peer);
/* The run has changed. */
void core_watch_changed(struct gc_core *core, struct core_run *run);
/* The rounds whose time has come. */
void core_watch_tell(struct gc_core *core);

#endif
