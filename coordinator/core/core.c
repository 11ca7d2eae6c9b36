#include "coordinator/core/core.h"

#include "common/assert.h"
#include "common/num.h"
#include "coordinator/core/control.h"
#include "coordinator/core/fault.h"
#include "coordinator/core/grant.h"
#include "coordinator/core/hello.h"
#include "coordinator/core/inside.h"
#include "coordinator/core/pages.h"
#include "coordinator/core/reap.h"
#include "coordinator/core/recall.h"
#include "coordinator/core/recover.h"
#include "coordinator/core/result.h"

/* A gap between two steps beyond this is the coordinator's own standing still. While leases are out it steps more often, so that
 * a longer gap means just that. */
#define GAP_NS  GC_S
#define TICK_NS (GAP_NS / 2)

/* ---- size ---- */

static uint32_t or_limit(uint32_t wanted, uint32_t limit)
{
    return wanted == 0 || wanted > limit ? limit : wanted;
}

static struct gc_core_config resolve(const struct gc_core_config *config)
{
    struct gc_core_config c = *config;
    c.runs = or_limit(c.runs, GC_MAX_RUNS);
    c.workers = or_limit(c.workers, GC_MAX_WORKERS);
    c.leases = or_limit(c.leases, GC_MAX_LEASES);
    c.odd = or_limit(c.odd, GC_MAX_ODD);
    c.spans = or_limit(c.spans, GC_MAX_SPANS);
    c.watchers = or_limit(c.watchers, GC_MAX_WATCHERS);
    c.blocks = or_limit(c.blocks, GC_CORE_BLOCKS);
    c.pages = or_limit(c.pages, GC_CORE_PAGES);
    c.deltas = or_limit(c.deltas, GC_CORE_DELTAS);
    return c;
}

/* Upper bounds of what pools, maps and heaps of common/ take; untouched memory costs nothing. */
static size_t pool_size(uint32_t n, size_t element)
{
    return (size_t)n * (element + 32) + 256;
}

static size_t map_size(uint32_t n)
{
    return (size_t)gc_round_up_pow2((uint64_t)n * 2 + 2) * 17 + 256;
}

static size_t heap_size(uint32_t n)
{
    return (size_t)n * sizeof(void *) + 256;
}

static uint32_t stages_of(const struct gc_core_config *c)
{
    return c->runs * GC_MAX_STAGES;
}

size_t gc_core_size(const struct gc_core_config *config)
{
    struct gc_core_config c = resolve(config);
    size_t size = sizeof(struct gc_core) + 64 + core_effects_size();
    size += pool_size(c.pages, GC_CORE_PAGE) + pool_size(c.blocks, GC_CORE_BLOCK);
    size += pool_size(c.runs, sizeof(struct core_run)) + 2 * map_size(c.runs) + 2 * heap_size(c.runs);
    size +=
        pool_size(stages_of(&c), sizeof(struct core_stage)) + pool_size(c.spans, sizeof(struct core_span));
    size += pool_size(c.deltas, sizeof(struct core_delta));
    size += pool_size(c.odd, sizeof(struct core_odd)) + pool_size(c.odd, sizeof(struct core_given));
    size += map_size(c.odd) + heap_size(c.odd);
    size += pool_size(c.leases, sizeof(struct core_lease)) + map_size(c.leases) + heap_size(c.leases);
    size += pool_size(c.workers, sizeof(struct core_worker)) + 3 * map_size(c.workers) + heap_size(c.workers);
    return size + pool_size(c.watchers, sizeof(struct core_watcher)) + map_size(c.watchers);
}

/* ---- making ---- */

