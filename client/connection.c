/* connection.c - see connection.h. The public calls that open and close are in open.c. */
#include "client/connection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/error.h"
#include "client/private.h"
#include "client/watch.h"
#include "common/assert.h"
#include "common/sys/clock.h"
#include "common/version.h"

#define CHECK_NS  (1u * GC_SEC)  /* silence after which, and how often, the socket is tried */
#define SILENT_NS (4u * GC_SEC)  /* silence that is worth a notice */
#define BUSY_NS   (250u * GC_MS) /* wait after a busy answer */
#define FULL_NS   (100u * GC_MS) /* wait after a full pipe */
enum { START_TRIES = 3 };        /* the one before may still hold the folder's lock while it ends */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void say(struct graphcap *gc, const char *text)
{
    if (gc->notice)
        gc->notice(gc->notice_arg, text);
}

/* ---- sending ---- */

bool gc_conn_send(struct graphcap *gc, const struct gc_msg *msg, uint64_t *ret_seq)
{
    struct gc_msg numbered = *msg;
    numbered.term = gc->term;
    numbered.session = gc->session;
    numbered.seq = ++gc->seq;
    *ret_seq = numbered.seq;
    if (gc_codec_encode(gc->codec, &numbered, &gc->out) != GC_OK)
        GC_NEVER("a request of ours is over the limits that its maker keeps");
    gc->full = gc_socket_send(gc->socket, NULL, gc_buf_bytes(&gc->out), msg->bulk) != GC_OK;
    return !gc->full;
}

static void send_hello(struct graphcap *gc, uint64_t now)
{
    struct gc_msg msg = {.type = GC_MSG_HELLO};
    msg.as.hello = (struct gc_msg_hello){
        .role = GC_ROLE_CLIENT,
        .name = gc_str_bytes(gc_str_part(gc_str_of(gc->name), 0, GC_MAX_NAME)),
        .version = gc_str_bytes(GC_STR(GC_VERSION)),
        .peer = gc->peer,
        .boot = gc->boot,
    };
    gc->hello_ns = now;
    (void)gc_conn_send(gc, &msg, &gc->hello_seq); /* sent again when due */
}

static bool hello_due(const struct graphcap *gc, uint64_t now)
{
    return gc->hello_seq == 0 || now - gc->hello_ns >= (gc->full ? FULL_NS : GC_RESEND_NS);
}

/* ---- a silent coordinator ---- */

static int start_again(struct graphcap *gc, struct graphcap_error *error)
{
    struct gc_private p = {
        .place = &gc->place, .bindir = gc->bindir, .executors = gc->executors, .wake = gc->wake};
    pid_t child = 0;
    if (gc->joins)
        say(gc, "the private coordinator is gone; starting it again");
    int code = gc_private_start(&p, &child, error);
    if (child)
        gc->child = child;
    if (code == GRAPHCAP_OK) {
        gc->start_failures = 0;
        gc->heard_ns = gc_clock_now();
        gc->hello_seq = 0; /* whoever answers now has not heard the last one */
        gc->joined = false;
        return GRAPHCAP_OK;
    }
    if (code == GRAPHCAP_UNREACHABLE && ++gc->start_failures < START_TRIES)
        return GRAPHCAP_OK; /* the next check tries again */
    return code;
}

static void reap(struct graphcap *gc)
{
    if (gc->child && waitpid(gc->child, NULL, WNOHANG) == gc->child)
        gc->child = 0;
}

int gc_conn_check(struct graphcap *gc, struct graphcap_error *error)
{
    uint64_t now = gc_clock_now();
    gc->checked_ns = now;
    reap(gc);
    bool there = gc_private_alive(gc->place.socket);
    if (!there && gc->place.private)
        return start_again(gc, error);
    if (there && gc->place.private && gc->executors && !gc->socket)
        say(gc, "a private coordinator is there already; its worker keeps the executors that it has");
    if (!there && gc->joins == 0)
        return gc_fail(
            error, GRAPHCAP_UNREACHABLE,
            "%s: no coordinator answers there; start one (gc-coordinator --listen %s --state DIR), or leave the "
            "endpoint out to use a private one",
            gc->place.endpoint, gc->place.endpoint);
    if (now - gc->heard_ns >= gc->patience_ns)
        return gc_fail(error, GRAPHCAP_UNREACHABLE, "%s: the coordinator has not answered for %llu s%s",
                       gc->place.endpoint, (unsigned long long)((now - gc->heard_ns) / GC_SEC),
                       there ? " (its socket is there)" : "");
    if (now - gc->heard_ns >= SILENT_NS && !gc->told_silent) {
        gc->told_silent = true;
        say(gc, "the coordinator does not answer; waiting for it");
    }
    return GRAPHCAP_OK;
}

/* ---- receiving ---- */

