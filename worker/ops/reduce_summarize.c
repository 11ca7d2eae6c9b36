/* summarize: over each numeric field of a record: count, min, max, mean, deviation.
 * State: tag, varint items, varint fields, and for each field, sorted by name: varint length, name, varint count, u8 whole (all of
 * them ints), u64 min, u64 max (doubles, as bits), the exact sums. Value: { items, fields: { NAME: { count, min, max, mean,
 * deviation } } }. Fields beyond GC_MAX_FIELDS (of records that are maps) are left out: the smallest names stay, whatever the order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "proto/values.h"
#include "worker/ops/exact.h"
#include "worker/ops/reducer.h"

struct field {
    char name[GC_MAX_NAME + 1];
    uint64_t count;
    bool whole;
    double min;
    double max;
    struct gc_exact exact;
};

struct summary {
    uint64_t items;
    uint32_t n;
    struct field fields[GC_MAX_FIELDS]; /* sorted by name */
};

static void *summary_init(const struct gc_step *step)
{
    (void)step;
    return calloc(1, sizeof(struct summary));
}

static void summary_clear(void *state)
{
    struct summary *s = state;
    s->items = 0;
    s->n = 0;
}

/* Where the name is, or would be. */
static uint32_t place_of(const struct summary *s, struct gc_str name, bool *ret_there)
{
    uint32_t at = 0;
    int order = 1;
    while (at < s->n && (order = gc_str_compare(gc_str_of(s->fields[at].name), name)) < 0)
        at++;
    *ret_there = at < s->n && order == 0;
    return at;
}

/* The field of that name, made where it is new; NULL where there is no room for it. */
static struct field *field_of(struct summary *s, struct gc_str name)
{
    bool there;
    uint32_t at = place_of(s, name, &there);
    if (there)
        return &s->fields[at];
    if (at == GC_MAX_FIELDS)
        return NULL;
    uint32_t kept = s->n < GC_MAX_FIELDS ? s->n : GC_MAX_FIELDS - 1;
    struct field fresh = {.whole = true, .min = INFINITY, .max = -INFINITY};
    if (!gc_str_copy(fresh.name, sizeof fresh.name, name))
        return NULL;
    memmove(&s->fields[at + 1], &s->fields[at], (kept - at) * sizeof s->fields[0]);
    s->fields[at] = fresh;
    s->n = kept + 1;
    return &s->fields[at];
}

static void summary_add(void *state, const struct gc_reduce_input *input)
{
    struct summary *s = state;
    struct gc_field_walk walk = {0};
    struct gc_str name;
    struct gc_number v;
    s->items++;
    while (gc_reduce_next(input, &walk, &name, &v)) {
        struct field *f = field_of(s, name);
        if (!f)
            continue;
        f->count++;
        f->whole = f->whole && v.is_int;
        f->min = fmin(f->min, v.real + 0.0); /* -0 and 0 are one number */
        f->max = fmax(f->max, v.real + 0.0);
        if (v.is_int)
            gc_exact_add_int(&f->exact, v.integer);
        else
            gc_exact_add_real(&f->exact, v.real);
    }
}

static void merge_field(struct summary *s, const struct field *from)
{
    struct field *to = field_of(s, gc_str_of(from->name));
    if (!to)
        return;
    to->count += from->count;
    to->whole = to->whole && from->whole;
    to->min = fmin(to->min, from->min);
    to->max = fmax(to->max, from->max);
    gc_exact_merge(&to->exact, &from->exact);
}

static bool take_real(struct gc_reader *in, double *ret)
{
    uint64_t bits;
    if (!gc_reader_u64(in, &bits))
        return false;
    memcpy(ret, &bits, sizeof bits);
    return isfinite(*ret);
}

