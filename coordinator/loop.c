/* loop.c - steps and their effects, and the turns of the loop. */
#include "coordinator/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/sys/clock.h"
#include "common/sys/log.h"
#include "common/sys/sdnotify.h"

#define MESSAGES_A_TURN 64 /* then time, signals and the store have their turn */

/* ---- effects ---- */

/* There is no going on without memory: what is durable stays, and whoever starts us again finds it. */
static void break_down(struct gc_loop *loop, const char *what)
{
    gc_log(GC_LOG_ERROR, "no_memory", gc_kv_str("for", what));
    loop->broken = true;
}

static void fill_welcome(struct gc_loop *loop, gc_peer name, struct gc_msg_welcome *welcome)
{
    const struct gc_net_peer *peer = gc_net_at(&loop->net, name);
    welcome->want_catalogue =
        peer && peer->role == GC_ROLE_WORKER && !gc_catalogues_knows(&loop->catalogues, &peer->catalogue);
}

/* What the core leaves to the shell: the bulk of RUN_INFO, and whether a worker's catalogue is known. */
static struct gc_parcel *pack(struct gc_loop *loop, struct gc_effect *effect)
{
    struct gc_msg *msg = &effect->as.msg;
    if (msg->type == GC_MSG_WELCOME)
        fill_welcome(loop, effect->peer, &msg->as.welcome);
    if (msg->type == GC_MSG_RUN_INFO) {
        gc_buf_reset(&loop->packer.bulk);
        if (gc_encode_node_infos(&effect->nodes, &loop->packer.bulk) != GC_OK ||
            !gc_buf_ok(&loop->packer.bulk))
            return gc_parcel_error(&loop->packer, effect->peer, msg->re, GC_ERR_LIMIT,
                                   "the run's account does not fit a message");
        msg->bulk = gc_buf_bytes(&loop->packer.bulk);
    }
    return gc_parcel_new(&loop->packer, effect->peer, msg);
}

static struct gc_unit *need_unit(struct gc_loop *loop, struct gc_unit **unit)
{
    if (!*unit)
        *unit = gc_unit_new();
    if (!*unit)
        break_down(loop, "a unit");
    return *unit;
}

/* The unit with the step's commits; NULL when there are none. */
static struct gc_unit *take_commits(struct gc_loop *loop, const struct gc_effects *fx,
                                    struct gc_frames *frames, struct gc_mapping *held)
{
    struct gc_unit *unit = NULL;
    bool any = false;
    for (uint32_t i = 0; i < fx->n; i++) {
        if (fx->list[i].kind != GC_FX_COMMIT)
            continue;
        any = true;
        gc_loop_note(loop, &fx->list[i].as.commit);
    }
    if (!any || !need_unit(loop, &unit))
        return NULL;
    if (frames)
        gc_unit_hold_frames(unit, frames);
    if (held)
        gc_unit_hold_mapping(unit, held);
    if (gc_unit_add_commits(unit, fx) == GC_OK)
        return unit;
    break_down(loop, "commits");
    gc_unit_free(unit);
    return NULL;
}

static void send_all(struct gc_loop *loop, struct gc_effects *fx, struct gc_unit **unit)
{
    bool waits = *unit != NULL || gc_writer_commits(loop->writer) > 0;
    for (uint32_t i = 0; i < fx->n; i++) {
        if (fx->list[i].kind != GC_FX_SEND)
            continue;
        struct gc_parcel *parcel = pack(loop, &fx->list[i]);
        if (!parcel)
            continue;
        if (!waits || !gc_msg_durable(parcel->type))
            gc_net_send(&loop->net, parcel);
        else if (need_unit(loop, unit))
            gc_unit_add_parcel(*unit, parcel);
        else
            gc_parcel_free(parcel);
    }
}

static void carry_out(struct gc_loop *loop, struct gc_effects *fx, struct gc_frames *frames,
                      struct gc_mapping *held)
{
    struct gc_unit *unit = take_commits(loop, fx, frames, held);
    if (loop->broken)
        return; /* what was not committed is told to nobody */
    send_all(loop, fx, &unit);
    if (unit)
        gc_writer_put(loop->writer, unit);
    for (uint32_t i = 0; i < fx->n; i++)
        if (fx->list[i].kind == GC_FX_READ)
            gc_loop_ask(loop, fx->list[i].peer, fx->list[i].as.read);
}

