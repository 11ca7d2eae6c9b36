#include "worker/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/num.h"
#include "common/sys/clock.h"
#include "common/sys/digest.h"
#include "common/sys/log.h"
#include "common/sys/random.h"
#include "common/sys/sdnotify.h"
#include "common/version.h"

#define MESSAGES_A_TURN 64
#define EVENTS_A_TURN   256
#define AWAY_NS         (60u * GC_S) /* a private worker without a coordinator ends */
#define CHUNKS          (GC_AGENT_RESULTS - GC_LISTING_PAGES)

/* ---- effects ---- */

/* Steps do not nest: what an effect leads to at once is told when all effects are carried out. */
static struct gc_agent_event *tell_later(struct gc_loop *loop, enum gc_agent_event_kind kind)
{
    GC_ASSERT(loop->n_words < loop->max_words);
    struct gc_agent_event *word = &loop->words[loop->n_words++];
    *word = (struct gc_agent_event){.kind = kind};
    return word;
}

static void spool(struct gc_loop *loop, const struct gc_thing *thing, struct gc_bytes part)
{
    uint64_t name = thing->name;
    if (gc_spooler_append(loop->spooler, name, thing->blob, part) == GC_OK)
        return;
    gc_things_drop(&loop->things, name);
    struct gc_agent_event *word = tell_later(loop, GC_AEV_THING);
    word->as.thing.thing = name;
    word->as.thing.err = GC_ERR_NOMEM;
}

static void keep(struct gc_loop *loop, const struct gc_agent_effect *fx)
{
    uint64_t name = fx->as.keep.thing;
    enum gc_err err = gc_things_keep(&loop->things, fx);
    if (err != GC_ERR_STATE) {
        struct gc_agent_event *word = tell_later(loop, GC_AEV_THING);
        word->as.thing.thing = name;
        word->as.thing.err = err;
        return;
    }
    const struct gc_thing *thing = gc_things_at(&loop->things, name);
    if (thing->reading)
        gc_listing_read(&loop->listing, thing, &loop->things);
    else if (thing->what == GC_GET_RESULTS)
        spool(loop, thing, fx->as.keep.bulk);
}

static void drop(struct gc_loop *loop, uint64_t name)
{
    const struct gc_thing *thing = gc_things_at(&loop->things, name);
    if (thing && thing->reading)
        gc_listing_unread(&loop->listing, name);
    gc_things_drop(&loop->things, name);
}

static void list(struct gc_loop *loop, const struct gc_agent_list *list)
{
    struct gc_fault fault = {0};
    if (gc_listing_begin(&loop->listing, list, &loop->things, &fault))
        return;
    gc_log(GC_LOG_WARN, "listing_not_begun", gc_kv_u64("run_no", list->run_no), gc_kv_text(&fault));
    struct gc_agent_event *word = tell_later(loop, GC_AEV_UNLISTED);
    word->as.unlisted.list = list->list;
    word->as.unlisted.cause = GC_CAUSE_INFRA;
    word->as.unlisted.text = gc_str_bytes(GC_STR("the worker's lister is not to be had now"));
}

static void start(struct gc_loop *loop, const struct gc_agent_slice *slice)
{
    struct gc_blob *program = gc_things_blob(&loop->things, slice->program);
    GC_ASSERT(program != NULL);
    gc_crew_run(loop->crew, slice, program, gc_things_blob(&loop->things, slice->input));
}

static void give_free(struct gc_loop *loop, uint64_t chunk)
{
    if (gc_listing_owns(chunk))
        gc_listing_free(&loop->listing, chunk);
    else
        gc_crew_free(loop->crew, chunk);
}

static void leave(struct gc_loop *loop, bool drained)
{
    gc_log_bare(GC_LOG_INFO, drained ? "drained" : "coordinator_away");
    loop->end = true;
}

