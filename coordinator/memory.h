/* memory.h - memory that is given back as a whole: small pieces in blocks, and large mappings that cost what is touched. */
#ifndef GC_COORDINATOR_MEMORY_H
#define GC_COORDINATOR_MEMORY_H

#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/slice.h"

struct gc_memory_block;

/* Pieces from blocks of malloc; they do not move. Zeroed memory is an empty one. */
struct gc_memory {
    struct gc_memory_block *blocks;
    size_t total;
};

/* Aligned for anything; NULL when there is none. */
void *gc_memory_take(struct gc_memory *m, size_t bytes) GC_MUST_CHECK;
/* A copy; false when there is no memory. */
bool gc_memory_keep(struct gc_memory *m, struct gc_bytes from, struct gc_bytes *ret) GC_MUST_CHECK;
void gc_memory_release(struct gc_memory *m);

/* Pages of zeroes that the system gives when they are touched. */
struct gc_mapping {
    void *base;
    size_t size;
};
enum gc_err gc_mapping_make(size_t size, struct gc_mapping *ret) GC_MUST_CHECK;
void gc_mapping_release(struct gc_mapping *m);

#endif
