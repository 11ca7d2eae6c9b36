#include "coordinator/core/hello.h"

#include <string.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/version.h"
#include "coordinator/core/inside.h"

/* ---- inventories ---- */

/* The stage that an entry is about, if it can still be worked at. */
static struct core_stage *stage_of(const struct gc_core *core, const struct gc_held *held)
{
    struct core_stage *stage = core_run_stage(core, held->run_no, held->stage);
    return stage && !stage->ended ? stage : NULL;
}

/* Leases of the stage that have something in the range: only looked for when an item in it is leased, which takes a lease that
 * was lost, granted again, and kept by both across a restart. */
static bool overlaps(const struct core_lease *lease, uint64_t first, uint64_t end)
{
    return lease->kind == GC_LEASE_ITEMS && lease->first < end && first < lease->first + lease->count;
}

/* The higher token wins: true if nothing in the range belongs to another lease any more. */
static bool win(struct gc_core *core, struct core_stage *stage, uint64_t id, uint64_t first, uint64_t end)
{
    if (core_items_find(&core->units, &stage->items, first, end, CORE_LEASED) == end)
        return true;
    GC_LIST_EACH (it, &stage->leases) {
        const struct core_lease *lease = GC_CONTAINER(it, struct core_lease, of_stage);
        if (overlaps(lease, first, end) && lease->id > id)
            return false;
    }
    GC_LIST_EACH_SAFE (it, after, &stage->leases) {
        struct core_lease *lease = GC_CONTAINER(it, struct core_lease, of_stage);
        if (!overlaps(lease, first, end) || lease->id == id)
            continue;
        if (lease->worker->peer != 0)
            core_send(core, lease->worker->peer, GC_MSG_CANCEL, 0)->as.cancel.lease = lease->id;
        core_lease_return(core, lease);
    }
    return true;
}

/* PENDING items of the range become LEASED; how many. */
static uint64_t take(struct gc_core *core, struct core_stage *stage, uint64_t first, uint64_t end)
{
    uint64_t n = 0;
    for (uint64_t at = first;
         (at = core_items_find(&core->units, &stage->items, at, end, CORE_PENDING)) < end;) {
        uint64_t stop = core_items_find_other(&core->units, &stage->items, at, end, CORE_PENDING);
        core_items_move(&core->units, &stage->items, at, stop - at, CORE_PENDING, CORE_LEASED);
        n += stop - at;
        at = stop;
    }
    return n;
}

static bool adopt_odd(struct gc_core *core, struct core_worker *worker, struct core_stage *stage,
                      const struct gc_held *held)
{
    struct core_odd *odd = core_odd_find(core, stage, held->first);
    GC_ASSERT(odd != NULL); /* the item is ODD */
    if (odd->state == CORE_ODD_LEASED || held->lease <= odd->counted)
        return false; /* another's, or what the entry has to say is counted already */
    core_odd_lease(core, odd,
                   core_lease_adopt(core, held->lease, stage, worker, GC_LEASE_ITEMS, held->first, 1));
    return true;
}

/* Work and results of one lease are entries of their own: the second one widens it, and takes what is still pending between the
 * two, which nobody else may then be granted (the worker does not have it; it comes back when the lease does). False, and nothing
 * changed, where another lease has something there: two leases never own one item. */
static bool widen(struct gc_core *core, struct core_lease *lease, uint64_t first, uint64_t end)
{
    struct core_stage *stage = lease->stage;
    uint64_t old_end = lease->first + lease->count;
    uint64_t gap = first < lease->first ? end : old_end,
             gap_end = first < lease->first ? lease->first : first;
    if (gap < gap_end && (core_items_find(&core->units, &stage->items, gap, gap_end, CORE_LEASED) < gap_end ||
                          !core_items_reserve(&core->units, &stage->items, gap, gap_end - gap)))
        return false;
    if (gap < gap_end)
        lease->left += take(core, stage, gap, gap_end);
    lease->left += take(core, stage, first, end);
    lease->first = gc_min_u64(lease->first, first);
    lease->count = gc_max_u64(old_end, end) - lease->first;
    core_lease_shed(core, lease, 0); /* its weight has changed */
    return true;
}

