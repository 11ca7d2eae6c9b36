/* histogram: how many items have a field's value in each of `bins` equal parts of [min, max]; max itself lies in the last one.
 * State: tag, varint bins, items, below, above, and each bin's count. Value: { counts, below, above, items }; items that have no
 * such number are in `items` alone. */
#include <stdlib.h>

#include "common/num.h"
#include "proto/values.h"
#include "worker/ops/reducer.h"
#include "worker/ops/settings.h"

enum { DEFAULT_BINS = 10, MAX_BINS = 4096 };

struct histogram {
    char field[GC_MAX_NAME + 1];
    double min;
    double max;
    uint32_t bins;
    uint64_t items;
    uint64_t below;
    uint64_t above;
    uint64_t counts[]; /* bins */
};

GC_STATIC_ASSERT((MAX_BINS + 8) * GC_VARINT_MAX < GC_MAX_DELTA, "the largest state fits a delta");

static enum gc_err histogram_setup(const struct gc_step *step, struct gc_fault *fault)
{
    double min = gc_setting_real(step, "min", 0);
    double max = gc_setting_real(step, "max", 0);
    if (!(min < max))
        return gc_fault_set(fault, GC_ERR_INVALID, "max: %g is not above min, %g", max, min);
    return gc_reduce_check_field(step, "field", fault);
}

static void *histogram_init(const struct gc_step *step)
{
    uint32_t bins = (uint32_t)gc_clamp_u64((uint64_t)gc_setting_int(step, "bins", DEFAULT_BINS), 1, MAX_BINS);
    struct histogram *h = calloc(1, sizeof *h + bins * sizeof h->counts[0]);
    if (!h)
        return NULL;
    h->bins = bins;
    h->min = gc_setting_real(step, "min", 0);
    h->max = gc_setting_real(step, "max", 1);
    if (!gc_str_copy(h->field, sizeof h->field, gc_bytes_str(gc_setting_string(step, "field", "")))) {
        free(h);
        return NULL;
    }
    return h;
}

static void histogram_clear(void *state)
{
    struct histogram *h = state;
    h->items = h->below = h->above = 0;
    for (uint32_t i = 0; i < h->bins; i++)
        h->counts[i] = 0;
}

static void histogram_add(void *state, const struct gc_reduce_input *input)
{
    struct histogram *h = state;
    struct gc_number v;
    h->items++;
    if (!gc_reduce_field(input, gc_str_of(h->field), &v))
        return;
    if (v.real < h->min) {
        h->below++;
    } else if (v.real > h->max) {
        h->above++;
    } else {
        double at = (v.real - h->min) / (h->max - h->min) * h->bins;
        uint32_t bin = at >= h->bins ? h->bins - 1 : (uint32_t)at;
        h->counts[bin]++;
    }
}

/* Reads a whole state into `ret`, which has room for `bins` counts. */
static bool take(struct gc_bytes bytes, uint32_t bins, struct histogram *ret)
{
    struct gc_reader in;
    uint64_t n;
    gc_reader_init(&in, bytes);
    if (!gc_state_take_tag(&in, GC_STATE_HISTOGRAM, 1) || !gc_reader_varint(&in, &n) || n != bins ||
        !gc_reader_varint(&in, &ret->items) || !gc_reader_varint(&in, &ret->below) ||
        !gc_reader_varint(&in, &ret->above))
        return false;
    for (uint32_t i = 0; i < bins; i++)
        if (!gc_reader_varint(&in, &ret->counts[i]))
            return false;
    return gc_reader_done(&in);
}

static enum gc_err histogram_merge(void *state, struct gc_bytes bytes)
{
    struct histogram *h = state;
    struct histogram *other = calloc(1, sizeof *other + h->bins * sizeof other->counts[0]);
    if (!other)
        return GC_ERR_NOMEM;
    bool ok = take(bytes, h->bins, other);
    if (ok) {
        h->items += other->items;
        h->below += other->below;
        h->above += other->above;
        for (uint32_t i = 0; i < h->bins; i++)
            h->counts[i] += other->counts[i];
    }
    free(other);
    return ok ? GC_OK : GC_ERR_INVALID;
}

static void histogram_put(const void *state, struct gc_buf *out)
{
    const struct histogram *h = state;
    gc_state_put_tag(out, GC_STATE_HISTOGRAM, 1);
    (void)gc_buf_put_varint(out, h->bins);
    (void)gc_buf_put_varint(out, h->items);
    (void)gc_buf_put_varint(out, h->below);
    (void)gc_buf_put_varint(out, h->above);
    for (uint32_t i = 0; i < h->bins; i++)
        (void)gc_buf_put_varint(out, h->counts[i]);
}

static void histogram_finish(const void *state, struct gc_buf *value)
{
    const struct histogram *h = state;
    gc_value_put_array(value, 4);
    gc_value_put_array(value, h->bins);
    for (uint32_t i = 0; i < h->bins; i++)
        gc_value_put_uint(value, h->counts[i]);
    gc_value_put_uint(value, h->below);
    gc_value_put_uint(value, h->above);
    gc_value_put_uint(value, h->items);
}

const struct gc_reducer gc_reducer_histogram = {
    .setup = histogram_setup,
    .init = histogram_init,
    .clear = histogram_clear,
    .add = histogram_add,
    .merge = histogram_merge,
    .put = histogram_put,
    .finish = histogram_finish,
};
