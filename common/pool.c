#include "common/pool.h"

#include "common/assert.h"
#include "common/num.h"

#include <stddef.h>
#include <string.h>

/* The last generation a slot may live through: the next would be 0 again after its giving. */
static const uint32_t LAST_GENERATION = UINT32_MAX;

enum gc_err gc_pool_init(struct gc_pool *p, struct gc_arena *a, size_t elem_size, uint32_t capacity)
{
    GC_ASSERT(elem_size > 0);
    GC_ASSERT(capacity < GC_POOL_NO_SLOT);
    const size_t align = _Alignof(max_align_t);
    size_t stride;
    if (!gc_add_size(elem_size, align - 1, &stride))
        return GC_ERR_NOMEM;
    stride -= stride % align;

    size_t mark = gc_arena_mark(a);
    uint8_t *elements = gc_arena_take_array(a, capacity, stride, align);
    uint32_t *generation = GC_ARENA_ARRAY(a, uint32_t, capacity);
    uint32_t *next_free = GC_ARENA_ARRAY(a, uint32_t, capacity);
    if (!elements || !generation || !next_free) {
        gc_arena_rewind(a, mark);
        return GC_ERR_NOMEM;
    }
    *p = (struct gc_pool){
        .elements = elements,
        .generation = generation,
        .next_free = next_free,
        .elem_size = stride,
        .capacity = capacity,
        .first_free = GC_POOL_NO_SLOT,
    };
    return GC_OK;
}

static bool taken(const struct gc_pool *p, uint32_t index)
{
    return index < p->fresh && (p->generation[index] & 1) != 0;
}

static void *element_at(const struct gc_pool *p, uint32_t index)
{
    return p->elements + (size_t)index * p->elem_size;
}

static uint64_t handle_of(const struct gc_pool *p, uint32_t index)
{
    return (uint64_t)p->generation[index] << 32 | index;
}

void *gc_pool_take(struct gc_pool *p, uint64_t *ret_handle)
{
    uint32_t index = p->first_free;
    if (index != GC_POOL_NO_SLOT) {
        GC_ASSERT(!taken(p, index));
        p->first_free = p->next_free[index];
    } else if (p->fresh < p->capacity) {
        index = p->fresh++;
        p->generation[index] = 0;
    } else {
        return NULL;
    }
    p->generation[index]++;
    p->count++;
    void *element = element_at(p, index);
    memset(element, 0, p->elem_size);
    if (ret_handle)
        *ret_handle = handle_of(p, index);
    return element;
}

void gc_pool_give(struct gc_pool *p, uint64_t handle)
{
    GC_ASSERT(gc_pool_at(p, handle) != NULL);
    GC_ASSERT(p->count > 0);
    uint32_t index = gc_handle_index(handle);
    p->count--;
    if (p->generation[index] == LAST_GENERATION) {
        /* Even and below every handle that is out: free for ever. */
        p->generation[index] = 0;
        p->retired++;
        return;
    }
    p->generation[index]++;
    p->next_free[index] = p->first_free;
    p->first_free = index;
}

void *gc_pool_at(const struct gc_pool *p, uint64_t handle)
{
    uint32_t index = gc_handle_index(handle);
    if (!taken(p, index) || p->generation[index] != gc_handle_generation(handle))
        return NULL;
    return element_at(p, index);
}

void *gc_pool_at_index(const struct gc_pool *p, uint32_t index)
{
    return taken(p, index) ? element_at(p, index) : NULL;
}

uint32_t gc_pool_index_of(const struct gc_pool *p, const void *element)
{
    uintptr_t offset = (uintptr_t)element - (uintptr_t)p->elements;
    GC_ASSERT(offset % p->elem_size == 0);
    GC_ASSERT(offset / p->elem_size < p->fresh);
    uint32_t index = (uint32_t)(offset / p->elem_size);
    GC_ASSERT(taken(p, index));
    return index;
}

uint64_t gc_pool_handle_of(const struct gc_pool *p, const void *element)
{
    return handle_of(p, gc_pool_index_of(p, element));
}

uint32_t gc_pool_next(const struct gc_pool *p, uint32_t from)
{
    for (uint32_t i = from; i < p->fresh; i++) {
        if (taken(p, i))
            return i;
    }
    return GC_POOL_NO_SLOT;
}

bool gc_pool_sound(const struct gc_pool *p)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->fresh; i++)
        count += taken(p, i);
    uint32_t free_count = 0;
    for (uint32_t i = p->first_free; i != GC_POOL_NO_SLOT; i = p->next_free[i]) {
        if (i >= p->fresh || taken(p, i) || free_count == p->fresh)
            return false;
        free_count++;
    }
    return count == p->count && p->fresh <= p->capacity && count + free_count + p->retired == p->fresh;
}