static bool adopt_items(struct gc_core *core, struct core_worker *worker, struct core_stage *stage,
                        struct core_lease *lease, const struct gc_held *held)
{
    if (held->count == 0 || held->count > GC_MAX_LEASE_ITEMS || held->first > stage->fresh ||
        held->count > stage->fresh - held->first)
        return false; /* no lease is so large, and at or above the frontier nothing was ever leased */
    uint64_t end = held->first + held->count;
    if (held->count == 1 && core_items_get(&core->units, &stage->items, held->first) == CORE_ODD)
        return !lease && adopt_odd(core, worker, stage, held);
    if (!win(core, stage, held->lease, held->first, end) ||
        core_items_find(&core->units, &stage->items, held->first, end, CORE_PENDING) == end ||
        !core_items_reserve(&core->units, &stage->items, held->first, held->count))
        return false;
    if (lease)
        return widen(core, lease, held->first, end);
    uint64_t left = take(core, stage, held->first, end);
    lease = core_lease_adopt(core, held->lease, stage, worker, GC_LEASE_ITEMS, held->first, held->count);
    core_lease_shed(core, lease, held->count - left);
    return true;
}

static bool adopt_list(struct gc_core *core, struct core_worker *worker, struct core_stage *stage,
                       const struct gc_held *held)
{
    if (stage->kind != GC_STAGE_SOURCE || stage->dataset.lease)
        return false;
    struct core_odd *gate = core_odd_gate(stage);
    if (gate && held->lease <= gate->counted)
        return false; /* its fault is counted already */
    uint64_t pages = held->result ? GC_PAGES_AHEAD : gc_clamp_u64(held->count, 1, GC_PAGES_AHEAD);
    struct core_lease *lease =
        core_lease_adopt(core, held->lease, stage, worker, GC_LEASE_LIST, held->first, pages);
    if (gate)
        core_odd_lease(core, gate, lease);
    core_stage_touch(core, stage);
    return true;
}

/* A lease of an earlier term whose holder is back in time. Merges are not: what they consume is not in the inventory. */
static bool adopt(struct gc_core *core, struct core_worker *worker, struct core_lease *lease,
                  const struct gc_held *held)
{
    struct core_stage *stage = stage_of(core, held);
    if (!stage || !core->grace.running || held->term >= core->term ||
        held->lease >> CORE_LEASE_TERM_SHIFT != held->term)
        return false;
    if (!lease && gc_pool_full(&core->leases.pool))
        return false;
    if (held->kind == GC_LEASE_LIST)
        return adopt_list(core, worker, stage, held);
    return held->kind == GC_LEASE_ITEMS && stage->kind == GC_STAGE_ITEM &&
           adopt_items(core, worker, stage, lease, held);
}

/* A result that is sent again is judged then, behind the commits under way; see core.h. */
static bool may_be_done(const struct gc_core *core, const struct gc_held *held)
{
    const struct core_stage *stage = core_run_stage(core, held->run_no, held->stage);
    return held->result && stage && stage->kind == GC_STAGE_ITEM && held->first <= stage->fresh &&
           held->count <= stage->fresh - held->first &&
           core_items_find_other(&core->units, &stage->items, held->first, held->first + held->count,
                                 CORE_ENDED) == held->first + held->count;
}

static bool names(const struct core_lease *lease, const struct core_worker *worker,
                  const struct gc_held *held)
{
    return lease->worker == worker && !lease->stage->ended && lease->stage->run->no == held->run_no &&
           lease->stage->index == held->stage && lease->kind == held->kind &&
           lease->id >> CORE_LEASE_TERM_SHIFT == held->term;
}

/* Whether an entry that names a lease already adopted lies in it (or needs no items). */
static bool covers(const struct core_lease *lease, const struct gc_held *held)
{
    return lease->kind != GC_LEASE_ITEMS ||
           (held->first >= lease->first && held->first + held->count <= lease->first + lease->count);
}

static enum gc_verdict verdict_of(struct gc_core *core, struct core_worker *worker,
                                  const struct gc_held *held)
{
    enum gc_verdict good = held->result ? GC_VERDICT_SEND : GC_VERDICT_KEEP;
    struct core_lease *lease = core_lease_by_id(core, held->lease);
    if (lease && !names(lease, worker, held))
        return GC_VERDICT_CANCEL;
    if (lease) {
        lease->beat = worker->beats;
        bool whole = covers(lease, held) || adopt(core, worker, lease, held);
        return whole || held->result ? good : GC_VERDICT_CANCEL; /* a result is judged when it comes */
    }
    return adopt(core, worker, NULL, held) || may_be_done(core, held) ? good : GC_VERDICT_CANCEL;
}

