#include "common/quantity.h"

#include "common/macros.h"
#include "common/num.h"

#include <stdbool.h>

struct unit {
    struct gc_str name;
    uint64_t factor;
};

/* Largest first: a duration's parts come in this order. */
static const struct unit durations[] = {
    {GC_STR_INIT("d"), 86400u * UINT64_C(1000000000)},
    {GC_STR_INIT("h"), 3600u * UINT64_C(1000000000)},
    {GC_STR_INIT("m"), 60u * UINT64_C(1000000000)},
    {GC_STR_INIT("s"), 1000000000u},
    {GC_STR_INIT("ms"), 1000000u},
    {GC_STR_INIT("us"), 1000u},
    {GC_STR_INIT("ns"), 1u},
};

static const struct unit sizes[] = {
    {GC_STR_INIT(""), 1},
    {GC_STR_INIT("B"), 1},
    {GC_STR_INIT("kB"), 1000},
    {GC_STR_INIT("MB"), 1000000},
    {GC_STR_INIT("GB"), 1000000000},
    {GC_STR_INIT("TB"), UINT64_C(1000000000000)},
    {GC_STR_INIT("KiB"), UINT64_C(1) << 10},
    {GC_STR_INIT("MiB"), UINT64_C(1) << 20},
    {GC_STR_INIT("GiB"), UINT64_C(1) << 30},
    {GC_STR_INIT("TiB"), UINT64_C(1) << 40},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits_at(struct gc_str text)
{
    size_t n = 0;
    while (n < text.len && is_digit(text.ptr[n]))
        n++;
    return n;
}

static size_t letters_at(struct gc_str text)
{
    size_t n = 0;
    while (n < text.len &&
           ((text.ptr[n] >= 'a' && text.ptr[n] <= 'z') || (text.ptr[n] >= 'A' && text.ptr[n] <= 'Z')))
        n++;
    return n;
}

static struct gc_str drop(struct gc_str text, size_t n)
{
    return gc_str_part(text, n, text.len);
}

enum gc_err gc_quantity_u64(struct gc_str text, uint64_t *ret)
{
    if (text.len == 0 || digits_at(text) != text.len)
        return GC_ERR_INVALID;
    uint64_t v = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!gc_mul_u64(v, 10, &v) || !gc_add_u64(v, (uint64_t)(text.ptr[i] - '0'), &v))
            return GC_ERR_LIMIT;
    }
    *ret = v;
    return GC_OK;
}

/* One part: digits, perhaps a fraction, a unit. */
struct part {
    struct gc_str whole;
    struct gc_str fraction;
    struct gc_str unit;
    struct gc_str rest;
};

static enum gc_err split(struct gc_str text, struct part *ret)
{
    struct part p = {.whole = gc_str_part(text, 0, digits_at(text))};
    if (p.whole.len == 0)
        return GC_ERR_INVALID;
    text = drop(text, p.whole.len);
    if (text.len && text.ptr[0] == '.') {
        text = drop(text, 1);
        p.fraction = gc_str_part(text, 0, digits_at(text));
        if (p.fraction.len == 0)
            return GC_ERR_INVALID;
        text = drop(text, p.fraction.len);
    }
    p.unit = gc_str_part(text, 0, letters_at(text));
    p.rest = drop(text, p.unit.len);
    *ret = p;
    return GC_OK;
}

/* whole.fraction x factor, rounded down, in integers: 0.1s is 100 ms exactly. */
static enum gc_err scaled(const struct part *p, uint64_t factor, uint64_t *ret)
{
    uint64_t v;
    enum gc_err err = gc_quantity_u64(p->whole, &v);
    if (err != GC_OK)
        return err;
    if (!gc_mul_u64(v, factor, &v))
        return GC_ERR_LIMIT;
    /* 15 digits are finer than the smallest unit of any factor that is offered, and with them
     * numerator x factor fits in 128 bits; further ones are read and dropped. */
    uint64_t numerator = 0, denominator = 1;
    for (size_t i = 0; i < p->fraction.len && i < 15; i++) {
        numerator = numerator * 10 + (uint64_t)(p->fraction.ptr[i] - '0');
        denominator *= 10;
    }
    __extension__ unsigned __int128 product = numerator;
    product = product * factor / denominator;
    if (!gc_add_u64(v, (uint64_t)product, &v))
        return GC_ERR_LIMIT;
    *ret = v;
    return GC_OK;
}

static const struct unit *unit_named(const struct unit *units, size_t count, struct gc_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (gc_str_equal(units[i].name, name))
            return &units[i];
    }
    return NULL;
}

enum gc_err gc_quantity_duration(struct gc_str text, uint64_t *ret_ns)
{
    if (gc_str_is(text, "0")) {
        *ret_ns = 0;
        return GC_OK;
    }
    uint64_t total = 0;
    const struct unit *last = NULL;
    do {
        struct part p;
        enum gc_err err = split(text, &p);
        if (err != GC_OK)
            return err;
        const struct unit *unit = unit_named(durations, GC_COUNT_OF(durations), p.unit);
        /* Smaller than the one before, and a fraction only at the end. */
        if (!unit || (last && unit <= last) || (p.fraction.len && p.rest.len))
            return GC_ERR_INVALID;
        uint64_t ns;
        err = scaled(&p, unit->factor, &ns);
        if (err != GC_OK)
            return err;
        if (!gc_add_u64(total, ns, &total))
            return GC_ERR_LIMIT;
        last = unit;
        text = p.rest;
    } while (text.len);
    *ret_ns = total;
    return GC_OK;
}

enum gc_err gc_quantity_bytes(struct gc_str text, uint64_t *ret_bytes)
{
    struct part p;
    enum gc_err err = split(text, &p);
    if (err != GC_OK)
        return err;
    const struct unit *unit = unit_named(sizes, GC_COUNT_OF(sizes), p.unit);
    if (!unit || p.rest.len)
        return GC_ERR_INVALID;
    return scaled(&p, unit->factor, ret_bytes);
}
