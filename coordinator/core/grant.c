#include "coordinator/core/grant.h"

#include "common/assert.h"
#include "common/num.h"
#include "coordinator/core/inside.h"

/* Frontiers rise by so many items at least, and by so many leases of the size at hand: a commit each is too many. */
#define FRONTIER_ITEMS  8192u
#define FRONTIER_LEASES 16u
/* An item that avoids the only hungry worker asks again after this. */
#define AVOID_RETRY_NS (200u * GC_MS)

/* Consumers before producers. */
static const enum gc_stage_kind ORDER[] = {GC_STAGE_REDUCE, GC_STAGE_SOURCE, GC_STAGE_ITEM};

enum outcome {
    GRANTED,
    CHANGED, /* nothing was granted, but there is less to try now */
    BLOCKED, /* no memory for states: not now */
};

static struct core_stage *pick_stage(const struct core_run *run)
{
    for (size_t i = 0; i < GC_COUNT_OF(ORDER); i++) {
        struct gc_link *first = gc_list_first(&run->ready[ORDER[i]]);
        if (first)
            return GC_CONTAINER(first, struct core_stage, ready);
    }
    GC_NEVER("a run in the heap of shares has a ready stage");
}

/* Stages of one kind take turns, lease by lease: else what is tried again in one waited until another had nothing left to lease. */
static void take_turn(struct core_run *run, struct core_stage *stage)
{
    gc_list_remove(&run->ready[stage->kind], &stage->ready);
    gc_list_append(&run->ready[stage->kind], &stage->ready);
}

/* An item with a history goes to another worker than the one it failed on, where there is one. NULL: it waits for that one. */
static struct core_worker *pick_worker(struct gc_core *core, struct core_odd *odd)
{
    struct core_worker *worker = core_worker_next(core);
    if (!odd || core_worker_handle(core, worker) != odd->avoid)
        return worker;
    struct core_worker *other = core_worker_other(core, odd->avoid);
    if (other || core->workers.connected < 2 || core->now >= odd->avoid_until)
        return other ? other : worker;
    core_odd_wait(core, odd, gc_min_u64(core->now + AVOID_RETRY_NS, odd->avoid_until));
    return NULL;
}

/* ---- the lease and what has to be durable before it ---- */

/* Before the first lease of a worker or of a run leaves. */
static void prepare(struct gc_core *core, struct core_run *run, struct core_worker *worker)
{
    core_worker_store(core, worker, true);
    if (run->state == GC_RUN_PENDING)
        core_run_move(core, run, GC_RUN_RUNNING);
}

static struct gc_msg_lease *send_lease(struct gc_core *core, const struct core_lease *lease)
{
    struct gc_msg_lease *msg = &core_send(core, lease->worker->peer, GC_MSG_LEASE, 0)->as.lease;
    msg->lease = lease->id;
    msg->run_no = lease->stage->run->no;
    msg->stage = lease->stage->index;
    msg->kind = lease->kind;
    msg->first = lease->first;
    msg->count = lease->count;
    msg->page = GC_UNSET;
    msg->scan = GC_UNSET;
    return msg;
}

static void charge(struct gc_core *core, struct core_stage *stage, uint64_t tasks)
{
    core_share_charge(core, stage->run, core_stage_estimate(stage, tasks));
}

/* ---- listing and merging ---- */

static enum outcome grant_task(struct gc_core *core, struct core_stage *stage, enum gc_lease_kind kind,
                               uint64_t first, uint64_t count)
{
    struct core_odd *gate = core_odd_gate(stage);
    struct core_worker *worker = pick_worker(core, gate);
    if (!worker)
        return CHANGED;
    prepare(core, stage->run, worker);
    struct core_lease *lease = core_lease_new(core, stage, worker, kind, first, count);
    if (gate)
        core_odd_lease(core, gate, lease);
    if (stage->kind == GC_STAGE_REDUCE)
        core_reduce_take(core, lease);
    struct gc_msg_lease *msg = send_lease(core, lease);
    msg->attempt = gate ? gate->attempts : 0;
    msg->n_deltas = (uint32_t)lease->inputs.count;
    msg->deltas = core_reduce_ids(core, lease);
    if (stage->reduce.scans)
        msg->scan = stage->source->index;
    core_stage_touch(core, stage);
    charge(core, stage, 1);
    return GRANTED;
}

static enum outcome grant_list(struct gc_core *core, struct core_stage *stage)
{
    return grant_task(core, stage, GC_LEASE_LIST, stage->dataset.items,
                      core_dataset_wants(core, &stage->dataset));
}

static enum outcome grant_merge(struct gc_core *core, struct core_stage *stage)
{
    return grant_task(core, stage, core_reduce_kind(stage), 0, 1);
}

/* ---- items ---- */

static void fill_items(const struct gc_core *core, const struct core_stage *stage, struct gc_msg_lease *msg)
{
    msg->want = core_stage_all(stage);
    if (!stage->source)
        return;
    msg->page = core_dataset_page(core, &stage->source->dataset, msg->first);
    msg->page_first = core_dataset_first(core, &stage->source->dataset, msg->page);
}

/* Alone in a fresh executor: the last attempt, and whatever may have cost a worker. */
static bool alone(const struct core_odd *odd)
{
    return odd->suspicions > 0 || (odd->attempts > 0 && odd->attempts >= odd->stage->retries);
}