/* Of an earlier life of the worker, what was running and is not held any more was lost with it. */
static void forget_kept(struct gc_core *core, struct core_worker *worker)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < worker->n_running; i++) {
        const struct core_lease *lease = core_lease_by_id(core, worker->running[i].lease);
        if (lease && lease->worker == worker && lease->beat != worker->beats)
            worker->running[n++] = worker->running[i];
    }
    worker->n_running = n;
}

static void return_unnamed(struct gc_core *core, struct core_worker *worker)
{
    GC_LIST_EACH_SAFE (it, after, &worker->leases) {
        struct core_lease *lease = GC_CONTAINER(it, struct core_lease, of_worker);
        if (lease->beat != worker->beats)
            core_lease_return(core, lease);
    }
}

/* ---- the session ---- */

static void welcome(struct gc_core *core, gc_peer peer, uint64_t re, uint64_t *verdicts, uint32_t n)
{
    struct gc_msg_welcome *answer = &core_send(core, peer, GC_MSG_WELCOME, re)->as.welcome;
    answer->version = core_text(GC_VERSION);
    answer->beat_ns = GC_BEAT_NS;
    answer->lease_ns = GC_LEASE_NS;
    answer->window = GC_RESULT_WINDOW;
    answer->n_verdicts = n;
    answer->verdicts = verdicts;
}

static uint32_t copy_name(uint8_t *to, struct gc_bytes from)
{
    uint32_t n = (uint32_t)gc_min_u64(from.len, GC_MAX_NAME);
    if (n > 0)
        memcpy(to, from.ptr, n);
    return n;
}

static void take_inventory(struct gc_core *core, struct core_worker *worker, const struct gc_msg *msg,
                           bool reborn)
{
    const struct gc_msg_hello *hello = &msg->as.hello;
    uint64_t *verdicts = CORE_SCRATCH(core, uint64_t, hello->n_held);
    for (uint32_t i = 0; i < hello->n_held; i++)
        verdicts[i] = verdict_of(core, worker, &hello->held[i]);
    welcome(core, worker->peer, msg->seq, verdicts, hello->n_held);
    if (reborn) {
        forget_kept(core, worker);
        core_worker_suspect(core, worker);
    }
    return_unnamed(core, worker);
}

static void join(struct gc_core *core, struct core_worker *worker, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_msg_hello *hello = &msg->as.hello;
    bool reborn = !gc_id_equal(worker->boot, hello->boot);
    if (reborn)
        worker->displaced = worker->boot;
    worker->boot = hello->boot;
    worker->name_len = copy_name(worker->name, hello->name);
    worker->version_len = copy_name(worker->version, hello->version);
    core_worker_connect(core, worker, peer, (uint32_t)hello->slots);
    if (reborn)
        core_worker_drain(core, worker, false);
    core_worker_renew(core, worker);
    take_inventory(core, worker, msg, reborn);
    core_grace_arrived(core, &hello->peer);
}

/* An earlier life while the later one is connected: its state folder was copied, or this HELLO was very late. Were it let in, the
 * two would take each other's leases in turn, for ever. */
static bool is_displaced(const struct core_worker *worker, const struct gc_msg_hello *hello)
{
    return worker->peer != 0 && !gc_id_none(worker->displaced) && gc_id_equal(worker->displaced, hello->boot);
}

static void hello_worker(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_id128 *id = &msg->as.hello.peer;
    struct core_worker *worker = core_worker_by_id(core, id);
    struct core_worker *there = core_worker_by_peer(core, peer);
    if (there && there != worker)
        core_error(core, peer, msg->seq, GC_ERR_DENIED, "this connection is another worker's");
    else if (!worker && core_worker_new(core, id, &worker) != GC_OK)
        core_error(core, peer, msg->seq, GC_ERR_BUSY, "no room for another worker");
    else if (is_displaced(worker, &msg->as.hello))
        core_error(
            core, peer, msg->seq, GC_ERR_DENIED,
            "another worker with this id is at work: each wants a state folder of its own, not a copy");
    else
        join(core, worker, peer, msg);
}

void core_hello_handle(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    if (msg->as.hello.role == GC_ROLE_WORKER)
        hello_worker(core, peer, msg);
    else if (core_worker_by_peer(core, peer))
        core_error(core, peer, msg->seq, GC_ERR_DENIED, "this connection is a worker's");
    else
        welcome(core, peer, msg->seq, NULL, 0);
}