static bool take_field(struct gc_reader *in, struct field *ret)
{
    uint64_t len;
    uint8_t whole;
    struct gc_bytes name;
    if (!gc_reader_varint(in, &len) || len > GC_MAX_NAME || !gc_reader_bytes(in, (size_t)len, &name) ||
        !gc_str_copy(ret->name, sizeof ret->name, gc_bytes_str(name)))
        return false;
    if (!gc_reader_varint(in, &ret->count) || ret->count == 0 || !gc_reader_u8(in, &whole) || whole > 1)
        return false;
    ret->whole = whole == 1;
    return take_real(in, &ret->min) && take_real(in, &ret->max) && gc_exact_take(in, &ret->exact);
}

static enum gc_err summary_merge(void *state, struct gc_bytes bytes)
{
    struct summary *s = state;
    struct gc_reader in;
    uint64_t n;
    gc_reader_init(&in, bytes);
    struct summary *other = calloc(1, sizeof *other);
    if (!other)
        return GC_ERR_NOMEM;
    bool ok = gc_state_take_tag(&in, GC_STATE_SUMMARIZE, 1) && gc_reader_varint(&in, &other->items) &&
              gc_reader_varint(&in, &n) && n <= GC_MAX_FIELDS;
    for (; ok && other->n < n; other->n++)
        ok = take_field(&in, &other->fields[other->n]);
    ok = ok && gc_reader_done(&in);
    if (ok)
        s->items += other->items;
    for (uint32_t i = 0; ok && i < other->n; i++)
        merge_field(s, &other->fields[i]);
    free(other);
    return ok ? GC_OK : GC_ERR_INVALID;
}

static void put_real(struct gc_buf *out, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    (void)gc_buf_put_u64(out, bits);
}

static void summary_put(const void *state, struct gc_buf *out)
{
    const struct summary *s = state;
    gc_state_put_tag(out, GC_STATE_SUMMARIZE, 1);
    (void)gc_buf_put_varint(out, s->items);
    (void)gc_buf_put_varint(out, s->n);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct field *f = &s->fields[i];
        struct gc_str name = gc_str_of(f->name);
        (void)gc_buf_put_varint(out, name.len);
        (void)gc_buf_put_str(out, name);
        (void)gc_buf_put_varint(out, f->count);
        (void)gc_buf_put_u8(out, f->whole);
        put_real(out, f->min);
        put_real(out, f->max);
        gc_exact_put(&f->exact, out);
    }
}

static void put_key(struct gc_buf *value, const char *key)
{
    gc_value_put_str(value, gc_str_bytes(gc_str_of(key)));
}

/* Whole numbers stay whole: 4032, not 4032.0. */
static void put_bound(struct gc_buf *value, const struct field *f, double v)
{
    if (f->whole && fabs(v) <= 9007199254740992.0)
        gc_value_put_int(value, (int64_t)v);
    else
        gc_value_put_real(value, v);
}

static void summary_finish(const void *state, struct gc_buf *value)
{
    const struct summary *s = state;
    gc_value_put_array(value, 2);
    gc_value_put_uint(value, s->items);
    gc_value_put_map(value, s->n);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct field *f = &s->fields[i];
        put_key(value, f->name);
        gc_value_put_map(value, 5);
        put_key(value, "count");
        gc_value_put_uint(value, f->count);
        put_key(value, "min");
        put_bound(value, f, f->min);
        put_key(value, "max");
        put_bound(value, f, f->max);
        put_key(value, "mean");
        gc_value_put_real(value, gc_exact_mean(&f->exact, f->count));
        put_key(value, "deviation");
        gc_value_put_real(value, gc_exact_deviation(&f->exact, f->count));
    }
}

GC_STATIC_ASSERT(GC_MAX_FIELDS *(GC_MAX_NAME + 2 + 2 * GC_VARINT_MAX + 17 + sizeof(struct gc_exact) + 20) <
                     GC_MAX_DELTA,
                 "the largest state fits a delta");

const struct gc_reducer gc_reducer_summarize = {
    .init = summary_init,
    .clear = summary_clear,
    .add = summary_add,
    .merge = summary_merge,
    .put = summary_put,
    .finish = summary_finish,
};