static void carry_out(struct gc_loop *loop, const struct gc_agent_effect *fx)
{
    switch (fx->kind) {
    case GC_AFX_SEND: gc_wire_say(&loop->wire, &fx->as.msg); break;
    case GC_AFX_START: start(loop, &fx->as.start); break;
    case GC_AFX_KILL: gc_crew_kill(loop->crew, fx->as.kill.slot, fx->as.kill.slice); break;
    case GC_AFX_KEEP: keep(loop, fx); break;
    case GC_AFX_DROP: drop(loop, fx->as.drop); break;
    case GC_AFX_LIST: list(loop, &fx->as.list); break;
    case GC_AFX_LIST_STOP: gc_listing_end(&loop->listing, fx->as.list_stop); break;
    case GC_AFX_FREE: give_free(loop, fx->as.free); break;
    case GC_AFX_EXIT: leave(loop, fx->as.exit.drained); break;
    }
}

static void note_session(struct gc_loop *loop)
{
    bool joined = gc_agent_joined(loop->agent);
    if (joined == loop->joined)
        return;
    loop->joined = joined;
    gc_log(GC_LOG_INFO, joined ? "joined" : "not_joined", gc_kv_u64("term", gc_agent_term(loop->agent)),
           gc_kv_u64("leases", gc_agent_leases(loop->agent)),
           gc_kv_u64("results", gc_agent_results(loop->agent)));
    if (joined)
        gc_sdnotify("READY=1");
}

static void step(struct gc_loop *loop, struct gc_agent_event *event)
{
    event->now_ns = loop->now_ns;
    struct gc_agent_effects fx = gc_agent_step(loop->agent, event);
    /* Before anything begins that may be published. */
    gc_crew_fence(loop->crew, gc_agent_fence(loop->agent));
    for (uint32_t i = 0; i < fx.n; i++)
        carry_out(loop, &fx.list[i]);
}

void gc_loop_step(struct gc_loop *loop, struct gc_agent_event *event)
{
    GC_ASSERT(loop->n_words == 0);
    step(loop, event);
    for (uint32_t i = 0; i < loop->n_words; i++) {
        struct gc_agent_event word = loop->words[i];
        step(loop, &word);
    }
    loop->n_words = 0;
    note_session(loop);
}

/* ---- a turn ---- */

static void take_signals(struct gc_loop *loop)
{
    struct signalfd_siginfo info;
    while (read(loop->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        gc_log(GC_LOG_INFO, "signal", gc_kv_u64("number", info.ssi_signo));
        if (loop->draining) {
            loop->at_once = true;
            return;
        }
        loop->draining = true;
        gc_sdnotify("STOPPING=1");
        gc_loop_step(loop, &(struct gc_agent_event){.kind = GC_AEV_DRAIN});
    }
}

static void take_messages(struct gc_loop *loop)
{
    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        struct gc_frames frames = {.frame = NULL};
        struct gc_msg msg;
        struct gc_fault fault = {0};
        enum gc_err err = gc_wire_hear(&loop->wire, &frames, &msg, &fault);
        if (err == GC_ERR_BUSY)
            return;
        if (err != GC_OK) {
            gc_log(GC_LOG_WARN, "message_refused", gc_kv_err(err), gc_kv_text(&fault));
            continue;
        }
        if (msg.type == GC_MSG_ERROR)
            gc_log(GC_LOG_WARN, "coordinator_refused",
                   gc_kv_err(gc_err_from_number((unsigned)msg.as.error.code)),
                   gc_kv_slice("text", gc_bytes_str(msg.as.error.text)));
        gc_loop_step(loop, &(struct gc_agent_event){.kind = GC_AEV_MESSAGE, .as.msg = &msg});
        gc_frames_release(&frames);
    }
}

static void take_event(struct gc_loop *loop, const struct gc_crew_event *e)
{
    struct gc_agent_event event = {.kind = GC_AEV_STOPPED};
    if (e->kind == GC_CREW_CHUNK) {
        event.kind = GC_AEV_CHUNK;
        event.as.chunk.slot = e->slot;
        event.as.chunk.slice = e->slice;
        event.as.chunk.chunk = e->chunk;
    } else if (e->kind == GC_CREW_FAULT) {
        event.kind = GC_AEV_FAULT;
        event.as.fault.slot = e->slot;
        event.as.fault.slice = e->slice;
        event.as.fault.item = e->item;
        event.as.fault.node = e->node;
        event.as.fault.cause = e->cause;
        event.as.fault.text = (struct gc_bytes){e->text, e->text_len};
    } else {
        event.as.stopped.slot = e->slot;
        event.as.stopped.slice = e->slice;
    }
    gc_loop_step(loop, &event);
}

