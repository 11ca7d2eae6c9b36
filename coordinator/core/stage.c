#include "coordinator/core/stage.h"

#include "common/assert.h"
#include "common/num.h"
#include "coordinator/core/inside.h"
#include "coordinator/core/reap.h"

/* What a task is thought to take before one was measured. */
#define GUESS_NS (10u * GC_MS)
/* A measured time beyond this says something about the worker, not about the task. */
#define TASK_MAX_NS (3600u * GC_S)
#define GROWTH      8u

uint64_t core_stage_items(const struct core_stage *stage)
{
    if (stage->kind == GC_STAGE_SOURCE)
        return stage->dataset.items;
    if (stage->kind == GC_STAGE_ITEM && stage->source)
        return stage->source->dataset.items;
    return 1;
}

bool core_stage_listed(const struct core_stage *stage)
{
    if (stage->kind == GC_STAGE_SOURCE)
        return stage->dataset.ended;
    if (stage->kind == GC_STAGE_ITEM && stage->source)
        return stage->source->dataset.ended;
    return true;
}

uint64_t core_stage_pending(const struct core_stage *stage)
{
    const uint64_t *n = stage->items.n;
    return core_stage_items(stage) - n[CORE_LEASED] - n[CORE_ENDED] - n[CORE_ODD];
}

uint64_t core_stage_all(const struct core_stage *stage)
{
    return stage->n_nodes == 64 ? UINT64_MAX : (UINT64_C(1) << stage->n_nodes) - 1;
}

void core_stage_measure(struct core_stage *stage, uint64_t busy_ns, uint64_t count)
{
    GC_ASSERT(count > 0);
    uint64_t task = gc_clamp_u64(busy_ns / count, 1, TASK_MAX_NS);
    stage->busy_ns = gc_add_u64_capped(stage->busy_ns, busy_ns);
    stage->task_ns = stage->task_ns == 0 ? task : (7 * stage->task_ns + task + 7) / 8;
    uint64_t wanted = gc_clamp_u64(GC_LEASE_TARGET_NS / stage->task_ns, 1, GC_MAX_LEASE_ITEMS);
    stage->grain = gc_min_u64(wanted, stage->grain * GROWTH);
}

uint64_t core_stage_estimate(const struct core_stage *stage, uint64_t count)
{
    GC_ASSERT(count <= GC_MAX_LEASE_ITEMS);
    return count * (stage->task_ns == 0 ? GUESS_NS : stage->task_ns);
}

/* The history of a SOURCE or REDUCE stage's task lets it pass. */
static bool gate_open(const struct core_stage *stage)
{
    const struct core_odd *gate = core_odd_gate(stage);
    return !gate || gate->state == CORE_ODD_READY;
}

static bool wants(const struct gc_core *core, const struct core_stage *stage)
{
    switch (stage->kind) {
    case GC_STAGE_SOURCE:
        return !stage->dataset.lease && gate_open(stage) && core_dataset_wants(core, &stage->dataset) > 0;
    case GC_STAGE_ITEM:
        return !gc_list_empty(&stage->odd_ready) || core_spans_any(stage) ||
               stage->fresh < core_stage_items(stage);
    case GC_STAGE_REDUCE: return gate_open(stage) && core_reduce_wants(stage);
    case GC_STAGE_KINDS: break;
    }
    GC_NEVER("a kind of stage");
}

bool core_stage_ready(const struct gc_core *core, const struct core_stage *stage)
{
    return !stage->ended && wants(core, stage);
}

void core_stage_touch(struct gc_core *core, struct core_stage *stage)
{
    struct gc_list *list = &stage->run->ready[stage->kind];
    bool ready = core_stage_ready(core, stage);
    if (ready == gc_link_linked(&stage->ready))
        return;
    if (ready)
        gc_list_append(list, &stage->ready);
    else
        gc_list_remove(list, &stage->ready);
    core_share_touch(core, stage->run);
}

void core_stage_settle(struct gc_core *core, struct core_stage *stage)
{
    if (stage->ended || !core_stage_listed(stage))
        return;
    if (stage->kind == GC_STAGE_SOURCE ||
        (stage->kind == GC_STAGE_ITEM && stage->items.n[CORE_ENDED] == core_stage_items(stage)))
        core_stage_end(core, stage, false);
    /* A REDUCE stage ends with the result of its FINISH. */
}

static void source_ended(struct gc_core *core, struct core_stage *source, bool dead)
{
    GC_LIST_EACH (it, &source->dataset.consumers) {
        struct core_stage *stage = GC_CONTAINER(it, struct core_stage, consumer);
        if (dead && !stage->ended)
            core_stage_end(core, stage, true);
        else
            core_stage_settle(core, stage);
    }
}

static void feeds_ended(struct gc_core *core, struct core_stage *reducer, bool dead)
{
    if (dead && !reducer->ended)
        core_stage_end(core, reducer, true);
    else
        core_stage_touch(core, reducer);
}

static void feeder_ended(struct gc_core *core, struct core_stage *feeder, bool dead)
{
    for (uint32_t i = 0; i < feeder->n_reducers; i++)
        feeds_ended(core, feeder->reducers[i], dead);
    GC_LIST_EACH (it, &feeder->scanners)
        feeds_ended(core, GC_CONTAINER(it, struct core_stage, consumer), dead);
}

void core_stage_end(struct gc_core *core, struct core_stage *stage, bool dead)
{
    struct core_run *run = stage->run;
    GC_ASSERT(!stage->ended);
    GC_ASSERT(run->open > 0);
    stage->ended = true;
    stage->dead = dead;
    run->open--;
    core_stage_touch(core, stage);
    if (dead)
        core_reap_stage(core, stage);
    if (stage->kind == GC_STAGE_SOURCE)
        source_ended(core, stage, dead || stage->failed);
    else if (stage->kind == GC_STAGE_ITEM)
        feeder_ended(core, stage, dead);
    if (run->open == 0 && core_run_live(run))
        core_run_complete(core, run);
}

void core_stage_fail(struct gc_core *core, struct core_stage *stage)
{
    stage->failed = true;
    stage->run->failing = true;
    core_stage_end(core, stage, false);
}
