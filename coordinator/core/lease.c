#include "coordinator/core/lease.h"

#include "common/assert.h"
#include "coordinator/core/inside.h"

static bool before(const void *a, const void *b)
{
    const struct core_lease *x = a;
    const struct core_lease *y = b;
    return x->heft != y->heft ? x->heft > y->heft : x->id > y->id;
}

static void setpos(void *element, size_t pos)
{
    ((struct core_lease *)element)->heavy_at = pos;
}

enum gc_err core_leases_init(struct gc_core *core, struct gc_arena *arena, uint32_t leases)
{
    struct core_leases *l = &core->leases;
    if (gc_pool_init(&l->pool, arena, sizeof(struct core_lease), leases) != GC_OK ||
        gc_map_init(&l->by_id, arena, leases, 0) != GC_OK)
        return GC_ERR_NOMEM;
    return gc_heap_init(&l->heavy, arena, leases, before, setpos);
}

struct core_lease *core_lease_by_id(const struct gc_core *core, uint64_t id)
{
    uint64_t handle;
    return gc_map_get(&core->leases.by_id, id, &handle) ? gc_pool_at(&core->leases.pool, handle) : NULL;
}

struct core_lease *core_lease_find(const struct gc_core *core, const struct core_worker *worker,
                                   uint64_t term, uint64_t id)
{
    struct core_lease *lease = core_lease_by_id(core, id);
    return lease && lease->worker == worker && id >> CORE_LEASE_TERM_SHIFT == term ? lease : NULL;
}

uint64_t core_lease_last(const struct gc_core *core)
{
    return core->term << CORE_LEASE_TERM_SHIFT | core->leases.count;
}

/* The lists keep those that were not asked before those that were: recall.h looks at the front only. */
static void enlist(struct gc_core *core, struct core_lease *lease)
{
    gc_list_prepend(&lease->stage->leases, &lease->of_stage);
    gc_list_append(&lease->worker->leases, &lease->of_worker);
    core_worker_touch(core, lease->worker);
    if (lease->kind == GC_LEASE_LIST) {
        GC_ASSERT(!lease->stage->dataset.lease);
        lease->stage->dataset.lease = lease;
    }
    if (lease->kind == GC_LEASE_MERGE || lease->kind == GC_LEASE_FINISH)
        lease->stage->reduce.leased++;
}

struct core_lease *core_lease_adopt(struct gc_core *core, uint64_t id, struct core_stage *stage,
                                    struct core_worker *worker, enum gc_lease_kind kind, uint64_t first,
                                    uint64_t count)
{
    uint64_t handle;
    struct core_lease *lease = gc_pool_take(&core->leases.pool, &handle);
    GC_ASSERT(lease != NULL); /* the caller has looked */
    *lease = (struct core_lease){
        .id = id,
        .stage = stage,
        .worker = worker,
        .kind = kind,
        .first = first,
        .count = count,
        .left = kind == GC_LEASE_MERGE || kind == GC_LEASE_FINISH ? 1 : count,
        .beat = worker->beats,
        .heavy_at = GC_HEAP_NOWHERE,
    };
    gc_list_init(&lease->inputs);
    bool put = gc_map_put(&core->leases.by_id, id, handle);
    GC_ASSERT(put); /* the map is as large as the pool */
    enlist(core, lease);
    if (kind == GC_LEASE_ITEMS) {
        lease->heft = core_stage_estimate(stage, lease->left);
        bool pushed = gc_heap_push(&core->leases.heavy, lease);
        GC_ASSERT(pushed);
    }
    return lease;
}

struct core_lease *core_lease_new(struct gc_core *core, struct core_stage *stage, struct core_worker *worker,
                                  enum gc_lease_kind kind, uint64_t first, uint64_t count)
{
    uint64_t id = core->term << CORE_LEASE_TERM_SHIFT | ++core->leases.count;
    GC_ASSERT(id >> CORE_LEASE_TERM_SHIFT == core->term);
    return core_lease_adopt(core, id, stage, worker, kind, first, count);
}

void core_lease_free(struct gc_core *core, struct core_lease *lease)
{
    struct core_stage *stage = lease->stage;
    struct core_worker *worker = lease->worker;
    GC_ASSERT(gc_list_empty(&lease->inputs));
    gc_list_remove(&stage->leases, &lease->of_stage);
    gc_list_remove(&worker->leases, &lease->of_worker);
    gc_map_remove(&core->leases.by_id, lease->id);
    if (lease->heavy_at != GC_HEAP_NOWHERE)
        gc_heap_remove(&core->leases.heavy, lease->heavy_at);
    if (lease->asked == CORE_ASKED)
        core->leases.asked--;
    if (lease->kind == GC_LEASE_LIST)
        stage->dataset.lease = NULL;
    if (lease->kind == GC_LEASE_MERGE || lease->kind == GC_LEASE_FINISH)
        stage->reduce.leased--;
    gc_pool_give(&core->leases.pool, gc_pool_handle_of(&core->leases.pool, lease));
    core_worker_touch(core, worker);
    core_stage_touch(core, stage);
}

void core_lease_shed(struct gc_core *core, struct core_lease *lease, uint64_t count)
{
    GC_ASSERT(count <= lease->left);
    lease->left -= count;
    if (lease->left == 0) {
        core_lease_free(core, lease);
        return;
    }
    if (lease->heavy_at != GC_HEAP_NOWHERE) {
        lease->heft = core_stage_estimate(lease->stage, lease->left);
        gc_heap_moved(&core->leases.heavy, lease->heavy_at);
    }
}

/* LEASED items of [from, end) are PENDING again; how many. */
static uint64_t give_back(struct gc_core *core, struct core_stage *stage, uint64_t from, uint64_t end)
{
    uint64_t n = 0;
    uint64_t at = from;
    while ((at = core_items_find(&core->units, &stage->items, at, end, CORE_LEASED)) < end) {
        uint64_t stop = core_items_find_other(&core->units, &stage->items, at, end, CORE_LEASED);
        core_items_move(&core->units, &stage->items, at, stop - at, CORE_LEASED, CORE_PENDING);
        n += stop - at;
        at = stop;
    }
    if (n > 0)
        core_spans_add(core, stage, from, end);
    return n;
}

void core_lease_return(struct gc_core *core, struct core_lease *lease)
{
    struct core_odd *odd = lease->odd;
    if (odd) {
        lease->odd = NULL;
        core_odd_ready(core, odd);
    } else if (lease->kind == GC_LEASE_ITEMS) {
        uint64_t n = give_back(core, lease->stage, lease->first, lease->first + lease->count);
        GC_ASSERT(n == lease->left);
    }
    core_reduce_return(core, lease);
    core_lease_free(core, lease);
}

void core_lease_cut(struct gc_core *core, struct core_lease *lease, uint64_t from)
{
    GC_ASSERT(lease->kind == GC_LEASE_ITEMS && !lease->odd);
    uint64_t end = lease->first + lease->count;
    GC_ASSERT(lease->first <= from && from <= end);
    lease->count = from - lease->first;
    struct core_stage *stage = lease->stage;
    core_lease_shed(core, lease, give_back(core, stage, from, end));
    core_stage_touch(core, stage);
}
