/* Files that a task reads: its item's own, and one for each path that its steps name, whatever their number. Each is an open descriptor
 * that goes to the executor with the task, so there are GC_MAX_STAGE_INPUTS at most. */
#include "coordinator/plan/planner.h"

/* The path that a step names; empty: it reads its item's file, or none. */
static struct gc_bytes path_of(const struct gc_planner *p, const struct gc_step *step, struct gc_bytes key)
{
    const struct gc_value *path = NULL;
    if (step->traits & GC_TRAIT_READS_FILE)
        path = gc_plan_own_setting(&p->v[step->node], key);
    return path && path->kind == GC_VALUE_STRING ? path->as.string : gc_bytes_of(NULL, 0);
}

static bool is_among(const struct gc_bytes *paths, uint32_t n, struct gc_bytes path)
{
    for (uint32_t i = 0; i < n; i++)
        if (gc_bytes_equal(paths[i], path))
            return true;
    return false;
}

static void check_task(struct gc_planner *p, const struct gc_program *program)
{
    struct gc_bytes key = gc_str_bytes(GC_STR("path"));
    struct gc_bytes paths[GC_MAX_STAGE_INPUTS - 1];
    uint32_t n = 0;
    for (uint32_t i = 0; i < program->n_steps; i++) {
        struct gc_bytes path = path_of(p, &program->steps[i], key);
        if (path.len == 0 || is_among(paths, n, path))
            continue;
        if (n == GC_COUNT_OF(paths)) {
            gc_plan_error(p, (uint32_t)program->steps[i].node, gc_plan_field(p, "config.", key),
                          "is one file too many: what runs as one task with this node may read %u files, its "
                          "item's own and %u that nodes name",
                          (uint64_t)GC_MAX_STAGE_INPUTS, (uint64_t)GC_COUNT_OF(paths));
            return;
        }
        paths[n++] = path;
    }
}

void gc_plan_reads(struct gc_planner *p)
{
    for (uint32_t s = 0; s < p->draft->plan.n_stages && !p->errors && !p->full; s++)
        check_task(p, &p->draft->programs[s]);
}
