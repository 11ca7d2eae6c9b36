/* Thumbnails of one image, each from the next larger one: where the job says that it may be so.
 *
 * Five sizes of a photograph each from its file, or from one decode of it, are what anybody would call their pixels; made of each other
 * they cost a fifth less and differ a little. So this is the job's word (`cascade` of the node that decodes) and never a guess.
 * A step that may shrink on load and reads a decode is fed instead by an earlier one of the same op and settings, but for its
 * targets `width` and `height`, which are larger by a quarter at least and of the same shape; of several by the smallest. It hangs on
 * that step then: where that one fails, it is skipped.
 */
#include "coordinator/plan/planner.h"

struct target {
    int64_t width;
    int64_t height;
};

static bool is_target(struct gc_bytes key)
{
    return gc_str_is(gc_bytes_str(key), "width") || gc_str_is(gc_bytes_str(key), "height");
}

static bool target_of(const struct gc_plan_vertex *v, struct target *ret)
{
    const struct gc_value *width = gc_plan_setting(v, "width");
    const struct gc_value *height = gc_plan_setting(v, "height");
    if (!width || width->kind != GC_VALUE_INT)
        return false;
    ret->width = ret->height = width->as.integer;
    for (uint32_t i = 0; i < v->node->n_config;
         i++) /* its default is the width, whatever the catalogue says */
        if (gc_str_is(gc_bytes_str(v->node->config[i].key), "height") && height &&
            height->kind == GC_VALUE_INT)
            ret->height = height->as.integer;
    return ret->width > 0 && ret->height > 0 && ret->width <= GC_PLAN_LARGEST &&
           ret->height <= GC_PLAN_LARGEST;
}

static bool feeds(const struct target *large, const struct target *small)
{
    return large->width * 4 >= small->width * 5 &&
           large->width * small->height == large->height * small->width;
}

/* Every setting of `a` but its targets is one of `b`. */
static bool settings_within(const struct gc_plan_vertex *a, const struct gc_plan_vertex *b)
{
    for (uint32_t i = 0; i < a->node->n_config; i++) {
        bool found = is_target(a->node->config[i].key);
        for (uint32_t k = 0; k < b->node->n_config && !found; k++)
            found = gc_bytes_equal(a->node->config[i].key, b->node->config[k].key) &&
                    gc_plan_same_value(&a->config[i].value, &b->config[k].value);
        if (!found)
            return false;
    }
    return true;
}

static bool allowed(const struct gc_plan_vertex *decode)
{
    const struct gc_value *v = gc_plan_setting(decode, "cascade");
    return v && v->kind == GC_VALUE_BOOL && v->as.flag;
}

/* The node that decodes what the step reads, if it is one that may be fed otherwise; GC_PLAN_NONE: it is not. */
static uint32_t decode_of(const struct gc_planner *p, const struct gc_step *step)
{
    const struct gc_plan_vertex *v = &p->v[step->node];
    if (!(step->traits & GC_TRAIT_SHRINK_ON_LOAD) || step->hoisted || v->node->n_inputs != 1)
        return GC_PLAN_NONE;
    uint32_t from = (uint32_t)v->node->inputs[0].node;
    if (!p->v[from].op || gc_plan_output(p, &v->node->inputs[0]) != p->v[from].op->outputs)
        return GC_PLAN_NONE;
    return gc_plan_has(&p->v[from], GC_TRAIT_DECODE) && allowed(&p->v[from]) ? from : GC_PLAN_NONE;
}

static bool alike(const struct gc_planner *p, const struct gc_step *a, const struct gc_step *b)
{
    const struct gc_plan_vertex *x = &p->v[a->node];
    const struct gc_plan_vertex *y = &p->v[b->node];
    return x->op == y->op && decode_of(p, a) == decode_of(p, b) && settings_within(x, y) &&
           settings_within(y, x);
}

static void feed(const struct gc_planner *p, const struct gc_program *program, struct gc_step *step,
                 uint32_t at)
{
    struct target mine, other, best = {0};
    if (decode_of(p, step) == GC_PLAN_NONE || !target_of(&p->v[step->node], &mine))
        return;
    for (uint32_t i = 0; i < at; i++) {
        if (!alike(p, &program->steps[i], step) || !target_of(&p->v[program->steps[i].node], &other) ||
            !feeds(&other, &mine) || (best.width && other.width >= best.width))
            continue;
        best = other;
        step->inputs[0].step = i;
        step->inputs[0].output = gc_bytes_of(NULL, 0);
    }
}

bool gc_plan_cascades(const struct gc_planner *p, const struct gc_step *step)
{
    uint32_t decode = decode_of(p, step);
    return decode != GC_PLAN_NONE && step->inputs[0].step != p->v[decode].step;
}

void gc_plan_cascade(struct gc_planner *p, struct gc_program *program)
{
    for (uint32_t i = 0; i < program->n_steps && program->kind == GC_STAGE_ITEM; i++)
        feed(p, program, &program->steps[i], i);
}
