/* Hoisting: nodes of the run whose values are seen in each item (a watermark in a composite).
 *
 * A value of the run does not travel to the items. Each executor works it out once for itself, in the program of the items' stage, and
 * keeps it; the nodes' own stage, which any one executor runs, commits it. So all that such a value comes from has to be pure: done
 * twice it is the same, and nothing else has happened.
 *
 * Sets of nodes are arrays of bits, one a node of the job.
 */
#include "common/bits.h"
#include "coordinator/plan/planner.h"

/* By hand: where the processor is not told, the compiler's own is a call of its library. */
static uint32_t ones(uint64_t word)
{
    uint32_t n = 0;
    for (; word; word &= word - 1)
        n++;
    return n;
}

uint64_t *gc_plan_set(struct gc_planner *p)
{
    return GC_PLANNER_ARRAY(p, uint64_t, gc_bits_words(p->n));
}

void gc_plan_set_add(const struct gc_planner *p, uint64_t *to, const uint64_t *set)
{
    for (size_t i = 0; i < gc_bits_words(p->n); i++)
        to[i] |= set[i];
}

uint32_t gc_plan_set_both(const struct gc_planner *p, const uint64_t *a, const uint64_t *b)
{
    uint32_t n = 0;
    for (size_t i = 0; i < gc_bits_words(p->n); i++)
        n += ones(a[i] | b[i]);
    return n;
}

uint32_t gc_plan_set_rank(const uint64_t *set, uint32_t node)
{
    uint32_t n = ones(set[node / 64] & ((UINT64_C(1) << node % 64) - 1));
    for (uint32_t i = 0; i < node / 64; i++)
        n += ones(set[i]);
    return n;
}

/* The first of the set that may not be worked out twice, or GC_PLAN_NONE. */
static uint32_t first_impure(const struct gc_planner *p, const uint64_t *set)
{
    for (uint32_t i = 0; i < p->n; i++)
        if ((set[i / 64] >> i % 64 & 1) && !gc_plan_has(&p->v[i], GC_TRAIT_PURE))
            return i;
    return GC_PLAN_NONE;
}

static void told_impure(struct gc_planner *p, uint32_t node, uint32_t at, uint32_t impure)
{
    const struct gc_plan_vertex *v = &p->v[impure];
    gc_plan_error(
        p, node, gc_plan_input_field(p, node, at),
        "'%b' is one value for the run, and each executor that shows it to its items works it out for itself: "
        "'%b' cannot be done more than once, since op '%b' %s",
        p->v[p->v[node].node->inputs[at].node].node->id, v->node->id, v->op->name,
        gc_plan_has(v, GC_TRAIT_PUBLISH) ? "writes a file" : "is not pure");
}

static void take_input(struct gc_planner *p, uint32_t node, uint32_t at)
{
    struct gc_plan_vertex *v = &p->v[node];
    const struct gc_plan_vertex *from = &p->v[v->node->inputs[at].node];
    if (from->per_item)
        return;
    if (v->per_item) {
        uint32_t impure = first_impure(p, from->of_run);
        if (impure != GC_PLAN_NONE)
            told_impure(p, node, at, impure);
    }
    gc_plan_set_add(p, v->of_run, from->of_run);
}

void gc_plan_of_run(struct gc_planner *p, uint32_t node)
{
    struct gc_plan_vertex *v = &p->v[node];
    v->of_run = gc_plan_set(p);
    if (!v->of_run)
        return;
    if (!v->per_item)
        gc_bits_set((struct gc_bits){v->of_run, p->n}, node);
    for (uint32_t i = 0; i < v->node->n_inputs && !p->full; i++)
        take_input(p, node, i);
}
