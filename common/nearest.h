/* "did you mean": the nearest of some names to a mistyped one.
 *
 *     struct gc_nearest n;
 *     gc_nearest_init(&n, gc_str_of("thumbnial"));
 *     for (...) gc_nearest_offer(&n, name_of[i]);
 *     if (gc_nearest_found(&n)) ... n.best
 *
 * Distance counts insertions, deletions, substitutions and swaps of neighbours (optimal string
 * alignment). A name is near where that is at most a third of the longer one's length, and 1 at
 * least; of equally near ones the first offered wins. Names above 64 bytes are never near. Cost:
 * O(length x length) an offer. Borrows the names.
 */
#ifndef GC_COMMON_NEAREST_H
#define GC_COMMON_NEAREST_H

#include "common/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct gc_nearest {
    struct gc_str word;
    struct gc_str best;
    size_t distance; /* of best; SIZE_MAX while there is none */
};

void gc_nearest_init(struct gc_nearest *n, struct gc_str word);
void gc_nearest_offer(struct gc_nearest *n, struct gc_str candidate);
bool gc_nearest_found(const struct gc_nearest *n);

#endif