static enum outcome grant_odd(struct gc_core *core, struct core_stage *stage, struct core_odd *odd)
{
    struct core_worker *worker = pick_worker(core, odd);
    if (!worker)
        return CHANGED;
    prepare(core, stage->run, worker);
    struct core_lease *lease = core_lease_new(core, stage, worker, GC_LEASE_ITEMS, odd->item, 1);
    core_odd_lease(core, odd, lease);
    struct gc_given *given;
    uint32_t n_given = core_odd_records(core, odd, &given);
    struct gc_msg_lease *msg = send_lease(core, lease);
    fill_items(core, stage, msg);
    msg->n_given = n_given;
    msg->given = given;
    msg->attempt = odd->attempts;
    msg->alone = alone(odd);
    charge(core, stage, 1);
    return GRANTED;
}

/* As many as GC_LEASE_TARGET_NS takes, and at most half of what is left for each slot, so that all end together. */
static uint64_t size_of(const struct gc_core *core, const struct core_stage *stage)
{
    uint64_t tail = core_stage_pending(stage) / (2 * gc_max_u64(1, core->workers.slots));
    return gc_clamp_u64(gc_min_u64(stage->grain, tail), 1, GC_MAX_LEASE_ITEMS);
}

/* No lease straddles a page. */
static uint64_t page_end(const struct gc_core *core, const struct core_stage *stage, uint64_t item)
{
    if (!stage->source)
        return 1;
    const struct core_dataset *ds = &stage->source->dataset;
    return core_dataset_end(core, ds, core_dataset_page(core, ds, item));
}

static void raise_frontier(struct gc_core *core, struct core_stage *stage, uint64_t end)
{
    if (end <= stage->frontier)
        return;
    stage->frontier = end + gc_max_u64(FRONTIER_ITEMS, FRONTIER_LEASES * stage->grain);
    struct gc_commit_frontier *commit = &core_commit(core, GC_COMMIT_FRONTIER)->as.frontier;
    commit->run_no = stage->run->no;
    commit->stage = stage->index;
    commit->frontier = stage->frontier;
}

static void advance_fresh(struct gc_core *core, struct core_stage *stage, uint64_t end)
{
    if (end <= stage->fresh)
        return;
    stage->fresh = end;
    raise_frontier(core, stage, end);
    if (!stage->source)
        return;
    struct core_dataset *ds = &stage->source->dataset;
    ds->reached = gc_max_u64(ds->reached, end);
    core_stage_touch(core, stage->source);
}

static enum outcome grant_range(struct gc_core *core, struct core_stage *stage, uint64_t first, uint64_t end)
{
    struct core_worker *worker = pick_worker(core, NULL);
    uint64_t stop = gc_min_u64(gc_min_u64(end, first + size_of(core, stage)), page_end(core, stage, first));
    uint64_t count = stop - first;
    if (!core_items_reserve(&core->units, &stage->items, first, count))
        return BLOCKED;
    core_items_move(&core->units, &stage->items, first, count, CORE_PENDING, CORE_LEASED);
    prepare(core, stage->run, worker);
    advance_fresh(core, stage, stop);
    struct core_lease *lease = core_lease_new(core, stage, worker, GC_LEASE_ITEMS, first, count);
    fill_items(core, stage, send_lease(core, lease));
    core_stage_touch(core, stage);
    charge(core, stage, count);
    return GRANTED;
}

static enum outcome grant_items(struct gc_core *core, struct core_stage *stage)
{
    struct gc_link *first_odd = gc_list_first(&stage->odd_ready);
    if (first_odd)
        return grant_odd(core, stage, GC_CONTAINER(first_odd, struct core_odd, ready));
    uint64_t first;
    uint64_t end;
    if (core_spans_next(core, stage, &first, &end))
        return grant_range(core, stage, first, end);
    if (stage->fresh < core_stage_items(stage))
        return grant_range(core, stage, stage->fresh, core_stage_items(stage));
    core_stage_touch(core, stage); /* its spans held nothing */
    return CHANGED;
}

static enum outcome grant_one(struct gc_core *core, struct core_run *run)
{
    struct core_stage *stage = pick_stage(run);
    take_turn(run, stage);
    switch (stage->kind) {
    case GC_STAGE_SOURCE: return grant_list(core, stage);
    case GC_STAGE_ITEM: return grant_items(core, stage);
    case GC_STAGE_REDUCE: return grant_merge(core, stage);
    case GC_STAGE_KINDS: break;
    }
    GC_NEVER("a kind of stage");
}

void core_grant(struct gc_core *core)
{
    uint32_t blocked = 0;
    if (core->full || core->draining)
        return;
    for (uint32_t i = 0; i < GC_GRANTS_A_STEP; i++) {
        struct core_run *run = core_share_first(core);
        if (!run || !core_worker_next(core) || gc_pool_full(&core->leases.pool))
            return;
        if (grant_one(core, run) == BLOCKED) {
            /* Another run may need no memory. When units come free there is an event, and so a step. */
            core_share_charge(core, run, GC_LEASE_TARGET_NS);
            blocked++;
        }
    }
    core->more = core->more || blocked < GC_GRANTS_A_STEP;
}
