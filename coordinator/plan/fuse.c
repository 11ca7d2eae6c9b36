/* What runs together is said, and a decode is handed on where one op can shrink while loading.
 *
 * A step that may shrink on load (by trait) takes over the decode of the image that it reads, if it is the only one that reads
 * it and the decode is not told otherwise: the decoded pixels are then never there, a JPEG's are a quarter or a sixteenth as
 * many. With a second reader the whole image is needed anyway.
 */
#include "common/assert.h"
#include "coordinator/plan/planner.h"

static void give_reason(struct gc_planner *p, uint32_t node, struct gc_bytes text)
{
    struct gc_plan *plan = &p->draft->plan;
    GC_ASSERT(plan->n_reasons < GC_MAX_JOB_NODES);
    plan->reasons[plan->n_reasons++] = (struct gc_reason){.node = node, .text = text};
}

/* The ids of the steps that read step `of`, each once. */
static struct gc_bytes readers_text(struct gc_planner *p, const struct gc_program *program, uint64_t of)
{
    struct gc_name ids[GC_MAX_STAGE_NODES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < program->n_steps; i++) {
        const struct gc_step *step = &program->steps[i];
        for (uint32_t k = 0; k < step->n_inputs; k++) {
            if (step->inputs[k].step == of) {
                ids[n++].text = step->id;
                break;
            }
        }
    }
    return gc_plan_names(p, ids, n);
}

static uint32_t edges_from(const struct gc_program *program, uint64_t step)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < program->n_steps; i++)
        for (uint32_t k = 0; k < program->steps[i].n_inputs; k++)
            n += program->steps[i].inputs[k].step == step;
    return n;
}

/* The step whose image `step` works on: its first input that takes one. GC_UNSET: none of this program. */
static uint64_t image_read(const struct gc_planner *p, const struct gc_step *step)
{
    const struct gc_plan_vertex *v = &p->v[step->node];
    for (uint32_t i = 0; i < step->n_inputs; i++)
        if (v->op->inputs[v->slots[i]].type == GC_TYPE_IMAGE)
            return step->inputs[i].step;
    return GC_UNSET;
}

static bool forbidden(const struct gc_plan_vertex *decode)
{
    const struct gc_value *allowed = gc_plan_setting(decode, "shrink_on_load");
    return allowed && allowed->kind == GC_VALUE_BOOL && !allowed->as.flag;
}

static void push_down(struct gc_planner *p, struct gc_program *program, struct gc_step *step)
{
    uint64_t from = image_read(p, step);
    if (!(step->traits & GC_TRAIT_SHRINK_ON_LOAD) || from == GC_UNSET ||
        !(program->steps[from].traits & GC_TRAIT_DECODE))
        return;
    const struct gc_step *decode = &program->steps[from];
    struct gc_bytes why;
    if (forbidden(&p->v[decode->node])) {
        why = gc_plan_text(p, GC_MAX_TEXT,
                           "not pushed down: shrink_on_load of '%b' is false, so all its pixels are decoded",
                           decode->id);
    } else if (edges_from(program, from) > 1) {
        why =
            gc_plan_text(p, GC_MAX_TEXT, "not pushed down: '%b' is read by %b, so all its pixels are decoded",
                         decode->id, readers_text(p, program, from));
    } else {
        step->decode = from;
        why =
            gc_plan_text(p, GC_MAX_TEXT,
                         "pushed down: takes over the decode of '%b' and shrinks while loading", decode->id);
    }
    give_reason(p, (uint32_t)step->node, why);
}

static void tell_fused(struct gc_planner *p, const struct gc_program *program)
{
    if (program->n_steps < 2)
        return;
    struct gc_name ids[GC_MAX_STAGE_NODES];
    for (uint32_t i = 0; i < program->n_steps; i++)
        ids[i].text = program->steps[i].id;
    give_reason(p, (uint32_t)program->steps[0].node,
                gc_plan_text(p, GC_MAX_TEXT, "fused: %b run as one task, nothing is encoded between them",
                             gc_plan_names(p, ids, program->n_steps)));
}

/* At most one reason a node: the first step of a program reads no step of it, so it has nothing to push down. */
void gc_plan_fuse(struct gc_planner *p)
{
    struct gc_plan *plan = &p->draft->plan;
    plan->reasons = GC_PLANNER_ARRAY(p, struct gc_reason, p->n);
    for (uint32_t s = 0; s < plan->n_stages && !p->full; s++) {
        struct gc_program *program = &p->draft->programs[s];
        if (program->kind != GC_STAGE_ITEM)
            continue;
        tell_fused(p, program);
        for (uint32_t i = 0; i < program->n_steps; i++)
            push_down(p, program, &program->steps[i]);
    }
}
