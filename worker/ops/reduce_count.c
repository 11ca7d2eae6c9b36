/* count: how many items were done. State: tag, varint. Value: an integer. */
#include <stdlib.h>

#include "common/num.h"
#include "proto/values.h"
#include "worker/ops/reducer.h"

struct count {
    uint64_t n;
};

static void *count_init(const struct gc_step *step)
{
    (void)step;
    return calloc(1, sizeof(struct count));
}

static void count_clear(void *state)
{
    struct count *c = state;
    c->n = 0;
}

static void count_add(void *state, const struct gc_reduce_input *input)
{
    struct count *c = state;
    (void)input;
    c->n++;
}

static enum gc_err count_merge(void *state, struct gc_bytes bytes)
{
    struct count *c = state;
    struct gc_reader in;
    uint64_t n;
    gc_reader_init(&in, bytes);
    if (!gc_state_take_tag(&in, GC_STATE_COUNT, 1) || !gc_reader_varint(&in, &n) || !gc_reader_done(&in) ||
        !gc_add_u64(c->n, n, &c->n))
        return GC_ERR_INVALID;
    return GC_OK;
}

static void count_put(const void *state, struct gc_buf *out)
{
    const struct count *c = state;
    gc_state_put_tag(out, GC_STATE_COUNT, 1);
    (void)gc_buf_put_varint(out, c->n);
}

static void count_finish(const void *state, struct gc_buf *value)
{
    const struct count *c = state;
    gc_value_put_uint(value, c->n);
}

const struct gc_reducer gc_reducer_count = {
    .init = count_init,
    .clear = count_clear,
    .add = count_add,
    .merge = count_merge,
    .put = count_put,
    .finish = count_finish,
};
