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

static unsigned traits_of(const struct gc_step_state *st)
{
    return st->op ? st->op->traits : st->offer->traits;
}

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
static enum gc_err check_scan(const struct gc_stage *s, const struct gc_step_state *st,
                              struct gc_fault *fault)
{
    const struct gc_step *step = st->step;
    if (s->program.scanned > GC_MAX_STAGE_NODES ||
        step->n_inputs != st->op->n_inputs + (st->op->maps != NULL))
        return gc_fault_set(fault, GC_ERR_INVALID, "not a program of an op that reads results");
    for (uint32_t i = 0; i < step->n_inputs; i++)
        if (step->inputs[i].step != GC_UNSET && step->inputs[i].step >= s->program.scanned)
            return gc_fault_set(fault, GC_ERR_INVALID, "an input that is none of the nodes it reads");
    return GC_OK;
}

/* A step reads those before it; a node the hoisted ones as well, which see nothing but each other. */
static bool may_read(const struct gc_stage *s, uint32_t at, uint64_t from)
{
    if (gc_stage_is_hoisted(s, from))
        return at < s->n_nodes || (gc_stage_is_hoisted(s, at) && from < at);
    return from < at && from < s->n_nodes && !gc_stage_is_hoisted(s, at);
}

static enum gc_err check_decode(const struct gc_stage *s, const struct gc_step_state *st, uint32_t at,
                                struct gc_fault *fault)
{
    uint64_t decode = st->step->decode;
    if (decode >= s->program.n_steps || !(st->ancestors >> decode & 1) ||
        gc_stage_is_hoisted(s, decode) != gc_stage_is_hoisted(s, at))
        return gc_fault_set(fault, GC_ERR_INVALID,
                            "it takes over the decode of a step that it does not read");
    if (!(traits_of(st) & GC_TRAIT_SHRINK_ON_LOAD) || !(traits_of(&s->steps[decode]) & GC_TRAIT_DECODE))
        return gc_fault_set(fault, GC_ERR_INVALID, "no op that takes over a decode");
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
        if (!may_read(s, at, from))
            return gc_fault_set(fault, GC_ERR_INVALID, "an input that does not come before it");
        st->ancestors |= s->steps[from].ancestors | UINT64_C(1) << from;
    }
    return st->step->decode == GC_UNSET ? GC_OK : check_decode(s, st, at, fault);
}

/* The item's own file is the first, each path another; steps of one path share it. */
static enum gc_err find_file(struct gc_stage *s, struct gc_step_state *st, struct gc_fault *fault)
{
    struct gc_bytes path = gc_setting_string(st->step, "path", "");
    while (st->file < s->n_files && !gc_bytes_equal(s->paths[st->file], path))
        st->file++;
    if (st->file < s->n_files)
        return GC_OK;
    if (s->n_files == GC_MAX_STAGE_INPUTS)
        return gc_fault_set(fault, GC_ERR_INVALID,
                            "a task would read more than %u files: the item's own and %u others",
                            GC_MAX_STAGE_INPUTS, GC_MAX_STAGE_INPUTS - 1);
    s->paths[s->n_files++] = path;
    return GC_OK;
}

/* As the planner says; a program that says nothing of it brings what the op before it makes. */
static enum gc_err find_shape(const struct gc_stage *s, struct gc_step_state *st)
{
    uint64_t from = st->step->n_inputs ? st->step->inputs[0].step : GC_UNSET;
    bool in_stage = s->program.kind == GC_STAGE_ITEM && from != GC_UNSET;
    const struct gc_op_row *op = in_stage ? s->steps[from].op : NULL;
    if (st->step->n_shape == 0) {
        st->shape = op && op->n_shape ? op->shape : NULL;
        st->n_shape = op ? op->n_shape : 0;
        return GC_OK;
    }
    struct gc_op_field_row *shape = GC_ARENA_ARRAY(st->arena, struct gc_op_field_row, st->step->n_shape);
    for (uint32_t i = 0; shape && i < st->step->n_shape; i++) {
        struct gc_bytes name = st->step->shape[i].name;
        char *copy = gc_arena_take(st->arena, name.len + 1, 1);
        if (!copy)
            return GC_ERR_NOMEM;
        memcpy(copy, name.ptr, name.len);
        copy[name.len] = '\0';
        shape[i] = (struct gc_op_field_row){copy, (enum gc_type)st->step->shape[i].type};
    }
    st->shape = shape;
    st->n_shape = st->step->n_shape;
    return shape ? GC_OK : GC_ERR_NOMEM;
}

