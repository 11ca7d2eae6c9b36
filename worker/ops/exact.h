/* exact.h - sums of numbers without any rounding. Pure.
 *
 * An accumulator is a fixed-point number wide enough for any sum of up to 2^64 doubles (or 64-bit ints), or of their squares: two's
 * complement in 32-bit digits, lowest first. Adding is exact, so the order of adding never shows. One rounding happens at the end,
 * when a result is read out.
 *
 * Squares are kept in an accumulator of their own: the variance n*sum(x^2) - sum(x)^2 is then exact as well, where floating point
 * would have lost it to cancellation. Cost of an add: a handful of digits.
 */
#ifndef GC_WORKER_OPS_EXACT_H
#define GC_WORKER_OPS_EXACT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

/* The smallest double is 2^-1074, the largest below 2^1024; 64 bits more for the count, one for the sign. */
enum {
    GC_EXACT_SUM_DIGITS = 37 * 2,
    GC_EXACT_SQUARE_DIGITS = GC_EXACT_SUM_DIGITS * 2,
    GC_EXACT_SUM_SHIFT = 1074, /* bits behind the point */
    GC_EXACT_SQUARE_SHIFT = 2 * 1074,
};

struct gc_exact {
    uint32_t sum[GC_EXACT_SUM_DIGITS];
    uint32_t squares[GC_EXACT_SQUARE_DIGITS];
};

void gc_exact_add_int(struct gc_exact *e, int64_t v);
void gc_exact_add_real(struct gc_exact *e, double v); /* finite (asserted) */
void gc_exact_merge(struct gc_exact *e, const struct gc_exact *other);

/* Both correctly rounded but for the last division and root, which are done in long double. `n` > 0. */
double gc_exact_mean(const struct gc_exact *e, uint64_t n);
/* Of a sample: divides by n - 1, as libvips' deviate does; 0 for one number. */
double gc_exact_deviation(const struct gc_exact *e, uint64_t n);

/* Without the digits that say nothing; one form for each content. */
void gc_exact_put(const struct gc_exact *e, struct gc_buf *out);
bool gc_exact_take(struct gc_reader *in, struct gc_exact *ret);

#endif
