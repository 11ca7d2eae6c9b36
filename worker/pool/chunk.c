#include "worker/pool/chunk.h"

#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/sys/clock.h"

/* The status is finished into the shared memory: its parts are a little smaller than the whole. */
#define RUNS   (40u * 1024u)
#define FAULTS (80u * 1024u)

bool gc_chunk_init(struct gc_chunk *c, struct gc_talk *talk, bool (*may_go_on)(void *), void *context)
{
    *c = (struct gc_chunk){.talk = talk, .may_go_on = may_go_on, .context = context};
    c->writer = malloc(sizeof *c->writer);
    c->runs = malloc(RUNS);
    c->faults = malloc(FAULTS);
    return c->writer && c->runs && c->faults;
}

static void empty(struct gc_chunk *c, uint32_t n_nodes, uint64_t first)
{
    struct gc_buf runs, faults;
    gc_buf_init(&runs, c->runs, RUNS);
    gc_buf_init(&faults, c->faults, FAULTS);
    gc_status_writer_init(c->writer, n_nodes, runs, faults);
    c->first = first;
    c->count = 0;
    c->busy_ns = 0;
    c->pixels = 0;
    c->n_made = 0;
    c->values_in = 0;
    c->flushed_ns = gc_clock_now();
}

void gc_chunk_begin(struct gc_chunk *c, struct gc_stage *stage, uint64_t first, uint64_t cap)
{
    empty(c, gc_stage_nodes(stage), first);
    gc_stage_delta_begin(stage);
    gc_buf_init(&c->values, c->talk->share->values, GC_SHARE_VALUES);
    c->cap = gc_clamp_u64(cap, 1, GC_CHUNK_ITEMS);
}

struct gc_buf *gc_chunk_values(struct gc_chunk *c)
{
    GC_ASSERT(gc_buf_left(&c->values) >= GC_TASK_VALUES_MAX);
    return &c->values;
}

/* The states of the reducers, one behind the other. False: they do not fit together. */
static bool take_deltas(struct gc_chunk *c, struct gc_stage *stage, struct gc_share_chunk *out)
{
    struct gc_buf buf;
    gc_buf_init(&buf, c->talk->share->deltas, GC_SHARE_DELTAS);
    out->n_deltas = gc_stage_reducers(stage);
    for (uint32_t i = 0; i < out->n_deltas; i++) {
        size_t before = buf.len;
        if (gc_stage_delta_take(stage, i, &buf, &out->delta_items[i]) != GC_OK)
            return false;
        out->delta_bytes[i] = buf.len - before;
    }
    return true;
}

/* The values of an item that is not in the chunk move to the front, for the next chunk. */
static void carry(struct gc_chunk *c)
{
    size_t left = c->values.len - c->values_in;
    memmove(c->values.data, c->values.data + c->values_in, left);
    c->values.len = left;
}

bool gc_chunk_flush(struct gc_chunk *c, struct gc_stage *stage)
{
    if (c->count == 0)
        return true;
    struct gc_share_chunk chunk = {0}, *out = &chunk;
    if (!take_deltas(c, stage, out)) {
        gc_talk_say(c->talk, GC_SHARE_OVER, c->first, c->count,
                    "the states of the reducers are too large together");
        return c->may_go_on(c->context);
    }
    struct gc_buf status;
    gc_buf_init(&status, c->talk->share->status, GC_SHARE_STATUS);
    enum gc_err err = gc_status_writer_finish(c->writer, &status);
    GC_ASSERT(err == GC_OK);
    out->first = c->first;
    out->count = c->count;
    out->busy_ns = c->busy_ns;
    out->pixels = c->pixels;
    out->status = status.len;
    out->values = c->values_in;
    out->n_made = c->n_made;
    gc_talk_chunk(c->talk, out);
    if (!c->may_go_on(c->context))
        return false;
    carry(c);
    empty(c, gc_stage_nodes(stage), c->first + c->count);
    gc_stage_delta_begin(stage);
    return true;
}

static bool room_for(const struct gc_chunk *c, const struct gc_task_result *result)
{
    return c->count < c->cap && c->n_made + result->n_made <= GC_SHARE_MADE;
}

static void note_made(struct gc_chunk *c, uint64_t item, const struct gc_task_result *result)
{
    for (uint32_t i = 0; i < result->n_made; i++) {
        const struct gc_output_made *made = &result->made[i];
        c->talk->share->made[c->n_made++] = (struct gc_share_made){
            .item = item, .bytes = made->bytes, .step = made->step, .digest = made->digest};
    }
}

