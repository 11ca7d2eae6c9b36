#include "coordinator/core/recall.h"

#include "common/assert.h"
#include "coordinator/core/inside.h"

/* It is not asked again: out of the heap, and behind those of its stage that may be. */
static void exempt(struct gc_core *core, struct core_lease *lease, enum core_asked asked)
{
    core->leases.asked += asked == CORE_ASKED;
    core->leases.asked -= lease->asked == CORE_ASKED;
    lease->asked = asked;
    if (lease->heavy_at != GC_HEAP_NOWHERE)
        gc_heap_remove(&core->leases.heavy, lease->heavy_at);
    gc_list_remove(&lease->stage->leases, &lease->of_stage);
    gc_list_append(&lease->stage->leases, &lease->of_stage);
}

void core_recall_ask(struct gc_core *core, struct core_lease *lease)
{
    gc_peer peer = lease->worker->peer;
    if (lease->asked != CORE_NOT_ASKED)
        return;
    /* A worker whose connection is gone is not asked at all; it may be back before its lease runs out. */
    exempt(core, lease, peer == 0 ? CORE_ANSWERED : CORE_ASKED);
    if (peer != 0)
        core_send(core, peer, GC_MSG_RECALL, 0)->as.recall.lease = lease->id;
}

/* Beyond those for whom somebody has been asked already. */
static bool somebody_idles(const struct gc_core *core)
{
    return core->workers.idle > core->leases.asked;
}

void core_recall(struct gc_core *core)
{
    if (core->full || core->draining || core_share_first(core))
        return;
    for (uint32_t i = 0; i < CORE_RECALLS && somebody_idles(core); i++) {
        struct core_lease *lease = gc_heap_first(&core->leases.heavy);
        if (!lease || lease->heft < CORE_RECALL_NS)
            return;
        core_recall_ask(core, lease);
    }
}

/* Asks the first leases of the stage that were not asked. True: all were. */
static bool ask_stage(struct gc_core *core, struct core_stage *stage, uint32_t *budget)
{
    for (; *budget > 0; (*budget)--) {
        struct gc_link *first = gc_list_first(&stage->leases);
        struct core_lease *lease = first ? GC_CONTAINER(first, struct core_lease, of_stage) : NULL;
        if (!lease || lease->asked != CORE_NOT_ASKED)
            return true;
        core_recall_ask(core, lease);
    }
    return false;
}

static bool ask_run(struct gc_core *core, struct core_run *run, uint32_t *budget)
{
    for (uint32_t i = 0; i < run->n_stages; i++) {
        if (!ask_stage(core, run->stages[i], budget))
            return false;
    }
    return true;
}

void core_recall_pausing(struct gc_core *core)
{
    uint32_t budget = CORE_RECALLS;
    struct gc_link *first;
    while ((first = gc_list_first(&core->runs.pausing)) != NULL) {
        struct core_run *run = GC_CONTAINER(first, struct core_run, pausing);
        if (run->state == GC_RUN_PAUSED && !ask_run(core, run, &budget)) {
            core->more = true;
            return;
        }
        gc_list_remove(&core->runs.pausing, first);
    }
}

static const char *answer(struct gc_core *core, struct core_lease *lease, uint64_t from)
{
    uint64_t end = lease->first + lease->count;
    if (from < lease->first || from > end)
        return "items that are not the lease's";
    exempt(core, lease, CORE_ANSWERED);
    if (from == end)
        return NULL;
    if (lease->odd || lease->kind != GC_LEASE_ITEMS) {
        if (from == lease->first) /* a part of a listing or merge cannot be given back */
            core_lease_return(core, lease);
    } else {
        core_lease_cut(core, lease, from);
    }
    return NULL;
}

void core_recall_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    struct core_worker *worker = core_worker_by_peer(core, peer);
    struct core_lease *lease = core_lease_by_id(core, msg->as.recalled.lease);
    if (!lease || lease->worker != worker || lease->stage->ended)
        return; /* it ended on its way here: nothing is left to give back */
    const char *wrong = answer(core, lease, msg->as.recalled.from);
    if (wrong)
        core_error(core, peer, msg->seq, GC_ERR_INVALID, wrong);
}
