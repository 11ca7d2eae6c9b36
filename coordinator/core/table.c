#include "coordinator/core/table.h"

#include <string.h>

#include "common/assert.h"

#define LEVELS 3u
_Static_assert(CORE_TABLE_LEAF == 256, "a branch is a byte of the index");

static uint32_t *unit_at(const struct gc_pool *units, uint32_t ref)
{
    GC_ASSERT(ref != 0);
    uint32_t *unit = gc_pool_at_index(units, ref - 1);
    GC_ASSERT(unit != NULL);
    return unit;
}

/* Level 0 is the root's. */
static uint32_t branch(uint32_t i, uint32_t level)
{
    return i >> (8 * (LEVELS - 1 - level)) & 255u;
}

uint32_t core_table_get(const struct gc_pool *units, const struct core_table *t, uint32_t i)
{
    GC_ASSERT(i < CORE_TABLE_MAX);
    uint32_t ref = t->root;
    for (uint32_t level = 0; level < LEVELS && ref != 0; level++)
        ref = unit_at(units, ref)[branch(i, level)];
    return ref;
}

uint32_t *core_table_at(struct gc_pool *units, struct core_table *t, uint32_t i)
{
    GC_ASSERT(i < CORE_TABLE_MAX);
    uint32_t *ref = &t->root;
    for (uint32_t level = 0; level < LEVELS; level++) {
        if (*ref == 0) {
            void *unit = gc_pool_take(units, NULL); /* zeroed */
            if (!unit)
                return NULL; /* an empty branch may stay behind: it is found again, and released with the rest */
            *ref = gc_pool_index_of(units, unit) + 1;
        }
        ref = &unit_at(units, *ref)[branch(i, level)];
    }
    return ref;
}

static uint32_t *last_branch(uint32_t *unit)
{
    for (uint32_t i = CORE_TABLE_LEAF; i > 0; i--) {
        if (unit[i - 1] != 0)
            return &unit[i - 1];
    }
    return NULL;
}

static void give(struct gc_pool *units, uint32_t *ref)
{
    gc_pool_give(units, gc_pool_handle_of(units, unit_at(units, *ref)));
    *ref = 0;
}

bool core_table_pop(struct gc_pool *units, struct core_table *t, uint32_t ret_leaf[CORE_TABLE_LEAF])
{
    while (t->root != 0) {
        uint32_t *middle = last_branch(unit_at(units, t->root));
        if (!middle) {
            give(units, &t->root);
            continue;
        }
        uint32_t *leaf = last_branch(unit_at(units, *middle));
        if (!leaf) {
            give(units, middle);
            continue;
        }
        memcpy(ret_leaf, unit_at(units, *leaf), GC_CORE_BLOCK);
        give(units, leaf);
        return true;
    }
    return false;
}

static uint32_t units_below(const struct gc_pool *units, uint32_t ref, uint32_t level)
{
    if (ref == 0)
        return 0;
    uint32_t n = 1;
    for (uint32_t i = 0; i < CORE_TABLE_LEAF && level + 1 < LEVELS; i++)
        n += units_below(units, unit_at(units, ref)[i], level + 1);
    return n;
}

uint32_t core_table_units(const struct gc_pool *units, const struct core_table *t)
{
    return units_below(units, t->root, 0);
}
