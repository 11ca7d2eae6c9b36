/* Sets that only ever grow together (union-find). Element i's parent is parent[i]; a root is its own. Of two sets that are joined
 * the lower root stays the root, so that what a set is called does not hang on the order of joins: it is its least element.
 * Paths are halved as they are walked (Tarjan, van Leeuwen 1984): O(log n) amortized. Pure; the memory is the caller's. */
#ifndef GC_COMMON_DISJOINT_H
#define GC_COMMON_DISJOINT_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t gc_disjoint_root(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* False: they were one set already. True: what hung on *ret_high hangs on *ret_low from now on. */
static inline bool gc_disjoint_join(uint32_t *parent, uint32_t a, uint32_t b, uint32_t *ret_low,
                                    uint32_t *ret_high)
{
    uint32_t x = gc_disjoint_root(parent, a);
    uint32_t y = gc_disjoint_root(parent, b);
    if (x == y)
        return false;
    *ret_low = x < y ? x : y;
    *ret_high = x < y ? y : x;
    parent[*ret_high] = *ret_low;
    return true;
}

#endif
