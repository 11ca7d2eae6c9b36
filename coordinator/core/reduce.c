#include "coordinator/core/reduce.h"

#include "common/assert.h"
#include "common/num.h"
#include "coordinator/core/account.h"
#include "coordinator/core/inside.h"
#include "coordinator/core/result.h"

static struct core_delta *delta_of(struct gc_link *link)
{
    return GC_CONTAINER(link, struct core_delta, link);
}

bool core_deltas_room(const struct gc_core *core, uint32_t n)
{
    return core->deltas.pool.capacity - core->deltas.pool.count >= n;
}

uint64_t core_delta_add(struct gc_core *core, struct core_stage *stage, uint64_t id, uint64_t items)
{
    struct core_delta *delta = gc_pool_take(&core->deltas.pool, NULL);
    GC_ASSERT(delta != NULL);
    GC_ASSERT(stage->kind == GC_STAGE_REDUCE);
    GC_ASSERT(!stage->reduce.scans);
    if (id == 0)
        id = stage->run->next_delta;
    if (id >= stage->run->next_delta)
        stage->run->next_delta = id + 1;
    delta->id = id;
    delta->items = items;
    gc_list_append(&stage->reduce.waiting, &delta->link);
    core_stage_touch(core, stage);
    return id;
}

static void forget(struct gc_core *core, struct gc_list *list, struct gc_link *link)
{
    gc_list_remove(list, link);
    gc_pool_give(&core->deltas.pool, gc_pool_handle_of(&core->deltas.pool, delta_of(link)));
}

/* What was merged is among the oldest: the walk is short. */
void core_delta_drop(struct gc_core *core, struct core_stage *stage, uint64_t id)
{
    GC_LIST_EACH (it, &stage->reduce.waiting) {
        if (delta_of(it)->id == id) {
            forget(core, &stage->reduce.waiting, it);
            return;
        }
    }
}

static bool may_finish(const struct core_stage *stage)
{
    const struct core_reduce *r = &stage->reduce;
    return stage->source->ended && r->leased == 0 && r->waiting.count <= GC_MERGE_INPUTS;
}

bool core_reduce_wants(const struct core_stage *stage)
{
    size_t enough = stage->reduce.pressed ? 2 : GC_MERGE_INPUTS;
    return may_finish(stage) || stage->reduce.waiting.count >= enough;
}

void core_reduce_press(struct gc_core *core, struct core_stage *stage)
{
    stage->reduce.pressed = true;
    core_stage_touch(core, stage);
}

enum gc_lease_kind core_reduce_kind(const struct core_stage *stage)
{
    return may_finish(stage) ? GC_LEASE_FINISH : GC_LEASE_MERGE;
}

void core_reduce_take(struct gc_core *core, struct core_lease *lease)
{
    struct core_stage *stage = lease->stage;
    struct gc_link *oldest;
    while (lease->inputs.count < GC_MERGE_INPUTS &&
           (oldest = gc_list_take_first(&stage->reduce.waiting)) != NULL)
        gc_list_append(&lease->inputs, oldest);
    stage->reduce.pressed = false;
    core_stage_touch(core, stage);
}

/* They are older than all that wait, but for those of a lease that was taken before and is still out; either order is right. */
void core_reduce_return(struct gc_core *core, struct core_lease *lease)
{
    while (!gc_list_empty(&lease->inputs)) {
        struct gc_link *link = gc_list_last(&lease->inputs);
        gc_list_remove(&lease->inputs, link);
        gc_list_prepend(&lease->stage->reduce.waiting, link);
    }
    core_stage_touch(core, lease->stage);
}

static void consume(struct gc_core *core, struct core_lease *lease)
{
    while (!gc_list_empty(&lease->inputs))
        forget(core, &lease->inputs, gc_list_first(&lease->inputs));
}

bool core_reduce_release(struct gc_core *core, struct core_stage *stage, uint32_t budget)
{
    for (; budget > 0 && !gc_list_empty(&stage->reduce.waiting); budget--)
        forget(core, &stage->reduce.waiting, gc_list_first(&stage->reduce.waiting));
    return gc_list_empty(&stage->reduce.waiting);
}

uint64_t *core_reduce_ids(struct gc_core *core, const struct core_lease *lease)
{
    uint64_t *ids = CORE_SCRATCH(core, uint64_t, lease->inputs.count);
    size_t n = 0;
    GC_LIST_EACH (it, &lease->inputs)
        ids[n++] = delta_of(it)->id;
    return ids;
}

