#include "common/decimal.h"

#include "common/assert.h"
#include "common/num.h"

/* ---- the text ---- */

struct decimal {
    bool negative;
    const char *digits; /* with a point among them, perhaps */
    size_t len;
    uint32_t count;   /* of digits from the first that is not 0 */
    int32_t exponent; /* of ten, of the last digit */
    uint64_t value;   /* of the digits, where `small` */
    bool small;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_sign(struct gc_str *text)
{
    if (text->len == 0 || (*text->ptr != '-' && *text->ptr != '+'))
        return false;
    bool negative = *text->ptr == '-';
    *text = gc_str_part(*text, 1, text->len);
    return negative;
}

/* Digits and at most one point; false: no digit. */
static bool take_digits(struct gc_str *text, struct decimal *d)
{
    bool point = false;
    bool any = false;
    size_t n = 0;
    for (; n < text->len && (is_digit(text->ptr[n]) || (text->ptr[n] == '.' && !point)); n++) {
        if (text->ptr[n] == '.') {
            point = true;
            continue;
        }
        uint64_t digit = (uint64_t)(text->ptr[n] - '0');
        any = true;
        d->exponent -= point;
        d->count += d->count > 0 || digit > 0;
        d->small = d->small && gc_mul_u64(d->value, 10, &d->value) && gc_add_u64(d->value, digit, &d->value);
    }
    d->digits = text->ptr;
    d->len = n;
    *text = gc_str_part(*text, n, text->len);
    return any;
}

static bool take_exponent(struct gc_str *text, struct decimal *d)
{
    enum { MOST = 400 };
    int32_t e = 0;
    if (text->len == 0 || (*text->ptr != 'e' && *text->ptr != 'E'))
        return true;
    *text = gc_str_part(*text, 1, text->len);
    bool negative = take_sign(text);
    size_t n = 0;
    for (; n < text->len && is_digit(text->ptr[n]); n++) {
        e = e * 10 + (text->ptr[n] - '0');
        if (e > MOST)
            return false;
    }
    *text = gc_str_part(*text, n, text->len);
    d->exponent += negative ? -e : e;
    return n > 0;
}

static bool read_decimal(struct gc_str text, struct decimal *ret)
{
    *ret = (struct decimal){.small = true};
    if (text.len > GC_DECIMAL_MAX)
        return false;
    ret->negative = take_sign(&text);
    return take_digits(&text, ret) && take_exponent(&text, ret) && text.len == 0;
}

bool gc_decimal_int(struct gc_str text, int64_t *ret)
{
    struct decimal d;
    uint64_t most = (uint64_t)INT64_MAX;
    if (!read_decimal(text, &d) || !d.small || d.value > most + d.negative)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_digit(text.ptr[i]) && (i > 0 || is_digit(text.ptr[0])))
            return false;
    if (text.len > 0 && text.ptr[0] == '.')
        return false;
    *ret = !d.negative ? (int64_t)d.value : d.value > most ? INT64_MIN : -(int64_t)d.value;
    return true;
}

/* ---- large whole numbers ----
 * Room for 64 digits (213 bits) times ten to the 400 (1329), or for them shifted by enough to be divided by ten to the 464. */

enum { LIMBS = 64, SHIFT_LIMBS = 52, LIMB = 32 };
GC_STATIC_ASSERT(LIMBS *LIMB > 213 + 1542 + 64, "the largest dividend fits");
GC_STATIC_ASSERT((SHIFT_LIMBS - 2) * LIMB > 1542, "a quotient has 64 bits and more");

struct large {
    uint32_t limb[LIMBS]; /* the lowest first */
    uint32_t n;           /* those above are 0 */
};

static void multiply(struct large *x, uint32_t by, uint32_t plus)
{
    uint64_t carry = plus;
    for (uint32_t i = 0; i < x->n; i++) {
        carry += (uint64_t)x->limb[i] * by;
        x->limb[i] = (uint32_t)carry;
        carry >>= LIMB;
    }
    if (carry) {
        GC_ASSERT(x->n < LIMBS);
        x->limb[x->n++] = (uint32_t)carry;
    }
}

/* Returns the remainder. */
static uint32_t divide(struct large *x, uint32_t by)
{
    uint64_t rest = 0;
    for (uint32_t i = x->n; i-- > 0;) {
        rest = rest << LIMB | x->limb[i];
        x->limb[i] = (uint32_t)(rest / by);
        rest %= by;
    }
    while (x->n > 0 && x->limb[x->n - 1] == 0)
        x->n--;
    return (uint32_t)rest;
}

