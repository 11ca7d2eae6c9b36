/* A hash map from u64 to u64 with a fixed capacity, on arena memory.
 *
 * Open addressing with linear probing, and removal by moving later entries back (no tombstones), so
 * that it stays fast however long it lives. The table has a third more slots than the capacity at
 * least. Keys and values may be any number. Get, put and remove are O(1) on average.
 *
 * Invariants: count <= capacity < slots; every key is reachable from its home slot without a gap.
 * Thread: one at a time.
 */
#ifndef GC_COMMON_MAP_H
#define GC_COMMON_MAP_H

#include "common/arena.h"
#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gc_map_entry {
    uint64_t key;
    uint64_t value;
};

struct gc_map {
    struct gc_map_entry *entries;
    uint64_t *taken; /* a bit a slot */
    size_t mask;     /* slots - 1; slots are a power of two */
    size_t count;
    size_t capacity;
    uint64_t seed;
};

/* With `seed` unknown to whoever chooses the keys, nobody can make them collide; any number will do
 * where the keys are ours. GC_ERR_NOMEM when the arena is too small. */
GC_MUST_CHECK enum gc_err gc_map_init(struct gc_map *m, struct gc_arena *a, size_t capacity, uint64_t seed);

/* Whether the key is there; its value goes to *ret (which may be NULL). */
bool gc_map_get(const struct gc_map *m, uint64_t key, uint64_t *ret);

/* Adds the key or replaces its value. False when it is new and the map is full. */
GC_MUST_CHECK bool gc_map_put(struct gc_map *m, uint64_t key, uint64_t value);

/* Whether it was there. */
bool gc_map_remove(struct gc_map *m, uint64_t key);

void gc_map_clear(struct gc_map *m);

/* Every entry can be found and the count is right. For checks; linear. */
bool gc_map_sound(const struct gc_map *m);

#endif
