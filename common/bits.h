/* Arrays of one bit and of two bits an entry, over the caller's 64-bit words.
 *
 * Both are views, passed by value: {words, count}. Indexes are asserted. Bits of the last word
 * beyond `count` may hold anything on input and are kept as they are. Get and set are O(1); fills
 * and searches go word by word.
 */
#ifndef GC_COMMON_BITS_H
#define GC_COMMON_BITS_H

#include "common/assert.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gc_bits {
    uint64_t *words;
    size_t count; /* of bits */
};

/* How many words `count` bits need. */
static inline size_t gc_bits_words(size_t count)
{
    return count / 64 + (count % 64 != 0);
}

static inline bool gc_bits_get(struct gc_bits b, size_t i)
{
    GC_ASSERT(i < b.count);
    return (b.words[i / 64] >> (i % 64)) & 1;
}

static inline void gc_bits_set(struct gc_bits b, size_t i)
{
    GC_ASSERT(i < b.count);
    b.words[i / 64] |= (uint64_t)1 << (i % 64);
}

static inline void gc_bits_clear(struct gc_bits b, size_t i)
{
    GC_ASSERT(i < b.count);
    b.words[i / 64] &= ~((uint64_t)1 << (i % 64));
}

/* Two bits an entry: four states. */
struct gc_pairs {
    uint64_t *words;
    size_t count; /* of entries */
};

static inline size_t gc_pairs_words(size_t count)
{
    return count / 32 + (count % 32 != 0);
}

static inline unsigned gc_pairs_get(struct gc_pairs p, size_t i)
{
    GC_ASSERT(i < p.count);
    return (unsigned)(p.words[i / 32] >> (i % 32 * 2)) & 3u;
}

/* All entries of [first, first + n) become `value`. */
void gc_pairs_fill(struct gc_pairs p, size_t first, size_t n, unsigned value);

/* The first entry at or after `from` that has (has not) the value; p.count when there is none. */
size_t gc_pairs_next(struct gc_pairs p, size_t from, unsigned value);
size_t gc_pairs_next_other(struct gc_pairs p, size_t from, unsigned value);

#endif
