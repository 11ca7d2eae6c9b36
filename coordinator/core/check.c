/* check.c - gc_core_check: everything that is counted, listed or heaped, derived again and compared. */
#include "common/assert.h"
#include "coordinator/core/inside.h"

/* What the walk over runs and stages has found of each pool. */
struct tally {
    uint64_t stages, pages, units, spans, deltas, odds, leases, asked, heavy, watchers, given, due;
};

/* ---- leases ---- */

static uint64_t leased_in(const struct gc_core *core, const struct core_stage *stage, uint64_t first,
                          uint64_t end)
{
    uint64_t n = 0;
    uint64_t at = first;
    while ((at = core_items_find(&core->units, &stage->items, at, end, CORE_LEASED)) < end) {
        uint64_t stop = core_items_find_other(&core->units, &stage->items, at, end, CORE_LEASED);
        n += stop - at;
        at = stop;
    }
    return n;
}

static void check_lease(const struct gc_core *core, const struct core_lease *lease, struct tally *tally)
{
    GC_ASSERT(core_lease_by_id(core, lease->id) == lease);
    GC_ASSERT(gc_link_linked(&lease->of_worker));
    GC_ASSERT(lease->left > 0);
    GC_ASSERT((lease->heavy_at != GC_HEAP_NOWHERE) ==
              (lease->kind == GC_LEASE_ITEMS && lease->asked == CORE_NOT_ASKED));
    if (lease->odd)
        GC_ASSERT(lease->odd->lease == lease);
    tally->leases++;
    tally->asked += lease->asked == CORE_ASKED;
    tally->heavy += lease->heavy_at != GC_HEAP_NOWHERE;
    tally->deltas += lease->inputs.count;
}

/* Of an open stage: items in leases. */
static uint64_t check_leases(const struct gc_core *core, const struct core_stage *stage, struct tally *tally)
{
    uint64_t items = 0;
    GC_ASSERT(gc_list_sound(&stage->leases));
    GC_LIST_EACH (it, &stage->leases) {
        const struct core_lease *lease = GC_CONTAINER(it, struct core_lease, of_stage);
        check_lease(core, lease, tally);
        GC_ASSERT(lease->stage == stage);
        if (lease->kind != GC_LEASE_ITEMS || lease->odd || stage->dead)
            continue;
        GC_ASSERT(leased_in(core, stage, lease->first, lease->first + lease->count) == lease->left);
        items += lease->left;
    }
    return items;
}

/* ---- histories ---- */

static void check_odd(const struct gc_core *core, const struct core_odd *odd)
{
    const struct core_stage *stage = odd->stage;
    GC_ASSERT(core_odd_find(core, stage, odd->item) == odd);
    GC_ASSERT((odd->state == CORE_ODD_READY) == gc_link_linked(&odd->ready));
    GC_ASSERT((odd->state == CORE_ODD_WAITING && odd->due != GC_UNSET) == (odd->due_at != GC_HEAP_NOWHERE));
    GC_ASSERT((odd->state == CORE_ODD_LEASED && !stage->ended) == (odd->lease != NULL && !stage->ended));
    if (stage->kind == GC_STAGE_ITEM)
        GC_ASSERT(core_items_get(&core->units, &stage->items, odd->item) == CORE_ODD);
}

static void check_odds(const struct gc_core *core, const struct core_stage *stage, struct tally *tally)
{
    GC_ASSERT(gc_list_sound(&stage->odds));
    GC_ASSERT(gc_list_sound(&stage->odd_ready));
    GC_LIST_EACH (it, &stage->odds) {
        const struct core_odd *odd = GC_CONTAINER(it, struct core_odd, of_stage);
        GC_ASSERT(odd->stage == stage);
        check_odd(core, odd);
        tally->due += odd->due_at != GC_HEAP_NOWHERE;
        for (const struct core_given *given = odd->given; given; given = given->next)
            tally->given++;
    }
    if (stage->kind != GC_STAGE_ITEM)
        GC_ASSERT(stage->odds.count <= 1);
    tally->odds += stage->odds.count;
}

