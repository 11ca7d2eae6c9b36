#include "coordinator/core/reap.h"

#include "common/assert.h"
#include "coordinator/core/inside.h"

void core_reap_stage(struct gc_core *core, struct core_stage *stage)
{
    GC_ASSERT(stage->ended);
    if (!gc_link_linked(&stage->reap))
        gc_list_append(&core->stages.reaping, &stage->reap);
}

static void cancel(struct gc_core *core, struct core_lease *lease)
{
    if (lease->worker->peer != 0)
        core_send(core, lease->worker->peer, GC_MSG_CANCEL, 0)->as.cancel.lease = lease->id;
    if (lease->odd)
        lease->odd->lease = NULL;
    lease->odd = NULL;
    core_reduce_return(core, lease);
    core_lease_free(core, lease);
    core->more =
        true; /* leases are granted before this, and who drains leaves: its worker is looked at once more */
}

/* Leases first: while one is out its worker is still at it. */
static bool reap_leases(struct gc_core *core, struct core_stage *stage)
{
    for (uint32_t i = 0; i < CORE_REAPS; i++) {
        struct gc_link *first = gc_list_first(&stage->leases);
        if (!first)
            return true;
        cancel(core, GC_CONTAINER(first, struct core_lease, of_stage));
    }
    return false;
}

static bool reap_odds(struct gc_core *core, struct core_stage *stage)
{
    for (uint32_t i = 0; i < CORE_REAPS; i++) {
        struct gc_link *first = gc_list_first(&stage->odds);
        if (!first)
            return true;
        core_odd_free(core, GC_CONTAINER(first, struct core_odd, of_stage));
    }
    return false;
}

static bool reap_pages(struct gc_core *core, struct core_stage *stage)
{
    uint32_t leaf[CORE_TABLE_LEAF];
    return !core_table_pop(&core->units, &stage->dataset.firsts, leaf);
}

/* What others may still look at (states tell a repeated result, pages where an item lies) goes when the run is over. */
static bool reap_rest(struct gc_core *core, struct core_stage *stage)
{
    if (core_run_live(stage->run))
        return true;
    if (gc_link_linked(&stage->orphaned))
        gc_list_remove(&core->grace.stages, &stage->orphaned);
    return core_spans_release(core, stage, CORE_REAPS) && core_items_release(&core->units, &stage->items) &&
           reap_pages(core, stage) && core_reduce_release(core, stage, CORE_REAPS);
}

/* True: the stage is through. */
static bool reap_one(struct gc_core *core, struct core_stage *stage)
{
    if (!reap_leases(core, stage) || !reap_odds(core, stage) || !reap_rest(core, stage))
        return false;
    gc_list_remove(&core->stages.reaping, &stage->reap);
    if (core_run_live(stage->run))
        return true;
    GC_ASSERT(stage->run->unreaped > 0);
    stage->run->unreaped--;
    core_reap_run(core, stage->run);
    return true;
}

void core_reap(struct gc_core *core)
{
    struct gc_list *list = &core->stages.reaping;
    for (uint32_t i = 0; i < CORE_REAP_STAGES && !gc_list_empty(list); i++) {
        struct gc_link *first = gc_list_first(list);
        if (reap_one(core, GC_CONTAINER(first, struct core_stage, reap)))
            continue;
        gc_list_remove(list, first); /* to the back: leases of the others do not wait for it */
        gc_list_append(list, first);
    }
    if (!gc_list_empty(list))
        core->more = true;
}

void core_reap_run(struct gc_core *core, struct core_run *run)
{
    if (core_run_live(run) || run->unreaped > 0 || !gc_list_empty(&run->watchers) ||
        run->tell_at != GC_HEAP_NOWHERE)
        return;
    if (gc_link_linked(&run->pausing))
        gc_list_remove(&core->runs.pausing, &run->pausing);
    if (gc_link_linked(&run->settling))
        gc_list_remove(&core->grace.runs, &run->settling);
    core_run_free(core, run);
}
