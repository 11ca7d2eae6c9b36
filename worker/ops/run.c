/* One run of a stage on one item: steps in order, a fate for each, blame to the one that is at fault. See stage.h for the rules. */
#include <stdio.h>
#include <string.h>

#include "common/assert.h"
#include "proto/values.h"
#include "worker/ops/libvips.h"
#include "worker/ops/load.h"
#include "worker/ops/offer.h"
#include "worker/ops/reducer.h"
#include "worker/ops/stage.h"

static bool bit(uint64_t set, uint32_t i)
{
    return set >> i & 1;
}

static unsigned traits_of(const struct gc_step_state *st)
{
    return st->op ? st->op->traits : st->offer->traits;
}

/* ---- what must run ---- */

static uint64_t needed_steps(const struct gc_stage *s, uint64_t want)
{
    uint64_t needed = want;
    for (uint32_t i = 0; i < s->n_nodes; i++)
        if (bit(want, i))
            needed |= s->steps[i].ancestors;
    return needed;
}

/* A step that takes over a decode reads the item's file and not the image, though steps between hand it on: the decoder's image is
 * then its header alone. */
static bool reads_pixels_of(const struct gc_stage *s, const struct gc_step_state *st, uint64_t from)
{
    while (from != GC_UNSET && from != st->step->decode && (traits_of(&s->steps[from]) & GC_TRAIT_PASSES) &&
           s->steps[from].step->n_inputs)
        from = s->steps[from].step->inputs[0].step;
    return st->step->decode == GC_UNSET || from != st->step->decode;
}

/* The step's `k`th input is another node whose cell it reads: not the item, nor a hoisted step, which outlives this run. */
static bool reads_node(const struct gc_stage *s, const struct gc_step_state *st, uint32_t k)
{
    uint64_t from = st->step->inputs[k].step;
    return from != GC_UNSET && !gc_stage_is_hoisted(s, from) && reads_pixels_of(s, st, from);
}

/* ---- what nobody looks at ----
 * A file that is there and stays is told of without its picture: its step, and what is built for it alone, pull no pixels. */

static bool is_there(const struct gc_task *task, uint32_t at)
{
    for (uint32_t i = 0; i < task->n_outputs; i++)
        if (task->outputs[i].step == at)
            return task->outputs[i].there;
    return false;
}

/* It builds a pipeline and pulls nothing by itself. */
static bool builds(const struct gc_step_state *st)
{
    if (st->offer)
        return st->offer->access == GC_ACCESS_STREAM;
    return st->op->traits & (GC_TRAIT_DECODE | GC_TRAIT_PASSES);
}

/* At least one node reads it, and each of them is idle. */
static bool serves_idle_nodes(const struct gc_run *run, uint32_t at, uint64_t idle)
{
    const struct gc_stage *s = run->stage;
    bool any = false;
    for (uint32_t i = at + 1; i < s->n_nodes; i++) {
        const struct gc_step *step = s->steps[i].step;
        for (uint32_t k = 0; bit(run->needed, i) && k < step->n_inputs; k++) {
            if (step->inputs[k].step != at)
                continue;
            if (!bit(idle, i))
                return false;
            any = true;
        }
    }
    return any;
}

static uint64_t idle_nodes(const struct gc_run *run)
{
    uint64_t idle = 0;
    for (uint32_t i = run->stage->n_nodes; i-- > 0;) {
        bool served = idle && builds(&run->stage->steps[i]) && serves_idle_nodes(run, i, idle);
        if (bit(run->needed, i) && (is_there(run->task, i) || served))
            idle |= UINT64_C(1) << i;
    }
    return idle;
}

static void count_readers(struct gc_run *run)
{
    struct gc_stage *s = run->stage;
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        if (!bit(run->needed, i))
            continue;
        const struct gc_step *step = s->steps[i].step;
        for (uint32_t k = 0; k < step->n_inputs; k++)
            if (reads_node(s, &s->steps[i], k)) {
                s->cells[step->inputs[k].step].readers++;
                s->cells[step->inputs[k].step].pullers += !bit(run->idle, i);
            }
    }
}

uint64_t gc_run_takers(const struct gc_run *run, uint32_t at)
{
    const struct gc_stage *s = run->stage;
    uint64_t takers = 0;
    for (uint32_t i = 0; i < gc_stage_first_reducer(s); i++)
        if (s->steps[i].step->decode == at && (bit(run->needed & ~run->idle, i) || gc_stage_is_hoisted(s, i)))
            takers |= UINT64_C(1) << i;
    return takers;
}

/* ---- one step ---- */

static const struct gc_given *given_of(const struct gc_task *task, uint32_t node)
{
    for (uint32_t i = 0; i < task->n_given; i++)
        if (task->given[i].node == node)
            return &task->given[i];
    return NULL;
}

