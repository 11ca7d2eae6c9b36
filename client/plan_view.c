#include "client/plan_view.h"

#include "proto/states.h"

static const char *program_wrong(const struct gc_plan *plan, const struct gc_program *p)
{
    bool scans = p->kind == GC_STAGE_REDUCE; /* its inputs are nodes of another stage */
    for (uint32_t i = 0; i < p->n_steps; i++) {
        const struct gc_step *step = &p->steps[i];
        if (step->node >= plan->n_nodes)
            return "a step of a node that is not there";
        if (step->decode != GC_UNSET && step->decode >= p->n_steps)
            return "a decode that is not there";
        for (uint32_t k = 0; k < step->n_inputs && !scans; k++) {
            uint64_t from = step->inputs[k].step;
            if (from == GC_UNSET)
                continue;
            if (from >= p->n_steps || (from >= i && !p->steps[from].hoisted) || (from >= i && step->hoisted))
                return "an input that does not come before its reader";
        }
    }
    return NULL;
}

const char *gc_plan_view_wrong(const struct gc_plan_view *view)
{
    const struct gc_plan *plan = view->plan;
    const char *wrong = NULL;
    for (uint32_t s = 0; s < plan->n_stages && !wrong; s++) {
        const struct gc_plan_stage *stage = &plan->stages[s];
        if (stage->source != GC_UNSET && stage->source >= plan->n_stages)
            return "a stage that is not there";
        for (uint32_t i = 0; i < stage->n_nodes; i++)
            if (stage->nodes[i] >= plan->n_nodes)
                return "a stage of a node that is not there";
        wrong = program_wrong(plan, &view->programs[s]);
    }
    for (uint32_t i = 0; i < plan->n_reasons && !wrong; i++)
        if (plan->reasons[i].node >= plan->n_nodes)
            wrong = "a reason of a node that is not there";
    return wrong;
}

const struct gc_value *gc_step_setting(const struct gc_step *step, struct gc_str key)
{
    for (uint32_t i = 0; i < step->n_config; i++)
        if (gc_str_equal(gc_bytes_str(step->config[i].key), key))
            return &step->config[i].value;
    return NULL;
}

struct gc_step_input gc_step_origin(const struct gc_program *p, struct gc_step_input in)
{
    while (in.step != GC_UNSET && (p->steps[in.step].traits & GC_TRAIT_PASSES) && p->steps[in.step].n_inputs)
        in = p->steps[in.step].inputs[0];
    return in;
}

void gc_plan_item_name(const struct gc_plan_view *view, uint32_t stage, struct gc_text *to)
{
    unsigned n = 0;
    uint64_t source =
        view->plan->stages[stage].kind == GC_STAGE_SOURCE ? stage : view->plan->stages[stage].source;
    for (uint32_t s = 0; s < view->plan->n_stages && s <= source; s++)
        n += view->plan->stages[s].kind == GC_STAGE_SOURCE;
    gc_text_put(to, "IN");
    if (n > 1)
        gc_text_format(to, "%u", n);
}