/* Waits for a frame, the wake-up or the time. */
static int wait_frame(struct graphcap *gc, uint64_t until, struct graphcap_error *error)
{
    uint64_t now = gc_clock_now();
    zmq_pollitem_t items[2] = {
        {.socket = zsock_resolve(gc->socket), .events = (short)(ZMQ_POLLIN | (gc->full ? ZMQ_POLLOUT : 0))},
        {.fd = gc->wake, .events = ZMQ_POLLIN},
    };
    uint64_t ms = until > now ? (until - now) / GC_MS + 1 : 0;
    int n = zmq_poll(items, 2, (long)earlier(ms, 60000));
    if (n < 0 && zmq_errno() != EINTR)
        return gc_fail(error, GRAPHCAP_IO, "waiting for the coordinator: %s", zmq_strerror(zmq_errno()));
    uint64_t count;
    if (read(gc->wake, &count, sizeof count) ==
        (ssize_t)sizeof count) /* without waiting: a signal may have come too */
        return gc_fail(error, GRAPHCAP_INTERRUPTED, "interrupted");
    return GRAPHCAP_OK;
}

/* One message, if one is there. *ret stays NULL for none, and for what could not be read and was dropped. */
static int receive(struct graphcap *gc, const struct gc_msg **ret, struct graphcap_error *error)
{
    struct gc_fault fault = {0};
    gc_frames_release(&gc->frames);
    gc->frames = (struct gc_frames){0};
    enum gc_err err = gc_socket_recv(gc->socket, false, &gc->frames);
    if (err == GC_ERR_BUSY || err == GC_ERR_INVALID)
        return GRAPHCAP_OK;
    if (err != GC_OK)
        return gc_fail(error, (int)err, "%s: receiving failed: %s", gc->place.endpoint, gc_err_text(err));
    zframe_t *bulk = gc->frames.bulk;
    struct gc_bytes frame = {zframe_data(gc->frames.frame), zframe_size(gc->frames.frame)};
    struct gc_bytes raw = {bulk ? zframe_data(bulk) : NULL, bulk ? zframe_size(bulk) : 0};
    err = gc_codec_decode(gc->codec, frame, raw, &gc->msg, &fault);
    if (err == GC_ERR_VERSION)
        return gc_fail_context(error, gc_fail_fault(error, err, &fault),
                               "%s: the coordinator speaks another version; use programs of one release",
                               gc->place.endpoint);
    if (err != GC_OK)
        return GRAPHCAP_OK; /* as if it had been lost: what it answered is asked again */
    gc->heard_ns = gc_clock_now();
    *ret = &gc->msg;
    return GRAPHCAP_OK;
}

static void welcomed(struct graphcap *gc, const struct gc_msg *msg)
{
    if (gc->joined || msg->re != gc->hello_seq)
        return; /* the answer to a HELLO that was sent twice */
    gc->term = msg->term;
    gc->session = msg->session;
    gc->joined = true;
    gc->joins++;
    if (gc->told_silent)
        say(gc, "the coordinator is back");
    gc->told_silent = false;
}

/* Takes what belongs to the conversation itself. *ret_mine: the caller need not look at it. */
static int conversation(struct graphcap *gc, const struct gc_msg *msg, bool *ret_mine,
                        struct graphcap_error *error)
{
    *ret_mine = true;
    if (msg->type == GC_MSG_WELCOME) {
        welcomed(gc, msg);
    } else if (msg->type == GC_MSG_WHO) {
        /* Else it speaks of what was sent before we joined again. */
        if (gc->joined && (msg->re == 0 || msg->re > gc->hello_seq))
            gc->hello_seq = 0;
        gc->joined = gc->joined && gc->hello_seq != 0;
    } else if (msg->type == GC_MSG_ERROR && gc->hello_seq && msg->re == gc->hello_seq) {
        enum gc_err code = gc_err_from_number((unsigned)msg->as.error.code);
        return gc_fail(error, (int)code, "%s: the coordinator does not let us in: %.*s", gc->place.endpoint,
                       GC_STR_ARGS(gc_bytes_str(msg->as.error.text)));
    } else {
        *ret_mine = gc_watch_take(gc, msg);
    }
    return GRAPHCAP_OK;
}

int gc_conn_pump(struct graphcap *gc, uint64_t until_ns, const struct gc_msg **ret,
                 struct graphcap_error *error)
{
    uint64_t now = gc_clock_now();
    bool mine = false;
    *ret = NULL;
    gc->pumped_ns = now;
    if (!gc->joined && hello_due(gc, now))
        send_hello(gc, now);
    uint64_t quiet_since = gc->heard_ns > gc->checked_ns ? gc->heard_ns : gc->checked_ns;
    if (now - quiet_since >= CHECK_NS)
        return gc_conn_check(gc, error);
    uint64_t until = earlier(until_ns, quiet_since + CHECK_NS);
    if (!gc->joined)
        until = earlier(until, gc->hello_ns + (gc->full ? FULL_NS : GC_RESEND_NS));
    int code = receive(gc, ret, error);
    if (code == GRAPHCAP_OK && !*ret)
        code = wait_frame(gc, until, error);
    else if (code == GRAPHCAP_OK)
        code = conversation(gc, *ret, &mine, error);
    if (mine)
        *ret = NULL;
    return code;
}

