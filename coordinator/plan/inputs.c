/* A node's inputs against its op's: which fills which, are all there, and do the types fit. */
#include "common/assert.h"
#include "common/nearest.h"
#include "coordinator/plan/planner.h"

static const char *type_phrase(uint64_t type)
{
    switch (type) {
    case GC_TYPE_ITEM: return "an item of a source";
    case GC_TYPE_IMAGE: return "an image";
    case GC_TYPE_RECORD: return "a record";
    case GC_TYPE_INT: return "an integer";
    case GC_TYPE_REAL: return "a number";
    case GC_TYPE_BOOL: return "a truth value";
    case GC_TYPE_STRING: return "a string";
    case GC_TYPE_LIST: return "a list";
    case GC_TYPE_EXPRESSION: return "an expression";
    case GC_TYPE_HASH: return "a hash";
    default: return "any value";
    }
}

struct gc_bytes gc_plan_input_field(struct gc_planner *p, uint32_t node, uint32_t at)
{
    const struct gc_input *in = &p->v[node].node->inputs[at];
    if (in->slot.len)
        return gc_plan_field(p, "inputs.", in->slot);
    return gc_plan_text(p, GC_MAX_NAME, "inputs[%u]", (uint64_t)at);
}

const struct gc_op_output *gc_plan_output(const struct gc_planner *p, const struct gc_input *in)
{
    const struct gc_op *op = p->v[in->node].op;
    if (in->output.len == 0)
        return op->n_outputs ? &op->outputs[0] : NULL;
    for (uint32_t i = 0; i < op->n_outputs; i++)
        if (gc_bytes_equal(op->outputs[i].name, in->output))
            return &op->outputs[i];
    return NULL;
}

static void unknown_slot(struct gc_planner *p, uint32_t node, uint32_t at)
{
    const struct gc_op *op = p->v[node].op;
    struct gc_bytes slot = p->v[node].node->inputs[at].slot;
    struct gc_nearest near;
    gc_nearest_init(&near, gc_bytes_str(slot));
    for (uint32_t i = 0; i < op->n_inputs; i++)
        gc_nearest_offer(&near, gc_bytes_str(op->inputs[i].name));
    struct gc_bytes field = gc_plan_input_field(p, node, at);
    if (gc_nearest_found(&near))
        gc_plan_error(p, node, field, "op '%b' has no such input; did you mean '%b'?", op->name,
                      gc_str_bytes(near.best));
    else
        gc_plan_error(p, node, field, "op '%b' has no such input", op->name);
}

/* By name, else the first that is free; one that takes many is never full. GC_PLAN_NONE: none. */
static uint32_t find_slot(const struct gc_op *op, const struct gc_input *in, const bool *filled)
{
    for (uint32_t i = 0; i < op->n_inputs; i++) {
        bool fits =
            in->slot.len ? gc_bytes_equal(op->inputs[i].name, in->slot) : !filled[i] || op->inputs[i].many;
        if (fits)
            return i;
    }
    return GC_PLAN_NONE;
}

static void too_many(struct gc_planner *p, uint32_t node, uint32_t at)
{
    const struct gc_op *op = p->v[node].op;
    struct gc_bytes field = gc_plan_input_field(p, node, at);
    if (op->n_inputs == 0)
        gc_plan_error(p, node, field, "op '%b' takes no inputs", op->name);
    else
        gc_plan_error(p, node, field, "op '%b' takes %u input%s, this is one too many", op->name,
                      (uint64_t)op->n_inputs, op->n_inputs == 1 ? "" : "s");
}

/* Fills v->slots. Names first: a position is the next that no name has taken. */
static void assign_slots(struct gc_planner *p, uint32_t node, bool *filled, bool named)
{
    struct gc_plan_vertex *v = &p->v[node];
    for (uint32_t i = 0; i < v->n_own; i++) {
        const struct gc_input *in = &v->node->inputs[i];
        if ((in->slot.len != 0) != named)
            continue;
        uint32_t slot = find_slot(v->op, in, filled);
        v->slots[i] = slot;
        if (slot == GC_PLAN_NONE && named)
            unknown_slot(p, node, i);
        else if (slot == GC_PLAN_NONE)
            too_many(p, node, i);
        else if (filled[slot] && !v->op->inputs[slot].many)
            gc_plan_error(p, node, gc_plan_input_field(p, node, i), "is given twice");
        else
            filled[slot] = true;
    }
}

static bool fits(uint64_t takes, uint64_t gives)
{
    return takes == GC_TYPE_ANY || gives == GC_TYPE_ANY || takes == gives ||
           (takes == GC_TYPE_REAL && gives == GC_TYPE_INT);
}

/* The op that was likely left out: the first that decodes the one into the other. */
static const struct gc_op *missing_link(const struct gc_catalogue *c, uint64_t takes, uint64_t gives)
{
    for (uint32_t i = 0; i < c->n_ops; i++) {
        const struct gc_op *op = &c->ops[i];
        if ((op->traits & GC_TRAIT_DECODE) && op->n_inputs && op->n_outputs && op->inputs[0].type == gives &&
            op->outputs[0].type == takes)
            return op;
    }
    return NULL;
}

/* "'big' gives a record", and where it comes from if 'big' only hands it on. */
static struct gc_bytes gives_phrase(struct gc_planner *p, uint32_t from, const struct gc_plan_gives *gives)
{
    struct gc_bytes id = p->v[from].node->id;
    if (gives->origin == from)
        return gc_plan_text(p, GC_MAX_TEXT, "'%b' gives %s", id, type_phrase(gives->type));
    return gc_plan_text(p, GC_MAX_TEXT, "'%b' hands on %s, which it has from '%b'", id,
                        type_phrase(gives->type), p->v[gives->origin].node->id);
}

