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

void gc_bits_fill(struct gc_bits b, size_t first, size_t n, bool value)
{
    GC_ASSERT(first <= b.count);
    GC_ASSERT(n <= b.count - first);
    fill(b.words, first, first + n, value ? UINT64_MAX : 0);
}

size_t gc_bits_ones(struct gc_bits b)
{
    return gc_bits_ones_in(b, 0, b.count);
}

size_t gc_bits_ones_in(struct gc_bits b, size_t first, size_t n)
{
    GC_ASSERT(first <= b.count);
    GC_ASSERT(n <= b.count - first);
    size_t ones = 0;
    for (size_t end = first + n; first < end;) {
        size_t word = first / 64;
        size_t to = gc_min_size(end - word * 64, 64);
        ones += (size_t)__builtin_popcountll(b.words[word] & mask_of(first % 64, to));
        first = word * 64 + to;
    }
    return ones;
}

/* The first one at or after `from` in the words turned over by `flip`. */
static size_t next_bit(struct gc_bits b, size_t from, uint64_t flip)
{
    if (from >= b.count)
        return b.count;
    size_t word = from / 64;
    uint64_t left = (b.words[word] ^ flip) & (UINT64_MAX << (from % 64));
    while (left == 0) {
        if (++word == gc_bits_words(b.count))
            return b.count;
        left = b.words[word] ^ flip;
    }
    return gc_min_size(word * 64 + (size_t)__builtin_ctzll(left), b.count);
}

size_t gc_bits_next_one(struct gc_bits b, size_t from)
{
    return next_bit(b, from, 0);
}

size_t gc_bits_next_zero(struct gc_bits b, size_t from)
{
    return next_bit(b, from, UINT64_MAX);
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

void gc_pairs_tally(struct gc_pairs p, size_t ret_tally[4])
{
    size_t tally[4] = {0};
    for (size_t word = 0; word < gc_pairs_words(p.count); word++) {
        uint64_t inside = mask_of(0, gc_min_size(p.count - word * 32, 32) * 2);
        for (unsigned value = 0; value < 4; value++)
            tally[value] += (size_t)__builtin_popcountll(pairs_equal(p.words[word], value) & inside);
    }
    for (unsigned value = 0; value < 4; value++)
        ret_tally[value] = tally[value];
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
