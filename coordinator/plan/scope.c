/* Whose value is it: an item's or the run's, and which source's item.
 *
 * A node belongs to the items of the source above it, a reducing node and one without a source to the run; one that takes values
 * of both kinds to the items, each of which sees the run's. Two shapes that the language has are refused here, in plain words,
 * because the coordinator does not carry them out: work below a reducing node, and items of two sources in one node.
 */
#include "coordinator/plan/planner.h"

/* What a node's inputs have in common. Each is an index of `inputs`, or GC_PLAN_NONE. */
struct mix {
    uint32_t item;    /* the first that is an item's */
    uint32_t other;   /* the first of another source's */
    uint32_t run;     /* the first that is the run's */
    uint32_t reduced; /* the first that is the run's and waits for all items */
    bool known;
};

static void note_first(uint32_t *slot, uint32_t at)
{
    if (*slot == GC_PLAN_NONE)
        *slot = at;
}

static struct mix mix_of(const struct gc_planner *p, uint32_t node)
{
    const struct gc_node *n = p->v[node].node;
    struct mix m = {GC_PLAN_NONE, GC_PLAN_NONE, GC_PLAN_NONE, GC_PLAN_NONE, true};
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        if (n->inputs[i].node >= node || !p->v[n->inputs[i].node].known) {
            m.known = false;
            return m;
        }
        const struct gc_plan_vertex *from = &p->v[n->inputs[i].node];
        if (from->reduced)
            note_first(&m.reduced, i);
        if (!from->per_item)
            note_first(&m.run, i);
        else if (m.item == GC_PLAN_NONE)
            m.item = i;
        else if (p->v[n->inputs[m.item].node].source != from->source)
            note_first(&m.other, i);
    }
    return m;
}

static struct gc_bytes id_of_input(const struct gc_planner *p, uint32_t node, uint32_t at)
{
    return p->v[p->v[node].node->inputs[at].node].node->id;
}

static struct gc_bytes id_of_source(const struct gc_planner *p, uint32_t node, uint32_t at)
{
    return p->v[p->v[p->v[node].node->inputs[at].node].source].node->id;
}

/* What no node may mix, reducing or not. False: a problem was told. */
static bool check_mix(struct gc_planner *p, uint32_t node, const struct mix *m)
{
    if (m->other == GC_PLAN_NONE)
        return true;
    gc_plan_error(p, node, gc_plan_input_field(p, node, m->other),
                  "items of two sources meet here, '%b' and '%b', and nothing says which belongs to which: "
                  "zip and cross will, they come later",
                  id_of_source(p, node, m->item), id_of_source(p, node, m->other));
    return false;
}

static void told_reduced(struct gc_planner *p, uint32_t node, uint32_t at)
{
    gc_plan_error(
        p, node, gc_plan_input_field(p, node, at),
        "'%b' is known when all items are done: a node '%b' that goes on from there is not carried out yet",
        id_of_input(p, node, at), p->v[node].node->id);
}

static void scope_reduce(struct gc_planner *p, uint32_t node, const struct mix *m)
{
    struct gc_plan_vertex *v = &p->v[node];
    if (m->reduced != GC_PLAN_NONE) {
        told_reduced(p, node, m->reduced);
        return;
    }
    if (m->item == GC_PLAN_NONE) {
        gc_plan_error(p, node, gc_str_bytes(GC_STR("inputs")),
                      "op '%b' reduces items, and there is no source above it", v->op->name);
        return;
    }
    if (m->run != GC_PLAN_NONE) {
        gc_plan_error(
            p, node, gc_plan_input_field(p, node, m->run),
            "'%b' is one value for the run, and op '%b' reduces the values of items: give it to a node before it",
            id_of_input(p, node, m->run), v->op->name);
        return;
    }
    v->known = v->reduced = true;
    v->source = p->v[v->node->inputs[m->item].node].source;
}

static void scope_map(struct gc_planner *p, uint32_t node, const struct mix *m)
{
    struct gc_plan_vertex *v = &p->v[node];
    if (m->reduced != GC_PLAN_NONE) {
        told_reduced(p, node, m->reduced);
        return;
    }
    v->known = true;
    v->per_item = m->item != GC_PLAN_NONE;
    if (v->per_item)
        v->source = p->v[v->node->inputs[m->item].node].source;
    gc_plan_of_run(p, node);
}

static void scope_source(struct gc_planner *p, uint32_t node)
{
    struct gc_plan_vertex *v = &p->v[node];
    if (v->node->n_inputs) {
        gc_plan_error(p, node, gc_plan_input_field(p, node, 0),
                      "a source that takes an input is not carried out yet");
        return;
    }
    v->known = v->per_item = true;
    v->source = node;
}

void gc_plan_scopes(struct gc_planner *p)
{
    for (uint32_t i = 0; i < p->n && !p->full; i++) {
        struct gc_plan_vertex *v = &p->v[i];
        if (!v->op)
            continue;
        if (gc_plan_is(v, GC_SCOPE_SOURCE)) {
            scope_source(p, i);
            continue;
        }
        struct mix m = mix_of(p, i);
        if (!m.known || !check_mix(p, i, &m))
            continue;
        if (gc_plan_is(v, GC_SCOPE_REDUCE))
            scope_reduce(p, i, &m);
        else
            scope_map(p, i, &m);
    }
}
