#include "coordinator/core/watch.h"

#include "common/assert.h"
#include "common/num.h"
#include "coordinator/core/account.h"
#include "coordinator/core/inside.h"
#include "coordinator/core/reap.h"

static bool before(const void *a, const void *b)
{
    const struct core_run *x = a;
    const struct core_run *y = b;
    return x->tell_due != y->tell_due ? x->tell_due < y->tell_due : x->no < y->no;
}

static void setpos(void *element, size_t pos)
{
    ((struct core_run *)element)->tell_at = pos;
}

enum gc_err core_watch_init(struct gc_core *core, struct gc_arena *arena, uint32_t watchers, uint32_t runs)
{
    struct core_watch *w = &core->watch;
    if (gc_pool_init(&w->pool, arena, sizeof(struct core_watcher), watchers) != GC_OK ||
        gc_map_init(&w->by_peer, arena, watchers, 0) != GC_OK)
        return GC_ERR_NOMEM;
    return gc_heap_init(&w->due, arena, runs, before, setpos);
}

static struct core_watcher *first_of(const struct gc_core *core, gc_peer peer)
{
    uint64_t handle;
    return gc_map_get(&core->watch.by_peer, peer, &handle) ? gc_pool_at(&core->watch.pool, handle) : NULL;
}

/* `first` heads the peer's chain from now on; NULL: it watches nothing. */
static void set_first(struct gc_core *core, gc_peer peer, const struct core_watcher *first)
{
    if (!first) {
        gc_map_remove(&core->watch.by_peer, peer);
        return;
    }
    bool put = gc_map_put(&core->watch.by_peer, peer, gc_pool_handle_of(&core->watch.pool, first));
    GC_ASSERT(put); /* the map is as large as the pool */
}

static void drop(struct gc_core *core, struct core_watcher *watcher)
{
    struct core_watcher *head = first_of(core, watcher->peer);
    struct core_watcher **at = &head;
    while (*at != watcher) {
        GC_ASSERT(*at != NULL);
        at = &(*at)->next;
    }
    *at = watcher->next;
    set_first(core, watcher->peer, head);
    gc_list_remove(&watcher->run->watchers, &watcher->link);
    gc_pool_give(&core->watch.pool, gc_pool_handle_of(&core->watch.pool, watcher));
}

void core_watch_gone(struct gc_core *core, gc_peer peer)
{
    struct core_watcher *watcher;
    while ((watcher = first_of(core, peer)) != NULL) {
        struct core_run *run = watcher->run;
        drop(core, watcher);
        run->tell_left = gc_min_u64(run->tell_left, run->watchers.count);
    }
}

/* Asked again (the answer was lost, or is awaited under another number): the same watcher. */
static bool watch(struct gc_core *core, gc_peer peer, struct core_run *run, uint64_t re)
{
    struct core_watcher *head = first_of(core, peer);
    struct core_watcher *watcher = head;
    while (watcher && watcher->run != run)
        watcher = watcher->next;
    if (!watcher) {
        watcher = gc_pool_take(&core->watch.pool, NULL);
        if (!watcher)
            return false;
        *watcher = (struct core_watcher){.peer = peer, .run = run, .next = head};
        set_first(core, peer, watcher);
        gc_list_append(&run->watchers, &watcher->link);
    }
    watcher->re = re;
    return true;
}

static void fill(struct gc_core *core, const struct core_run *run, struct gc_msg_run_info *info)
{
    info->run = run->id;
    info->run_no = run->no;
    info->job = run->job;
    info->state = run->state;
    info->text = gc_bytes_of(run->text, run->text_len);
    if (run->text_len == 0 && core_run_live(run))
        info->text = gc_bytes_of(run->trouble, run->trouble_len);
    info->created_ns = run->created_ns;
    info->started_ns = run->started_ns;
    info->ended_ns = run->ended_ns;
    info->active_ns = core_run_active_ns(core, run);
    info->pixels = run->pixels;
    info->workers = core->workers.connected;
    info->refused = run->refused;
    info->n_nodes = run->n_nodes;
}

