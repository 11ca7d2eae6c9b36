/* From an encoded program to a stage: which row each step is, which steps it hangs on, and what it needs. No libvips here. */
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/num.h"
#include "proto/codec.h"
#include "worker/ops/offer.h"
#include "worker/ops/reducer.h"
#include "worker/ops/scan.h"
#include "worker/ops/settings.h"
#include "worker/ops/stage.h"

uint32_t gc_stage_nodes(const struct gc_stage *s)
{
    return s->n_nodes;
}

uint32_t gc_stage_reducers(const struct gc_stage *s)
{
    return s->n_reducers;
}

/* ---- one step ---- */

static enum gc_err find_op(struct gc_step_state *st, struct gc_fault *fault)
{
    st->op = gc_op_row_find(st->step->op);
    if (st->op)
        return GC_OK;
    st->offer = gc_offer_find(st->step->op);
    if (st->offer)
        return GC_OK;
    const char *why = gc_refusal(st->step->op);
    return gc_fault_set(fault, GC_ERR_INVALID, "op %.*s is not offered here%s%s",
                        GC_STR_ARGS(gc_bytes_str(st->step->op)), why ? ": " : "", why ? why : "");
}

/* Of a scanning reducer: its inputs are bits of the nodes that it reads. */
static enum gc_err check_scan(const struct gc_stage *s, const struct gc_step_state *st, struct gc_fault *fault)
{
    const struct gc_step *step = st->step;
    if (s->program.scanned > GC_MAX_STAGE_NODES || step->n_inputs != st->op->n_inputs + (st->op->maps != NULL))
        return gc_fault_set(fault, GC_ERR_INVALID, "not a program of an op that reads results");
    for (uint32_t i = 0; i < step->n_inputs; i++)
        if (step->inputs[i].step != GC_UNSET && step->inputs[i].step >= s->program.scanned)
            return gc_fault_set(fault, GC_ERR_INVALID, "an input that is none of the nodes it reads");
    return GC_OK;
}

static enum gc_err check_links(struct gc_stage *s, uint32_t at, struct gc_fault *fault)
{
    struct gc_step_state *st = &s->steps[at];
    if (s->program.kind == GC_STAGE_REDUCE && st->op && st->op->scan)
        return check_scan(s, st, fault);
    for (uint32_t i = 0; i < st->step->n_inputs; i++) {
        uint64_t from = st->step->inputs[i].step;
        if (from == GC_UNSET)
            continue;
        if (from >= at || s->program.steps[from].reduce)
            return gc_fault_set(fault, GC_ERR_INVALID, "an input that does not come before it");
        st->ancestors |= s->steps[from].ancestors | UINT64_C(1) << from;
    }
    uint64_t decode = st->step->decode;
    if (decode == GC_UNSET)
        return GC_OK;
    if (decode >= at || !(st->ancestors >> decode & 1))
        return gc_fault_set(fault, GC_ERR_INVALID,
                            "it takes over the decode of a step that it does not read");
    s->steps[decode].decodes++;
    return GC_OK;
}

static enum gc_err install_step(struct gc_stage *s, uint32_t at, struct gc_fault *fault)
{
    struct gc_step_state *st = &s->steps[at];
    st->step = &s->program.steps[at];
    st->arena = &s->arena;
    enum gc_err err = find_op(st, fault);
    if (!err)
        err = check_links(s, at, fault);
    if (err || !st->op)
        return err;
    s->max_pixels = gc_max_i64(s->max_pixels, gc_setting_int(st->step, "max_pixels", GC_MAX_PIXELS_DEFAULT));
    bool reduces = st->step->reduce || s->program.kind == GC_STAGE_REDUCE;
    bool scans = st->op->scan && s->program.kind == GC_STAGE_REDUCE; /* never fed item by item */
    if (reduces != (st->op->reducer != NULL || scans) || (!reduces && !st->op->run))
        return gc_fault_set(fault, GC_ERR_INVALID, "op %s does not belong into such a stage", st->op->name);
    err = gc_settings_check(st->op, st->step, fault);
    if (!err && st->op->setup)
        err = st->op->setup(st, fault);
    if (!err && st->op->reducer && st->op->reducer->setup)
        err = st->op->reducer->setup(st->step, fault);
    if (err || !st->op->reducer)
        return err;
    st->delta = st->op->reducer->init(st->step);
    return st->delta ? GC_OK : GC_ERR_NOMEM;
}

/* Reducing steps come last and are counted apart. */
static enum gc_err count_nodes(struct gc_stage *s, struct gc_fault *fault)
{
    if (s->program.n_steps == 0 || s->program.n_steps > GC_MAX_STAGE_NODES ||
        s->program.kind == GC_STAGE_SOURCE)
        return gc_fault_set(fault, GC_ERR_INVALID, "not a program that an executor runs");
    bool all = s->program.kind == GC_STAGE_REDUCE;
    for (uint32_t i = 0; i < s->program.n_steps; i++) {
        bool reduce = all || s->program.steps[i].reduce;
        if (!reduce && s->n_reducers)
            return gc_fault_set(fault, GC_ERR_INVALID, "a reducing step before one that does not");
        s->n_reducers += reduce;
    }
    s->n_nodes = s->program.n_steps - s->n_reducers;
    if (all && s->n_reducers != 1)
        return gc_fault_set(fault, GC_ERR_INVALID, "a reducing stage of several steps");
    return GC_OK;
}

