#include "coordinator/core/recover.h"

#include <string.h>

#include "common/num.h"
#include "coordinator/core/account.h"
#include "coordinator/core/inside.h"
#include "coordinator/core/reap.h"

/* What comes from the disk may be anything: records that fit nothing are left out. A run whose states do not fit into the memory
 * of this core is kept and shown, but granted nothing, since its finished items would run again. */
static void stick(struct gc_core *core, struct core_run *run)
{
    run->stuck = true;
    core_share_touch(core, run);
    core_run_say(run, "its state does not fit into the coordinator's memory", (struct gc_bytes){0}, "",
                 (struct gc_bytes){0});
}

static void recover_run(struct gc_core *core, const struct gc_commit_run *from)
{
    struct core_run *run;
    core->runs.next_no = gc_max_u64(core->runs.next_no, from->run_no + 1);
    if (from->state >= GC_RUN_STATES || gc_run_state_ended(from->state))
        return;
    if (core_run_new(core, from->run_no, &from->run, from->job, from->plan, &run) != GC_OK)
        return;
    run->state = (enum gc_run_state)from->state;
    run->created_ns = from->created_ns;
    gc_list_append(&core->grace.runs, &run->settling);
}

/* A store that keeps what has ended tells of it too. All at once: nobody waits yet, and what comes next may need the room. */
static void forget_run(struct gc_core *core, struct core_run *run, enum gc_run_state state)
{
    core_run_close(core, run, state);
    while (!gc_list_empty(&core->stages.reaping))
        core_reap(core);
}

static void recover_run_state(struct gc_core *core, const struct gc_commit_run_state *from)
{
    struct core_run *run = core_run_by_no(core, from->run_no);
    if (!run || from->state >= GC_RUN_STATES)
        return;
    run->text_len = (uint32_t)gc_min_u64(from->text.len, sizeof run->text);
    if (run->text_len > 0)
        memcpy(run->text, from->text.ptr, run->text_len);
    run->started_ns = from->started_ns;
    run->active_ns = from->active_ns;
    run->pixels = gc_max_u64(run->pixels, from->pixels);
    run->refused = from->refused;
    run->since = core->now;
    if (gc_run_state_ended(from->state)) {
        forget_run(core, run, (enum gc_run_state)from->state);
        return;
    }
    run->state = (enum gc_run_state)from->state;
    core_share_touch(core, run);
}

/* Items below the frontier that are not ended belong to somebody who may come back. */
static void raise_fresh(struct core_stage *stage)
{
    stage->fresh = gc_min_u64(stage->frontier, core_stage_items(stage));
    if (stage->source)
        stage->source->dataset.reached = gc_max_u64(stage->source->dataset.reached, stage->fresh);
}

static void orphan(struct gc_core *core, struct core_stage *stage)
{
    if (!gc_link_linked(&stage->orphaned))
        gc_list_append(&core->grace.stages, &stage->orphaned);
}

/* The task has brought something since: its history is over, as it was then. */
static void forget_gate(struct gc_core *core, struct core_stage *stage)
{
    struct core_odd *gate = core_odd_gate(stage);
    if (gate)
        core_odd_free(core, gate);
}

static void recover_pages(struct gc_core *core, const struct gc_commit_pages *from)
{
    struct core_stage *stage = core_run_stage(core, from->run_no, from->stage);
    if (!stage || stage->kind != GC_STAGE_SOURCE)
        return;
    struct core_dataset *ds = &stage->dataset;
    if (from->index != ds->n_pages || !core_dataset_follows(ds, from->pages, from->n_pages) ||
        !core_dataset_add(core, ds, from->pages, from->n_pages)) {
        stick(core, stage->run);
        return;
    }
    forget_gate(core, stage);
    ds->ended = ds->ended || from->ended;
    core_dataset_note(ds, from->left_out, from->note);
    GC_LIST_EACH (it, &ds->consumers)
        raise_fresh(GC_CONTAINER(it, struct core_stage, consumer));
}

static void recover_frontier_to(struct gc_core *core, struct core_stage *stage, uint64_t frontier)
{
    stage->frontier = gc_max_u64(stage->frontier, frontier);
    raise_fresh(stage);
    orphan(core, stage);
}

/* [at, end) lies in one block and is in one state, PENDING or ODD: it has ended. */
static void end_alike(struct gc_core *core, struct core_stage *stage, uint64_t at, uint64_t end,
                      enum core_item state)
{
    for (uint64_t item = at; item < end && state == CORE_ODD; item++)
        core_odd_free(core, core_odd_find(core, stage, item));
    core_items_move(&core->units, &stage->items, at, end - at, state, CORE_ENDED);
}

/* A block at a time, so that the range of a checkpoint folds as it goes. False: no unit is left. */
static bool end_items(struct gc_core *core, struct core_stage *stage, uint64_t first, uint64_t end)
{
    for (uint64_t at = first; at < end;) {
        uint64_t block_end = gc_min_u64(end, (at / GC_BLOCK_ITEMS + 1) * GC_BLOCK_ITEMS);
        if (!core_items_reserve(&core->units, &stage->items, at, 1))
            return false;
        enum core_item state = core_items_get(&core->units, &stage->items, at);
        uint64_t stop = core_items_find_other(&core->units, &stage->items, at, block_end, state);
        end_alike(core, stage, at, stop, state);
        at = stop;
    }
    return true;
}

