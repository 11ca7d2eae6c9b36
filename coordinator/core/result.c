#include "coordinator/core/result.h"

#include "common/assert.h"
#include "common/num.h"
#include "coordinator/core/account.h"
#include "coordinator/core/inside.h"
#include "proto/scan.h"

void core_result_ack(struct gc_core *core, gc_peer peer, uint64_t re, uint64_t lease, uint64_t first,
                     uint64_t count, enum gc_verdict verdict)
{
    struct gc_msg_result_ack *ack = &core_send(core, peer, GC_MSG_RESULT_ACK, re)->as.result_ack;
    ack->term = lease >> CORE_LEASE_TERM_SHIFT;
    ack->lease = lease;
    ack->first = first;
    ack->count = count;
    ack->verdict = verdict;
}

struct gc_commit_batch *core_result_commit(struct gc_core *core, const struct core_stage *stage,
                                           uint64_t first, uint64_t count, struct gc_bytes status)
{
    struct gc_commit_batch *batch = &core_commit(core, GC_COMMIT_BATCH)->as.batch;
    batch->run_no = stage->run->no;
    batch->stage = stage->index;
    batch->first = first;
    batch->count = count;
    batch->status = status;
    return batch;
}

/* ---- the verdict on what a token covers ---- */

static bool all_in(const struct gc_core *core, const struct core_stage *stage, uint64_t first, uint64_t count,
                   enum core_item state)
{
    uint64_t end = first + count;
    return core_items_find_other(&core->units, &stage->items, first, end, state) == end;
}

/* Without a token that owns it, what is done is done, and anything else is stale. */
static enum gc_verdict disowned(const struct gc_core *core, const struct core_stage *stage, uint64_t first,
                                uint64_t count)
{
    if (!stage || stage->kind != GC_STAGE_ITEM)
        return GC_VERDICT_STALE;
    if (first > stage->fresh || count > stage->fresh - first)
        return GC_VERDICT_STALE;
    return all_in(core, stage, first, count, CORE_ENDED) ? GC_VERDICT_ALREADY : GC_VERDICT_STALE;
}

static bool within(const struct core_lease *lease, uint64_t first, uint64_t count)
{
    return first >= lease->first && count <= lease->count && first - lease->first <= lease->count - count;
}

static enum gc_verdict judge(const struct gc_core *core, const struct core_lease *lease,
                             const struct core_stage *stage, const struct gc_msg_result *result)
{
    if (!lease || lease->stage->ended)
        return disowned(core, stage, result->first, result->count);
    if (lease->kind != GC_LEASE_ITEMS)
        return GC_VERDICT_COMMITTED;
    if (!within(lease, result->first, result->count))
        return disowned(core, stage, result->first, result->count);
    if (lease->odd || all_in(core, stage, result->first, result->count, CORE_LEASED))
        return GC_VERDICT_COMMITTED;
    return all_in(core, stage, result->first, result->count, CORE_ENDED) ? GC_VERDICT_ALREADY
                                                                         : GC_VERDICT_WANTED;
}

/* ---- what is in it ---- */

/* An item that is run without nodes given up must say of those that they failed. */
static bool keeps_given(const struct core_odd *odd, const struct gc_status *status)
{
    uint64_t given = odd ? core_odd_given(odd) : 0;
    for (uint32_t node = 0; node < status->n_nodes; node++) {
        if ((given >> node & 1) && status->patterns[node] != GC_OUTCOME_FAILED)
            return false;
    }
    return true;
}

static const char *deltas_wrong(const struct core_stage *stage, const struct gc_msg_result *result)
{
    if (result->n_deltas != stage->n_reducers)
        return "number of deltas";
    for (uint32_t i = 0; i < result->n_deltas; i++) {
        if (result->deltas[i].reducer != i)
            return "deltas in another order";
        if (result->deltas[i].items > result->count)
            return "more items in a delta than in the result";
    }
    return NULL;
}

static const char *content_wrong(const struct core_lease *lease, const struct gc_msg *msg,
                                 struct gc_status *ret)
{
    const struct gc_msg_result *result = &msg->as.result;
    struct gc_bytes bytes = gc_bytes_of(msg->bulk.ptr, (size_t)result->status);
    if (gc_status_check(bytes, result->count, lease->stage->n_nodes, ret) != GC_OK)
        return "status";
    if (!core_account_legal(ret))
        return "an outcome that says nothing";
    if (!keeps_given(lease->odd, ret))
        return "a node that was given up has not failed";
    if (result->status + result->values > GC_MAX_BULK - GC_SCAN_PART_HEAD)
        return "more results than a message to a scanning reducer holds";
    return deltas_wrong(lease->stage, result);
}

/* ---- taking it ---- */

