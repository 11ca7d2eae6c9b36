#include "common/map.h"

#include "common/assert.h"
#include "common/bits.h"
#include "common/hash.h"
#include "common/num.h"

#include <string.h>

static struct gc_bits taken(const struct gc_map *m)
{
    return (struct gc_bits){m->taken, m->mask + 1};
}

static size_t home_of(const struct gc_map *m, uint64_t key)
{
    return (size_t)gc_hash_u64(key ^ m->seed) & m->mask;
}

enum gc_err gc_map_init(struct gc_map *m, struct gc_arena *a, size_t capacity, uint64_t seed)
{
    uint64_t wanted;
    if (!gc_add_u64(capacity, capacity / 3 + 1, &wanted))
        return GC_ERR_NOMEM;
    uint64_t slots = gc_round_up_pow2(wanted);
    if (slots == 0 || slots > SIZE_MAX / sizeof(struct gc_map_entry))
        return GC_ERR_NOMEM;
    size_t mark = gc_arena_mark(a);
    struct gc_map_entry *entries = GC_ARENA_ARRAY(a, struct gc_map_entry, (size_t)slots);
    uint64_t *bits = GC_ARENA_ARRAY(a, uint64_t, gc_bits_words((size_t)slots));
    if (!entries || !bits) {
        gc_arena_rewind(a, mark);
        return GC_ERR_NOMEM;
    }
    *m = (struct gc_map){
        .entries = entries, .taken = bits, .mask = (size_t)slots - 1, .capacity = capacity, .seed = seed};
    gc_map_clear(m);
    return GC_OK;
}

void gc_map_clear(struct gc_map *m)
{
    memset(m->taken, 0, gc_bits_words(m->mask + 1) * sizeof *m->taken);
    m->count = 0;
}

/* The key's slot, or the free one where it would go. There is always a free one. */
static size_t slot_of(const struct gc_map *m, uint64_t key)
{
    size_t slot = home_of(m, key);
    while (gc_bits_get(taken(m), slot) && m->entries[slot].key != key)
        slot = (slot + 1) & m->mask;
    return slot;
}

bool gc_map_get(const struct gc_map *m, uint64_t key, uint64_t *ret)
{
    size_t slot = slot_of(m, key);
    if (!gc_bits_get(taken(m), slot))
        return false;
    if (ret)
        *ret = m->entries[slot].value;
    return true;
}

bool gc_map_put(struct gc_map *m, uint64_t key, uint64_t value)
{
    GC_ASSERT(m->count <= m->capacity);
    size_t slot = slot_of(m, key);
    if (!gc_bits_get(taken(m), slot)) {
        if (m->count == m->capacity)
            return false;
        gc_bits_set(taken(m), slot);
        m->entries[slot].key = key;
        m->count++;
    }
    m->entries[slot].value = value;
    return true;
}

bool gc_map_remove(struct gc_map *m, uint64_t key)
{
    size_t hole = slot_of(m, key);
    if (!gc_bits_get(taken(m), hole))
        return false;
    GC_ASSERT(m->count > 0);
    /* Knuth's algorithm R: an entry behind the hole goes into it unless its home lies cyclically in
     * (hole, entry], where the hole is not on its way. */
    for (size_t at = (hole + 1) & m->mask; gc_bits_get(taken(m), at); at = (at + 1) & m->mask) {
        size_t home = home_of(m, m->entries[at].key);
        if (((at - home) & m->mask) >= ((at - hole) & m->mask)) {
            m->entries[hole] = m->entries[at];
            hole = at;
        }
    }
    gc_bits_clear(taken(m), hole);
    m->count--;
    return true;
}

bool gc_map_sound(const struct gc_map *m)
{
    size_t count = 0;
    for (size_t slot = 0; slot <= m->mask; slot++) {
        if (!gc_bits_get(taken(m), slot))
            continue;
        if (slot_of(m, m->entries[slot].key) != slot)
            return false;
        count++;
    }
    return count == m->count && count <= m->capacity;
}
