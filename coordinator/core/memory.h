/* memory.h - memory of a run's own: what its plan says, for as long as it lives.
 *
 * Pages of GC_CORE_PAGE bytes from one pool, filled from the front, given back all at once. Nothing larger than a page is ever
 * asked for: plans are taken apart into nodes and stages.
 */
#ifndef GC_CORE_MEMORY_H
#define GC_CORE_MEMORY_H

#include "common/pool.h"
#include "coordinator/core/core.h"

struct core_memory {
    struct gc_pool pages;
};

struct core_page;

/* Zeroed is empty. */
struct core_mem {
    struct core_page *last;
    size_t used; /* of `last` */
};

/* Zeroed memory, aligned for anything; NULL: no page is left. */
void *core_mem_take(struct gc_core *core, struct core_mem *mem, size_t bytes) GC_MUST_CHECK;
/* A copy; false: no page is left. */
bool core_mem_copy(struct gc_core *core, struct core_mem *mem, struct gc_bytes from,
                   struct gc_bytes *ret) GC_MUST_CHECK;
void core_mem_release(struct gc_core *core, struct core_mem *mem);
/* How many pages it has. */
uint32_t core_mem_pages(const struct core_mem *mem);

#endif
