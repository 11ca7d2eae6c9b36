#include "worker/ops/exact.h"

#include <math.h>
#include <string.h>

#include "common/assert.h"

/* the square of a 64-bit magnitude */
__extension__ typedef unsigned __int128 gc_u128;

/* ---- digits: two's complement, 32 bits each, lowest first ---- */

static void add_at(uint32_t *digits, uint32_t n, uint32_t at, uint32_t v)
{
    uint64_t carry = v;
    for (; carry && at < n; at++) {
        carry += digits[at];
        digits[at] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void subtract_at(uint32_t *digits, uint32_t n, uint32_t at, uint32_t v)
{
    uint64_t borrow = v;
    for (; borrow && at < n; at++) {
        uint64_t d = (uint64_t)digits[at] - borrow;
        digits[at] = (uint32_t)d;
        borrow = d >> 63;
    }
}

/* digits += (or -=) magnitude * 2^bit */
static void add_scaled(uint32_t *digits, uint32_t n, gc_u128 magnitude, uint32_t bit, bool negative)
{
    uint32_t at = bit / 32;
    unsigned shift = bit % 32;
    uint32_t first = (uint32_t)(magnitude << shift);
    magnitude >>= 32 - shift;
    void (*put)(uint32_t *, uint32_t, uint32_t, uint32_t) = negative ? subtract_at : add_at;
    put(digits, n, at, first);
    for (at++; magnitude; at++, magnitude >>= 32)
        put(digits, n, at, (uint32_t)magnitude);
}

static bool is_negative(const uint32_t *digits, uint32_t n)
{
    return digits[n - 1] >> 31;
}

static void negate(uint32_t *digits, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        digits[i] = ~digits[i];
    add_at(digits, n, 0, 1);
}

static void add_all(uint32_t *to, const uint32_t *from, uint32_t n)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < n; i++) {
        carry += (uint64_t)to[i] + from[i];
        to[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void subtract_all(uint32_t *to, const uint32_t *from, uint32_t n)
{
    uint64_t borrow = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t d = (uint64_t)to[i] - from[i] - borrow;
        to[i] = (uint32_t)d;
        borrow = d >> 63;
    }
}

/* The nearest long double below, of digits * 2^-shift; its 64 bits hold the highest digits. Not negative. */
static long double to_long_double(const uint32_t *digits, uint32_t n, int shift)
{
    uint32_t top = n;
    while (top > 0 && digits[top - 1] == 0)
        top--;
    long double v = 0;
    for (uint32_t i = 0; i < 4 && i < top; i++) {
        uint32_t at = top - 1 - i;
        v += ldexpl((long double)digits[at], (int)at * 32 - shift);
    }
    return v;
}

/* ---- adding ---- */

static void add_number(struct gc_exact *e, uint64_t magnitude, int exponent, bool negative)
{
    GC_ASSERT(exponent >= -GC_EXACT_SUM_SHIFT);
    if (magnitude == 0)
        return;
    add_scaled(e->sum, GC_EXACT_SUM_DIGITS, magnitude, (uint32_t)(exponent + GC_EXACT_SUM_SHIFT), negative);
    add_scaled(e->squares, GC_EXACT_SQUARE_DIGITS, (gc_u128)magnitude * magnitude,
               (uint32_t)(2 * exponent + GC_EXACT_SQUARE_SHIFT), false);
}

void gc_exact_add_int(struct gc_exact *e, int64_t v)
{
    uint64_t magnitude = v < 0 ? (uint64_t)0 - (uint64_t)v : (uint64_t)v;
    add_number(e, magnitude, 0, v < 0);
}

void gc_exact_add_real(struct gc_exact *e, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    int exponent = (int)(bits >> 52 & 0x7ff);
    GC_ASSERT(exponent != 0x7ff);
    if (exponent == 0)
        exponent = 1; /* a subnormal has no hidden bit */
    else
        mantissa |= UINT64_C(1) << 52;
    add_number(e, mantissa, exponent - 1075, bits >> 63);
}

void gc_exact_merge(struct gc_exact *e, const struct gc_exact *other)
{
    add_all(e->sum, other->sum, GC_EXACT_SUM_DIGITS);
    add_all(e->squares, other->squares, GC_EXACT_SQUARE_DIGITS);
}

/* ---- reading out ---- */

double gc_exact_mean(const struct gc_exact *e, uint64_t n)
{
    GC_ASSERT(n > 0);
    uint32_t sum[GC_EXACT_SUM_DIGITS];
    memcpy(sum, e->sum, sizeof sum);
    bool negative = is_negative(sum, GC_EXACT_SUM_DIGITS);
    if (negative)
        negate(sum, GC_EXACT_SUM_DIGITS);
    long double mean = to_long_double(sum, GC_EXACT_SUM_DIGITS, GC_EXACT_SUM_SHIFT) / (long double)n;
    return (double)(negative ? -mean : mean);
}

/* wide += a * b * 2^(32 * at), all not negative */
static void add_product(uint32_t *wide, uint32_t n, const uint32_t *a, uint32_t n_a, uint32_t b, uint32_t at)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < n_a && at + i < n; i++) {
        carry += (uint64_t)a[i] * b + wide[at + i];
        wide[at + i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (at + n_a < n)
        add_at(wide, n, at + n_a, (uint32_t)carry);
}

enum { WIDE = GC_EXACT_SQUARE_DIGITS + 4 };

double gc_exact_deviation(const struct gc_exact *e, uint64_t n)
{
    if (n < 2)
        return 0;
    uint32_t sum[GC_EXACT_SUM_DIGITS];
    memcpy(sum, e->sum, sizeof sum);
    if (is_negative(sum, GC_EXACT_SUM_DIGITS))
        negate(sum, GC_EXACT_SUM_DIGITS);
    uint32_t wide[WIDE] = {0};
    add_product(wide, WIDE, e->squares, GC_EXACT_SQUARE_DIGITS, (uint32_t)n, 0);
    add_product(wide, WIDE, e->squares, GC_EXACT_SQUARE_DIGITS, (uint32_t)(n >> 32), 1);
    uint32_t square[WIDE] = {0};
    for (uint32_t i = 0; i < GC_EXACT_SUM_DIGITS; i++)
        add_product(square, WIDE, sum, GC_EXACT_SUM_DIGITS, sum[i], i);
    subtract_all(wide, square, WIDE); /* by Cauchy and Schwarz never below 0 */
    long double scaled = to_long_double(wide, WIDE, GC_EXACT_SQUARE_SHIFT);
    return (double)sqrtl(scaled / ((long double)n * (long double)(n - 1)));
}

/* ---- bytes ----
 * varint first digit kept, varint digits kept, those digits, u8 sign: the digits above are all sign, those below are 0. */

static void put_digits(const uint32_t *digits, uint32_t n, struct gc_buf *out)
{
    bool negative = is_negative(digits, n);
    uint32_t fill = negative ? UINT32_MAX : 0;
    uint32_t end = n;
    uint32_t first = 0;
    while (end > 0 && digits[end - 1] == fill)
        end--;
    while (first < end && digits[first] == 0)
        first++;
    if (first == end)
        first = end = negative ? end : 0;
    (void)gc_buf_put_varint(out, first);
    (void)gc_buf_put_varint(out, end - first);
    for (uint32_t i = first; i < end; i++)
        (void)gc_buf_put_u32(out, digits[i]);
    (void)gc_buf_put_u8(out, negative);
}

static bool take_digits(struct gc_reader *in, uint32_t *digits, uint32_t n)
{
    uint64_t first;
    uint64_t kept;
    uint8_t negative;
    memset(digits, 0, n * sizeof *digits);
    if (!gc_reader_varint(in, &first) || !gc_reader_varint(in, &kept) || first > n || kept > n - first)
        return false;
    for (uint64_t i = first; i < first + kept; i++)
        if (!gc_reader_u32(in, &digits[i]))
            return false;
    if (!gc_reader_u8(in, &negative) || negative > 1)
        return false;
    for (uint64_t i = first + kept; negative && i < n; i++)
        digits[i] = UINT32_MAX;
    return is_negative(digits, n) == (negative == 1);
}

void gc_exact_put(const struct gc_exact *e, struct gc_buf *out)
{
    put_digits(e->sum, GC_EXACT_SUM_DIGITS, out);
    put_digits(e->squares, GC_EXACT_SQUARE_DIGITS, out);
}

bool gc_exact_take(struct gc_reader *in, struct gc_exact *ret)
{
    return take_digits(in, ret->sum, GC_EXACT_SUM_DIGITS) &&
           take_digits(in, ret->squares, GC_EXACT_SQUARE_DIGITS) &&
           !is_negative(ret->squares, GC_EXACT_SQUARE_DIGITS);
}
