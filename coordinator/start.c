/* start.c - from a state folder to a coordinator that could answer: the store, the term, what was kept. The order is the promise:
 * the term is durable before anybody can speak to us. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/sys/clock.h"
#include "common/sys/log.h"
#include "common/sys/random.h"
#include "common/version.h"
#include "coordinator/folder.h"
#include "coordinator/loop.h"

static enum gc_err open_store(struct gc_loop *loop, struct gc_fault *f)
{
    bool new;
    const char *folder = loop->settings->state;
    enum gc_err err = gc_folder_check(folder, &new, f);
    if (err == GC_OK)
        err = gc_store_open(folder, NULL, &loop->store, f);
    if (err != GC_OK)
        return err;
    if (gc_store_is_new(loop->store))
        gc_log(GC_LOG_INFO, "state_initialised", gc_kv_str("folder", folder));
    err = gc_store_raise_term(loop->store, &loop->term, f);
    if (err == GC_OK)
        gc_log(GC_LOG_INFO, "starting", gc_kv_str("version", GC_VERSION), gc_kv_u64("term", loop->term),
               gc_kv_str("folder", folder));
    return err;
}

static enum gc_err make_core(struct gc_loop *loop, struct gc_fault *f)
{
    struct gc_core_config config = {.term = loop->term, .seed = gc_random_u64()};
    enum gc_err err = gc_store_next_run(loop->store, &config.next_run, f);
    if (err != GC_OK)
        return err;
    if (gc_mapping_make(gc_core_size(&config), &loop->core_memory) != GC_OK)
        return gc_fault_set(f, GC_ERR_NOMEM, "no address space for the scheduler");
    struct gc_arena arena;
    gc_arena_init(&arena, loop->core_memory.base, loop->core_memory.size);
    if (gc_core_init(&arena, &config, &loop->core) != GC_OK)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the scheduler");
    return GC_OK;
}

/* ---- what was kept ---- */

struct recovery {
    struct gc_loop *loop;
    uint64_t commits;
};

static void on_commit(void *arg, const struct gc_commit *commit)
{
    struct recovery *r = arg;
    struct gc_event event = {.kind = GC_EV_RECOVER, .now_ns = gc_clock_now(), .wall_ns = gc_clock_wall()};
    event.as.recover = commit;
    gc_loop_note(r->loop, commit);
    struct gc_effects fx = gc_core_step(r->loop->core, &event);
    GC_ASSERT(fx.n == 0); /* nobody is there yet, and it is stored already */
    r->commits++;
}

static void on_catalogue(void *arg, struct gc_bytes digest, struct gc_bytes bytes)
{
    struct gc_loop *loop = arg;
    struct gc_digest d;
    struct gc_fault f;
    gc_fault_clear(&f);
    if (digest.len != sizeof d.b)
        return;
    memcpy(d.b, digest.ptr, sizeof d.b);
    enum gc_err err = gc_catalogues_add(&loop->catalogues, d, bytes, &f);
    if (err != GC_OK) /* workers bring theirs again */
        gc_log(GC_LOG_WARN, "catalogue_unreadable", gc_kv_err(err), gc_kv_text(&f));
}

static enum gc_err recover(struct gc_loop *loop, struct gc_fault *f)
{
    struct recovery r = {.loop = loop};
    uint64_t begun = gc_clock_now();
    enum gc_err err = gc_store_catalogues(loop->store, on_catalogue, loop, f);
    if (err == GC_OK)
        err = gc_store_recover(loop->store, on_commit, &r, f);
    if (err == GC_OK)
        gc_log(GC_LOG_INFO, "recovered", gc_kv_u64("runs", gc_core_live_runs(loop->core)),
               gc_kv_u64("commits", r.commits), gc_kv_u64("catalogues", loop->catalogues.n),
               gc_kv_u64("ms", (gc_clock_now() - begun) / GC_MS));
    return err;
}

static enum gc_err serve_signals(struct gc_loop *loop, struct gc_fault *f)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    /* Before the first thread, so that no other thread takes one. */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN); /* the terminal that started a private one may close */
    loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return loop->signal_fd >= 0 ? GC_OK
                                : gc_fault_set(f, gc_err_from_errno(errno), "signalfd: %s", strerror(errno));
}

enum gc_err gc_loop_init(struct gc_loop *loop, const struct gc_settings *settings, struct gc_fault *f)
{
    *loop = (struct gc_loop){.settings = settings, .signal_fd = -1};
    gc_submits_init(&loop->submits);
    gc_drafts_init(&loop->drafts);
    gc_catalogues_init(&loop->catalogues);
    enum gc_err err = serve_signals(loop, f);
    if (err == GC_OK && gc_net_init(&loop->net, GC_MAX_PEERS) != GC_OK)
        err = gc_fault_set(f, GC_ERR_NOMEM, "no memory for peers");
    if (err == GC_OK)
        err = open_store(loop, f);
    if (err == GC_OK)
        err = make_core(loop, f);
    if (err == GC_OK)
        err = recover(loop, f);
    if (err == GC_OK && gc_packer_init(&loop->packer, loop->term, GC_CODEC_SCRATCH) != GC_OK)
        err = gc_fault_set(f, GC_ERR_NOMEM, "no memory for messages");
    if (err == GC_OK && settings->private)
        err = gc_ownworker_init(&loop->worker, settings, f);
    if (err == GC_OK)
        err = gc_writer_start(loop->store, loop->term, &loop->writer, f);
    if (err != GC_OK)
        return err;
    struct gc_event event = {.kind = GC_EV_RECOVERED};
    loop->now_ns = gc_clock_now();
    gc_loop_step(loop, &event, NULL, NULL);
    return GC_OK;
}

void gc_loop_release(struct gc_loop *loop)
{
    gc_ownworker_stop(&loop->worker, GC_S);
    gc_ownworker_release(&loop->worker);
    gc_writer_stop(&loop->writer);
    gc_store_close(&loop->store);
    gc_net_release(&loop->net);
    gc_packer_release(&loop->packer);
    gc_submits_release(&loop->submits);
    gc_drafts_release(&loop->drafts);
    gc_catalogues_release(&loop->catalogues);
    gc_mapping_release(&loop->core_memory);
    if (loop->signal_fd >= 0)
        close(loop->signal_fd);
}