/* ---- items ---- */

/* Every item below `fresh` by its state; those that are pending lie in a span or are orphans. */
static void check_items(const struct gc_core *core, const struct core_stage *stage, uint64_t leased)
{
    const struct core_items *items = &stage->items;
    uint64_t n[4] = {0};
    bool orphans = core->grace.running || gc_link_linked(&stage->orphaned);
    for (uint64_t at = 0; at < stage->fresh;) {
        enum core_item state = core_items_get(&core->units, items, at);
        uint64_t stop = core_items_find_other(&core->units, items, at, stage->fresh, state);
        n[state] += stop - at;
        for (uint64_t item = at; state == CORE_PENDING && !orphans && item < stop; item++)
            GC_ASSERT(core_spans_cover(stage, item));
        at = stop;
    }
    uint64_t end = core_stage_items(stage);
    GC_ASSERT(core_items_find_other(&core->units, items, stage->fresh, end, CORE_PENDING) == end);
    GC_ASSERT(n[CORE_LEASED] == items->n[CORE_LEASED]);
    GC_ASSERT(n[CORE_LEASED] == leased);
    GC_ASSERT(n[CORE_ENDED] == items->n[CORE_ENDED]);
    GC_ASSERT(n[CORE_ODD] == items->n[CORE_ODD]);
    GC_ASSERT(n[CORE_ODD] == stage->odds.count);
    GC_ASSERT(stage->fresh <= stage->frontier);
}

/* Every item that has ended has one outcome of every node. */
static void check_outcomes(const struct core_stage *stage)
{
    for (uint32_t i = 0; i < stage->n_nodes; i++) {
        const struct core_node *node = stage->nodes[i];
        uint64_t n = 0;
        for (uint32_t outcome = 0; outcome < GC_OUTCOMES; outcome++)
            n += node->n[outcome];
        GC_ASSERT(node->n[GC_OUTCOME_NONE] == 0);
        if (stage->kind == GC_STAGE_ITEM)
            GC_ASSERT(n == stage->items.n[CORE_ENDED]);
        else
            GC_ASSERT(n <= 1);
    }
}

static void check_dataset(const struct core_stage *stage)
{
    const struct core_dataset *ds = &stage->dataset;
    uint64_t reached = 0;
    GC_LIST_EACH (it, &ds->consumers) {
        const struct core_stage *reader = GC_CONTAINER(it, struct core_stage, consumer);
        GC_ASSERT(reader->source == stage);
        GC_ASSERT(reader->fresh <= ds->items);
        reached = reader->fresh > reached ? reader->fresh : reached;
    }
    GC_ASSERT(ds->reached == reached);
    GC_ASSERT(stage->leases.count == (ds->lease != NULL));
}

/* A refused grant may have spread the block in which it would have begun. */
static uint64_t units_of(const struct gc_core *core, const struct core_stage *stage)
{
    uint64_t end = stage->kind == GC_STAGE_ITEM ? stage->fresh + GC_MAX_LEASE_ITEMS : 0;
    return core_items_units(&core->units, &stage->items, end > GC_MAX_ITEMS ? GC_MAX_ITEMS : end) +
           core_table_units(&core->units, &stage->dataset.firsts);
}

/* ---- reducers ---- */

static void check_scan(const struct core_stage *stage)
{
    GC_ASSERT(gc_link_linked(&stage->consumer));
    GC_ASSERT(gc_list_empty(&stage->reduce.waiting));
    GC_ASSERT(stage->leases.count <= 1);
    GC_LIST_EACH (it, &stage->leases) {
        const struct core_lease *lease = GC_CONTAINER(it, struct core_lease, of_stage);
        GC_ASSERT(lease->kind == GC_LEASE_FINISH);
        GC_ASSERT(gc_list_empty(&lease->inputs));
        GC_ASSERT(stage->source->ended);
    }
}

