/* Each node on its own: its id, its op, its config; and what it takes from those before it (inputs.c). */
#include "common/nearest.h"
#include "coordinator/plan/planner.h"

static void unknown_op(struct gc_planner *p, uint32_t node)
{
    struct gc_bytes field = gc_str_bytes(GC_STR("op"));
    struct gc_bytes name = p->v[node].node->op;
    if (p->catalogue->n_ops == 0) {
        gc_plan_error(p, node, field, "'%b' is not known: no worker has told what it can do yet", name);
        return;
    }
    struct gc_nearest near;
    gc_nearest_init(&near, gc_bytes_str(name));
    for (uint32_t i = 0; i < p->catalogue->n_ops && p->draft->n_problems < GC_MAX_PROBLEMS; i++)
        gc_nearest_offer(&near, gc_bytes_str(p->catalogue->ops[i].name));
    if (gc_nearest_found(&near))
        gc_plan_error(p, node, field, "there is no op '%b'; did you mean '%b'?", name,
                      gc_str_bytes(near.best));
    else
        gc_plan_error(p, node, field, "there is no op '%b' (`gcctl ops` lists them)", name);
}

/* The client finds this too, with the line; but the wire is anyone's. */
static void check_id(struct gc_planner *p, uint32_t node)
{
    struct gc_bytes field = gc_str_bytes(GC_STR("id"));
    struct gc_bytes id = p->v[node].node->id;
    if (id.len == 0)
        gc_plan_error(p, node, field, "is missing");
    for (uint32_t i = 0; i < node && id.len; i++) {
        if (gc_bytes_equal(p->v[i].node->id, id)) {
            gc_plan_error(p, node, field, "Node with id %b already exists", id);
            return;
        }
    }
}

/* An op that reads an item's file, and got neither an item nor a path, can only fail. */
static void check_file(struct gc_planner *p, uint32_t node)
{
    const struct gc_plan_vertex *v = &p->v[node];
    if (!gc_plan_has(v, GC_TRAIT_READS_FILE) || v->op->n_inputs == 0 || v->op->inputs[0].required)
        return; /* takes no input, or its absence is told already */
    if (v->node->n_inputs || gc_plan_setting(v, "path"))
        return;
    gc_plan_error(p, node, gc_str_bytes(GC_STR("inputs")),
                  "op '%b' has nothing to read: give it the node that lists the items", v->op->name);
}

static void validate(struct gc_planner *p, uint32_t i)
{
    p->v[i].op = gc_catalogue_op(p->catalogue, p->v[i].node->op);
    if (!p->v[i].op) {
        unknown_op(p, i);
        return;
    }
    gc_plan_inputs(p, i);
    if (p->full)
        return;
    gc_plan_types(p, i);
    gc_plan_config(p, i);
    if (!p->full)
        check_file(p, i);
}

/* A node of the job, then the one added for it: what is wrong with both is told once, and the second has no op then. */
static void validate_both(struct gc_planner *p, uint32_t i)
{
    bool errors = p->errors;
    p->errors = false;
    check_id(p, i);
    validate(p, i);
    if (!p->full && !p->errors && i > 0 && p->v[i - 1].added)
        validate(p, i - 1);
    p->errors = p->errors || errors;
}

void gc_plan_validate(struct gc_planner *p)
{
    for (uint32_t i = 0; i < p->n && !p->full; i++)
        if (!p->v[i].added)
            validate_both(p, i);
}
