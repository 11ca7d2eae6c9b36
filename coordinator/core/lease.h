/* lease.h - what is granted to whom, and how it ends.
 *
 * An ITEMS lease of fresh items has a range; items leave it one by one as they end, fault or are recalled. Which of its items are
 * still its own is told by their state: LEASED inside the range. A lease of one odd item has `odd`, and the item stays ODD.
 * An ended lease is gone at once: its id never comes back, and what names it later is stale.
 * Invariants: ranges of leases of a stage do not overlap but for what has left them; `left` items of the range are LEASED (or 1:
 * the odd one, the merge; of a listing, pages); a lease is in its worker's list, its stage's, and, while it could be asked back, in the
 * heap of recall.h.
 */
#ifndef GC_CORE_LEASE_H
#define GC_CORE_LEASE_H

#include "common/heap.h"
#include "common/list.h"
#include "common/map.h"
#include "common/pool.h"
#include "coordinator/core/core.h"

struct core_odd;
struct core_stage;
struct core_worker;

enum core_asked {
    CORE_NOT_ASKED,
    CORE_ASKED,
    CORE_ANSWERED
}; /* to give back what has not started; once in its life */

struct core_lease {
    uint64_t id; /* term << 40 | count */
    struct core_stage *stage;
    struct core_worker *worker;
    enum gc_lease_kind kind;
    enum core_asked asked;
    uint64_t first;
    uint64_t count;
    uint64_t left;
    struct core_odd *odd;
    struct gc_list inputs; /* MERGE, FINISH: struct core_delta */
    uint64_t beat;         /* the worker's count of beats when it was sent, or last named */
    struct gc_link of_worker;
    struct gc_link of_stage;
    uint64_t heft;   /* estimated work left, when `left` last changed */
    size_t heavy_at; /* core->leases.heavy */
};

struct core_leases {
    struct gc_pool pool;
    struct gc_map by_id;
    struct gc_heap heavy; /* those that could be asked back, most work left first */
    uint64_t count;       /* of ids given in this term */
    uint32_t asked;       /* RECALLs without an answer */
};

#define CORE_LEASE_TERM_SHIFT 40u

enum gc_err core_leases_init(struct gc_core *core, struct gc_arena *arena, uint32_t leases) GC_MUST_CHECK;

/* A new lease with the next id; there must be room in the pool. For ITEMS the items were moved to LEASED before. */
struct core_lease *core_lease_new(struct gc_core *core, struct core_stage *stage, struct core_worker *worker,
                                  enum gc_lease_kind kind, uint64_t first, uint64_t count);
/* The same under an id of an earlier term. */
struct core_lease *core_lease_adopt(struct gc_core *core, uint64_t id, struct core_stage *stage,
                                    struct core_worker *worker, enum gc_lease_kind kind, uint64_t first,
                                    uint64_t count);
/* By token and holder; NULL: stale. */
struct core_lease *core_lease_find(const struct gc_core *core, const struct core_worker *worker,
                                   uint64_t term, uint64_t id);
struct core_lease *core_lease_by_id(const struct gc_core *core, uint64_t id);
/* The highest id given so far, in any term. */
uint64_t core_lease_last(const struct gc_core *core);

/* Some of its items are not its own any more (their states were changed by the caller). Ends it when none is left. */
void core_lease_shed(struct gc_core *core, struct core_lease *lease, uint64_t count);
/* It is used up or without worth: forgets it. Its items, history and inputs have been seen to. */
void core_lease_free(struct gc_core *core, struct core_lease *lease);
/* It will bring nothing more: what it still has is free for others. */
void core_lease_return(struct gc_core *core, struct core_lease *lease);
/* Gives back [from, end of the lease). */
void core_lease_cut(struct gc_core *core, struct core_lease *lease, uint64_t from);
#endif