static void take_events(struct gc_loop *loop)
{
    struct gc_crew_event event;
    for (int i = 0; i < EVENTS_A_TURN && gc_crew_next(loop->crew, &event); i++)
        take_event(loop, &event);
}

static void take_spooled(struct gc_loop *loop)
{
    struct gc_spooled spooled;
    while (gc_spooler_next(loop->spooler, &spooled)) {
        if (!gc_things_at(&loop->things, spooled.thing))
            continue; /* it was dropped meanwhile */
        struct gc_agent_event event = {.kind = GC_AEV_THING};
        event.as.thing.thing = spooled.thing;
        event.as.thing.err = spooled.err;
        event.as.thing.text = gc_str_bytes(gc_str_of(spooled.text));
        if (spooled.err != GC_OK) {
            gc_log(GC_LOG_WARN, "results_not_kept", gc_kv_err(spooled.err), gc_kv_str("text", spooled.text));
            gc_things_drop(&loop->things, spooled.thing);
        }
        gc_loop_step(loop, &event);
    }
}

static void take_time(struct gc_loop *loop)
{
    if (gc_agent_deadline(loop->agent) > loop->now_ns)
        return;
    struct gc_agent_event event = {.kind = GC_AEV_TIMER};
    event.as.timer.n = loop->settings->executors;
    event.as.timer.items = loop->items;
    for (uint32_t i = 0; i < loop->settings->executors; i++)
        loop->items[i] = gc_crew_item(loop->crew, i);
    event.as.timer.rss = gc_crew_memory(loop->crew);
    gc_loop_step(loop, &event);
}

static long poll_ms(const struct gc_loop *loop)
{
    uint64_t now = gc_clock_now(), until = gc_agent_deadline(loop->agent);
    if (loop->listing.retry_ns != 0)
        until = gc_min_u64(until, loop->listing.retry_ns);
    return until <= now ? 0 : (long)gc_min_u64(gc_div_up_u64(until - now, GC_MS), 60000);
}

static enum gc_err wait_turn(struct gc_loop *loop, struct gc_fault *f)
{
    short out = gc_wire_waits(&loop->wire) ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN;
    zmq_pollitem_t items[5] = {
        {.socket = zsock_resolve(loop->wire.socket), .events = out},
        {.fd = gc_crew_fd(loop->crew), .events = ZMQ_POLLIN},
        {.fd = loop->signal_fd, .events = ZMQ_POLLIN},
        {.fd = gc_spooler_fd(loop->spooler), .events = ZMQ_POLLIN},
    };
    int n = 4;
    struct gc_lister *lister = loop->listing.lister;
    if (lister) {
        /* Pages that have no room wait in its socket. */
        bool room = loop->listing.out < GC_LISTING_PAGES;
        short wanted = gc_lister_events(lister);
        items[n++] = (zmq_pollitem_t){
            .fd = gc_lister_fd(lister),
            .events = (short)((wanted & POLLOUT ? ZMQ_POLLOUT : 0) | (room ? ZMQ_POLLIN : 0))};
    }
    if (zmq_poll(items, n, poll_ms(loop)) < 0 && zmq_errno() != EINTR)
        return gc_fault_set(f, GC_ERR_IO, "waiting for messages: %s", zmq_strerror(zmq_errno()));
    return GC_OK;
}

enum gc_err gc_loop_run(struct gc_loop *loop, struct gc_fault *f)
{
    loop->now_ns = gc_clock_now();
    gc_loop_step(loop, &(struct gc_agent_event){.kind = GC_AEV_TIMER});
    while (!loop->end && !loop->at_once) {
        enum gc_err err = wait_turn(loop, f);
        if (err != GC_OK)
            return err;
        loop->now_ns = gc_clock_now();
        take_signals(loop);
        gc_wire_flush(&loop->wire);
        take_messages(loop);
        take_events(loop);
        take_spooled(loop);
        gc_listing_turn(loop);
        take_time(loop);
    }
    gc_wire_flush(&loop->wire); /* the goodbye */
    return GC_OK;
}