static enum gc_err install_step(struct gc_stage *s, uint32_t at, struct gc_fault *fault)
{
    struct gc_step_state *st = &s->steps[at];
    st->step = &s->program.steps[at];
    st->arena = &s->arena;
    enum gc_err err = find_op(st, fault);
    if (!err)
        err = check_links(s, at, fault);
    if (!err && traits_of(st) & GC_TRAIT_READS_FILE)
        err = find_file(s, st, fault);
    if (!err)
        err = find_shape(s, st);
    if (err || !st->op)
        return err;
    s->max_pixels = gc_max_i64(s->max_pixels, gc_setting_int(st->step, "max_pixels", GC_MAX_PIXELS_DEFAULT));
    if (st->step->hoisted && traits_of(st) & GC_TRAIT_PUBLISH)
        return gc_fault_set(fault, GC_ERR_INVALID, "it writes a file, and would once in each executor");
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

/* Nodes, then hoisted steps, then reducing ones: each kind is counted apart. Items whose number alone is going to be read have none. */
static enum gc_err count_steps(struct gc_stage *s, struct gc_fault *fault)
{
    if (s->program.n_steps > GC_MAX_STAGE_NODES || s->program.kind == GC_STAGE_SOURCE)
        return gc_fault_set(fault, GC_ERR_INVALID, "not a program that an executor runs");
    bool all = s->program.kind == GC_STAGE_REDUCE;
    for (uint32_t i = 0; i < s->program.n_steps; i++) {
        bool reduce = all || s->program.steps[i].reduce;
        bool hoisted = !reduce && s->program.steps[i].hoisted;
        if (!reduce && (s->n_reducers || (!hoisted && s->n_hoisted)))
            return gc_fault_set(fault, GC_ERR_INVALID, "a step behind those that stand behind the nodes");
        s->n_reducers += reduce;
        s->n_hoisted += hoisted;
    }
    s->n_nodes = s->program.n_steps - s->n_hoisted - s->n_reducers;
    if (all && s->n_reducers != 1)
        return gc_fault_set(fault, GC_ERR_INVALID, "a reducing stage of several steps, or none");
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

static enum gc_err install_steps(struct gc_stage *s, uint32_t from, uint32_t to, struct gc_fault *fault)
{
    for (uint32_t i = from; i < to; i++) {
        enum gc_err err = install_step(s, i, fault);
        if (err)
            return gc_fault_context(fault, err,
                                    "node '%.*s': ", GC_STR_ARGS(gc_bytes_str(s->program.steps[i].id)));
    }
    return GC_OK;
}

/* Hoisted steps first: nodes read them. */
static enum gc_err install(struct gc_stage *s, struct gc_bytes program, struct gc_fault *fault)
{
    enum gc_err err = take_memory(s, program);
    s->max_pixels = GC_MAX_PIXELS_DEFAULT;
    s->n_files = 1; /* the item's own, of which nobody knows yet whether it is read */
    if (!err)
        err = gc_decode_program(gc_bytes_of(s->bytes, program.len), &s->arena, &s->program, fault);
    if (!err)
        err = count_steps(s, fault);
    if (!err)
        err = install_steps(s, s->n_nodes, gc_stage_first_reducer(s), fault);
    if (!err)
        err = install_steps(s, 0, s->n_nodes, fault);
    if (!err)
        err = install_steps(s, gc_stage_first_reducer(s), s->program.n_steps, fault);
    if (!err)
        gc_hoist_setup(s);
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
    gc_hoist_release(s);
    for (uint32_t i = 0; i < GC_MAX_STAGE_NODES; i++)
        free(s->steps[i].delta);
    free(s->arena.base);
    free(s->bytes);
    free(s->scratch_memory);
    free(s);
}

/* ---- what a task of it wants ---- */

static const char *const exists_choices[] = {"error", "skip", "overwrite", NULL};

static void need_inputs(const struct gc_stage *s, uint64_t needed, struct gc_stage_needs *ret)
{
    for (uint32_t file = 0; file < s->n_files; file++) {
        uint64_t max_file = 0;
        for (uint32_t i = 0; i < gc_stage_first_reducer(s); i++) {
            const struct gc_step_state *st = &s->steps[i];
            if (needed >> i & 1 && traits_of(st) & GC_TRAIT_READS_FILE && st->file == file)
                max_file =
                    gc_max_u64(max_file, (uint64_t)gc_setting_int(st->step, "max_file", GC_MAX_FILE_DEFAULT));
        }
        if (max_file)
            ret->inputs[ret->n_inputs++] =
                (struct gc_stage_input){.file = file, .path = s->paths[file], .max_file = max_file};
    }
}

void gc_stage_needs(const struct gc_stage *s, uint64_t want, struct gc_stage_needs *ret)
{
    uint64_t needed = want;
    uint32_t n = gc_stage_scans(s) ? 1 : s->n_nodes;
    for (uint32_t i = 0; i < n; i++)
        if (want >> i & 1)
            needed |= s->steps[i].ancestors;
    *ret = (struct gc_stage_needs){0};
    need_inputs(s, needed, ret);
    for (uint32_t i = 0; i < n; i++) {
        const struct gc_step_state *st = &s->steps[i];
        unsigned traits = traits_of(st);
        if (!(want >> i & 1) || !(traits & GC_TRAIT_PUBLISH) || !st->to)
            continue; /* of some ops the file is optional */
        ret->outputs[ret->n_outputs++] = (struct gc_stage_output){
            .step = i,
            .node = st->step->node,
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
