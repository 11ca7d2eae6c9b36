/* Elements of one size from an arena, in a fixed number, with handles that notice reuse.
 *
 * A handle is {index, generation} in a u64, never 0; it may cross any border (wire, store, another
 * structure), since `gc_pool_at` answers NULL for one whose element was given back, whatever lives
 * there now. An index is smaller and may be kept where the element is known to live.
 *
 * Taking, giving and looking up are O(1) and touch only the element's own memory and its two words;
 * what was never taken is never touched, so a pool may be sized for the worst case on lazily mapped
 * memory. A slot whose generations are used up (2^31 uses) is retired rather than reused.
 *
 * Invariants: a slot's generation is odd while it is taken; count + free + retired + never used =
 * capacity. Thread: one at a time. Owner: the arena's block owns all memory.
 */
#ifndef GC_COMMON_POOL_H
#define GC_COMMON_POOL_H

#include "common/arena.h"
#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

#define GC_HANDLE_NONE  ((uint64_t)0)
#define GC_POOL_NO_SLOT UINT32_MAX

struct gc_pool {
    uint8_t *elements;
    uint32_t *generation; /* of each slot; odd = taken */
    uint32_t *next_free;  /* of each free slot; GC_POOL_NO_SLOT ends the list */
    size_t elem_size;     /* rounded up to the alignment */
    uint32_t capacity;
    uint32_t count;      /* taken now */
    uint32_t fresh;      /* slots from here on were never taken */
    uint32_t first_free; /* most recently given first: its memory is warm */
    uint32_t retired;
};

/* GC_ERR_NOMEM when the arena is too small (it is then as before). Elements are aligned for any
 * type; capacity < UINT32_MAX. */
GC_MUST_CHECK enum gc_err gc_pool_init(struct gc_pool *p, struct gc_arena *a, size_t elem_size,
                                       uint32_t capacity);

/* A zeroed element, and its handle where ret_handle is not NULL; NULL when none is left. */
GC_MUST_CHECK void *gc_pool_take(struct gc_pool *p, uint64_t *ret_handle);

/* Ends the element's life; the handle must be live (asserted). */
void gc_pool_give(struct gc_pool *p, uint64_t handle);

/* The element, or NULL when the handle is stale, GC_HANDLE_NONE or made up. */
void *gc_pool_at(const struct gc_pool *p, uint64_t handle);

/* The element of a slot, or NULL when the slot is not taken or out of range. */
void *gc_pool_at_index(const struct gc_pool *p, uint32_t index);

/* Of a live element (asserted to be one of this pool's). */
uint32_t gc_pool_index_of(const struct gc_pool *p, const void *element);
uint64_t gc_pool_handle_of(const struct gc_pool *p, const void *element);

/* The first taken slot >= from, or GC_POOL_NO_SLOT: for walks in index order. Linear in the slots
 * passed over. */
uint32_t gc_pool_next(const struct gc_pool *p, uint32_t from);

static inline uint32_t gc_handle_index(uint64_t handle)
{
    return (uint32_t)handle;
}

static inline uint32_t gc_handle_generation(uint64_t handle)
{
    return (uint32_t)(handle >> 32);
}

static inline bool gc_pool_full(const struct gc_pool *p)
{
    return p->first_free == GC_POOL_NO_SLOT && p->fresh == p->capacity;
}

/* Re-derives the counters from the slots. For checks; linear in the slots ever used. */
bool gc_pool_sound(const struct gc_pool *p);

#endif
