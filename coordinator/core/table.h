/* table.h - an array of 2^24 numbers of 32 bits that costs only what is used of it: a tree of units with 256 branches each.
 *
 * A number that was never set is 0. Get is three loads; setting takes up to three units the first time. No order of use is
 * assumed. The units come from the core's pool and are shared with the states of items (items.h).
 */
#ifndef GC_CORE_TABLE_H
#define GC_CORE_TABLE_H

#include "common/pool.h"
#include "coordinator/core/core.h"

#define CORE_TABLE_MAX  (UINT32_C(1) << 24)
#define CORE_TABLE_LEAF (GC_CORE_BLOCK / 4u)

/* Zeroed is empty. */
struct core_table {
    uint32_t root; /* unit's index + 1; 0: none */
};

uint32_t core_table_get(const struct gc_pool *units, const struct core_table *t, uint32_t i);
/* Where the number lies, to be changed; stays there until the table is released. NULL: no unit is left. */
uint32_t *core_table_at(struct gc_pool *units, struct core_table *t, uint32_t i) GC_MUST_CHECK;
/* Takes the last leaf out and copies its numbers. False: the table is empty. For releasing in bounded steps. */
bool core_table_pop(struct gc_pool *units, struct core_table *t, uint32_t ret_leaf[CORE_TABLE_LEAF]);
/* How many units it has; linear, for checks. */
uint32_t core_table_units(const struct gc_pool *units, const struct core_table *t);

#endif
