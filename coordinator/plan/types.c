/* What each node gives, in type and shape: of most what their op declares, of an op that hands its first input on what that brings. */
#include "coordinator/plan/planner.h"
#include "proto/values.h"

/* What is told of an image where its op tells no more. */
static struct gc_field image_shape[] = {
#define FIELD(name, type) {{(const uint8_t *)#name, sizeof #name - 1}, type},
    GC_IMAGE_FIELDS(FIELD)
#undef FIELD
};

static struct gc_plan_gives of_type(uint64_t type)
{
    struct gc_plan_gives g = {.type = type};
    if (type == GC_TYPE_IMAGE) {
        g.n_shape = GC_COUNT_OF(image_shape);
        g.shape = image_shape;
    }
    return g;
}

static struct gc_plan_gives declared(const struct gc_op *op)
{
    struct gc_plan_gives g = of_type(op->n_outputs ? op->outputs[0].type : GC_TYPE_ANY);
    if (op->n_shape > 0) {
        g.n_shape = op->n_shape;
        g.shape = op->shape;
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
    struct gc_plan_gives g = of_type(output ? output->type : GC_TYPE_ANY);
    g.origin = (uint32_t)in->node;
    return g;
}

void gc_plan_types(struct gc_planner *p, uint32_t node)
{
    struct gc_plan_vertex *v = &p->v[node];
    const struct gc_input *in = gc_plan_has(v, GC_TRAIT_PASSES) ? gc_plan_first_input(p, node) : NULL;
    v->gives = in ? gc_plan_gives(p, in) : declared(v->op);
    if (!in)
        v->gives.origin = node;
}
