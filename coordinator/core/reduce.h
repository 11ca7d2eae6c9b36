/* reduce.h - REDUCE stages: the states of a reducer, or what one that scans waits for.
 *
 * States are made by results, merged by workers, finished by one of them. The core moves their ids.
 *
 * GC_MERGE_INPUTS states are merged, the oldest first; when the stage that feeds it has ended, nothing is being merged and so many
 * at most are left, a FINISH merges the rest and makes the value. Where a full pool has refused a result, two are enough. A lost or
 * refused merge puts its inputs back where they were.
 * A stage that *scans* has no states. It is in the list `scanners` of the ITEM stage whose results it reads, and not among its
 * reducers. When that stage has ended, one FINISH without inputs reads all its batches from the store: the LEASE is durable, so
 * the last of them is there before the worker can ask.
 * Invariant: a state is either in its stage's list or in that of one lease.
 */
#ifndef GC_CORE_REDUCE_H
#define GC_CORE_REDUCE_H

#include "common/list.h"
#include "common/pool.h"
#include "coordinator/core/core.h"

struct core_lease;
struct core_stage;

struct core_delta {
    uint64_t id;
    uint64_t items;
    struct gc_link link; /* stage->reduce.waiting or lease->inputs, in order of age */
};

struct core_deltas {
    struct gc_pool pool;
};

struct core_reduce {
    struct gc_list waiting;
    uint32_t leased; /* MERGE and FINISH leases that are out */
    bool pressed;    /* there was no room for one of its states: merge what there is */
    bool scans;      /* nothing ever waits: it reads its source's results when that has ended */
};

/* Whether `n` more states can be kept. */
bool core_deltas_room(const struct gc_core *core, uint32_t n);
/* There was none: the states that wait are merged before there are GC_MERGE_INPUTS, since those of others may never come free. */
void core_reduce_press(struct gc_core *core, struct core_stage *stage);
/* One more state waits; there must be room. Its id: given, or the run's next. */
uint64_t core_delta_add(struct gc_core *core, struct core_stage *stage, uint64_t id, uint64_t items);

/* Forgets the waiting state of that id, if it is there: for recovery. */
void core_delta_drop(struct gc_core *core, struct core_stage *stage, uint64_t id);

/* Whether a lease could be granted now. */
bool core_reduce_wants(const struct core_stage *stage);
/* What that lease would be. */
enum gc_lease_kind core_reduce_kind(const struct core_stage *stage);
/* Moves its inputs to a new lease. */
void core_reduce_take(struct gc_core *core, struct core_lease *lease);
/* Their ids, in scratch, in order. */
uint64_t *core_reduce_ids(struct gc_core *core, const struct core_lease *lease);
/* The lease has ended without a result: its inputs wait again, before the younger ones. */
void core_reduce_return(struct gc_core *core, struct core_lease *lease);
/* Forgets up to `budget` waiting states; true: there are none. */
bool core_reduce_release(struct gc_core *core, struct core_stage *stage, uint32_t budget);

/* A RESULT of kind MERGE or FINISH whose token is good. */
void core_reduce_result(struct gc_core *core, struct core_lease *lease, gc_peer peer,
                        const struct gc_msg *msg);

#endif