/* A delta of no bytes is that of no items: nothing to keep. */
static uint32_t take_deltas(struct gc_core *core, struct core_stage *stage, const struct gc_msg *msg,
                            const struct gc_commit_delta **ret)
{
    const struct gc_msg_result *result = &msg->as.result;
    struct gc_commit_delta *deltas = CORE_SCRATCH(core, struct gc_commit_delta, result->n_deltas);
    const uint8_t *at = msg->bulk.ptr + result->status + result->values;
    uint32_t n = 0;
    for (uint32_t i = 0; i < result->n_deltas; i++) {
        const struct gc_delta *delta = &result->deltas[i];
        if (delta->bytes == 0)
            continue;
        deltas[n++] =
            (struct gc_commit_delta){.id = core_delta_add(core, stage->reducers[i], 0, delta->items),
                                     .stage = stage->reducers[i]->index,
                                     .items = delta->items,
                                     .state = gc_bytes_of(at, (size_t)delta->bytes)};
        at += delta->bytes;
    }
    *ret = deltas;
    return n;
}

static void commit_batch(struct gc_core *core, const struct core_lease *lease, const struct gc_msg *msg,
                         const struct gc_status *status)
{
    const struct gc_msg_result *result = &msg->as.result;
    const struct gc_commit_delta *deltas;
    uint32_t n_deltas = take_deltas(core, lease->stage, msg, &deltas);
    struct gc_commit_batch *batch =
        core_result_commit(core, lease->stage, result->first, result->count, status->bytes);
    batch->lease = lease->id;
    batch->busy_ns = result->busy_ns;
    batch->pixels = result->pixels;
    batch->worker = core_worker_name(lease->worker);
    batch->values = gc_bytes_of(msg->bulk.ptr + result->status, (size_t)result->values);
    batch->n_deltas = n_deltas;
    batch->deltas = deltas;
}

/* The items of the range have ended and leave the lease, which may end with them. */
static void end_items(struct gc_core *core, struct core_lease *lease, uint64_t first, uint64_t count)
{
    struct core_stage *stage = lease->stage;
    struct core_odd *odd = lease->odd;
    core_items_move(&core->units, &stage->items, first, count, odd ? CORE_ODD : CORE_LEASED, CORE_ENDED);
    lease->odd = NULL;
    core_lease_shed(core, lease, count);
    if (odd)
        core_odd_free(core, odd);
}

static void accept(struct gc_core *core, struct core_lease *lease, const struct gc_msg *msg,
                   const struct gc_status *status)
{
    const struct gc_msg_result *result = &msg->as.result;
    struct core_stage *stage = lease->stage;
    commit_batch(core, lease, msg, status);
    lease->worker->done += result->count;
    stage->run->pixels = gc_add_u64_capped(stage->run->pixels, result->pixels);
    core_account_add(stage, status);
    if (lease->odd && lease->odd->waits > 0)
        core_run_fine(core, stage->run);
    core_stage_measure(stage, result->busy_ns, result->count);
    end_items(core, lease, result->first, result->count);
    core_run_changed(core, stage->run);
}

static void take_items(struct gc_core *core, struct core_lease *lease, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_msg_result *result = &msg->as.result;
    struct core_stage *stage = lease->stage;
    struct gc_status status;
    const char *wrong = content_wrong(lease, msg, &status);
    if (wrong) {
        core_error(core, peer, msg->seq, GC_ERR_INVALID, wrong);
        return;
    }
    if (!core_deltas_room(core, result->n_deltas)) {
        for (uint32_t i = 0; i < stage->n_reducers; i++)
            core_reduce_press(core, stage->reducers[i]);
        core_error(core, peer, msg->seq, GC_ERR_BUSY, "no room for a reducer's state");
        return;
    }
    accept(core, lease, msg, &status);
    core_result_ack(core, peer, msg->seq, result->lease, result->first, result->count, GC_VERDICT_COMMITTED);
    if (core_run_judge(core, stage))
        core_stage_settle(core, stage);
}

static bool matches(const struct core_lease *lease, uint64_t run_no, uint64_t stage, uint64_t kind)
{
    return lease->stage->run->no == run_no && lease->stage->index == stage && lease->kind == kind;
}

static void refuse(struct gc_core *core, gc_peer peer, const struct gc_msg *msg, enum gc_verdict verdict)
{
    const struct gc_msg_result *result = &msg->as.result;
    struct core_run *run = core_run_by_no(core, result->run_no);
    if (run) {
        run->refused++;
        core_run_changed(core, run);
    }
    core_result_ack(core, peer, msg->seq, result->lease, result->first, result->count, verdict);
}

void core_result_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_msg_result *result = &msg->as.result;
    struct core_worker *worker = core_worker_by_peer(core, peer);
    struct core_lease *lease = core_lease_find(core, worker, result->term, result->lease);
    if (lease && !matches(lease, result->run_no, result->stage, result->kind)) {
        core_error(core, peer, msg->seq, GC_ERR_INVALID, "the lease is of another run, stage or kind");
        return;
    }
    struct core_stage *stage = lease ? lease->stage : core_run_stage(core, result->run_no, result->stage);
    enum gc_verdict verdict = judge(core, lease, stage, result);
    if (verdict != GC_VERDICT_COMMITTED)
        refuse(core, peer, msg, verdict);
    else if (lease->kind == GC_LEASE_ITEMS)
        take_items(core, lease, peer, msg);
    else
        core_reduce_result(core, lease, peer, msg);
}