int gc_conn_begin(struct graphcap *gc, struct graphcap_error *error)
{
    if (gc->owner != getpid())
        return gc_fail(error, GRAPHCAP_STATE,
                       "this connection belongs to the process that opened it: connect anew after fork()");
    /* While nobody was waiting nothing was heard either: that is no silence. Calls that follow each other closely are one wait. */
    uint64_t now = gc_clock_now();
    if (now - gc->pumped_ns >= CHECK_NS)
        gc->heard_ns = now;
    return GRAPHCAP_OK;
}

/* ---- asking ---- */

struct sending {
    uint64_t joins;     /* under which it was sent last; 0: never */
    uint64_t due_ns;    /* to be sent again */
    uint64_t first_seq; /* of the first sending; 0: none */
    uint64_t busy_since;
    bool told_busy;
};

static bool send_due(const struct graphcap *gc, const struct sending *s)
{
    if (!gc->joined)
        return false;
    return s->joins != gc->joins || gc_clock_now() >= s->due_ns;
}

static void send_request(struct graphcap *gc, const struct gc_request *r, struct sending *s)
{
    uint64_t seq;
    bool whole = true;
    for (uint32_t i = 0; i < r->n && whole; i++) {
        whole = gc_conn_send(gc, &r->msgs[i], &seq);
        if (s->first_seq == 0)
            s->first_seq = seq;
    }
    s->joins = gc->joins;
    s->due_ns = gc_clock_now() + (whole ? GC_RESEND_NS : FULL_NS);
}

void gc_conn_tell_busy(struct graphcap *gc, struct gc_bytes text)
{
    char line[GC_MAX_TEXT + GC_MAX_PATH + 64];
    const char *state = gc->place.private ? gc->place.state : "";
    (void)snprintf(line, sizeof line, "waiting: %.*s%s%s%s", GC_STR_ARGS(gc_bytes_str(text)),
                   *state ? " (state folder: " : "", state, *state ? ")" : "");
    say(gc, line);
}

void gc_conn_tell_on(struct graphcap *gc)
{
    say(gc, "the coordinator goes on");
}

/* Once, when it takes long enough to wonder. */
static void tell_busy(struct graphcap *gc, struct gc_bytes text, uint64_t now, struct sending *s)
{
    if (s->told_busy || now - s->busy_since < SILENT_NS)
        return;
    s->told_busy = true;
    gc_conn_tell_busy(gc, text);
}

static int refused(struct graphcap *gc, const struct gc_msg_error *e, struct sending *s,
                   struct graphcap_error *error)
{
    enum gc_err code = gc_err_from_number((unsigned)e->code);
    uint64_t now = gc_clock_now();
    gc_fail(error, (int)code, "%.*s", GC_STR_ARGS(gc_bytes_str(e->text)));
    if (e->text.len == 0)
        gc_fail(error, (int)code, "%s", gc_err_text(code));
    if (code != GC_ERR_BUSY)
        return (int)code;
    if (s->busy_since == 0)
        s->busy_since = now;
    if (now - s->busy_since >= gc->patience_ns) {
        if (gc->place.private && error)
            return gc_fail_context(error, (int)code, "%s (its log is in %s/log)", gc->place.endpoint,
                                   gc->place.state);
        return (int)code;
    }
    tell_busy(gc, e->text, now, s);
    s->due_ns = now + BUSY_NS;
    return GC_NOT_THE_ANSWER;
}

int gc_conn_ask(struct graphcap *gc, const struct gc_request *request, struct graphcap_error *error)
{
    struct sending s = {0};
    int code = gc_conn_begin(gc, error);
    while (code == GRAPHCAP_OK) {
        const struct gc_msg *msg;
        if (send_due(gc, &s))
            send_request(gc, request, &s);
        code = gc_conn_pump(gc, gc->joined ? s.due_ns : UINT64_MAX, &msg, error);
        if (code != GRAPHCAP_OK || !msg || s.first_seq == 0 || msg->re < s.first_seq)
            continue;
        int answer = msg->type == GC_MSG_ERROR ? refused(gc, &msg->as.error, &s, error)
                                               : request->answer(request->arg, msg, error);
        if (answer != GC_NOT_THE_ANSWER)
            return answer;
    }
    return code;
}