static void set_fault(struct gc_run *run, uint32_t node, enum gc_cause cause, const char *text)
{
    struct gc_buf *scratch = &run->stage->scratch;
    size_t len = strnlen(text, GC_MAX_TEXT - 1);
    uint8_t *copy = gc_buf_reserve(scratch, len);
    run->cause[node] = cause;
    if (copy && len)
        memcpy(copy, text, len);
    scratch->overflow = false; /* a failure without its text is still a failure */
    run->result->faults[node] = (struct gc_status_fault){
        .node = node, .cause = cause, .attempts = 1, .text = gc_bytes_of(copy, copy ? len : 0)};
}

/* What its inputs leave it: DONE to run, else its fate. */
static enum gc_step_fate fate_by_inputs(struct gc_run *run, uint32_t at, uint32_t *ret_from)
{
    const struct gc_step *step = run->stage->steps[at].step;
    for (uint32_t k = 0; k < step->n_inputs; k++) {
        if (step->inputs[k].step == GC_UNSET || gc_stage_is_hoisted(run->stage, step->inputs[k].step))
            continue; /* gc_hoist_for speaks of those */
        uint32_t from = (uint32_t)step->inputs[k].step;
        if (run->fate[from] == GC_FATE_DONE)
            continue;
        *ret_from = from;
        return bit(run->task->want, from) || run->fate[from] != GC_FATE_FAILED ? GC_FATE_SKIPPED
                                                                               : GC_FATE_FAILED;
    }
    return GC_FATE_DONE;
}

/* An image that the run ends with: items see it, in executors that make it again and commit nothing of it. That it can be made is
 * found out here, once, and not by each of them. */
static bool ends_run(const struct gc_run *run, uint32_t at, const struct gc_cell *cell)
{
    return run->task->index == GC_UNSET && cell->readers == 0 && !gc_run_takers(run, at);
}

/* Whether its pixels go into memory now: several readers, or items to come, or a search for whom to blame. */
static bool must_materialise(const struct gc_run *run, uint32_t at, const struct gc_cell *cell)
{
    if (cell->kind != GC_CELL_IMAGE || !cell->image)
        return false;
    if (!gc_stage_is_hoisted(run->stage, at) && ends_run(run, at, cell))
        return true;
    if (run->careful)
        return cell->readers > 0 || run->stage->steps[at].step->decode != GC_UNSET;
    return gc_stage_is_hoisted(run->stage, at) ? cell->readers > 0 : cell->pullers > 1;
}

static enum gc_cause check_size(struct gc_run *run, const struct gc_cell *cell)
{
    if (cell->kind != GC_CELL_IMAGE)
        return GC_CAUSE_NONE;
    if (gc_load_pixels(cell->width, cell->height, cell->bands, cell->format) > run->stage->max_pixels)
        return gc_run_fail(run, GC_CAUSE_TOO_LARGE, "it makes an image of %d x %d pixels, the limit is %lld",
                           cell->width, cell->height, (long long)run->stage->max_pixels);
    return GC_CAUSE_NONE;
}

enum gc_cause gc_run_op(struct gc_run *run, uint32_t at)
{
    struct gc_step_state *st = &run->stage->steps[at];
    struct gc_cell *cell = &run->stage->cells[at];
    run->current = at;
    run->by_decoder = false;
    run->skipped = false;
    vips_error_clear(); /* what a decoder said that was let go, or went on: it is not this step's reason */
    enum gc_cause cause = st->op ? st->op->run(run, st, cell) : gc_vips_run(run, st, cell);
    if (!cause && !(traits_of(st) & GC_TRAIT_DECODE)) /* `load` has a limit of its own, checked there */
        cause = check_size(run, cell);
    if (!cause && must_materialise(run, at, cell))
        cause = gc_cell_materialise(run, cell);
    return cause;
}

/* In a careful run pixels fail where they are made: a decoder at itself; a step that took a decode over shares the decoder's blame
 * by what the error says. */
uint32_t gc_run_culprit(const struct gc_run *run, uint32_t at, enum gc_cause cause)
{
    uint64_t decode = run->stage->steps[at].step->decode;
    if (decode != GC_UNSET && (cause == GC_CAUSE_DAMAGED || cause == GC_CAUSE_BAD_INPUT ||
                               (cause == GC_CAUSE_TOO_LARGE && run->by_decoder)))
        return (uint32_t)decode;
    return at;
}

