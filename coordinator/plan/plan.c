#include "coordinator/plan/plan.h"

#include "common/assert.h"
#include "coordinator/plan/planner.h"

#include <stdalign.h>
#include <string.h>

void *gc_planner_take(struct gc_planner *p, size_t count, size_t size)
{
    void *taken = gc_arena_take_array(p->arena, count, size, alignof(max_align_t));
    if (!taken) {
        p->full = true;
        return NULL;
    }
    memset(taken, 0, count * size);
    return taken;
}

/* What is wrong with the job as a whole, and would make the passes run out of their bounds. */
static bool countable(struct gc_planner *p)
{
    struct gc_bytes field = gc_str_bytes(GC_STR("nodes"));
    if (p->n == 0)
        gc_plan_error(p, GC_PLAN_NONE, field, "the job has no nodes");
    else if (p->n > GC_MAX_JOB_NODES)
        gc_plan_error(p, GC_PLAN_NONE, field, "the job has %u nodes, the limit is %u", (uint64_t)p->n,
                      (uint64_t)GC_MAX_JOB_NODES);
    else if (p->job->n_nodes != p->n)
        gc_plan_error(p, GC_PLAN_NONE, field, "the job says that it has %u nodes, and %u came",
                      p->job->n_nodes, (uint64_t)p->n);
    return !p->errors;
}

static void check(struct gc_planner *p, const struct gc_node *nodes)
{
    gc_plan_expand(p, nodes);
    if (!p->full)
        gc_plan_validate(p);
    if (!p->full)
        gc_plan_scopes(p);
    if (!p->full)
        gc_plan_expressions(p);
    if (!p->full)
        gc_plan_publish(p);
    if (!p->full)
        gc_plan_policies(p);
}

static void make(struct gc_planner *p)
{
    gc_plan_cut(p);
    if (!p->full && !p->errors)
        gc_plan_steps(p);
    if (!p->full && !p->errors)
        gc_plan_reads(p);
    if (!p->full && !p->errors)
        gc_plan_compare(p);
    if (!p->full && !p->errors)
        gc_plan_fuse(p);
}

enum gc_err gc_plan_make(const struct gc_job *job, const struct gc_node *nodes, uint32_t n_nodes,
                         const struct gc_catalogue *catalogue, struct gc_arena *arena,
                         struct gc_plan_draft *ret)
{
    GC_ASSERT(job != NULL);
    GC_ASSERT(nodes != NULL || n_nodes == 0);
    struct gc_plan_draft draft = {0};
    struct gc_planner p = {.job = job, .catalogue = catalogue, .arena = arena, .n = n_nodes, .draft = &draft};
    draft.problems = GC_PLANNER_ARRAY(&p, struct gc_problem, GC_MAX_PROBLEMS);
    if (!p.full && countable(&p)) {
        check(&p, nodes);
        if (!p.full && !p.errors)
            make(&p);
    }
    if (p.full)
        return GC_ERR_NOMEM;
    draft.accepted = !p.errors;
    *ret = draft;
    return GC_OK;
}
