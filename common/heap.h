/* A binary heap of pointers with a fixed capacity, whose elements know their place.
 *
 * `setpos` is called with an element's new position whenever it moves, and with GC_HEAP_NOWHERE
 * when it leaves; the element keeps that number and hands it to gc_heap_remove or gc_heap_moved. So
 * cancelling a timer is O(log n) without a search. (The idea is beanstalkd's.)
 *
 * Cost: push, take, remove and moved O(log n), first O(1). The order of elements that compare equal
 * is not defined but depends only on the sequence of calls: make `before` total where it matters.
 * Owner: elements are the caller's; the array is the arena's. Thread: one at a time.
 */
#ifndef GC_COMMON_HEAP_H
#define GC_COMMON_HEAP_H

#include "common/arena.h"
#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>

#define GC_HEAP_NOWHERE SIZE_MAX

/* Whether `a` stands before `b`: a strict order. */
typedef bool gc_heap_before_fn(const void *a, const void *b);
typedef void gc_heap_setpos_fn(void *element, size_t pos);

struct gc_heap {
    void **elements;
    size_t count;
    size_t capacity;
    gc_heap_before_fn *before;
    gc_heap_setpos_fn *setpos;
};

GC_MUST_CHECK enum gc_err gc_heap_init(struct gc_heap *h, struct gc_arena *a, size_t capacity,
                                       gc_heap_before_fn *before, gc_heap_setpos_fn *setpos);

/* False when full; nothing is changed then. */
GC_MUST_CHECK bool gc_heap_push(struct gc_heap *h, void *element);

/* The element that stands before all others; NULL when empty. */
void *gc_heap_first(const struct gc_heap *h);

/* Removes the first and returns it; NULL when empty. */
void *gc_heap_take(struct gc_heap *h);

/* Removes the element at `pos` (asserted to be in range) and returns it. */
void *gc_heap_remove(struct gc_heap *h, size_t pos);

/* Call after the key of the element at `pos` has changed, before anything else. */
void gc_heap_moved(struct gc_heap *h, size_t pos);

/* No element stands before its parent. For checks; linear. */
bool gc_heap_sound(const struct gc_heap *h);

#endif