static void shift_limbs(struct large *x, uint32_t by)
{
    GC_ASSERT(x->n + by <= LIMBS);
    for (uint32_t i = x->n; i-- > 0;)
        x->limb[i + by] = x->limb[i];
    for (uint32_t i = 0; i < by; i++)
        x->limb[i] = 0;
    x->n += by;
}

/* ---- to a double ---- */

/* The highest 64 bits, the lowest of them set where any below is (so that a half is told from more than a half); *ret_exponent
 * of two is that of its lowest bit. */
static uint64_t top_bits(const struct large *x, bool rest, int32_t *ret_exponent)
{
    const uint32_t *highest = &x->limb[x->n - 1];
    uint32_t lead = (uint32_t)__builtin_clz(*highest);
    int32_t bits = (int32_t)(x->n * LIMB - lead);
    uint64_t top = *highest;
    if (x->n > 1)
        top = top << LIMB | highest[-1];
    *ret_exponent = bits - 64;
    if (bits < 64)
        return top << (64 - bits) | rest;
    if (lead > 0) {
        top = top << lead | highest[-2] >> (LIMB - lead);
        rest = rest || (uint32_t)(highest[-2] << lead) != 0;
    }
    for (uint32_t i = 0; i + (lead > 0 ? 3 : 2) < x->n; i++)
        rest = rest || x->limb[i] != 0;
    return top | rest;
}

/* top (its highest bit set) times two to the exponent, rounded once; false: too large. */
static bool round_to_double(uint64_t top, int32_t exponent, double *ret)
{
    enum { FRACTION = 52, BIAS = 1023, LOWEST = -1074, HIGHEST = 971 };
    int32_t drop = 64 - (FRACTION + 1);
    if (exponent + drop < LOWEST) /* a subnormal has fewer bits */
        drop = LOWEST - exponent;
    if (drop > 64) {
        *ret = 0;
        return true;
    }
    uint64_t half = UINT64_C(1) << (drop - 1);
    uint64_t kept = drop == 64 ? 0 : top >> drop;
    uint64_t rest = drop == 64 ? top : top & ((UINT64_C(1) << drop) - 1);
    if (rest > half || (rest == half && kept & 1))
        kept++;
    exponent += drop;
    if (kept >> (FRACTION + 1)) {
        kept >>= 1;
        exponent++;
    }
    if (exponent > HIGHEST)
        return false;
    uint64_t bits = kept; /* a subnormal, or one that has just become normal: the same bits */
    if (kept >> FRACTION)
        bits = (kept & ((UINT64_C(1) << FRACTION) - 1)) | (uint64_t)(exponent + FRACTION + BIAS) << FRACTION;
    memcpy(ret, &bits, sizeof bits);
    return true;
}

static bool by_large(const struct decimal *d, double *ret)
{
    enum { BILLION = 1000000000 };
    struct large x = {.n = 0};
    bool rest = false;
    int32_t exponent = d->exponent;
    int32_t shift = 0;
    for (size_t i = 0; i < d->len; i++)
        if (is_digit(d->digits[i]))
            multiply(&x, 10, (uint32_t)(d->digits[i] - '0'));
    for (; exponent > 0; exponent--)
        multiply(&x, 10, 0);
    if (exponent < 0) {
        shift_limbs(&x, SHIFT_LIMBS);
        shift = -SHIFT_LIMBS * LIMB;
    }
    for (; exponent <= -9; exponent += 9)
        rest = divide(&x, BILLION) != 0 || rest;
    for (; exponent < 0; exponent++)
        rest = divide(&x, 10) != 0 || rest;
    int32_t power;
    uint64_t top = top_bits(&x, rest, &power);
    return round_to_double(top, power + shift, ret);
}

bool gc_decimal_real(struct gc_str text, double *ret)
{
    /* Doubles hold these exactly, so one operation on them rounds once (Clinger 1990). */
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    enum { MOST = 22 };
    struct decimal d;
    double v = 0;
    if (!read_decimal(text, &d))
        return false;
    bool exact = d.small && d.value <= UINT64_C(1) << 53 && d.exponent >= -MOST && d.exponent <= MOST;
    if (d.count == 0)
        v = 0;
    else if (exact)
        v = d.exponent < 0 ? (double)d.value / tens[-d.exponent] : (double)d.value * tens[d.exponent];
    else if (!by_large(&d, &v))
        return false;
    *ret = d.negative ? -v : v;
    return true;
}
