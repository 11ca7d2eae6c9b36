/* The cut: which nodes run together.
 *
 * A *group* is the item-scoped nodes below one source with the reducing nodes that they feed, or all nodes of the run. It is one
 * stage as long as it has at most GC_MAX_STAGE_NODES nodes, those of the run that its items see included, since a task's sets of
 * nodes are 64-bit masks, and names no more files than go with a task. A larger one is cut between nodes that do not depend on each
 * other, so that no value ever crosses from one stage to another; where that is not enough the job is refused.
 */
#include "common/disjoint.h"
#include "coordinator/plan/planner.h"

struct group {
    uint32_t n;
    uint32_t *nodes;  /* in the job's order */
    uint32_t *parent; /* by node of the job: union-find over the group's edges */
    uint32_t *size;   /* by node of the job, of a root: steps of its component */
    uint32_t *
        files; /* by node of the job, of a root: that its component's steps name, one read twice counted twice */
    uint32_t *stage; /* by node of the job, of a root: where its component went, or GC_PLAN_NONE */
    uint64_t **
        seen; /* by node of the job, of a root: the set of the run's nodes that its component's items see, or NULL */
};

static bool in_group(const struct gc_plan_vertex *v, uint32_t source)
{
    return v->source == source && !gc_plan_is(v, GC_SCOPE_SOURCE);
}

static bool open_group(struct gc_planner *p, struct group *g)
{
    g->nodes = GC_PLANNER_ARRAY(p, uint32_t, p->n);
    g->parent = GC_PLANNER_ARRAY(p, uint32_t, p->n);
    g->size = GC_PLANNER_ARRAY(p, uint32_t, p->n);
    g->files = GC_PLANNER_ARRAY(p, uint32_t, p->n);
    g->stage = GC_PLANNER_ARRAY(p, uint32_t, p->n);
    g->seen = GC_PLANNER_ARRAY(p, uint64_t *, p->n);
    return !p->full;
}

static uint32_t root_of(struct group *g, uint32_t node)
{
    return gc_disjoint_root(g->parent, node);
}

/* The lower root wins, so that components are found in the job's order. */
static void join(struct group *g, uint32_t a, uint32_t b)
{
    uint32_t low;
    uint32_t high;
    if (!gc_disjoint_join(g->parent, a, b, &low, &high))
        return;
    g->size[low] += g->size[high];
    g->files[low] += g->files[high];
}

/* Of a component that sees nothing of the run no set is made. */
static void collect_seen(struct gc_planner *p, struct group *g)
{
    for (uint32_t i = 0; i < g->n; i++) {
        const uint64_t *of_run = p->v[g->nodes[i]].of_run;
        uint64_t **seen = &g->seen[root_of(g, g->nodes[i])];
        if (!of_run || gc_plan_set_both(p, of_run, of_run) == 0)
            continue;
        if (!*seen && !(*seen = gc_plan_set(p)))
            return;
        gc_plan_set_add(p, *seen, of_run);
    }
}

static void collect(struct gc_planner *p, struct group *g, uint32_t source)
{
    g->n = 0;
    for (uint32_t i = 0; i < p->n; i++) {
        if (!in_group(&p->v[i], source))
            continue;
        g->nodes[g->n++] = i;
        g->parent[i] = i;
        g->size[i] = !gc_plan_scans(&p->v[i]); /* no step of the items' */
        g->files[i] = gc_plan_has(&p->v[i], GC_TRAIT_READS_FILE) &&
                      gc_plan_own_setting(&p->v[i], gc_str_bytes(GC_STR("path")));
        g->stage[i] = GC_PLAN_NONE;
        const struct gc_node *node = p->v[i].node;
        for (uint32_t k = 0; k < node->n_inputs; k++)
            if (in_group(&p->v[node->inputs[k].node], source))
                join(g, i, (uint32_t)node->inputs[k].node);
    }
    if (source != GC_PLAN_NONE)
        collect_seen(p, g);
}

/* GC_PLAN_NONE where there are too many; that is told once. */
static uint32_t add_stage(struct gc_planner *p, enum gc_stage_kind kind, uint64_t source)
{
    struct gc_plan *plan = &p->draft->plan;
    if (plan->n_stages == GC_MAX_STAGES) {
        if (!p->errors)
            gc_plan_error(p, GC_PLAN_NONE, gc_str_bytes(GC_STR("nodes")),
                          "the job falls into more than %u stages", (uint64_t)GC_MAX_STAGES);
        return GC_PLAN_NONE;
    }
    plan->stages[plan->n_stages] = (struct gc_plan_stage){.kind = kind, .source = source, .pure = true};
    return plan->n_stages++;
}

