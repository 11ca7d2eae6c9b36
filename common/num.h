/* Small arithmetic: minimum, clamp, and sums that notice that they do not fit. */
#ifndef GC_COMMON_NUM_H
#define GC_COMMON_NUM_H

#include "common/assert.h"
#include "common/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint64_t gc_min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t gc_max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline size_t gc_min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t gc_max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static inline int64_t gc_min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t gc_max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* `low` <= `high` is the caller's duty; where it is not so, `high` wins. */
static inline uint64_t gc_clamp_u64(uint64_t v, uint64_t low, uint64_t high)
{
    return gc_min_u64(gc_max_u64(v, low), high);
}

/* The checked ones write *ret and return true when the exact result fits, and return false and
 * leave *ret as it is when it does not. */
GC_MUST_CHECK static inline bool gc_add_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
    uint64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *ret = sum;
    return true;
}

GC_MUST_CHECK static inline bool gc_mul_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
    uint64_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *ret = product;
    return true;
}

GC_MUST_CHECK static inline bool gc_add_size(size_t a, size_t b, size_t *ret)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *ret = sum;
    return true;
}

GC_MUST_CHECK static inline bool gc_mul_size(size_t a, size_t b, size_t *ret)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *ret = product;
    return true;
}

GC_MUST_CHECK static inline bool gc_add_i64(int64_t a, int64_t b, int64_t *ret)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *ret = sum;
    return true;
}

/* Sums that stay at the largest value: for deadlines, where "never" is UINT64_MAX. */
static inline uint64_t gc_add_u64_capped(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* a - b, or 0 where b is larger. */
static inline uint64_t gc_sub_u64_floored(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* a / b rounded up; b must not be 0. */
static inline uint64_t gc_div_up_u64(uint64_t a, uint64_t b)
{
    GC_ASSERT(b != 0);
    return a / b + (a % b != 0);
}

/* The smallest power of two that is >= v; 1 for 0; 0 where it does not fit. */
static inline uint64_t gc_round_up_pow2(uint64_t v)
{
    if (v <= 1)
        return 1;
    unsigned bits = 64u - (unsigned)__builtin_clzll(v - 1);
    return bits == 64 ? 0 : (uint64_t)1 << bits;
}

#endif