static void check_reduce(const struct core_stage *stage)
{
    GC_ASSERT(stage->reduce.leased == stage->leases.count);
    if (stage->reduce.scans)
        check_scan(stage);
}

static void check_scanners(const struct core_stage *stage)
{
    GC_LIST_EACH (it, &stage->scanners) {
        const struct core_stage *scanner = GC_CONTAINER(it, struct core_stage, consumer);
        GC_ASSERT(scanner->source == stage);
        GC_ASSERT(scanner->reduce.scans);
    }
}

static void check_stage(const struct gc_core *core, const struct core_stage *stage, struct tally *tally)
{
    bool whole = core_run_live(stage->run) && !stage->dead;
    uint64_t leased = check_leases(core, stage, tally);
    check_odds(core, stage, tally);
    check_outcomes(stage);
    if (whole && stage->kind == GC_STAGE_ITEM)
        check_items(core, stage, leased);
    if (whole && stage->kind == GC_STAGE_SOURCE)
        check_dataset(stage);
    if (stage->kind == GC_STAGE_REDUCE)
        check_reduce(stage);
    check_scanners(stage);
    if (!gc_link_linked(&stage->run->settling)) /* a recovered run is looked at when it is its turn */
        GC_ASSERT(gc_link_linked(&stage->ready) == core_stage_ready(core, stage));
    tally->units += units_of(core, stage);
    tally->spans += stage->spans.count;
    tally->deltas += stage->reduce.waiting.count;
    tally->stages++;
}

/* ---- runs ---- */

static void check_run(const struct gc_core *core, const struct core_run *run, struct tally *tally)
{
    uint32_t open = 0;
    GC_ASSERT((core_run_by_no(core, run->no) == run) == core_run_live(run));
    GC_ASSERT((core_run_by_id(core, &run->id) == run) == core_run_live(run));
    for (uint32_t i = 0; i < run->n_stages; i++) {
        GC_ASSERT(run->stages[i]->run == run);
        check_stage(core, run->stages[i], tally);
        open += !run->stages[i]->ended;
    }
    GC_ASSERT(open == run->open);
    GC_ASSERT(core_run_live(run) || open == 0);
    GC_ASSERT((run->share_at != GC_HEAP_NOWHERE) == core_share_wants(run));
    GC_ASSERT(run->share_at == GC_HEAP_NOWHERE || core->share.runs.elements[run->share_at] == run);
    GC_ASSERT(run->tell_left <= run->watchers.count);
    GC_ASSERT(gc_list_sound(&run->watchers));
    tally->pages += core_mem_pages(&run->mem);
    tally->watchers += run->watchers.count;
}

static void check_runs(const struct gc_core *core, struct tally *tally)
{
    const struct gc_pool *pool = &core->runs.pool;
    uint32_t live = 0;
    for (uint32_t i = gc_pool_next(pool, 0); i != GC_POOL_NO_SLOT; i = gc_pool_next(pool, i + 1)) {
        const struct core_run *run = gc_pool_at_index(pool, i);
        check_run(core, run, tally);
        live += core_run_live(run);
    }
    GC_ASSERT(live == core->runs.live);
    GC_ASSERT(core->runs.by_no.count == live);
    GC_ASSERT(core->runs.by_id.count == live);
}

/* ---- workers ---- */

static void check_worker(const struct gc_core *core, const struct core_worker *worker)
{
    GC_ASSERT(core_worker_by_id(core, &worker->id) == worker);
    GC_ASSERT(worker->peer == 0 || core_worker_by_peer(core, worker->peer) == worker);
    GC_ASSERT(worker->hunger == core_worker_hunger(worker));
    GC_ASSERT(gc_link_linked(&worker->hungry) == (worker->hunger != CORE_SATED));
    GC_ASSERT(worker->idle == (core_worker_serves(worker) && gc_list_empty(&worker->leases)));
    GC_ASSERT(gc_list_sound(&worker->leases));
    GC_LIST_EACH (it, &worker->leases) {
        GC_ASSERT(GC_CONTAINER(it, struct core_lease, of_worker)->worker == worker);
    }
}