void gc_loop_step(struct gc_loop *loop, struct gc_event *event, struct gc_frames *frames,
                  struct gc_mapping *held)
{
    event->now_ns = loop->now_ns;
    event->wall_ns = gc_clock_wall();
    struct gc_effects fx = gc_core_step(loop->core, event);
    carry_out(loop, &fx, frames, held);
}

void gc_loop_post(struct gc_loop *loop, struct gc_parcel *parcel)
{
    struct gc_unit *unit = NULL;
    if (!parcel)
        return;
    if (!gc_msg_durable(parcel->type) || gc_writer_commits(loop->writer) == 0) {
        gc_net_send(&loop->net, parcel);
    } else if (need_unit(loop, &unit)) {
        gc_unit_add_parcel(unit, parcel);
        gc_writer_put(loop->writer, unit);
    } else {
        gc_parcel_free(parcel);
    }
}

void gc_loop_error(struct gc_loop *loop, gc_peer peer, uint64_t re, enum gc_err code, const char *text)
{
    gc_loop_post(loop, gc_parcel_error(&loop->packer, peer, re, code, text));
}

void gc_loop_ask(struct gc_loop *loop, gc_peer peer, const struct gc_msg *msg)
{
    struct gc_unit *unit = gc_unit_new();
    if (unit && gc_unit_ask(unit, peer, msg) == GC_OK) {
        gc_writer_put(loop->writer, unit);
        return;
    }
    gc_unit_free(unit);
    gc_loop_error(loop, peer, msg->seq, GC_ERR_BUSY, "no memory for the question; try again");
}

/* ---- what comes back from the store ---- */

static void log_commit(const struct gc_commit *c)
{
    if (c->kind == GC_COMMIT_RUN)
        gc_log(GC_LOG_INFO, "run_submitted", gc_kv_run("run", c->as.run.run),
               gc_kv_u64("run_no", c->as.run.run_no), gc_kv_slice("job", gc_bytes_str(c->as.run.job->name)));
    if (c->kind == GC_COMMIT_RUN_STATE)
        gc_log(GC_LOG_INFO, "run_state", gc_kv_u64("run_no", c->as.run_state.run_no),
               gc_kv_str("state", gc_run_state_name(c->as.run_state.state)),
               gc_kv_slice("text", gc_bytes_str(c->as.run_state.text)));
}

static void finish_unit(struct gc_loop *loop, struct gc_unit *unit)
{
    for (uint32_t i = 0; i < unit->n_commits; i++)
        log_commit(&unit->commits[i]);
    for (struct gc_link *it; (it = gc_list_take_first(&unit->parcels));)
        gc_net_send(&loop->net, GC_CONTAINER(it, struct gc_parcel, link));
    if (unit->errand.kind == GC_ERRAND_LOOKUP)
        gc_admit_looked_up(loop, &unit->errand);
    gc_unit_free(unit);
}

void gc_loop_returned(struct gc_loop *loop)
{
    struct gc_list units;
    gc_list_init(&units);
    enum gc_writer_state state = gc_writer_take(loop->writer, &units);
    for (struct gc_link *it; (it = gc_list_take_first(&units));)
        finish_unit(loop, GC_CONTAINER(it, struct gc_unit, link));
    if (state == GC_WRITER_BROKEN)
        loop->broken = true;
    bool full = state == GC_WRITER_FULL;
    if (full == loop->full)
        return;
    loop->full = full;
    struct gc_event event = {.kind = GC_EV_STORE, .as.store.full = full};
    gc_loop_step(loop, &event, NULL, NULL);
}

/* ---- a turn ---- */

/* Whether messages may be read now: see the head of loop.h. */
static bool may_read(const struct gc_loop *loop)
{
    return loop->full || !gc_writer_loaded(loop->writer);
}

static long poll_ms(const struct gc_loop *loop, uint64_t now)
{
    uint64_t until = loop->tend_ns;
    uint64_t core = gc_core_deadline(loop->core), net = gc_net_deadline(&loop->net);
    until = core < until ? core : until;
    until = net < until ? net : until;
    return until <= now ? 0 : (long)((until - now + GC_MS - 1) / GC_MS);
}

