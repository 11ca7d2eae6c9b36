/* Numbers that came as text ("--set small.width=512", ${W}) where the op wants a number.
 *
 * No strtod here: it depends on a locale. A decimal whose digits are below 2^53 and whose power of ten is at most 22 is one
 * exact division or multiplication of two exact doubles, hence correctly rounded (Clinger, "How to read floating point numbers
 * accurately", 1990). Others are refused, never rounded twice.
 */
#include "common/num.h"
#include "coordinator/plan/planner.h"

static const double TENS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { MAX_TEN = 22 };
#define MAX_EXACT (UINT64_C(1) << 53)

struct digits {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t value;
    uint32_t count;
};

/* Takes all digits; false where the value leaves 64 bits. */
static bool take_digits(struct digits *d)
{
    for (; d->at < d->end && *d->at >= '0' && *d->at <= '9'; d->at++, d->count++) {
        if (!gc_mul_u64(d->value, 10, &d->value) ||
            !gc_add_u64(d->value, (uint64_t)(*d->at - '0'), &d->value))
            return false;
    }
    return true;
}

static bool take(struct digits *d, char c)
{
    if (d->at == d->end || *d->at != (uint8_t)c)
        return false;
    d->at++;
    return true;
}

static bool take_sign(struct digits *d)
{
    if (take(d, '-'))
        return true;
    take(d, '+');
    return false;
}

static struct digits digits_of(struct gc_bytes text)
{
    return (struct digits){.at = text.ptr, .end = text.len ? text.ptr + text.len : text.ptr};
}

bool gc_plan_parse_int(struct gc_bytes text, int64_t *ret)
{
    struct digits d = digits_of(text);
    bool negative = take_sign(&d);
    if (!take_digits(&d) || d.count == 0 || d.at != d.end || d.value > INT64_MAX)
        return false;
    *ret = negative ? -(int64_t)d.value : (int64_t)d.value;
    return true;
}

/* Reads `e-3` where there is one. */
static bool take_exponent(struct digits *d, int *ret)
{
    if (!take(d, 'e') && !take(d, 'E')) {
        *ret = 0;
        return true;
    }
    struct digits e = {.at = d->at, .end = d->end};
    bool negative = take_sign(&e);
    if (!take_digits(&e) || e.count == 0 || e.value > 400)
        return false;
    d->at = e.at;
    *ret = negative ? -(int)e.value : (int)e.value;
    return true;
}

bool gc_plan_parse_real(struct gc_bytes text, double *ret)
{
    struct digits d = digits_of(text);
    bool negative = take_sign(&d);
    if (!take_digits(&d))
        return false;
    uint32_t whole = d.count;
    if (take(&d, '.') && !take_digits(&d))
        return false;
    uint32_t fraction = d.count - whole;
    int exponent;
    if (d.count == 0 || !take_exponent(&d, &exponent) || d.at != d.end)
        return false;
    exponent -= (int)fraction;
    if (d.value > MAX_EXACT || exponent > MAX_TEN || exponent < -MAX_TEN)
        return false;
    double v = (double)d.value;
    v = exponent < 0 ? v / TENS[-exponent] : v * TENS[exponent];
    *ret = negative ? -v : v;
    return true;
}
