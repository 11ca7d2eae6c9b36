#include "coordinator/core/items.h"

#include <string.h>

#include "common/assert.h"
#include "common/bits.h"
#include "common/num.h"

/* Tags. 1 and 3 would be blocks uniformly LEASED and ODD, which never fold. */
#define TAG_PENDING 0u
#define TAG_ENDED   2u
#define TAG_SPREAD  4u /* and above: the unit's index + TAG_SPREAD */

_Static_assert(GC_BLOCK_ITEMS / 4 == GC_CORE_BLOCK, "a block's states are one unit");
_Static_assert(GC_MAX_ITEMS / GC_BLOCK_ITEMS <= CORE_TABLE_MAX, "there is a tag for each block");
_Static_assert((unsigned)TAG_PENDING == CORE_PENDING && (unsigned)TAG_ENDED == CORE_ENDED,
               "a uniform tag is the state");

static uint32_t block_of(uint64_t item)
{
    GC_ASSERT(item < GC_MAX_ITEMS);
    return (uint32_t)(item / GC_BLOCK_ITEMS);
}

/* Where the part of [first, end) that lies in first's block ends. */
static uint64_t part_end(uint64_t first, uint64_t end)
{
    return gc_min_u64(end, (first / GC_BLOCK_ITEMS + 1) * GC_BLOCK_ITEMS);
}

static struct gc_pairs spread(const struct gc_pool *units, uint32_t tag)
{
    GC_ASSERT(tag >= TAG_SPREAD);
    uint64_t *words = gc_pool_at_index(units, tag - TAG_SPREAD);
    GC_ASSERT(words != NULL);
    return (struct gc_pairs){words, GC_BLOCK_ITEMS};
}

enum core_item core_items_get(const struct gc_pool *units, const struct core_items *it, uint64_t item)
{
    uint32_t tag = core_table_get(units, &it->blocks, block_of(item));
    if (tag < TAG_SPREAD)
        return (enum core_item)tag;
    return (enum core_item)gc_pairs_get(spread(units, tag), item % GC_BLOCK_ITEMS);
}

static bool spread_out(struct gc_pool *units, struct core_items *it, uint32_t block)
{
    uint32_t *tag = core_table_at(units, &it->blocks, block);
    if (!tag)
        return false;
    if (*tag != TAG_PENDING)
        return true;
    void *unit = gc_pool_take(units, NULL); /* zeroed: all PENDING */
    if (!unit)
        return false;
    *tag = gc_pool_index_of(units, unit) + TAG_SPREAD;
    return true;
}

bool core_items_reserve(struct gc_pool *units, struct core_items *it, uint64_t first, uint64_t count)
{
    GC_ASSERT(count > 0);
    for (uint32_t block = block_of(first); block <= block_of(first + count - 1); block++) {
        if (!spread_out(units, it, block))
            return false;
    }
    return true;
}

static bool uniform(struct gc_pairs p, enum core_item state)
{
    return gc_pairs_next_other(p, 0, state) == p.count;
}

static void fold(struct gc_pool *units, uint32_t *tag)
{
    struct gc_pairs p = spread(units, *tag);
    enum core_item state = (enum core_item)gc_pairs_get(p, 0);
    if ((state != CORE_PENDING && state != CORE_ENDED) || !uniform(p, state))
        return;
    gc_pool_give(units, gc_pool_handle_of(units, p.words));
    *tag = (uint32_t)state;
}

static void move_part(struct gc_pool *units, struct core_items *it, uint64_t first, uint64_t end,
                      enum core_item from, enum core_item to)
{
    uint32_t *tag = core_table_at(units, &it->blocks, block_of(first));
    GC_ASSERT(tag != NULL);
    struct gc_pairs p = spread(units, *tag);
    size_t at = first % GC_BLOCK_ITEMS;
    size_t n = (size_t)(end - first);
    GC_ASSERT(gc_pairs_next_other(p, at, from) >= at + n);
    gc_pairs_fill(p, at, n, to);
    fold(units, tag);
}

void core_items_move(struct gc_pool *units, struct core_items *it, uint64_t first, uint64_t count,
                     enum core_item from, enum core_item to)
{
    GC_ASSERT(from != to);
    GC_ASSERT(from != CORE_ENDED);
    uint64_t end = first + count;
    for (uint64_t at = first; at < end; at = part_end(at, end))
        move_part(units, it, at, part_end(at, end), from, to);
    if (from != CORE_PENDING)
        it->n[from] -= count;
    if (to != CORE_PENDING)
        it->n[to] += count;
}

/* The first of [first, end), which lies in one block, whose being in `state` is `is`. */
static uint64_t find_part(const struct gc_pool *units, const struct core_items *it, uint64_t first,
                          uint64_t end, enum core_item state, bool is)
{
    uint32_t tag = core_table_get(units, &it->blocks, block_of(first));
    if (tag < TAG_SPREAD)
        return (tag == (uint32_t)state) == is ? first : end;
    struct gc_pairs p = spread(units, tag);
    size_t at = first % GC_BLOCK_ITEMS;
    size_t found = is ? gc_pairs_next(p, at, state) : gc_pairs_next_other(p, at, state);
    return gc_min_u64(end, first - at + found);
}

static uint64_t find(const struct gc_pool *units, const struct core_items *it, uint64_t first, uint64_t end,
                     enum core_item state, bool is)
{
    while (first < end) {
        uint64_t stop = part_end(first, end);
        uint64_t found = find_part(units, it, first, stop, state, is);
        if (found < stop)
            return found;
        first = stop;
    }
    return end;
}

uint64_t core_items_find(const struct gc_pool *units, const struct core_items *it, uint64_t first,
                         uint64_t end, enum core_item state)
{
    return find(units, it, first, end, state, true);
}

uint64_t core_items_find_other(const struct gc_pool *units, const struct core_items *it, uint64_t first,
                               uint64_t end, enum core_item state)
{
    return find(units, it, first, end, state, false);
}

bool core_items_release(struct gc_pool *units, struct core_items *it)
{
    uint32_t leaf[CORE_TABLE_LEAF];
    if (!core_table_pop(units, &it->blocks, leaf))
        return true;
    for (uint32_t i = 0; i < CORE_TABLE_LEAF; i++) {
        if (leaf[i] >= TAG_SPREAD)
            gc_pool_give(units, gc_pool_handle_of(units, spread(units, leaf[i]).words));
    }
    return false;
}

uint32_t core_items_units(const struct gc_pool *units, const struct core_items *it, uint64_t end)
{
    uint32_t n = core_table_units(units, &it->blocks);
    for (uint64_t first = 0; first < end; first += GC_BLOCK_ITEMS)
        n += core_table_get(units, &it->blocks, block_of(first)) >= TAG_SPREAD;
    return n;
}
