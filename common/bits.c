#include "common/bits.h"

#include "common/num.h"

/* Bits [from, to) of a word, 0 <= from < to <= 64. */
static uint64_t mask_of(size_t from, size_t to)
{
    return (UINT64_MAX >> (64 - (to - from))) << from;
}

/* Writes `pattern` into bits [first, end), a word at a time. */
static void fill(uint64_t *words, size_t first, size_t end, uint64_t pattern)
{
    while (first < end) {
        size_t word = first / 64;
        size_t to = gc_min_size(end - word * 64, 64);
        uint64_t mask = mask_of(first % 64, to);
        words[word] = (words[word] & ~mask) | (pattern & mask);
        first = word * 64 + to;
    }
}

static const uint64_t LOW_BITS = 0x5555555555555555u; /* the lower bit of each pair */

/* A word in which each pair is `value`. */
static uint64_t repeated(unsigned value)
{
    GC_ASSERT(value < 4);
    return LOW_BITS * value;
}

/* The lower bit of each pair that equals `value`. */
static uint64_t pairs_equal(uint64_t word, unsigned value)
{
    uint64_t differs = word ^ repeated(value);
    return ~(differs | differs >> 1) & LOW_BITS;
}

void gc_pairs_fill(struct gc_pairs p, size_t first, size_t n, unsigned value)
{
    GC_ASSERT(first <= p.count);
    GC_ASSERT(n <= p.count - first);
    fill(p.words, first * 2, (first + n) * 2, repeated(value));
}

/* Equal to `value` where flip is 0, different where it is LOW_BITS. */
static size_t next_pair(struct gc_pairs p, size_t from, unsigned value, uint64_t flip)
{
    if (from >= p.count)
        return p.count;
    size_t word = from / 32;
    uint64_t left = (pairs_equal(p.words[word], value) ^ flip) & (UINT64_MAX << (from % 32 * 2));
    while (left == 0) {
        if (++word == gc_pairs_words(p.count))
            return p.count;
        left = pairs_equal(p.words[word], value) ^ flip;
    }
    return gc_min_size(word * 32 + (size_t)__builtin_ctzll(left) / 2, p.count);
}

size_t gc_pairs_next(struct gc_pairs p, size_t from, unsigned value)
{
    return next_pair(p, from, value, 0);
}

size_t gc_pairs_next_other(struct gc_pairs p, size_t from, unsigned value)
{
    return next_pair(p, from, value, LOW_BITS);
}
