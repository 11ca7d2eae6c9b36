/* stage.h - a stage of a run: its nodes, where its work stands, and whether there is some to grant.
 *
 * A stage is open until it has ended; it ends complete, or failed (a source or reducer), or dead (cancelled, or below a failed
 * one). What a dead stage did not do counts as skipped. After its end it is reaped: leases cancelled, memory given back, some at a
 * time (reap.h).
 * Invariants: for an ITEM stage, fresh <= frontier or no item was leased; items at or above `fresh` are PENDING; an open stage is
 * in its run's ready list exactly if it has something to grant.
 */
#ifndef GC_CORE_STAGE_H
#define GC_CORE_STAGE_H

#include "common/list.h"
#include "common/pool.h"
#include "coordinator/core/dataset.h"
#include "coordinator/core/items.h"
#include "coordinator/core/reduce.h"
#include "coordinator/core/spans.h"

struct core_node;
struct core_run;

struct core_stages {
    struct gc_pool pool;
    struct gc_list reaping; /* by `reap` */
};

struct core_stage {
    struct core_run *run;
    uint32_t index; /* in its run */
    enum gc_stage_kind kind;
    struct core_stage
        *source; /* ITEM: who lists its items, or NULL; REDUCE: who feeds it, or whom it scans */
    uint32_t n_nodes;
    struct core_node **nodes; /* by bit of a node set */
    uint64_t *below;          /* node sets */
    uint32_t n_reducers;
    struct core_stage **reducers; /* by place in a RESULT's deltas */
    struct gc_list scanners; /* ITEM: REDUCE stages that read its results when it has ended; by `consumer` */
    uint64_t retries;
    uint64_t suspicions;

    bool ended;
    bool failed;   /* SOURCE, REDUCE: its one failure was committed */
    bool finished; /* REDUCE, recovered: its one batch was committed */
    bool dead;
    struct gc_link ready;    /* run->ready[kind] */
    struct gc_link reap;     /* core->stages.reaping */
    struct gc_link consumer; /* ITEM: source->dataset.consumers; REDUCE that scans: source->scanners */
    struct gc_link orphaned; /* core->grace.stages */
    uint64_t n_orphans; /* recovered histories at the front of `odds` that wait for the end of the grace */
    struct gc_list leases;
    struct gc_list odds;      /* all histories; SOURCE, REDUCE: at most the one of its task, which gates it */
    struct gc_list odd_ready; /* those that may be leased now */

    /* ITEM */
    struct core_items items;
    uint64_t fresh;    /* first item never leased */
    uint64_t frontier; /* committed: no item at or above it was ever leased */
    struct gc_list spans;
    struct core_span spare;
    uint64_t busy_ns; /* all kinds */
    uint64_t task_ns; /* moving average of a task; 0: not known */
    uint64_t grain;   /* items a lease at most */

    struct core_dataset dataset; /* SOURCE */
    struct core_reduce reduce;   /* REDUCE */
};

/* Items so far, and whether no more will come. */
uint64_t core_stage_items(const struct core_stage *stage);
bool core_stage_listed(const struct core_stage *stage);
/* Items that are neither leased, ended nor odd. */
uint64_t core_stage_pending(const struct core_stage *stage);
/* The set of all its nodes. */
uint64_t core_stage_all(const struct core_stage *stage);

/* Learns a measured time: moves the average and the size of the next leases. */
void core_stage_measure(struct core_stage *stage, uint64_t busy_ns, uint64_t count);
/* What `count` tasks are thought to take. */
uint64_t core_stage_estimate(const struct core_stage *stage, uint64_t count);

/* Whether it is open and has something to grant; what core_stage_touch makes true of the ready lists. */
bool core_stage_ready(const struct gc_core *core, const struct core_stage *stage);
/* Call after anything that may change whether it has something to grant. */
void core_stage_touch(struct gc_core *core, struct core_stage *stage);
/* Call after anything that may complete it: ends it then, and what follows from that. */
void core_stage_settle(struct gc_core *core, struct core_stage *stage);
/* Ends it; with `dead` what is left is skipped. Goes on to those that hang on it, and to the end of the run. */
void core_stage_end(struct gc_core *core, struct core_stage *stage, bool dead);
/* The source or reducer has failed for good. */
void core_stage_fail(struct gc_core *core, struct core_stage *stage);

#endif
