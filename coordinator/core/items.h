/* items.h - the states of a stage's items: two bits each, in blocks that fold.
 *
 * A block of GC_BLOCK_ITEMS items is a tag in a table: all PENDING (0, also what was never touched), all ENDED, or the unit in
 * which its states are spread out. It folds again when it becomes uniform, so memory is that of the window in flight and of one
 * 32-bit tag for each 4,096 items behind it. Blocks with a LEASED or ODD item are always spread: what leaves those states never
 * needs a unit, so results, losses and recalls cannot fail for want of memory; only granting can, and it asks first.
 * Cost: O(range / 32) words, and 128 words a block touched to see whether it folds.
 */
#ifndef GC_CORE_ITEMS_H
#define GC_CORE_ITEMS_H

#include "common/pool.h"
#include "coordinator/core/table.h"

enum core_item {
    CORE_PENDING,
    CORE_LEASED,
    CORE_ENDED,
    CORE_ODD, /* has a history in odd.h, also while it is leased for it */
};

struct core_items {
    struct core_table blocks;
    uint64_t n[4]; /* items in each state; n[CORE_PENDING] stays 0: pending is what is left */
};

enum core_item core_items_get(const struct gc_pool *units, const struct core_items *it, uint64_t item);

/* Makes the units that a move of this range away from PENDING needs. False: none is left (what was made stays, and is used). */
bool core_items_reserve(struct gc_pool *units, struct core_items *it, uint64_t first,
                        uint64_t count) GC_MUST_CHECK;

/* All items of the range are `from` (asserted) and become `to`. From PENDING: after core_items_reserve. */
void core_items_move(struct gc_pool *units, struct core_items *it, uint64_t first, uint64_t count,
                     enum core_item from, enum core_item to);

/* The first item of [first, end) that is in `state`, or that is not; `end` if there is none. */
uint64_t core_items_find(const struct gc_pool *units, const struct core_items *it, uint64_t first,
                         uint64_t end, enum core_item state);
uint64_t core_items_find_other(const struct gc_pool *units, const struct core_items *it, uint64_t first,
                               uint64_t end, enum core_item state);

/* Gives units back, some hundred at a time. True: all are. */
bool core_items_release(struct gc_pool *units, struct core_items *it);
/* Units in use by items below `end`; linear, for checks. */
uint32_t core_items_units(const struct gc_pool *units, const struct core_items *it, uint64_t end);

#endif