/* The sources and nodes of a round are made once. */
struct account {
    uint32_t n_sources;
    struct gc_source_info *sources;
    struct gc_node_infos nodes;
};

static struct account take_account(struct gc_core *core, const struct core_run *run)
{
    struct account account;
    core_account_sources(core, run, &account.n_sources, &account.sources);
    account.nodes = core_account_nodes(core, run);
    return account;
}

static void send_info(struct gc_core *core, const struct core_run *run, gc_peer peer, uint64_t re,
                      const struct account *account)
{
    struct gc_msg *msg = core_send(core, peer, GC_MSG_RUN_INFO, re);
    fill(core, run, &msg->as.run_info);
    msg->as.run_info.n_sources = account->n_sources;
    msg->as.run_info.sources = account->sources;
    GC_CONTAINER(msg, struct gc_effect, as.msg)->nodes = account->nodes;
}

void core_watch_show(struct gc_core *core, gc_peer peer, const struct gc_msg *msg)
{
    struct core_run *run = core_run_by_id(core, &msg->as.show.run);
    if (!run) {
        core_read(core, peer, msg);
        return;
    }
    if (msg->as.show.watch && !watch(core, peer, run, msg->seq)) {
        core_error(core, peer, msg->seq, GC_ERR_BUSY, "no room for another watcher");
        return;
    }
    if (core->full) { /* the account waits for what it tells to be stored; that it waits is told at once */
        core_error(
            core, peer, msg->seq, GC_ERR_BUSY,
            "the disk of the coordinator's state folder is full: the run stands still, keeps its results, and goes on by "
            "itself when there is room");
        return;
    }
    struct account account = take_account(core, run);
    send_info(core, run, peer, msg->seq, &account);
}

void core_watch_changed(struct gc_core *core, struct core_run *run)
{
    if (gc_list_empty(&run->watchers))
        return;
    bool ended = !core_run_live(run);
    bool in = run->tell_at != GC_HEAP_NOWHERE;
    if (in && !ended)
        return;
    /* The end is told at once, and to all of them again. */
    run->tell_due = ended ? core->now : gc_max_u64(core->now, run->told + GC_WATCH_NS);
    run->tell_left = run->watchers.count;
    if (in) {
        gc_heap_moved(&core->watch.due, run->tell_at);
    } else {
        bool pushed = gc_heap_push(&core->watch.due, run);
        GC_ASSERT(pushed); /* there is a place for each run */
    }
}

/* Tells those that are next in the round. True: the round is over. */
static bool tell_round(struct gc_core *core, struct core_run *run, uint32_t *budget)
{
    struct account account = take_account(core, run);
    for (; run->tell_left > 0 && *budget > 0; (*budget)--, run->tell_left--) {
        struct gc_link *first = gc_list_first(&run->watchers);
        GC_ASSERT(first != NULL);
        struct core_watcher *watcher = GC_CONTAINER(first, struct core_watcher, link);
        send_info(core, run, watcher->peer, watcher->re, &account);
        if (core_run_live(run)) {
            gc_list_remove(&run->watchers, &watcher->link);
            gc_list_append(&run->watchers, &watcher->link);
        } else {
            drop(core, watcher);
        }
    }
    return run->tell_left == 0;
}

void core_watch_tell(struct gc_core *core)
{
    uint32_t budget = CORE_TELLS;
    uint32_t rounds = CORE_TELL_ROUNDS;
    struct core_run *run;
    while ((run = gc_heap_first(&core->watch.due)) != NULL && run->tell_due <= core->now) {
        if (budget == 0 || rounds-- == 0 || !tell_round(core, run, &budget)) {
            core->more = true;
            return;
        }
        run->told = core->now;
        gc_heap_take(&core->watch.due);
        core_reap_run(core, run);
    }
}
