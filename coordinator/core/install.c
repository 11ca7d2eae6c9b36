#include "coordinator/core/install.h"

#include "common/assert.h"
#include "coordinator/core/inside.h"

static bool nodes_fit(const struct gc_plan *plan, const struct gc_plan_stage *stage)
{
    if (stage->n_nodes > GC_MAX_STAGE_NODES || stage->n_below != stage->n_nodes)
        return false;
    for (uint32_t i = 0; i < stage->n_nodes; i++) {
        if (stage->nodes[i] >= plan->n_nodes)
            return false;
    }
    return true;
}

static bool source_fits(const struct gc_plan *plan, uint32_t index)
{
    const struct gc_plan_stage *stage = &plan->stages[index];
    if (stage->scan && stage->kind != GC_STAGE_REDUCE)
        return false;
    switch ((enum gc_stage_kind)stage->kind) {
    case GC_STAGE_SOURCE: return stage->n_nodes == 1;
    case GC_STAGE_ITEM:
        return stage->source == GC_UNSET ||
               (stage->source < index && plan->stages[stage->source].kind == GC_STAGE_SOURCE);
    case GC_STAGE_REDUCE:
        return stage->n_nodes == 1 && stage->source < index &&
               plan->stages[stage->source].kind == GC_STAGE_ITEM;
    case GC_STAGE_KINDS: break;
    }
    return false;
}

static bool reducers_fit(const struct gc_plan *plan, uint32_t index)
{
    const struct gc_plan_stage *stage = &plan->stages[index];
    if (stage->n_reducers > GC_MAX_STAGE_NODES || (stage->n_reducers > 0 && stage->kind != GC_STAGE_ITEM))
        return false;
    for (uint32_t i = 0; i < stage->n_reducers; i++) {
        uint64_t r = stage->reducers[i];
        if (r >= plan->n_stages || plan->stages[r].kind != GC_STAGE_REDUCE ||
            plan->stages[r].source != index || plan->stages[r].scan)
            return false;
    }
    return true;
}

bool core_install_fits(const struct gc_plan *plan)
{
    if (plan->n_stages == 0 || plan->n_stages > GC_MAX_STAGES || plan->n_nodes == 0 ||
        plan->n_nodes > GC_MAX_JOB_NODES)
        return false;
    for (uint32_t i = 0; i < plan->n_stages; i++) {
        if (!nodes_fit(plan, &plan->stages[i]) || !source_fits(plan, i) || !reducers_fit(plan, i))
            return false;
    }
    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        if (plan->nodes[i].stage >= plan->n_stages || plan->nodes[i].n_shape > GC_MAX_FIELDS)
            return false;
    }
    return true;
}

static bool copy_shape(struct gc_core *core, struct core_run *run, struct core_node *node,
                       const struct gc_plan_node *from)
{
    node->shape = core_mem_take(core, &run->mem, from->n_shape * sizeof *node->shape);
    if (!node->shape)
        return false;
    for (uint32_t i = 0; i < from->n_shape; i++) {
        node->shape[i].type = from->shape[i].type;
        if (!core_mem_copy(core, &run->mem, from->shape[i].name, &node->shape[i].name))
            return false;
    }
    node->n_shape = from->n_shape;
    return true;
}

static bool install_node(struct gc_core *core, struct core_run *run, const struct gc_plan_node *from,
                         struct core_node **ret)
{
    struct core_node *node = core_mem_take(core, &run->mem, sizeof *node);
    *ret = node;
    if (!node)
        return false;
    node->stage = run->stages[from->stage];
    node->per_item = from->per_item;
    node->max_bad = from->max_bad;
    node->max_bad_ppm = from->max_bad_ppm;
    return core_mem_copy(core, &run->mem, from->id, &node->id) &&
           core_mem_copy(core, &run->mem, from->op, &node->op) && copy_shape(core, run, node, from);
}

