#include "coordinator/core/fault.h"

#include "common/assert.h"
#include "common/num.h"
#include "coordinator/core/inside.h"
#include "coordinator/core/result.h"
#include "coordinator/core/verdict.h"

/* A wait doubles so often at most: GC_BACKOFF_MAX_NS is reached long before. */
#define DOUBLINGS 20u

bool core_fault_owns(const struct gc_core *core, const struct core_lease *lease, uint64_t item)
{
    if (lease->kind != GC_LEASE_ITEMS)
        return item == 0;
    if (item < lease->first || item - lease->first >= lease->count)
        return false;
    return lease->odd || core_items_get(&core->units, &lease->stage->items, item) == CORE_LEASED;
}

static struct core_odd *gate_of(struct gc_core *core, struct core_stage *stage)
{
    struct core_odd *gate = core_odd_gate(stage);
    return gate ? gate : core_odd_new(core, stage, 0);
}

/* A fresh item gets a history and leaves the lease; its neighbours stay. */
static struct core_odd *detach_item(struct gc_core *core, struct core_lease *lease, uint64_t item)
{
    struct core_odd *odd = core_odd_new(core, lease->stage, item);
    if (!odd)
        return NULL;
    core_items_move(&core->units, &lease->stage->items, item, 1, CORE_LEASED, CORE_ODD);
    core_lease_shed(core, lease, 1);
    return odd;
}

/* The item leaves the lease and has a history from now on. NULL: there is no room for one, and nothing has changed. */
static struct core_odd *detach(struct gc_core *core, struct core_lease *lease, uint64_t item)
{
    struct core_worker *worker = lease->worker;
    struct core_odd *odd = lease->odd;
    if (!odd && lease->kind == GC_LEASE_ITEMS)
        odd = detach_item(core, lease, item);
    else {
        if (!odd)
            odd = gate_of(core, lease->stage);
        if (!odd)
            return NULL;
        lease->odd = NULL;
        core_reduce_return(core, lease);
        core_lease_free(core, lease);
    }
    if (odd) {
        odd->counted = core_lease_last(core);
        odd->avoid = core_worker_handle(core, worker);
        odd->avoid_until = core->now + CORE_AVOID_NS;
    }
    return odd;
}

static void back_off(struct gc_core *core, struct core_odd *odd)
{
    uint64_t wait = GC_BACKOFF_NS << gc_min_u64(odd->waits, DOUBLINGS);
    odd->waits++;
    core_odd_wait(core, odd, core->now + gc_min_u64(wait, GC_BACKOFF_MAX_NS));
}

static void again(struct gc_core *core, struct core_odd *odd)
{
    core_odd_commit(core, odd);
    core_odd_ready(core, odd);
}

/* `nodes` will not run any more. What does not hang on them still must; if nothing is left, the item has ended. */
static void give_up(struct gc_core *core, struct core_odd *odd, uint64_t nodes, uint64_t cause,
                    struct gc_bytes text, struct gc_bytes worker)
{
    struct core_stage *stage = odd->stage;
    if (stage->kind != GC_STAGE_ITEM) {
        uint64_t attempts = odd->attempts;
        core_odd_free(core, odd);
        core_verdict_stage(core, stage, cause, attempts, text, worker);
        return;
    }
    uint64_t all = core_stage_all(stage);
    if (!core_odd_give_up(core, odd, nodes, cause, odd->attempts, text))
        back_off(core, odd); /* no room to remember it: it fails once more, later */
    else if ((core_odd_dead(odd) & all) == all)
        core_verdict_item(core, odd, worker);
    else
        again(core, odd);
}

/* Who is to blame: all of them, where nobody was named or the named one should not have run. */
static uint64_t blamed(const struct core_odd *odd, uint64_t node)
{
    uint64_t all = core_stage_all(odd->stage);
    if (node == GC_UNSET || core_odd_dead(odd) >> node & 1)
        return all;
    return UINT64_C(1) << node;
}

static void judge(struct gc_core *core, struct core_odd *odd, const struct gc_msg_fault *fault,
                  const struct core_worker *worker)
{
    unsigned retried = gc_cause_retried(fault->cause);
    /* A stage that only feeds reducers has no node to give up: an item left out of them would be missed by nobody. */
    if (retried == 2 || odd->stage->n_nodes == 0) {
        core_run_trouble(core, odd->stage->run, fault->text);
        back_off(core, odd);
        return;
    }
    odd->attempts++;
    if (retried == 1 && odd->attempts <= odd->stage->retries)
        again(core, odd);
    else
        give_up(core, odd, blamed(odd, fault->node), fault->cause, fault->text, core_worker_name(worker));
}

static const char *wrong(const struct core_lease *lease, const struct gc_msg_fault *fault)
{
    if (fault->cause == GC_CAUSE_NONE || fault->cause >= GC_CAUSES)
        return "cause";
    if (fault->node != GC_UNSET && fault->node >= lease->stage->n_nodes)
        return "node";
    return NULL;
}

static enum gc_verdict stale_or_already(const struct core_lease *lease, uint64_t item)
{
    bool within = lease->kind == GC_LEASE_ITEMS && item >= lease->first && item - lease->first < lease->count;
    return within ? GC_VERDICT_ALREADY : GC_VERDICT_STALE;
}

void core_fault_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_msg_fault *fault = &msg->as.fault;
    struct core_worker *worker = core_worker_by_peer(core, peer);
    struct core_lease *lease = core_lease_find(core, worker, fault->term, fault->lease);
    enum gc_verdict verdict = GC_VERDICT_COMMITTED;
    if (!lease || lease->stage->ended) {
        verdict = GC_VERDICT_STALE;
    } else if (wrong(lease, fault)) {
        core_error(core, peer, msg->seq, GC_ERR_INVALID, wrong(lease, fault));
        return;
    } else if (!core_fault_owns(core, lease, fault->item)) {
        verdict = stale_or_already(lease, fault->item);
        lease->stage->run->refused++;
    } else {
        struct core_odd *odd = detach(core, lease, fault->item);
        if (!odd) {
            core_error(core, peer, msg->seq, GC_ERR_BUSY, "no room for the history of an item");
            return;
        }
        judge(core, odd, fault, worker);
    }
    core_result_ack(core, peer, msg->seq, fault->lease, fault->item, 1, verdict);
}

void core_fault_suspect(struct gc_core *core, struct core_lease *lease, uint64_t item)
{
    GC_ASSERT(core_fault_owns(core, lease, item));
    if (lease->stage->ended)
        return;
    struct gc_bytes worker = core_worker_name(lease->worker);
    struct core_odd *odd = detach(core, lease, item); /* the lease may end with it */
    if (!odd)
        return; /* no room to suspect it: it goes back with the lease */
    odd->suspicions++;
    if (odd->suspicions < gc_max_u64(1, odd->stage->suspicions) || odd->stage->n_nodes == 0)
        again(core, odd);
    else
        give_up(core, odd, core_stage_all(odd->stage), GC_CAUSE_CRASH,
                core_text("its worker was lost while it ran, too often"), worker);
}