bool gc_chunk_add(struct gc_chunk *c, struct gc_stage *stage, uint64_t item,
                  const struct gc_task_result *result, uint64_t busy_ns)
{
    bool added = room_for(c, result) &&
                 gc_status_writer_add(c->writer, result->pattern, result->faults, result->n_faults) == GC_OK;
    if (!added) {
        if (!gc_chunk_flush(c, stage))
            return false;
        enum gc_err err = gc_status_writer_add(c->writer, result->pattern, result->faults, result->n_faults);
        GC_ASSERT(err == GC_OK);
    }
    gc_stage_delta_add(stage);
    note_made(c, item, result);
    c->count++;
    c->busy_ns += busy_ns;
    c->pixels += result->pixels;
    c->values_in = c->values.len;
    bool full = gc_buf_left(&c->values) < GC_TASK_VALUES_MAX;
    if (!full && gc_clock_now() - c->flushed_ns < GC_FLUSH_NS)
        return true;
    return gc_chunk_flush(c, stage);
}

/* ---- reducing ---- */

/* The status of one item of one node, into the shared memory. */
static uint64_t write_status(struct gc_chunk *c, const uint8_t *pattern, const struct gc_status_fault *faults,
                             uint32_t n)
{
    struct gc_buf status;
    gc_buf_init(&status, c->talk->share->status, GC_SHARE_STATUS);
    enum gc_err err = gc_status_writer_add(c->writer, pattern, faults, n);
    if (err == GC_OK)
        err = gc_status_writer_finish(c->writer, &status);
    GC_ASSERT(err == GC_OK);
    return status.len;
}

void gc_chunk_begin_scan(struct gc_chunk *c)
{
    empty(c, 1, 0);
    gc_buf_init(&c->values, c->talk->share->values, GC_SHARE_VALUES);
}

void gc_chunk_end_scan(struct gc_chunk *c, const struct gc_task_result *result, uint64_t busy_ns)
{
    struct gc_share_chunk chunk = {
        .count = 1, .busy_ns = busy_ns, .pixels = result->pixels, .values = c->values.len};
    chunk.status = write_status(c, result->pattern, result->faults, result->n_faults);
    note_made(c, 0, result);
    chunk.n_made = c->n_made;
    gc_talk_chunk(c->talk, &chunk);
}

static void write_outcome(struct gc_chunk *c, struct gc_share_chunk *out, enum gc_err err,
                          const struct gc_fault *fault, uint64_t attempt)
{
    empty(c, 1, 0); /* the reducing node itself */
    uint8_t pattern[GC_MAX_STAGE_NODES] = {err == GC_OK ? GC_OUTCOME_DONE : GC_OUTCOME_FAILED};
    struct gc_status_fault why = {
        .cause = GC_CAUSE_OP_ERROR,
        .attempts = attempt + 1,
        .text = {(const uint8_t *)fault->text, gc_min_size(strlen(fault->text), GC_MAX_TEXT)},
    };
    out->status = write_status(c, pattern, &why, err == GC_OK ? 0 : 1);
}

void gc_chunk_reduce(struct gc_chunk *c, struct gc_stage *stage, const struct gc_bytes *states, uint32_t n,
                     bool finish, uint64_t attempt, uint64_t began_ns)
{
    struct gc_share_chunk chunk = {0}, *out = &chunk;
    struct gc_share *share = c->talk->share;
    struct gc_fault fault = {0};
    struct gc_buf state, value;
    /* A merge's state is its value; a finish has both. */
    gc_buf_init(&state, finish ? share->deltas : share->values, GC_MAX_DELTA);
    gc_buf_init(&value, share->values, GC_SHARE_VALUES);
    enum gc_err err = gc_stage_merge(stage, states, n, &state, &fault);
    if (err == GC_OK && finish)
        err = gc_stage_finish(stage, gc_buf_bytes(&state), &value, &fault);
    gc_talk_unblame(c->talk);
    if (err != GC_OK && !finish) {
        gc_talk_say(c->talk, GC_SHARE_BAD, 0, 0, fault.text);
        return;
    }
    out->count = 1;
    out->busy_ns = gc_clock_now() - began_ns;
    out->values = finish ? (err == GC_OK ? value.len : 0) : state.len;
    if (finish) {
        write_outcome(c, out, err, &fault, attempt);
        out->n_deltas = err == GC_OK;
        out->delta_bytes[0] = state.len;
    }
    gc_talk_chunk(c->talk, out);
}
