/* odd.h - items with a history: attempts, suspicions, nodes given up, waits. They are few, so they lie apart from the states.
 *
 * A history belongs to an item of an ITEM stage (whose state is ODD as long as it lives), or to the one task of a SOURCE or REDUCE
 * stage (as item 0), which it gates: nothing of that stage is granted while it waits.
 * It waits (in the heap of times, or for the end of the grace), is ready (in its stage's list), or is leased, alone.
 * Attempts, suspicions and nodes given up are committed before the item is leased again; waits are not.
 */
#ifndef GC_CORE_ODD_H
#define GC_CORE_ODD_H

#include "common/heap.h"
#include "common/list.h"
#include "common/map.h"
#include "common/pool.h"
#include "coordinator/core/core.h"

struct core_lease;
struct core_stage;

/* One failure that gave nodes up. */
struct core_given {
    struct core_given *next;
    uint64_t nodes; /* set */
    uint64_t attempts;
    uint32_t cause;
    uint32_t text_len;
    uint8_t text[GC_MAX_TEXT];
};

enum core_odd_state { CORE_ODD_WAITING, CORE_ODD_READY, CORE_ODD_LEASED };

struct core_odd {
    struct core_stage *stage;
    uint64_t item;
    enum core_odd_state state;
    uint64_t attempts;
    uint64_t suspicions;
    uint64_t
        counted; /* leases up to this one were granted before the last fault or loss in here: it adopts none of them */
    uint32_t waits; /* infra failures so far: the next wait is so often doubled */
    struct core_given *given;
    struct core_lease *lease;
    uint64_t avoid;       /* handle of the worker on which it failed */
    uint64_t avoid_until; /* after that any worker will do */
    uint64_t due;         /* while waiting; GC_UNSET: until the grace ends */
    size_t due_at;        /* core->odds.due */
    struct gc_link of_stage;
    struct gc_link ready;
};

struct core_odds {
    struct gc_pool pool;
    struct gc_pool given;
    struct gc_map by_item;
    struct gc_heap due;
};

/* How long an item that failed on one worker is kept for another one. */
#define CORE_AVOID_NS (5u * GC_S)

enum gc_err core_odds_init(struct gc_core *core, struct gc_arena *arena, uint32_t odd,
                           uint64_t seed) GC_MUST_CHECK;

struct core_odd *core_odd_find(const struct gc_core *core, const struct core_stage *stage, uint64_t item);
/* The gate of a SOURCE or REDUCE stage, or NULL. */
struct core_odd *core_odd_gate(const struct core_stage *stage);
/* A new history, waiting for ever; the item's state (if it is one of an ITEM stage) is the caller's to move. NULL: no room. */
struct core_odd *core_odd_new(struct gc_core *core, struct core_stage *stage, uint64_t item) GC_MUST_CHECK;
/* The item has ended, or its stage: forgets it. */
void core_odd_free(struct gc_core *core, struct core_odd *odd);

/* Waits until `due`; any state before. */
void core_odd_wait(struct gc_core *core, struct core_odd *odd, uint64_t due);
void core_odd_ready(struct gc_core *core, struct core_odd *odd);
void core_odd_lease(struct gc_core *core, struct core_odd *odd, struct core_lease *lease);
/* Those whose time has come, some hundred a step. */
void core_odd_wake(struct gc_core *core);

/* Gives up a set of nodes, and why. False: no room. */
bool core_odd_give_up(struct gc_core *core, struct core_odd *odd, uint64_t nodes, uint64_t cause,
                      uint64_t attempts, struct gc_bytes text) GC_MUST_CHECK;
/* Nodes given up, and those with all that hangs on them. */
uint64_t core_odd_given(const struct core_odd *odd);
uint64_t core_odd_dead(const struct core_odd *odd);
/* As records, in scratch, in order of nodes; texts lead into the history. */
uint32_t core_odd_records(struct gc_core *core, const struct core_odd *odd, struct gc_given **ret);
/* GC_COMMIT_ODD of what it is now. */
void core_odd_commit(struct gc_core *core, const struct core_odd *odd);

#endif
