/* Memory given out from the start of one block to its end, and never given back piece by piece.
 *
 * The block is the caller's (a shell maps it once, untouched pages cost nothing) and outlives the
 * arena. Nothing is cleared: what comes out has whatever the block had. Taking is O(1). A full
 * arena is no error of the program: it answers NULL, and its user "busy".
 *
 * Invariant: used <= size. Thread: one at a time.
 */
#ifndef GC_COMMON_ARENA_H
#define GC_COMMON_ARENA_H

#include "common/macros.h"

#include <stddef.h>
#include <stdint.h>

struct gc_arena {
    uint8_t *base;
    size_t size;
    size_t used;
};

/* `base` may be NULL where `size` is 0. */
void gc_arena_init(struct gc_arena *a, void *base, size_t size);

/* `bytes` bytes at a multiple of `align` (a power of two), or NULL when they do not fit. 0 bytes
 * are a pointer that must not be read through. */
GC_MUST_CHECK void *gc_arena_take(struct gc_arena *a, size_t bytes, size_t align);

/* `count` elements of `size` bytes, with the product checked; NULL when they do not fit. */
GC_MUST_CHECK void *gc_arena_take_array(struct gc_arena *a, size_t count, size_t size, size_t align);

#define GC_ARENA_ONE(a, type) ((type *)gc_arena_take((a), sizeof(type), _Alignof(type)))
#define GC_ARENA_ARRAY(a, type, count) \
    ((type *)gc_arena_take_array((a), (count), sizeof(type), _Alignof(type)))

/* Bytes left, before any loss to alignment. */
size_t gc_arena_left(const struct gc_arena *a);

/* Scratch use: remember, take, and give back all that was taken since. Marks nest like brackets. */
size_t gc_arena_mark(const struct gc_arena *a);
void gc_arena_rewind(struct gc_arena *a, size_t mark);

#endif