static void recover_deltas(struct gc_core *core, struct core_run *run, const struct gc_commit_delta *deltas,
                           uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct core_stage *stage = deltas[i].stage < run->n_stages ? run->stages[deltas[i].stage] : NULL;
        if (!stage || stage->kind != GC_STAGE_REDUCE || stage->reduce.scans || deltas[i].id == 0)
            continue;
        if (core_deltas_room(core, 1))
            core_delta_add(core, stage, deltas[i].id, deltas[i].items);
        else
            stick(core, run);
    }
}

/* What has ended ends no second time: its account would count it twice. */
static bool ended_before(const struct gc_core *core, const struct core_stage *stage, uint64_t first,
                         uint64_t end)
{
    if (stage->kind != GC_STAGE_ITEM)
        return stage->failed || stage->finished;
    return end <= core_stage_items(stage) &&
           core_items_find(&core->units, &stage->items, first, end, CORE_ENDED) < end;
}

static void recover_batch(struct gc_core *core, const struct gc_commit_batch *from)
{
    struct core_stage *stage = core_run_stage(core, from->run_no, from->stage);
    struct gc_status status;
    if (!stage || from->count == 0 || from->first > GC_MAX_ITEMS ||
        from->count > GC_MAX_ITEMS - from->first ||
        gc_status_check(from->status, from->count, stage->n_nodes, &status) != GC_OK)
        return;
    uint64_t end = from->first + from->count;
    if (ended_before(core, stage, from->first, end))
        return;
    if (stage->kind == GC_STAGE_ITEM &&
        (end > core_stage_items(stage) || !end_items(core, stage, from->first, end))) {
        stick(core, stage->run);
        return;
    }
    if (stage->kind == GC_STAGE_ITEM)
        recover_frontier_to(core, stage,
                            end); /* what has ended was leased, whatever else the store has kept */
    stage->failed = stage->kind == GC_STAGE_SOURCE;
    stage->finished = stage->kind == GC_STAGE_REDUCE;
    core_account_add(stage, &status);
    stage->busy_ns = gc_add_u64_capped(stage->busy_ns, from->busy_ns);
    stage->run->pixels = gc_add_u64_capped(stage->run->pixels, from->pixels);
    recover_deltas(core, stage->run, from->deltas, from->n_deltas);
}

static void recover_merged(struct gc_core *core, const struct gc_commit_merged *from)
{
    struct core_stage *stage = core_run_stage(core, from->run_no, from->stage);
    if (!stage || stage->kind != GC_STAGE_REDUCE)
        return;
    forget_gate(core, stage);
    for (uint32_t i = 0; i < from->n_inputs; i++)
        core_delta_drop(core, stage, from->inputs[i]);
    recover_deltas(core, stage->run, &from->output, 1);
}

/* The item's history, made if it has none: the item is ODD from then on. */
static struct core_odd *odd_for(struct gc_core *core, struct core_stage *stage, uint64_t item)
{
    struct core_odd *odd = core_odd_find(core, stage, item);
    bool per_item = stage->kind == GC_STAGE_ITEM;
    if (odd)
        return odd;
    if (per_item && (core_items_get(&core->units, &stage->items, item) != CORE_PENDING ||
                     !core_items_reserve(&core->units, &stage->items, item, 1)))
        return NULL;
    odd = core_odd_new(core, stage, item);
    if (!odd)
        return NULL;
    if (per_item) {
        core_items_move(&core->units, &stage->items, item, 1, CORE_PENDING, CORE_ODD);
        recover_frontier_to(core, stage, item + 1); /* it was leased once, whatever else the store has kept */
    }
    stage->n_orphans++;
    orphan(core, stage);
    return odd;
}

static void recover_odd(struct gc_core *core, const struct gc_commit_odd *from)
{
    struct core_stage *stage = core_run_stage(core, from->run_no, from->stage);
    if (!stage || from->item >= core_stage_items(stage) + (stage->kind == GC_STAGE_SOURCE))
        return;
    struct core_odd *odd = odd_for(core, stage, from->item);
    if (!odd) {
        stick(core, stage->run);
        return;
    }
    odd->attempts = from->attempts;
    odd->suspicions = from->suspicions;
    odd->counted = from->counted;
    for (uint32_t i = 0; i < from->n_given; i++) {
        const struct gc_given *given = &from->given[i];
        uint64_t node = given->node < stage->n_nodes ? UINT64_C(1) << given->node : 0;
        if ((node & ~core_odd_given(odd)) != 0 &&
            !core_odd_give_up(core, odd, node, given->cause, given->attempts, given->text))
            stick(core, stage->run);
    }
}

static void recover_frontier(struct gc_core *core, const struct gc_commit_frontier *from)
{
    struct core_stage *stage = core_run_stage(core, from->run_no, from->stage);
    if (!stage || stage->kind != GC_STAGE_ITEM)
        return;
    recover_frontier_to(core, stage, from->frontier);
}

void core_recover(struct gc_core *core, const struct gc_commit *commit)
{
    switch (commit->kind) {
    case GC_COMMIT_RUN: recover_run(core, &commit->as.run); break;
    case GC_COMMIT_RUN_STATE: recover_run_state(core, &commit->as.run_state); break;
    case GC_COMMIT_PAGES: recover_pages(core, &commit->as.pages); break;
    case GC_COMMIT_BATCH: recover_batch(core, &commit->as.batch); break;
    case GC_COMMIT_MERGED: recover_merged(core, &commit->as.merged); break;
    case GC_COMMIT_ODD: recover_odd(core, &commit->as.odd); break;
    case GC_COMMIT_FRONTIER: recover_frontier(core, &commit->as.frontier); break;
    case GC_COMMIT_WORKER: core_grace_await(core, &commit->as.worker.worker, commit->as.worker.holds); break;
    case GC_COMMIT_NONE: break;
    }
}