/* ---- the whole ---- */

/* A decoded step is some ten times its bytes, a config value twenty times; what is not touched costs nothing. */
static size_t arena_bytes(size_t program)
{
    return 64 * 1024 + program * 64;
}

static enum gc_err take_memory(struct gc_stage *s, struct gc_bytes program)
{
    s->bytes = malloc(program.len + 1);
    s->scratch_memory = malloc(GC_STAGE_SCRATCH);
    void *arena = malloc(arena_bytes(program.len));
    gc_arena_init(&s->arena, arena, arena ? arena_bytes(program.len) : 0);
    if (!s->bytes || !s->scratch_memory || !arena)
        return GC_ERR_NOMEM;
    memcpy(s->bytes, program.ptr, program.len);
    gc_buf_init(&s->scratch, s->scratch_memory, GC_STAGE_SCRATCH);
    return GC_OK;
}

static enum gc_err install(struct gc_stage *s, struct gc_bytes program, struct gc_fault *fault)
{
    enum gc_err err = take_memory(s, program);
    s->max_pixels = GC_MAX_PIXELS_DEFAULT;
    if (!err)
        err = gc_decode_program(gc_bytes_of(s->bytes, program.len), &s->arena, &s->program, fault);
    if (!err)
        err = count_nodes(s, fault);
    for (uint32_t i = 0; !err && i < s->program.n_steps; i++) {
        err = install_step(s, i, fault);
        if (err)
            (void)gc_fault_context(fault, err,
                                   "node '%.*s': ", GC_STR_ARGS(gc_bytes_str(s->program.steps[i].id)));
    }
    return err;
}

enum gc_err gc_stage_install(struct gc_bytes program, struct gc_stage **ret, struct gc_fault *fault)
{
    if (program.len == 0 || program.len > GC_MAX_DOCUMENT)
        return gc_fault_set(fault, GC_ERR_INVALID, "no program");
    struct gc_stage *s = calloc(1, sizeof *s);
    if (!s)
        return GC_ERR_NOMEM;
    enum gc_err err = install(s, program, fault);
    if (err) {
        gc_stage_destroy(&s);
        return err;
    }
    *ret = s;
    return GC_OK;
}

void gc_stage_destroy(struct gc_stage **self_p)
{
    struct gc_stage *s = *self_p;
    *self_p = NULL;
    if (!s)
        return;
    gc_stage_reset_cells(s);
    for (uint32_t i = 0; i < GC_MAX_STAGE_NODES; i++)
        free(s->steps[i].delta);
    free(s->arena.base);
    free(s->bytes);
    free(s->scratch_memory);
    free(s);
}

/* ---- what a task of it wants ---- */

static const char *const exists_choices[] = {"error", "skip", "overwrite", NULL};

static unsigned traits_of(const struct gc_step_state *st)
{
    return st->op ? st->op->traits : st->offer->traits;
}

static void need_input(const struct gc_step_state *st, uint32_t at, struct gc_stage_needs *ret)
{
    if (ret->input)
        return;
    ret->input = true;
    ret->input_step = at;
    ret->input_path = gc_setting_string(st->step, "path", "");
    ret->input_of_step = ret->input_path.len > 0;
    ret->max_file = (uint64_t)gc_setting_int(st->step, "max_file", INT64_C(1) << 30);
}

void gc_stage_needs(const struct gc_stage *s, uint64_t want, struct gc_stage_needs *ret)
{
    uint64_t needed = want;
    uint32_t n = gc_stage_scans(s) ? 1 : s->n_nodes;
    for (uint32_t i = 0; i < n; i++)
        if (want >> i & 1)
            needed |= s->steps[i].ancestors;
    *ret = (struct gc_stage_needs){.max_file = GC_UNSET};
    for (uint32_t i = 0; i < n; i++) {
        const struct gc_step_state *st = &s->steps[i];
        unsigned traits = traits_of(st);
        if (needed >> i & 1 && traits & GC_TRAIT_READS_FILE)
            need_input(st, i, ret);
        if (!(want >> i & 1) || !(traits & GC_TRAIT_PUBLISH) || !st->to)
            continue; /* of some ops the file is optional */
        ret->outputs[ret->n_outputs++] = (struct gc_stage_output){
            .step = i,
            .exists = (enum gc_exists)gc_setting_choice(st->step, "exists", exists_choices, GC_EXISTS_ERROR),
            .suffix = gc_str_bytes(st->to->suffix),
            .by_digest = st->to->by_digest,
        };
    }
}

enum gc_cause gc_stage_path(const struct gc_stage *s, uint32_t step, const struct gc_task *task,
                            const struct gc_digest *digest, struct gc_buf *out, struct gc_fault *fault)
{
    GC_ASSERT(step < s->n_nodes + gc_stage_scans(s));
    GC_ASSERT(s->steps[step].to != NULL);
    struct gc_template_item item = {
        .index = task->index, .path = gc_bytes_str(task->text), .fields = task->fields, .digest = digest};
    return gc_template_fill(s->steps[step].to, &item, out, fault) ? GC_CAUSE_OUTPUT : GC_CAUSE_NONE;
}