/* ---- life ---- */

static enum gc_err take_signal_fd(struct gc_loop *loop, struct gc_fault *f)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    /* Before the first thread: all of them inherit it. */
    sigprocmask(SIG_BLOCK, &set, NULL);
    loop->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return loop->signal_fd >= 0 ? GC_OK : gc_fault_set(f, GC_ERR_IO, "signalfd: %s", strerror(errno));
}

static enum gc_err start_agent(struct gc_loop *loop, struct gc_id128 boot, struct gc_fault *f)
{
    static char name[GC_MAX_NAME];
    if (gethostname(name, sizeof name - 1) != 0)
        memcpy(name, "worker", sizeof "worker");
    const struct gc_settings *s = loop->settings;
    struct gc_agent_config config = {
        .worker = loop->home.worker,
        .boot = boot,
        .name = gc_str_bytes(gc_str_of(name)),
        .version = gc_str_bytes(GC_STR(GC_VERSION)),
        .digest = gc_digest_of(gc_crew_catalogue(loop->crew)),
        .catalogue = gc_crew_catalogue(loop->crew),
        .slots = s->executors,
        .away_ns = s->private ? AWAY_NS : 0,
        .things = loop->things.n,
        .seed = gc_random_u64(),
    };
    loop->memory_size = gc_agent_size(&config);
    void *memory = mmap(NULL, loop->memory_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for the agent");
    loop->memory = memory;
    struct gc_arena arena;
    gc_arena_init(&arena, memory, loop->memory_size);
    enum gc_err err = gc_agent_init(&arena, &config, &loop->agent);
    return err == GC_OK ? GC_OK : gc_fault_set(f, err, "no memory for the agent");
}

static enum gc_err take_arrays(struct gc_loop *loop, struct gc_fault *f)
{
    uint32_t slots = loop->settings->executors;
    uint32_t things = 8 * slots * GC_LEASES_A_SLOT + 256;
    loop->max_words = things + GC_AGENT_LISTS;
    loop->words = calloc(loop->max_words, sizeof loop->words[0]);
    loop->items = calloc(slots, sizeof loop->items[0]);
    if (!loop->words || !loop->items || gc_things_init(&loop->things, things) != GC_OK)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory");
    return GC_OK;
}

enum gc_err gc_loop_init(struct gc_loop *loop, const struct gc_settings *settings, const char *program,
                         struct gc_fault *f)
{
    *loop = (struct gc_loop){.settings = settings, .program = program, .signal_fd = -1};
    struct gc_id128 boot = gc_random_id();
    enum gc_err err = gc_home_open(settings->state, &loop->home, f);
    if (err == GC_OK)
        err = take_signal_fd(loop, f);
    if (err == GC_OK)
        err = take_arrays(loop, f);
    if (err == GC_OK)
        err = gc_listing_start(&loop->listing, program, settings->roots, settings->n_roots, f);
    if (err == GC_OK) {
        /* Before any socket of the wire. */
        const struct gc_crew_config crew = {.program = program,
                                            .roots = settings->roots,
                                            .n_roots = settings->n_roots,
                                            .slots = settings->executors,
                                            .chunks = CHUNKS,
                                            .worker = loop->home.worker,
                                            .boot = boot};
        err = gc_crew_start(&crew, &loop->crew, f);
    }
    if (err == GC_OK)
        err = gc_spooler_start(settings->state, &loop->spooler, f);
    if (err == GC_OK)
        err = gc_wire_open(settings->endpoint, &loop->wire, f);
    return err == GC_OK ? start_agent(loop, boot, f) : err;
}

void gc_loop_release(struct gc_loop *loop)
{
    gc_crew_destroy(&loop->crew);
    gc_listing_stop(&loop->listing);
    gc_spooler_destroy(&loop->spooler);
    gc_things_release(&loop->things);
    gc_wire_close(&loop->wire);
    if (loop->memory)
        munmap(loop->memory, loop->memory_size);
    if (loop->signal_fd >= 0)
        close(loop->signal_fd);
    free(loop->words);
    free(loop->items);
}
