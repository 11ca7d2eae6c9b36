/* What each node gives, in type and shape: of most what their op declares, of an op that hands its first input on what that brings. */
#include "coordinator/plan/planner.h"

/* What is told of an image that stays in memory. */
static struct gc_field image_shape[] = {
    {{(const uint8_t *)"width", 5}, GC_TYPE_INT},
    {{(const uint8_t *)"height", 6}, GC_TYPE_INT},
    {{(const uint8_t *)"bands", 5}, GC_TYPE_INT},
    {{(const uint8_t *)"format", 6}, GC_TYPE_STRING},
};

static struct gc_plan_gives declared(const struct gc_op *op)
{
    struct gc_plan_gives g = {.type = GC_TYPE_ANY, .n_shape = op->n_shape, .shape = op->shape};
    if (op->n_outputs)
        g.type = op->outputs[0].type;
    if (g.type == GC_TYPE_IMAGE) {
        g.n_shape = GC_COUNT_OF(image_shape);
        g.shape = image_shape;
    }
    return g;
}

const struct gc_input *gc_plan_first_input(const struct gc_planner *p, uint32_t node)
{
    const struct gc_plan_vertex *v = &p->v[node];
    for (uint32_t i = 0; i < v->node->n_inputs; i++) {
        const struct gc_input *in = &v->node->inputs[i];
        if (v->slots[i] == 0)
            return in->node < node && p->v[in->node].op ? in : NULL;
    }
    return NULL;
}

struct gc_plan_gives gc_plan_gives(const struct gc_planner *p, const struct gc_input *in)
{
    const struct gc_plan_vertex *from = &p->v[in->node];
    const struct gc_op_output *output = gc_plan_output(p, in);
    if (output == from->op->outputs)
        return from->gives;
    return (struct gc_plan_gives){.type = output ? output->type : GC_TYPE_ANY, .origin = (uint32_t)in->node};
}

void gc_plan_types(struct gc_planner *p, uint32_t node)
{
    struct gc_plan_vertex *v = &p->v[node];
    const struct gc_input *in = gc_plan_has(v, GC_TRAIT_PASSES) ? gc_plan_first_input(p, node) : NULL;
    v->gives = in ? gc_plan_gives(p, in) : declared(v->op);
    if (!in)
        v->gives.origin = node;
}