static void check_workers(const struct gc_core *core)
{
    const struct core_workers *w = &core->workers;
    uint64_t slots = 0, leases = 0;
    uint32_t connected = 0, idle = 0, peers = 0;
    for (uint32_t i = gc_pool_next(&w->pool, 0); i != GC_POOL_NO_SLOT; i = gc_pool_next(&w->pool, i + 1)) {
        const struct core_worker *worker = gc_pool_at_index(&w->pool, i);
        check_worker(core, worker);
        slots += core_worker_serves(worker) ? worker->slots : 0;
        connected += core_worker_serves(worker);
        idle += worker->idle;
        peers += worker->peer != 0;
        leases += worker->leases.count;
    }
    GC_ASSERT(slots == w->slots);
    GC_ASSERT(connected == w->connected);
    GC_ASSERT(idle == w->idle);
    GC_ASSERT(peers == w->by_peer.count);
    GC_ASSERT(w->by_id.count == w->pool.count);
    GC_ASSERT(w->expiry.count == w->pool.count);
    GC_ASSERT(leases == core->leases.pool.count);
}

/* ---- structures ---- */

static void check_tally(const struct gc_core *core, const struct tally *tally)
{
    GC_ASSERT(tally->stages == core->stages.pool.count);
    GC_ASSERT(tally->pages == core->memory.pages.count);
    GC_ASSERT(tally->units == core->units.count);
    GC_ASSERT(tally->spans == core->spans.pool.count);
    GC_ASSERT(tally->deltas == core->deltas.pool.count);
    GC_ASSERT(tally->odds == core->odds.pool.count);
    GC_ASSERT(tally->odds == core->odds.by_item.count);
    GC_ASSERT(tally->given == core->odds.given.count);
    GC_ASSERT(tally->due == core->odds.due.count);
    GC_ASSERT(tally->leases == core->leases.pool.count);
    GC_ASSERT(tally->leases == core->leases.by_id.count);
    GC_ASSERT(tally->heavy == core->leases.heavy.count);
    GC_ASSERT(tally->asked == core->leases.asked);
    GC_ASSERT(tally->watchers == core->watch.pool.count);
}

static void check_sound(const struct gc_core *core)
{
    const struct gc_pool *pools[] = {&core->memory.pages, &core->units,      &core->stages.pool,
                                     &core->runs.pool,    &core->spans.pool, &core->deltas.pool,
                                     &core->odds.pool,    &core->odds.given, &core->leases.pool,
                                     &core->workers.pool, &core->watch.pool};
    const struct gc_map *maps[] = {&core->runs.by_no,    &core->runs.by_id,      &core->odds.by_item,
                                   &core->leases.by_id,  &core->workers.by_peer, &core->workers.by_id,
                                   &core->watch.by_peer, &core->grace.awaited};
    const struct gc_heap *heaps[] = {&core->odds.due, &core->leases.heavy, &core->workers.expiry,
                                     &core->share.runs, &core->watch.due};
    for (size_t i = 0; i < GC_COUNT_OF(pools); i++)
        GC_ASSERT(gc_pool_sound(pools[i]));
    for (size_t i = 0; i < GC_COUNT_OF(maps); i++)
        GC_ASSERT(gc_map_sound(maps[i]));
    for (size_t i = 0; i < GC_COUNT_OF(heaps); i++)
        GC_ASSERT(gc_heap_sound(heaps[i]));
}

void gc_core_check(const struct gc_core *core)
{
    struct tally tally = {0};
    check_sound(core);
    check_runs(core, &tally);
    check_workers(core);
    check_tally(core, &tally);
}