/* The inputs go, the output comes: one commit. */
static void merged(struct gc_core *core, struct core_lease *lease, uint64_t items, struct gc_bytes state)
{
    uint32_t n = (uint32_t)lease->inputs.count;
    uint64_t *inputs = core_reduce_ids(core, lease);
    consume(core, lease);
    uint64_t id = core_delta_add(core, lease->stage, 0, items);
    struct gc_commit_merged *commit = &core_commit(core, GC_COMMIT_MERGED)->as.merged;
    commit->run_no = lease->stage->run->no;
    commit->stage = lease->stage->index;
    commit->n_inputs = n;
    commit->inputs = inputs;
    commit->output =
        (struct gc_commit_delta){.id = id, .stage = lease->stage->index, .items = items, .state = state};
}

static uint64_t items_in(const struct core_lease *lease)
{
    uint64_t items = 0;
    GC_LIST_EACH (it, &lease->inputs)
        items += delta_of(it)->items;
    return items;
}

/* The lease has brought its result: its history, if it has one, is over with it. */
static void used(struct gc_core *core, struct core_lease *lease)
{
    struct core_odd *odd = lease->odd;
    lease->odd = NULL;
    core_lease_free(core, lease);
    if (!odd)
        return;
    if (odd->waits > 0)
        core_run_fine(core, odd->stage->run);
    core_odd_free(core, odd);
}

static const char *merge_wrong(const struct gc_msg_result *result)
{
    if (result->status != 0 || result->n_deltas != 0)
        return "MERGE brings a state and nothing else";
    return result->values > GC_MAX_DELTA ? "a state above the limit" : NULL;
}

static void merge_result(struct gc_core *core, struct core_lease *lease, const struct gc_msg *msg)
{
    merged(core, lease, items_in(lease), gc_bytes_of(msg->bulk.ptr, (size_t)msg->as.result.values));
    used(core, lease);
}

static bool made_value(const struct gc_status *status)
{
    uint8_t outcome = status->patterns[0];
    return outcome == GC_OUTCOME_DONE || outcome == GC_OUTCOME_CACHED || outcome == GC_OUTCOME_WARNED;
}

/* Of one that scans: the value is all there is. */
static const char *states_wrong(const struct gc_msg_result *result, bool scans, bool made)
{
    if (scans)
        return result->n_deltas == 0 ? NULL : "FINISH of a scan brings no state";
    if (result->n_deltas != made)
        return "FINISH brings its state exactly if it made a value";
    return made && result->deltas[0].reducer != 0 ? "a state of another reducer" : NULL;
}

static const char *finish_wrong(const struct core_stage *stage, const struct gc_msg *msg,
                                struct gc_status *ret)
{
    const struct gc_msg_result *result = &msg->as.result;
    if (gc_status_check(gc_bytes_of(msg->bulk.ptr, (size_t)result->status), 1, 1, ret) != GC_OK)
        return "status";
    if (!core_account_legal(ret))
        return "an outcome that says nothing";
    return states_wrong(result, stage->reduce.scans, made_value(ret));
}

static void finish_result(struct gc_core *core, struct core_lease *lease, const struct gc_msg *msg,
                          const struct gc_status *status)
{
    const struct gc_msg_result *result = &msg->as.result;
    struct core_stage *stage = lease->stage;
    const uint8_t *values = msg->bulk.ptr + result->status;
    if (result->n_deltas == 1)
        merged(core, lease, items_in(lease),
               gc_bytes_of(values + result->values, (size_t)result->deltas[0].bytes));
    else
        core_reduce_return(core, lease);
    struct gc_commit_batch *batch = core_result_commit(core, stage, 0, 1, status->bytes);
    batch->lease = lease->id;
    batch->worker = core_worker_name(lease->worker);
    batch->busy_ns = result->busy_ns;
    batch->values = gc_bytes_of(values, (size_t)result->values);
    core_account_add(stage, status);
    used(core, lease);
}

void core_reduce_result(struct gc_core *core, struct core_lease *lease, gc_peer peer,
                        const struct gc_msg *msg)
{
    const struct gc_msg_result *result = &msg->as.result;
    struct core_stage *stage = lease->stage;
    struct gc_status status = {0};
    bool finish = lease->kind == GC_LEASE_FINISH;
    const char *wrong = finish ? finish_wrong(stage, msg, &status) : merge_wrong(result);
    if (wrong) {
        core_error(core, peer, msg->seq, GC_ERR_INVALID, wrong);
        return;
    }
    bool brings_state = !finish || result->n_deltas == 1;
    if (brings_state && gc_list_empty(&lease->inputs) && !core_deltas_room(core, 1)) { /* inputs make room */
        core_error(core, peer, msg->seq, GC_ERR_BUSY, "no room for a reducer's state");
        return;
    }
    uint64_t id = lease->id;
    stage->busy_ns = gc_add_u64_capped(stage->busy_ns, result->busy_ns);
    if (finish)
        finish_result(core, lease, msg, &status);
    else
        merge_result(core, lease, msg);
    core_result_ack(core, peer, msg->seq, id, result->first, result->count, GC_VERDICT_COMMITTED);
    core_run_changed(core, stage->run);
    if (finish)
        core_stage_end(core, stage, false);
}
