/* Deltas of a chunk, merges of states, and the end of an aggregation. */
#include "worker/ops/reducer.h"

#include <string.h>

#include "common/assert.h"
#include "proto/values.h"
#include "worker/ops/libvips.h"
#include "worker/ops/stage.h"

static struct gc_step_state *reducer_at(struct gc_stage *s, uint32_t j)
{
    GC_ASSERT(j < s->n_reducers);
    return &s->steps[gc_stage_first_reducer(s) + j];
}

void gc_stage_delta_begin(struct gc_stage *s)
{
    for (uint32_t j = 0; j < s->n_reducers; j++) {
        struct gc_step_state *st = reducer_at(s, j);
        st->op->reducer->clear(st->delta);
        st->delta_items = 0;
    }
    s->feeds = 0;
    gc_hoist_forget(s);
}

/* The record of the cell that the reducer reads, and the names of its fields. */
static struct gc_reduce_input input_of(struct gc_stage *s, const struct gc_step_state *st)
{
    const struct gc_task *task = s->run.task;
    uint64_t from = st->step->n_inputs ? st->step->inputs[0].step : GC_UNSET;
    if (from == GC_UNSET) {
        struct gc_reduce_input of_item = {.value = task->fields, .item = task->index, .source = task->text};
        return of_item;
    }
    return (struct gc_reduce_input){.value = s->cells[from].record,
                                    .shape = st->shape,
                                    .n_shape = st->n_shape,
                                    .item = task->index,
                                    .source = task->text};
}

void gc_stage_delta_add(struct gc_stage *s)
{
    for (uint32_t j = 0; j < s->n_reducers; j++) {
        struct gc_step_state *st = reducer_at(s, j);
        if (!(s->feeds >> (gc_stage_first_reducer(s) + j) & 1))
            continue;
        struct gc_reduce_input input = input_of(s, st);
        st->op->reducer->add(st->delta, &input);
        st->delta_items++;
    }
    s->feeds = 0;
}

/* Appends a state, whole or not at all. */
static enum gc_err put_state(const struct gc_step_state *st, struct gc_buf *out)
{
    size_t start = out->len;
    st->op->reducer->put(st->delta, out);
    if (gc_buf_ok(out))
        return GC_OK;
    out->len = start;
    out->overflow = false;
    return GC_ERR_LIMIT;
}

enum gc_err gc_stage_delta_take(struct gc_stage *s, uint32_t reducer, struct gc_buf *out, uint64_t *ret_items)
{
    struct gc_step_state *st = reducer_at(s, reducer);
    enum gc_err err = put_state(st, out);
    if (!err)
        *ret_items = st->delta_items;
    return err;
}

static enum gc_err merge_all(struct gc_step_state *st, const struct gc_bytes *states, uint32_t n,
                             struct gc_fault *fault)
{
    st->op->reducer->clear(st->delta);
    for (uint32_t i = 0; i < n; i++) {
        enum gc_err err = st->op->reducer->merge(st->delta, states[i]);
        if (err)
            return gc_fault_set(fault, err, "state %u of %u is none of %s of this build", i + 1, n,
                                st->op->name);
    }
    return GC_OK;
}

enum gc_err gc_stage_merge(struct gc_stage *s, const struct gc_bytes *states, uint32_t n, struct gc_buf *out,
                           struct gc_fault *fault)
{
    GC_ASSERT(s->program.kind == GC_STAGE_REDUCE);
    struct gc_step_state *st = reducer_at(s, 0);
    enum gc_err err = merge_all(st, states, n, fault);
    if (err)
        return err;
    err = put_state(st, out);
    return err ? gc_fault_set(fault, err, "the state does not fit") : GC_OK;
}

enum gc_err gc_stage_finish(struct gc_stage *s, struct gc_bytes state, struct gc_buf *value,
                            struct gc_fault *fault)
{
    GC_ASSERT(s->program.kind == GC_STAGE_REDUCE);
    struct gc_step_state *st = reducer_at(s, 0);
    enum gc_err err = merge_all(st, &state, 1, fault);
    if (err)
        return err;
    size_t start = value->len;
    st->op->reducer->finish(st->delta, value);
    if (gc_buf_ok(value))
        return GC_OK;
    value->len = start;
    value->overflow = false;
    return gc_fault_set(fault, GC_ERR_LIMIT, "the value does not fit");
}