/* How many steps a stage would have: `n` of its own, and the run's nodes in one or the other set (NULL: empty). */
static uint32_t steps_of(const struct gc_planner *p, uint32_t n, const uint64_t *a, const uint64_t *b)
{
    if (!a && !b)
        return n;
    return n + gc_plan_set_both(p, a ? a : b, b ? b : a);
}

static bool component_fits(struct gc_planner *p, const struct group *g, uint32_t root)
{
    uint32_t n = steps_of(p, g->size[root], g->seen[root], NULL);
    if (n <= GC_MAX_STAGE_NODES)
        return true;
    gc_plan_error(p, root, gc_bytes_of(NULL, 0),
                  "%u nodes hang together with '%b'%s; at most %u can run as one stage", (uint64_t)n,
                  p->v[root].node->id, n > g->size[root] ? ", with those of the run that its items see" : "",
                  (uint64_t)GC_MAX_STAGE_NODES);
    return false;
}

/* The component's items see what they see, in the stage that it goes to. */
static void show(struct gc_planner *p, const struct group *g, uint32_t root)
{
    struct gc_plan_part *part = &p->parts[g->stage[root]];
    if (!g->seen[root])
        return;
    if (!part->hoisted && !(part->hoisted = gc_plan_set(p)))
        return;
    gc_plan_set_add(p, part->hoisted, g->seen[root]);
}

/* Gives each component to the stage that is being filled, or to a new one. */
static void pack(struct gc_planner *p, struct group *g, uint64_t source)
{
    uint32_t stage = GC_PLAN_NONE;
    uint32_t filled = 0;
    uint32_t files = 0;
    for (uint32_t i = 0; i < g->n; i++) {
        uint32_t root = root_of(g, g->nodes[i]);
        if (g->stage[root] == GC_PLAN_NONE) {
            if (!component_fits(p, g, root))
                return;
            if (stage == GC_PLAN_NONE || files + g->files[root] > GC_MAX_STAGE_INPUTS - 1 ||
                steps_of(p, filled + g->size[root], p->parts[stage].hoisted, g->seen[root]) >
                    GC_MAX_STAGE_NODES) {
                stage = add_stage(p, GC_STAGE_ITEM, source);
                filled = files = 0;
            }
            if (stage == GC_PLAN_NONE)
                return;
            g->stage[root] = stage;
            filled += g->size[root];
            files += g->files[root];
            show(p, g, root);
        }
        p->v[g->nodes[i]].runs_in = p->v[g->nodes[i]].stage = g->stage[root];
    }
}

static void cut_source(struct gc_planner *p, struct group *g, uint32_t source)
{
    uint32_t stage = add_stage(p, GC_STAGE_SOURCE, GC_UNSET);
    if (stage == GC_PLAN_NONE)
        return;
    p->v[source].runs_in = p->v[source].stage = stage;
    collect(p, g, source);
    pack(p, g, stage);
}

static void cut_reducer(struct gc_planner *p, uint32_t node)
{
    uint32_t stage = add_stage(p, GC_STAGE_REDUCE, p->v[node].runs_in);
    if (stage == GC_PLAN_NONE)
        return;
    p->v[node].stage = stage;
    p->draft->plan.stages[stage].scan = gc_plan_scans(&p->v[node]);
}

void gc_plan_cut(struct gc_planner *p)
{
    struct group g;
    p->draft->plan.stages = GC_PLANNER_ARRAY(p, struct gc_plan_stage, GC_MAX_STAGES);
    p->parts = GC_PLANNER_ARRAY(p, struct gc_plan_part, GC_MAX_STAGES);
    if (!open_group(p, &g))
        return;
    for (uint32_t i = 0; i < p->n && !p->errors; i++)
        if (gc_plan_is(&p->v[i], GC_SCOPE_SOURCE))
            cut_source(p, &g, i);
    collect(p, &g, GC_PLAN_NONE);
    if (!p->errors)
        pack(p, &g, GC_UNSET);
    for (uint32_t i = 0; i < p->n && !p->errors; i++)
        if (gc_plan_is(&p->v[i], GC_SCOPE_REDUCE))
            cut_reducer(p, i);
}