/* A decode that failed at a later step: everything that hangs on the decoder has not happened. */
static void fail_decoder(struct gc_run *run, uint32_t decoder, uint32_t at, enum gc_cause cause)
{
    run->fate[decoder] = GC_FATE_FAILED;
    set_fault(run, decoder, cause, run->text);
    for (uint32_t i = decoder + 1; i <= at; i++) {
        if (!(run->stage->steps[i].ancestors >> decoder & 1) || run->fate[i] == GC_FATE_GIVEN ||
            !bit(run->needed, i))
            continue;
        bool wanted = bit(run->task->want, decoder);
        run->fate[i] = wanted || run->fate[i] == GC_FATE_SKIPPED ? GC_FATE_SKIPPED : GC_FATE_FAILED;
        if (run->fate[i] == GC_FATE_FAILED)
            set_fault(run, i, cause, run->text);
    }
}

/* A wanted step below a failed one that is not wanted itself (it was committed before) has nobody else to name. */
static void inherit_fault(struct gc_run *run, uint32_t at, uint32_t from)
{
    run->result->faults[at] = run->result->faults[from];
    run->result->faults[at].node = at;
    run->cause[at] = run->cause[from];
}

static void let_go_of_inputs(struct gc_run *run, uint32_t at)
{
    const struct gc_step_state *st = &run->stage->steps[at];
    for (uint32_t k = 0; k < st->step->n_inputs; k++) {
        if (!reads_node(run->stage, st, k))
            continue;
        struct gc_cell *cell = &run->stage->cells[st->step->inputs[k].step];
        GC_ASSERT(cell->readers > 0);
        if (--cell->readers == 0)
            gc_cell_release(cell);
    }
}

/* False: pixels failed and nobody knows yet where: run it all again, carefully. */
static bool step(struct gc_run *run, uint32_t at)
{
    uint32_t from = 0;
    if (given_of(run->task, at)) {
        run->fate[at] = GC_FATE_GIVEN;
        return true;
    }
    run->fate[at] = fate_by_inputs(run, at, &from);
    if (run->fate[at] == GC_FATE_FAILED)
        inherit_fault(run, at, from);
    if (run->fate[at] != GC_FATE_DONE)
        return true;
    run->current = at;
    if (run->blame.touch)
        run->blame.touch(run->blame.context, at);
    uint32_t whose = at;
    enum gc_cause cause = gc_hoist_for(run, at);
    if (!cause && !run->skipped) {
        cause = gc_run_op(run, at);
        whose = gc_run_culprit(run, at, cause);
    }
    if (cause == GC_CAUSE_OOM || cause == GC_CAUSE_INFRA) {
        run->result->fault = cause;
        return true;
    }
    if (!cause) {
        run->fate[at] = run->skipped ? GC_FATE_SKIPPED : GC_FATE_DONE;
        return true;
    }
    if (run->pulled && !run->careful)
        return false;
    if (whose != at) {
        fail_decoder(run, whose, at, cause);
    } else {
        run->fate[at] = GC_FATE_FAILED;
        set_fault(run, at, cause, run->text);
    }
    return true;
}

/* Records and texts stay until the next run. */
static void let_go_of_all(struct gc_stage *s)
{
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        gc_cell_release(&s->cells[i]);
        gc_decode_release(&s->steps[i].decode);
    }
}

static void begin(struct gc_run *run, bool careful)
{
    struct gc_task_result *r = run->result;
    let_go_of_all(run->stage);
    gc_stage_reset_cells(run->stage);
    r->n_faults = r->n_made = 0;
    r->pixels = 0;
    r->fault = GC_CAUSE_NONE;
    run->careful = careful;
    memset(run->fate, 0, sizeof run->fate);
    memset(run->cause, 0, sizeof run->cause);
    run->idle = careful ? 0 : idle_nodes(run);
    count_readers(run);
}

static bool run_steps(struct gc_run *run, bool careful)
{
    struct gc_stage *s = run->stage;
    begin(run, careful);
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        if (!bit(run->needed, i))
            continue;
        if (!step(run, i))
            return false;
        let_go_of_inputs(run, i);
        if (s->cells[i].readers == 0)
            gc_cell_release(&s->cells[i]);
        if (run->result->fault)
            return true;
    }
    return true;
}

/* ---- what became of it ---- */

static void put_image(struct gc_buf *values, const struct gc_cell *cell)
{
    const char *format = vips_enum_nick(VIPS_TYPE_BAND_FORMAT, cell->format);
    gc_value_put_array(values, GC_IMAGE_SHAPE_N + cell->n_fields);
    gc_value_put_int(values, cell->width);
    gc_value_put_int(values, cell->height);
    gc_value_put_int(values, cell->bands);
    gc_value_put_str(values, gc_str_bytes(gc_str_of(format)));
    (void)gc_buf_append(values, cell->fields.ptr, cell->fields.len);
}

static void put_value(struct gc_buf *values, const struct gc_cell *cell)
{
    if (cell->silent || cell->kind == GC_CELL_NONE || cell->kind == GC_CELL_ITEM)
        gc_value_put_nil(values);
    else if (cell->kind == GC_CELL_IMAGE)
        put_image(values, cell);
    else
        (void)gc_buf_append(values, cell->record.ptr, cell->record.len);
}