static void prepare(struct core_stage *stage, struct core_run *run, uint32_t index,
                    const struct gc_plan_stage *from)
{
    stage->run = run;
    stage->index = index;
    stage->kind = (enum gc_stage_kind)from->kind;
    stage->retries = from->retries == GC_UNSET ? GC_RETRIES_DEFAULT : from->retries;
    stage->suspicions = from->suspicions == GC_UNSET ? GC_SUSPICIONS_DEFAULT : from->suspicions;
    stage->reduce.scans = from->scan;
    stage->grain = 1;
    gc_list_init(&stage->scanners);
    gc_list_init(&stage->leases);
    gc_list_init(&stage->odds);
    gc_list_init(&stage->odd_ready);
    gc_list_init(&stage->spans);
    gc_list_init(&stage->dataset.consumers);
    gc_list_init(&stage->reduce.waiting);
}

static bool install_stage(struct gc_core *core, struct core_run *run, uint32_t index,
                          const struct gc_plan_stage *from)
{
    struct core_stage *stage = gc_pool_take(&core->stages.pool, NULL);
    run->stages[index] = stage;
    if (!stage)
        return false;
    prepare(stage, run, index, from);
    stage->nodes = core_mem_take(core, &run->mem, from->n_nodes * sizeof(struct core_node *));
    stage->below = core_mem_take(core, &run->mem, from->n_nodes * sizeof *stage->below);
    stage->reducers = core_mem_take(core, &run->mem, from->n_reducers * sizeof(struct core_stage *));
    stage->dataset.note = core_mem_take(core, &run->mem, from->kind == GC_STAGE_SOURCE ? GC_MAX_TEXT : 0);
    return stage->nodes && stage->below && stage->reducers && stage->dataset.note;
}

/* When all nodes and stages are there. */
static void connect(struct core_run *run, struct core_stage *stage, const struct gc_plan_stage *from)
{
    stage->n_nodes = from->n_nodes;
    for (uint32_t i = 0; i < from->n_nodes; i++) {
        stage->nodes[i] = run->nodes[from->nodes[i]];
        stage->below[i] = from->below[i];
    }
    stage->n_reducers = from->n_reducers;
    for (uint32_t i = 0; i < from->n_reducers; i++)
        stage->reducers[i] = run->stages[from->reducers[i]];
    if (stage->kind == GC_STAGE_SOURCE || from->source == GC_UNSET)
        return;
    stage->source = run->stages[from->source];
    if (stage->kind == GC_STAGE_ITEM)
        gc_list_append(&stage->source->dataset.consumers, &stage->consumer);
    else if (stage->reduce.scans)
        gc_list_append(&stage->source->scanners, &stage->consumer);
}

bool core_install(struct gc_core *core, struct core_run *run, const struct gc_job *job,
                  const struct gc_plan *plan)
{
    run->stages = core_mem_take(core, &run->mem, plan->n_stages * sizeof(struct core_stage *));
    run->nodes = core_mem_take(core, &run->mem, plan->n_nodes * sizeof(struct core_node *));
    if (!run->stages || !run->nodes || !core_mem_copy(core, &run->mem, job->name, &run->job))
        return false;
    for (; run->n_stages < plan->n_stages; run->n_stages++) {
        if (!install_stage(core, run, run->n_stages, &plan->stages[run->n_stages])) {
            run->n_stages += run->stages[run->n_stages] != NULL;
            return false;
        }
    }
    for (; run->n_nodes < plan->n_nodes; run->n_nodes++) {
        if (!install_node(core, run, &plan->nodes[run->n_nodes], &run->nodes[run->n_nodes]))
            return false;
    }
    for (uint32_t i = 0; i < plan->n_stages; i++)
        connect(run, run->stages[i], &plan->stages[i]);
    run->open = run->n_stages;
    return true;
}

void core_uninstall(struct gc_core *core, struct core_run *run)
{
    for (uint32_t i = 0; i < run->n_stages; i++)
        gc_pool_give(&core->stages.pool, gc_pool_handle_of(&core->stages.pool, run->stages[i]));
    run->n_stages = 0;
    core_mem_release(core, &run->mem);
}