static enum gc_err init_runs(struct gc_core *core, struct gc_arena *arena, const struct gc_core_config *c)
{
    struct core_runs *runs = &core->runs;
    runs->next_no = gc_max_u64(1, c->next_run);
    runs->seed = c->seed;
    gc_list_init(&runs->pausing);
    gc_list_init(&core->stages.reaping);
    if (gc_pool_init(&core->memory.pages, arena, GC_CORE_PAGE, c->pages) != GC_OK ||
        gc_pool_init(&core->units, arena, GC_CORE_BLOCK, c->blocks) != GC_OK ||
        gc_pool_init(&core->stages.pool, arena, sizeof(struct core_stage), stages_of(c)) != GC_OK ||
        gc_pool_init(&runs->pool, arena, sizeof(struct core_run), c->runs) != GC_OK ||
        gc_map_init(&runs->by_no, arena, c->runs, 0) != GC_OK)
        return GC_ERR_NOMEM;
    return gc_map_init(&runs->by_id, arena, c->runs, c->seed);
}

static enum gc_err init_work(struct gc_core *core, struct gc_arena *arena, const struct gc_core_config *c)
{
    if (gc_pool_init(&core->spans.pool, arena, sizeof(struct core_span), c->spans) != GC_OK ||
        gc_pool_init(&core->deltas.pool, arena, sizeof(struct core_delta), c->deltas) != GC_OK ||
        core_odds_init(core, arena, c->odd, c->seed) != GC_OK ||
        core_leases_init(core, arena, c->leases) != GC_OK ||
        core_workers_init(core, arena, c->workers, c->seed) != GC_OK ||
        core_share_init(core, arena, c->runs) != GC_OK ||
        core_watch_init(core, arena, c->watchers, c->runs) != GC_OK)
        return GC_ERR_NOMEM;
    return core_grace_init(core, arena, c->workers);
}

enum gc_err gc_core_init(struct gc_arena *arena, const struct gc_core_config *config, struct gc_core **ret)
{
    struct gc_core_config c = resolve(config);
    GC_ASSERT(c.term > 0);
    struct gc_core *core = GC_ARENA_ONE(arena, struct gc_core);
    if (!core)
        return GC_ERR_NOMEM;
    *core = (struct gc_core){.term = c.term};
    if (core_effects_init(core, arena) != GC_OK || init_runs(core, arena, &c) != GC_OK ||
        init_work(core, arena, &c) != GC_OK)
        return GC_ERR_NOMEM;
    *ret = core;
    return GC_OK;
}

/* ---- events ---- */

typedef void handler(struct gc_core *core, gc_peer peer, const struct gc_msg *msg);

static handler *handler_of(enum gc_msg_type type)
{
    static const struct {
        enum gc_msg_type type;
        handler *handle;
    } table[] = {
        {GC_MSG_HELLO, core_hello_handle},   {GC_MSG_BEAT, core_worker_beat},
        {GC_MSG_BYE, core_worker_bye},       {GC_MSG_RECALLED, core_recall_handle},
        {GC_MSG_RESULT, core_result_handle}, {GC_MSG_FAULT, core_fault_handle},
        {GC_MSG_PAGES, core_pages_handle},   {GC_MSG_CONTROL, core_control_handle},
        {GC_MSG_SHOW, core_watch_show},      {GC_MSG_LIST_WORKERS, core_worker_list},
    };
    for (size_t i = 0; i < GC_COUNT_OF(table); i++) {
        if (table[i].type == type)
            return table[i].handle;
    }
    return NULL;
}

static void message(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    enum gc_direction direction = gc_msg_direction(msg->type);
    bool worker = core_worker_by_peer(core, peer) != NULL;
    handler *handle = handler_of(msg->type);
    const char *wrong = gc_msg_wrong(msg);
    if (!handle)
        core_error(core, peer, msg->seq, GC_ERR_UNSUPPORTED, "no message for the scheduler");
    else if (wrong)
        core_error(core, peer, msg->seq, GC_ERR_MALFORMED, wrong);
    else if (!core->open)
        core_error(core, peer, msg->seq, GC_ERR_BUSY, "starting");
    else if (direction == GC_DIR_WORKER_C && !worker)
        core_send(core, peer, GC_MSG_WHO, msg->seq);
    else if (direction == GC_DIR_CLIENT_C && worker)
        core_error(core, peer, msg->seq, GC_ERR_DENIED, "a worker may not ask that");
    else
        handle(core, peer, msg);
}

