#include "common/heap.h"

#include "common/assert.h"

#include <stdint.h>

enum gc_err gc_heap_init(struct gc_heap *h, struct gc_arena *a, size_t capacity, gc_heap_before_fn *before,
                         gc_heap_setpos_fn *setpos)
{
    GC_ASSERT(before != NULL);
    GC_ASSERT(setpos != NULL);
    void **elements = GC_ARENA_ARRAY(a, void *, capacity);
    if (!elements)
        return GC_ERR_NOMEM;
    *h = (struct gc_heap){.elements = elements, .capacity = capacity, .before = before, .setpos = setpos};
    return GC_OK;
}

static void place(struct gc_heap *h, size_t pos, void *element)
{
    h->elements[pos] = element;
    h->setpos(element, pos);
}

/* Both move a hole and not the element: it is written once, where it comes to rest. */

static size_t sift_up(struct gc_heap *h, size_t pos, void *element)
{
    while (pos > 0) {
        size_t parent = (pos - 1) / 2;
        if (!h->before(element, h->elements[parent]))
            break;
        place(h, pos, h->elements[parent]);
        pos = parent;
    }
    place(h, pos, element);
    return pos;
}

static void sift_down(struct gc_heap *h, size_t pos, void *element)
{
    for (;;) {
        size_t child = 2 * pos + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->before(h->elements[child + 1], h->elements[child]))
            child++;
        if (!h->before(h->elements[child], element))
            break;
        place(h, pos, h->elements[child]);
        pos = child;
    }
    place(h, pos, element);
}

bool gc_heap_push(struct gc_heap *h, void *element)
{
    GC_ASSERT(element != NULL);
    if (h->count == h->capacity)
        return false;
    sift_up(h, h->count++, element);
    return true;
}

void *gc_heap_first(const struct gc_heap *h)
{
    return h->count == 0 ? NULL : h->elements[0];
}

void *gc_heap_take(struct gc_heap *h)
{
    return h->count == 0 ? NULL : gc_heap_remove(h, 0);
}

void *gc_heap_remove(struct gc_heap *h, size_t pos)
{
    GC_ASSERT(pos < h->count);
    void *removed = h->elements[pos];
    void *last = h->elements[--h->count];
    if (pos < h->count) {
        h->elements[pos] = last;
        gc_heap_moved(h, pos);
    }
    h->setpos(removed, GC_HEAP_NOWHERE);
    return removed;
}

void gc_heap_moved(struct gc_heap *h, size_t pos)
{
    GC_ASSERT(pos < h->count);
    void *element = h->elements[pos];
    if (sift_up(h, pos, element) == pos)
        sift_down(h, pos, element);
}

bool gc_heap_sound(const struct gc_heap *h)
{
    if (h->count > h->capacity)
        return false;
    for (size_t i = 1; i < h->count; i++) {
        if (h->before(h->elements[i], h->elements[(i - 1) / 2]))
            return false;
    }
    return true;
}
