#include "coordinator/core/worker.h"

#include <string.h>

#include "common/assert.h"
#include "common/hash.h"
#include "common/num.h"
#include "coordinator/core/fault.h"
#include "coordinator/core/inside.h"
#include "coordinator/core/recall.h"

/* A lease that is not named in so many beats after it was sent has never arrived. */
#define MISSED_BEATS 2u
#define ROWS         128u /* of a listing */
#define LEAVES       16u  /* a step */

_Static_assert(CORE_LEAVING == CORE_HUNGERS, "the leaving are the list behind the hungry");

static bool before(const void *a, const void *b)
{
    const struct core_worker *x = a;
    const struct core_worker *y = b;
    return x->expires != y->expires ? x->expires < y->expires : gc_id_compare(x->id, y->id) < 0;
}

static void setpos(void *element, size_t pos)
{
    ((struct core_worker *)element)->expires_at = pos;
}

enum gc_err core_workers_init(struct gc_core *core, struct gc_arena *arena, uint32_t workers, uint64_t seed)
{
    struct core_workers *w = &core->workers;
    w->seed = seed;
    for (uint32_t i = 0; i <= CORE_LEAVING; i++)
        gc_list_init(&w->hungry[i]);
    if (gc_pool_init(&w->pool, arena, sizeof(struct core_worker), workers) != GC_OK ||
        gc_map_init(&w->by_peer, arena, workers, seed) != GC_OK ||
        gc_map_init(&w->by_id, arena, workers, seed) != GC_OK)
        return GC_ERR_NOMEM;
    return gc_heap_init(&w->expiry, arena, workers, before, setpos);
}

static uint64_t id_key(const struct gc_core *core, const struct gc_id128 *id)
{
    return gc_hash_bytes(id->b, sizeof id->b, core->workers.seed);
}

struct core_worker *core_worker_by_peer(const struct gc_core *core, gc_peer peer)
{
    uint64_t handle;
    return gc_map_get(&core->workers.by_peer, peer, &handle) ? gc_pool_at(&core->workers.pool, handle) : NULL;
}

struct core_worker *core_worker_by_id(const struct gc_core *core, const struct gc_id128 *id)
{
    uint64_t handle;
    if (!gc_map_get(&core->workers.by_id, id_key(core, id), &handle))
        return NULL;
    struct core_worker *worker = gc_pool_at(&core->workers.pool, handle);
    GC_ASSERT(worker != NULL);
    return gc_id_equal(worker->id, *id) ? worker : NULL;
}

uint64_t core_worker_handle(const struct gc_core *core, const struct core_worker *worker)
{
    return gc_pool_handle_of(&core->workers.pool, worker);
}

struct gc_bytes core_worker_name(const struct core_worker *worker)
{
    return gc_bytes_of(worker->name, worker->name_len);
}

/* ---- coming and going ---- */

enum gc_err core_worker_new(struct gc_core *core, const struct gc_id128 *id, struct core_worker **ret)
{
    struct core_workers *w = &core->workers;
    if (gc_map_get(&w->by_id, id_key(core, id), NULL))
        return GC_ERR_BUSY;
    uint64_t handle;
    struct core_worker *worker = gc_pool_take(&w->pool, &handle);
    if (!worker)
        return GC_ERR_BUSY;
    worker->id = *id;
    worker->expires = core_clock(core) + GC_LEASE_NS;
    worker->hunger = CORE_SATED;
    gc_list_init(&worker->leases);
    bool put = gc_map_put(&w->by_id, id_key(core, id), handle);
    bool pushed = gc_heap_push(&w->expiry, worker);
    GC_ASSERT(put);
    GC_ASSERT(pushed); /* map and heap are as large as the pool */
    *ret = worker;
    return GC_OK;
}

bool core_worker_serves(const struct core_worker *worker)
{
    return worker->peer != 0 && !worker->draining;
}

/* Around every change of connection, draining or slots: what is counted of it. */
static void uncount(struct gc_core *core, const struct core_worker *worker)
{
    if (!core_worker_serves(worker))
        return;
    core->workers.connected--;
    core->workers.slots -= worker->slots;
}

static void count(struct gc_core *core, const struct core_worker *worker)
{
    if (!core_worker_serves(worker))
        return;
    core->workers.connected++;
    core->workers.slots += worker->slots;
}