static void peer_gone(struct gc_core *core, gc_peer peer)
{
    struct core_worker *worker = core_worker_by_peer(core, peer);
    core_watch_gone(core, peer);
    if (worker) /* it keeps its leases: they decide, not the connection */
        core_worker_connect(core, worker, 0, worker->slots);
}

static void recovered(struct gc_core *core)
{
    core->open = true;
    core_grace_begin(core);
}

static void submit(struct gc_core *core, const struct gc_event *event)
{
    if (core->open)
        core_run_submit(core, event);
    else
        core_error(core, event->peer, event->as.submit.re, GC_ERR_BUSY, "starting");
}

static void dispatch(struct gc_core *core, const struct gc_event *event)
{
    switch (event->kind) {
    case GC_EV_TIMER: break;
    case GC_EV_MESSAGE: message(core, event->peer, event->as.msg); break;
    case GC_EV_PEER_GONE: peer_gone(core, event->peer); break;
    case GC_EV_SUBMIT: submit(core, event); break;
    case GC_EV_STORE: core->full = event->as.store.full; break;
    case GC_EV_RECOVER:
        if (!core->open)
            core_recover(core, event->as.recover);
        break;
    case GC_EV_RECOVERED: recovered(core); break;
    case GC_EV_DRAIN: core->draining = true; break;
    }
}

static void advance(struct gc_core *core, const struct gc_event *event)
{
    GC_ASSERT(!core->stepped || event->now_ns >= core->now);
    if (core->stepped && core->leases.pool.count > 0 && event->now_ns - core->now > GAP_NS)
        core->slack += event->now_ns - core->now;
    core->now = event->now_ns;
    core->wall = event->wall_ns;
    core->stepped = true;
    core->more = false;
}

struct gc_effects gc_core_step(struct gc_core *core, const struct gc_event *event)
{
    core_effects_reset(core);
    advance(core, event);
    dispatch(core, event);
    if (core->open) {
        core_grace_step(core);
        core_worker_expire(core);
        core_worker_leave(core);
        core_odd_wake(core);
        core_recall_pausing(core);
        core_grant(core);
        core_recall(core);
        core_watch_tell(core);
        core_reap(core);
    }
    return (struct gc_effects){.n = core->effects.n, .list = core->effects.list};
}

static uint64_t first_wake(const struct gc_core *core)
{
    const struct core_odd *odd = gc_heap_first(&core->odds.due);
    return odd ? odd->due : UINT64_MAX;
}

static uint64_t first_tell(const struct gc_core *core)
{
    const struct core_run *run = gc_heap_first(&core->watch.due);
    return run ? run->tell_due : UINT64_MAX;
}

uint64_t gc_core_deadline(const struct gc_core *core)
{
    if (!core->open)
        return UINT64_MAX;
    if (core->more)
        return core->now;
    uint64_t deadline = core->leases.pool.count > 0 ? core->now + TICK_NS : UINT64_MAX;
    deadline = gc_min_u64(deadline, core_worker_deadline(core));
    deadline = gc_min_u64(deadline, core_grace_deadline(core));
    deadline = gc_min_u64(deadline, first_wake(core));
    return gc_min_u64(deadline, first_tell(core));
}

/* ---- questions ---- */

bool gc_core_find(const struct gc_core *core, const struct gc_id128 *id, uint64_t *ret_run_no)
{
    const struct core_run *run = core_run_by_id(core, id);
    if (!run)
        return false;
    *ret_run_no = run->no;
    return true;
}

uint64_t gc_core_next_run(const struct gc_core *core)
{
    return core->runs.next_no;
}

uint32_t gc_core_live_runs(const struct gc_core *core)
{
    return core->runs.live;
}

uint32_t gc_core_live_workers(const struct gc_core *core)
{
    return core->workers.pool.count;
}
