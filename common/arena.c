#include "common/arena.h"

#include "common/assert.h"
#include "common/num.h"

void gc_arena_init(struct gc_arena *a, void *base, size_t size)
{
    GC_ASSERT(base != NULL || size == 0);
    *a = (struct gc_arena){.base = base, .size = size};
}

void *gc_arena_take(struct gc_arena *a, size_t bytes, size_t align)
{
    GC_ASSERT(align != 0);
    GC_ASSERT((align & (align - 1)) == 0);
    GC_ASSERT(a->used <= a->size);
    /* The address is aligned, not the offset: the block may begin anywhere. */
    size_t pad = (size_t)(-((uintptr_t)a->base + a->used) & (align - 1));
    size_t left = a->size - a->used;
    if (a->base == NULL || pad > left || bytes > left - pad)
        return NULL;
    uint8_t *taken = a->base + a->used + pad;
    a->used += pad + bytes;
    return taken;
}

void *gc_arena_take_array(struct gc_arena *a, size_t count, size_t size, size_t align)
{
    size_t bytes;
    if (!gc_mul_size(count, size, &bytes))
        return NULL;
    return gc_arena_take(a, bytes, align);
}

size_t gc_arena_left(const struct gc_arena *a)
{
    return a->size - a->used;
}

size_t gc_arena_mark(const struct gc_arena *a)
{
    return a->used;
}

void gc_arena_rewind(struct gc_arena *a, size_t mark)
{
    GC_ASSERT(mark <= a->used);
    a->used = mark;
}