static void wrong_type(struct gc_planner *p, uint32_t node, uint32_t at, uint64_t takes,
                       const struct gc_plan_gives *gives)
{
    const struct gc_plan_vertex *v = &p->v[node];
    struct gc_bytes field = gc_plan_input_field(p, node, at);
    struct gc_bytes from = gives_phrase(p, (uint32_t)v->node->inputs[at].node, gives);
    const struct gc_op *link = missing_link(p->catalogue, takes, gives->type);
    if (link)
        gc_plan_error(p, node, field, "op '%b' takes %s, %b; did you leave out a node with op '%b'?",
                      v->op->name, type_phrase(takes), from, link->name);
    else
        gc_plan_error(p, node, field, "op '%b' takes %s, %b", v->op->name, type_phrase(takes), from);
}

static void unknown_output(struct gc_planner *p, uint32_t node, uint32_t at)
{
    const struct gc_input *in = &p->v[node].node->inputs[at];
    const struct gc_plan_vertex *from = &p->v[in->node];
    struct gc_bytes field = gc_plan_input_field(p, node, at);
    if (in->output.len == 0) {
        gc_plan_error(p, node, field, "node '%b' gives no value (its op is '%b')", from->node->id,
                      from->op->name);
        return;
    }
    struct gc_nearest near;
    gc_nearest_init(&near, gc_bytes_str(in->output));
    for (uint32_t i = 0; i < from->op->n_outputs; i++)
        gc_nearest_offer(&near, gc_bytes_str(from->op->outputs[i].name));
    if (gc_nearest_found(&near))
        gc_plan_error(p, node, field, "node '%b' has no output '%b'; did you mean '%b'?", from->node->id,
                      in->output, gc_str_bytes(near.best));
    else
        gc_plan_error(p, node, field, "node '%b' has no output '%b' (its op is '%b')", from->node->id,
                      in->output, from->op->name);
}

/* True where the input's node can be looked at at all. */
static bool check_order(struct gc_planner *p, uint32_t node, uint32_t at)
{
    uint64_t from = p->v[node].node->inputs[at].node;
    if (from < node)
        return true;
    struct gc_bytes field = gc_plan_input_field(p, node, at);
    if (from >= p->n)
        gc_plan_error(p, node, field, "Node '%b' depends on undefined node '%u'", p->v[node].node->id, from);
    else
        gc_plan_error(p, node, field,
                      "Cycle detected in the DAG: '%b' depends on '%b', which does not come before it",
                      p->v[node].node->id, p->v[from].node->id);
    return false;
}

/* What is committed of a node is its first output. */
static void check_committed(struct gc_planner *p, uint32_t node, uint32_t at)
{
    const struct gc_plan_vertex *v = &p->v[node];
    const struct gc_input *in = &v->node->inputs[at];
    const struct gc_plan_vertex *from = &p->v[in->node];
    if (gc_plan_scans(v) && gc_plan_output(p, in) != from->op->outputs)
        gc_plan_error(p, node, gc_plan_input_field(p, node, at),
                      "op '%b' reads results, and those of '%b' hold its output '%b' alone, not '%b'",
                      v->op->name, from->node->id, from->op->outputs[0].name, in->output);
}

static void check_type(struct gc_planner *p, uint32_t node, uint32_t at)
{
    const struct gc_plan_vertex *v = &p->v[node];
    if (!check_order(p, node, at) || !p->v[v->node->inputs[at].node].op)
        return;
    if (!gc_plan_output(p, &v->node->inputs[at])) {
        unknown_output(p, node, at);
        return;
    }
    check_committed(p, node, at);
    if (v->slots[at] == GC_PLAN_NONE)
        return;
    uint64_t takes = v->op->inputs[v->slots[at]].type;
    struct gc_plan_gives gives = gc_plan_gives(p, &v->node->inputs[at]);
    if (!fits(takes, gives.type))
        wrong_type(p, node, at, takes, &gives);
}

/* Where an input has a wrong name, it is likely the one that seems to be missing. */
static void check_required(struct gc_planner *p, uint32_t node, const bool *filled)
{
    const struct gc_plan_vertex *v = &p->v[node];
    for (uint32_t i = 0; i < v->n_own; i++)
        if (v->slots[i] == GC_PLAN_NONE)
            return;
    for (uint32_t i = 0; i < v->op->n_inputs; i++) {
        const struct gc_op_input *in = &v->op->inputs[i];
        if (in->required && !filled[i])
            gc_plan_error(p, node, gc_str_bytes(GC_STR("inputs")), "op '%b' needs %s as its input '%b'",
                          v->op->name, type_phrase(in->type), in->name);
    }
}

void gc_plan_inputs(struct gc_planner *p, uint32_t node)
{
    struct gc_plan_vertex *v = &p->v[node];
    GC_ASSERT(v->op->n_inputs <= GC_MAX_INPUTS);
    v->slots = GC_PLANNER_ARRAY(p, uint32_t, v->node->n_inputs);
    if (!v->slots)
        return;
    struct gc_plan_texts texts = gc_plan_texts_begin(p);
    bool filled[GC_MAX_INPUTS] = {false};
    assign_slots(p, node, filled, true);
    assign_slots(p, node, filled, false);
    for (uint32_t i = 0; i < v->n_own; i++)
        check_type(p, node, i);
    for (uint32_t i = v->n_own; i < v->node->n_inputs; i++)
        v->slots[i] = GC_PLAN_NONE;
    check_required(p, node, filled);
    gc_plan_texts_end(p, texts);
}