void core_worker_connect(struct gc_core *core, struct core_worker *worker, gc_peer peer, uint32_t slots)
{
    uncount(core, worker);
    if (worker->peer != 0)
        gc_map_remove(&core->workers.by_peer, worker->peer);
    worker->peer = peer;
    worker->slots = slots;
    if (peer != 0) {
        bool put = gc_map_put(&core->workers.by_peer, peer, core_worker_handle(core, worker));
        GC_ASSERT(put); /* at most one a worker */
    }
    count(core, worker);
    core_worker_touch(core, worker);
}

void core_worker_drain(struct gc_core *core, struct core_worker *worker, bool draining)
{
    uncount(core, worker);
    worker->draining = draining;
    count(core, worker);
    core_worker_touch(core, worker);
}

uint32_t core_worker_hunger(const struct core_worker *worker)
{
    size_t held = worker->leases.count;
    if (worker->draining)
        return held == 0 ? CORE_LEAVING : CORE_SATED;
    if (worker->peer == 0 || held >= (size_t)worker->slots * GC_LEASES_A_SLOT)
        return CORE_SATED;
    return held < worker->slots ? 0 : 1;
}

/* To the end of its list, also if it stays in it: who was served waits behind the others. */
void core_worker_touch(struct gc_core *core, struct core_worker *worker)
{
    if (worker->hunger != CORE_SATED)
        gc_list_remove(&core->workers.hungry[worker->hunger], &worker->hungry);
    worker->hunger = core_worker_hunger(worker);
    if (worker->hunger != CORE_SATED)
        gc_list_append(&core->workers.hungry[worker->hunger], &worker->hungry);
    bool idle = core_worker_serves(worker) && gc_list_empty(&worker->leases);
    core->workers.idle += (uint32_t)idle - (uint32_t)worker->idle;
    worker->idle = idle;
}

static struct core_worker *worker_of(struct gc_link *link)
{
    return GC_CONTAINER(link, struct core_worker, hungry);
}

struct core_worker *core_worker_next(const struct gc_core *core)
{
    for (uint32_t i = 0; i < CORE_HUNGERS; i++) {
        struct gc_link *first = gc_list_first(&core->workers.hungry[i]);
        if (first)
            return worker_of(first);
    }
    return NULL;
}

/* Each hungry worker is in one list, once: the second one looked at is another. */
struct core_worker *core_worker_other(const struct gc_core *core, uint64_t not )
{
    for (uint32_t i = 0; i < CORE_HUNGERS; i++) {
        GC_LIST_EACH (it, &core->workers.hungry[i]) {
            if (core_worker_handle(core, worker_of(it)) != not )
                return worker_of(it);
        }
    }
    return NULL;
}

void core_worker_suspect(struct gc_core *core, struct core_worker *worker)
{
    for (uint32_t i = 0; i < worker->n_running; i++) {
        const struct gc_running *running = &worker->running[i];
        struct core_lease *lease = core_lease_by_id(core, running->lease);
        if (lease && lease->worker == worker && core_fault_owns(core, lease, running->item))
            core_fault_suspect(core, lease, running->item);
    }
    worker->n_running = 0;
}

void core_worker_store(struct gc_core *core, struct core_worker *worker, bool holds)
{
    if (worker->stored == holds)
        return;
    worker->stored = holds;
    struct gc_commit_worker *commit = &core_commit(core, GC_COMMIT_WORKER)->as.worker;
    commit->worker = worker->id;
    commit->name = core_worker_name(worker);
    commit->holds = holds;
}

void core_worker_close(struct gc_core *core, struct core_worker *worker)
{
    while (!gc_list_empty(&worker->leases))
        core_lease_return(core, GC_CONTAINER(gc_list_first(&worker->leases), struct core_lease, of_worker));
    core_worker_store(core, worker, false);
    core_worker_connect(core, worker, 0, worker->slots);
    if (worker->hunger != CORE_SATED)
        gc_list_remove(&core->workers.hungry[worker->hunger], &worker->hungry);
    gc_heap_remove(&core->workers.expiry, worker->expires_at);
    gc_map_remove(&core->workers.by_id, id_key(core, &worker->id));
    gc_pool_give(&core->workers.pool, core_worker_handle(core, worker));
}

void core_worker_renew(struct gc_core *core, struct core_worker *worker)
{
    worker->beats++;
    worker->beat_ns = core->now;
    worker->expires = core_clock(core) + GC_LEASE_NS;
    gc_heap_moved(&core->workers.expiry, worker->expires_at);
}