/* A task's values are few and small, so this is for a job that echoes very long items from very many nodes. */
static bool fits(const struct gc_buf *values, size_t start, const struct gc_cell *cell)
{
    return values->len - start + cell->record.len + cell->fields.len + 64 <= GC_TASK_VALUES_MAX;
}

/* What was decided about it in earlier attempts. */
static struct gc_status_fault fault_of(const struct gc_given *given)
{
    GC_ASSERT(given != NULL); /* its fate says so */
    return (struct gc_status_fault){.node = (uint32_t)given->node,
                                    .cause = (uint32_t)given->cause,
                                    .attempts = given->attempts,
                                    .text = given->text};
}

static void settle(struct gc_run *run, uint32_t i, struct gc_buf *values, size_t start)
{
    static const char too_large[] = "the item's values are too large together";
    const struct gc_cell *cell = &run->stage->cells[i];
    uint8_t *outcome = &run->result->pattern[i];
    if (run->fate[i] == GC_FATE_DONE && !fits(values, start, cell)) {
        run->fate[i] = GC_FATE_FAILED;
        set_fault(run, i, GC_CAUSE_TOO_LARGE, too_large);
    }
    if (run->fate[i] == GC_FATE_DONE) {
        *outcome = cell->cached ? GC_OUTCOME_CACHED : GC_OUTCOME_DONE;
        put_value(values, cell);
    } else if (run->fate[i] == GC_FATE_SKIPPED) {
        *outcome = GC_OUTCOME_SKIPPED;
    } else {
        *outcome = GC_OUTCOME_FAILED;
        if (run->fate[i] == GC_FATE_GIVEN)
            run->result->faults[i] = fault_of(given_of(run->task, i));
        run->result->faults[run->result->n_faults++] = run->result->faults[i];
    }
}

/* The decoder has met something odd and gone on: its node is done, with a warning. */
static void mark_warnings(struct gc_run *run)
{
    for (uint32_t i = 0; i < run->stage->n_nodes; i++)
        if (run->result->pattern[i] == GC_OUTCOME_DONE && traits_of(&run->stage->steps[i]) & GC_TRAIT_DECODE)
            run->result->pattern[i] = GC_OUTCOME_WARNED;
}

static void drop_unmade(struct gc_run *run)
{
    struct gc_task_result *r = run->result;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < r->n_made; i++)
        if (run->fate[r->made[i].step] == GC_FATE_DONE)
            r->made[kept++] = r->made[i];
    r->n_made = kept;
}

static void find_feeds(struct gc_run *run)
{
    struct gc_stage *s = run->stage;
    for (uint32_t i = gc_stage_first_reducer(s); i < s->program.n_steps; i++) {
        const struct gc_step *step = s->steps[i].step;
        bool fed = true;
        for (uint32_t k = 0; k < step->n_inputs; k++) {
            uint64_t from = step->inputs[k].step;
            fed = fed && (from == GC_UNSET ||
                          (bit(run->task->want, (uint32_t)from) && run->fate[from] == GC_FATE_DONE));
        }
        if (fed)
            s->feeds |= UINT64_C(1) << i;
    }
}

static void finish(struct gc_run *run, struct gc_buf *values)
{
    size_t start = values->len;
    for (uint32_t i = 0; i < run->stage->n_nodes; i++)
        if (bit(run->task->want, i))
            settle(run, i, values, start);
    GC_ASSERT(gc_buf_ok(values));
    drop_unmade(run);
    find_feeds(run);
}

void gc_stage_run(struct gc_stage *s, const struct gc_task *task, struct gc_blame blame,
                  struct gc_buf *values, struct gc_task_result *ret)
{
    GC_ASSERT(s->program.kind == GC_STAGE_ITEM);
    GC_ASSERT(gc_buf_left(values) >= GC_TASK_VALUES_MAX);
    GC_ASSERT(s->n_nodes == 64 || task->want >> s->n_nodes == 0);
    struct gc_run *run = &s->run;
    *run = (struct gc_run){.stage = s, .task = task, .blame = blame, .result = ret};
    run->needed = needed_steps(s, task->want);
    memset(ret->pattern, GC_OUTCOME_NONE, sizeof ret->pattern);
    s->feeds = 0;
    run->warned = gc_vips_warnings();
    if (!run_steps(run, false)) {
        bool settled = run_steps(run, true);
        GC_ASSERT(settled);
    }
    if (ret->fault) {
        ret->fault_node = run->current;
        (void)snprintf(ret->fault_text, sizeof ret->fault_text, "%s", run->text);
        ret->n_made = 0;
    } else {
        finish(run, values);
        if (gc_vips_warnings() != run->warned)
            mark_warnings(run);
    }
    let_go_of_all(s);
}
