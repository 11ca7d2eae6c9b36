#include "coordinator/core/grace.h"

#include "common/hash.h"
#include "common/num.h"
#include "coordinator/core/inside.h"

#define SETTLES 16u /* runs a step */
#define HANDED  64u /* stages and histories a step */

enum gc_err core_grace_init(struct gc_core *core, struct gc_arena *arena, uint32_t workers)
{
    gc_list_init(&core->grace.runs);
    gc_list_init(&core->grace.stages);
    return gc_map_init(&core->grace.awaited, arena, workers, core->workers.seed);
}

static uint64_t id_key(const struct gc_core *core, const struct gc_id128 *id)
{
    return gc_hash_bytes(id->b, sizeof id->b, core->workers.seed);
}

void core_grace_await(struct gc_core *core, const struct gc_id128 *worker, bool holds)
{
    if (!holds)
        gc_map_remove(&core->grace.awaited, id_key(core, worker));
    else if (!gc_map_put(&core->grace.awaited, id_key(core, worker), 0))
        core->grace.crowded =
            true; /* more workers than this core has room for: only time can end the grace */
}

void core_grace_begin(struct gc_core *core)
{
    core->grace.running = true;
    core->grace.until = core->now + GC_GRACE_NS;
}

void core_grace_arrived(struct gc_core *core, const struct gc_id128 *worker)
{
    gc_map_remove(&core->grace.awaited, id_key(core, worker));
}

/* A source that had failed, a reducer that had finished, a stage whose items have all ended. */
static void settle_stage(struct gc_core *core, struct core_stage *stage)
{
    if (stage->ended)
        return;
    if (stage->kind == GC_STAGE_REDUCE && stage->finished)
        core_stage_end(core, stage, false);
    else if (stage->kind == GC_STAGE_SOURCE && stage->failed)
        core_stage_fail(core, stage);
    else
        core_stage_settle(core, stage);
    core_stage_touch(core, stage);
}

static void settle_run(struct gc_core *core, struct core_run *run)
{
    for (uint32_t i = 0; i < run->n_stages; i++)
        settle_stage(core, run->stages[i]);
}

static void settle_runs(struct gc_core *core)
{
    for (uint32_t i = 0; i < SETTLES; i++) {
        struct gc_link *first = gc_list_take_first(&core->grace.runs);
        if (!first)
            return;
        settle_run(core, GC_CONTAINER(first, struct core_run, settling));
    }
    core->more = true;
}

/* Histories that nobody has adopted. True: all are handed on. */
static bool hand_on_odds(struct gc_core *core, struct core_stage *stage, uint32_t *budget)
{
    for (; stage->n_orphans > 0 && !gc_list_empty(&stage->odds); (*budget)--) {
        struct gc_link *first = gc_list_first(&stage->odds);
        struct core_odd *odd = GC_CONTAINER(first, struct core_odd, of_stage);
        if (*budget == 0)
            return false;
        gc_list_remove(&stage->odds, first); /* to the back: each is looked at once */
        gc_list_append(&stage->odds, first);
        stage->n_orphans--;
        if (odd->state == CORE_ODD_WAITING && odd->due == GC_UNSET)
            core_odd_ready(core, odd);
    }
    return true;
}

static void hand_on(struct gc_core *core)
{
    uint32_t budget = HANDED;
    struct gc_link *first;
    while ((first = gc_list_first(&core->grace.stages)) != NULL) {
        struct core_stage *stage = GC_CONTAINER(first, struct core_stage, orphaned);
        if (budget == 0 || !hand_on_odds(core, stage, &budget)) {
            core->more = true;
            return;
        }
        budget -= budget > 0;
        gc_list_remove(&core->grace.stages, first);
        if (stage->kind == GC_STAGE_ITEM && stage->fresh > 0 && !stage->ended)
            core_spans_add(core, stage, 0, stage->fresh);
        core_stage_touch(core, stage);
    }
}

void core_grace_step(struct gc_core *core)
{
    struct core_grace *grace = &core->grace;
    settle_runs(core);
    if (grace->running && gc_list_empty(&grace->runs) &&
        (core->now >= grace->until || (grace->awaited.count == 0 && !grace->crowded)))
        grace->running = false;
    if (!grace->running)
        hand_on(core);
}

uint64_t core_grace_deadline(const struct gc_core *core)
{
    return core->grace.running ? core->grace.until : UINT64_MAX;
}