static enum gc_err wait_turn(struct gc_loop *loop, struct gc_fault *f)
{
    zmq_pollitem_t items[] = {
        {.fd = gc_writer_fd(loop->writer), .events = ZMQ_POLLIN},
        {.fd = loop->signal_fd, .events = ZMQ_POLLIN},
        {.socket = zsock_resolve(loop->net.socket), .events = ZMQ_POLLIN},
    };
    int n = may_read(loop) ? 3 : 2;
    if (zmq_poll(items, n, poll_ms(loop, gc_clock_now())) < 0 && zmq_errno() != EINTR)
        return gc_fault_set(f, GC_ERR_IO, "waiting for messages: %s", zmq_strerror(zmq_errno()));
    return GC_OK;
}

static void take_signals(struct gc_loop *loop)
{
    struct signalfd_siginfo info;
    while (read(loop->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            gc_ownworker_reap(&loop->worker, loop->now_ns);
            continue;
        }
        gc_log(GC_LOG_INFO, "signal", gc_kv_u64("number", info.ssi_signo));
        if (loop->ending)
            loop->end_ns = loop->now_ns; /* the second one: at once */
        gc_loop_begin_end(loop);
    }
}

static enum gc_err take_messages(struct gc_loop *loop, struct gc_fault *f)
{
    for (int i = 0; i < MESSAGES_A_TURN && may_read(loop) && !loop->broken; i++) {
        struct gc_frames frames = {.frame = NULL};
        enum gc_err err = gc_socket_recv(loop->net.socket, true, &frames);
        if (err == GC_ERR_BUSY)
            break;
        if (err == GC_ERR_IO)
            return gc_fault_set(f, err, "receiving: %s", zmq_strerror(zmq_errno()));
        if (err == GC_ERR_INVALID)
            gc_log(GC_LOG_WARN, "malformed", gc_kv_str("text", "a message of another form"));
        else
            gc_route(loop, &frames);
    }
    return GC_OK;
}

static void take_gone(struct gc_loop *loop)
{
    for (gc_peer peer; (peer = gc_net_next_gone(&loop->net)) != 0 && !loop->broken;) {
        struct gc_event event = {.kind = GC_EV_PEER_GONE, .peer = peer};
        gc_loop_step(loop, &event, NULL, NULL);
    }
}

static void take_time(struct gc_loop *loop)
{
    if (gc_core_deadline(loop->core) <= loop->now_ns) {
        struct gc_event event = {.kind = GC_EV_TIMER};
        gc_loop_step(loop, &event, NULL, NULL);
    }
    if (gc_net_deadline(&loop->net) <= loop->now_ns)
        gc_net_tend(&loop->net, &loop->packer, loop->now_ns);
    if (loop->tend_ns <= loop->now_ns)
        gc_loop_tend(loop);
}

static enum gc_err turn(struct gc_loop *loop, struct gc_fault *f)
{
    enum gc_err err = wait_turn(loop, f);
    if (err != GC_OK)
        return err;
    loop->now_ns = gc_clock_now();
    take_signals(loop);
    gc_loop_returned(loop);
    if (!loop->broken)
        err = take_messages(loop, f);
    if (err == GC_OK && !loop->broken) {
        take_time(loop);
        take_gone(loop);
    }
    return err;
}

/* Whoever waits for us may speak now. */
static void say_ready(const struct gc_loop *loop)
{
    const struct gc_settings *s = loop->settings;
    for (size_t i = 0; i < s->n_endpoints; i++)
        gc_log(GC_LOG_INFO, "listening", gc_kv_str("endpoint", s->endpoints[i]),
               gc_kv_u64("term", loop->term));
    gc_sdnotify("READY=1");
    if (s->ready_fd < 0)
        return;
    if (write(s->ready_fd, "r", 1) != 1)
        gc_log_bare(GC_LOG_DEBUG, "nobody_waits");
    close(s->ready_fd);
}

enum gc_err gc_loop_run(struct gc_loop *loop, struct gc_fault *f)
{
    enum gc_err err = gc_net_listen(&loop->net, loop->settings->endpoints, loop->settings->n_endpoints, f);
    if (err != GC_OK)
        return err;
    say_ready(loop);
    loop->now_ns = loop->needed_ns = gc_clock_now();
    while (err == GC_OK && !loop->broken && !gc_loop_at_end(loop))
        err = turn(loop, f);
    if (err == GC_OK && loop->broken)
        err = gc_fault_set(f, GC_ERR_IO, "ended because the store or memory failed; what was told is kept");
    return err;
}