void core_worker_expire(struct gc_core *core)
{
    struct core_worker *worker = gc_heap_first(&core->workers.expiry);
    if (!worker || worker->expires > core_clock(core))
        return;
    core_worker_suspect(core, worker);
    core_worker_close(core, worker);
    core->more = true; /* perhaps not the only one */
}

uint64_t core_worker_deadline(const struct gc_core *core)
{
    const struct core_worker *worker = gc_heap_first(&core->workers.expiry);
    return worker ? gc_add_u64_capped(worker->expires, core->slack) : UINT64_MAX;
}

void core_worker_leave(struct gc_core *core)
{
    struct gc_list *leaving = &core->workers.hungry[CORE_LEAVING];
    for (uint32_t i = 0; i < LEAVES && !gc_list_empty(leaving); i++)
        core_worker_close(core, worker_of(gc_list_first(leaving)));
    if (!gc_list_empty(leaving))
        core->more = true;
}

/* ---- messages ---- */

static void name_leases(struct gc_core *core, struct core_worker *worker, const struct gc_msg_beat *beat)
{
    for (uint32_t i = 0; i < beat->n_leases; i++) {
        struct core_lease *lease = core_lease_by_id(core, beat->leases[i]);
        if (lease && lease->worker == worker)
            lease->beat = worker->beats;
        else if (!core->full) /* else its results may be here, but not stored: the worker must keep them */
            core_send(core, worker->peer, GC_MSG_CANCEL, 0)->as.cancel.lease = beat->leases[i];
    }
}

static void return_missed(struct gc_core *core, struct core_worker *worker)
{
    GC_LIST_EACH_SAFE (it, after, &worker->leases) {
        struct core_lease *lease = GC_CONTAINER(it, struct core_lease, of_worker);
        if (worker->beats - lease->beat >= MISSED_BEATS)
            core_lease_return(core, lease);
    }
}

void core_worker_beat(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_msg_beat *beat = &msg->as.beat;
    struct core_worker *worker = core_worker_by_peer(core, peer);
    GC_ASSERT(worker != NULL); /* the dispatcher asks others who they are */
    core_worker_renew(core, worker);
    worker->rss = beat->rss;
    worker->n_running = (uint32_t)gc_min_u64(beat->n_running, GC_MAX_SLOTS);
    if (worker->n_running > 0)
        memcpy(worker->running, beat->running, worker->n_running * sizeof *worker->running);
    core_send(core, peer, GC_MSG_BEAT_ACK, msg->seq)->as.beat_ack.sent_ns = beat->sent_ns;
    name_leases(core, worker, beat);
    return_missed(core, worker);
}

void core_worker_bye(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    struct core_worker *worker = core_worker_by_peer(core, peer);
    core_send(core, peer, GC_MSG_OK, msg->seq);
    core_watch_gone(core, peer);
    if (!worker || worker->draining)
        return;
    core_worker_drain(core, worker, true);
    GC_LIST_EACH (it, &worker->leases)
        core_recall_ask(core, GC_CONTAINER(it, struct core_lease, of_worker));
}

static void fill_row(const struct gc_core *core, const struct core_worker *worker, struct gc_worker_row *row)
{
    *row = (struct gc_worker_row){
        .name = core_worker_name(worker),
        .worker = worker->id,
        .slots = worker->slots,
        .leases = worker->leases.count,
        .done = worker->done,
        .silent_ns = core->now - worker->beat_ns,
        .rss = worker->rss,
        .build = gc_bytes_of(worker->version, worker->version_len),
        .draining = worker->draining,
    };
}

/* By slot of the pool: `after` is the first slot to look at, 0 at the beginning. */
void core_worker_list(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    const struct gc_pool *pool = &core->workers.pool;
    uint64_t from = msg->as.list_workers.after;
    uint32_t slot = from < pool->capacity ? gc_pool_next(pool, (uint32_t)from) : GC_POOL_NO_SLOT;
    struct gc_worker_row *rows = CORE_SCRATCH(core, struct gc_worker_row, ROWS);
    uint32_t n = 0;
    for (; n < ROWS && slot != GC_POOL_NO_SLOT; slot = gc_pool_next(pool, slot + 1))
        fill_row(core, gc_pool_at_index(pool, slot), &rows[n++]);
    struct gc_msg_worker_list *list = &core_send(core, peer, GC_MSG_WORKER_LIST, msg->seq)->as.worker_list;
    list->n_rows = n;
    list->rows = rows;
    list->next = slot == GC_POOL_NO_SLOT ? GC_UNSET : slot;
}
