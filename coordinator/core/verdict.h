/* verdict.h - outcomes that the core itself decides: of items with nothing left to run, of sources and reducers that failed. */
#ifndef GC_CORE_VERDICT_H
#define GC_CORE_VERDICT_H

#include "coordinator/core/core.h"

struct core_odd;
struct core_stage;

/* Ends an item whose nodes are all given up or hang on such: commits its outcomes and forgets its history. `worker`: the name of
 * who ran it last. */
void core_verdict_item(struct gc_core *core, struct core_odd *odd, struct gc_bytes worker);
/* The task of a SOURCE or REDUCE stage has failed for good: commits that and ends the stage. */
void core_verdict_stage(struct gc_core *core, struct core_stage *stage, uint64_t cause, uint64_t attempts,
                        struct gc_bytes text, struct gc_bytes worker);

#endif
