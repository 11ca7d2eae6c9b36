/* watch.c - see watch.h. */
#include "client/watch.h"

#include <stdlib.h>

#include "client/error.h"
#include "common/sys/clock.h"

struct graphcap_watch {
    struct graphcap *gc;
    struct graphcap_watch *next; /* in gc->watches */
    struct gc_id128 run;
    struct graphcap_run *latest;
    bool fresh;      /* latest was not handed out yet */
    uint64_t joins;  /* under which SHOW was sent; 0: never */
    uint64_t seq;    /* of the last SHOW */
    uint64_t due_ns; /* to ask again: a watch that was forgotten, or an answer that was lost */
    bool told_busy;
    int failed; /* a code, and its error */
    struct graphcap_error error;
};

static void take_info(struct graphcap_watch *w, const struct gc_msg *msg)
{
    struct graphcap_run *run;
    w->due_ns = gc_clock_now() + GC_RESEND_NS;
    if (gc_run_copy(w->gc, msg, &run, &w->error) != GRAPHCAP_OK)
        return; /* asked again when due */
    graphcap_run_free(&w->latest);
    w->latest = run;
    w->fresh = true;
    if (w->told_busy)
        gc_conn_tell_on(w->gc);
    w->told_busy = false;
}

/* A coordinator that is busy (it has no room now, its disk is full) is asked again; its watchers are told once why they wait. */
static void take_busy(struct graphcap_watch *w, struct gc_bytes text)
{
    w->due_ns = gc_clock_now() + GC_RESEND_NS;
    if (!w->told_busy)
        gc_conn_tell_busy(w->gc, text);
    w->told_busy = true;
}

static bool take_error(struct graphcap_watch *w, const struct gc_msg *msg)
{
    if (w->seq == 0 || msg->re != w->seq)
        return false;
    enum gc_err code = gc_err_from_number((unsigned)msg->as.error.code);
    if (code == GC_ERR_BUSY) {
        take_busy(w, msg->as.error.text);
        return true;
    }
    w->failed = gc_fail(&w->error, (int)code, "%.*s", GC_STR_ARGS(gc_bytes_str(msg->as.error.text)));
    return true;
}

bool gc_watch_take(struct graphcap *gc, const struct gc_msg *msg)
{
    for (struct graphcap_watch *w = gc->watches; w; w = w->next) {
        if (msg->type == GC_MSG_RUN_INFO && gc_id_equal(msg->as.run_info.run, w->run))
            take_info(w, msg);
        if (msg->type == GC_MSG_ERROR && take_error(w, msg))
            return true;
    }
    return false;
}

int graphcap_watch_open(struct graphcap *gc, const char *run, struct graphcap_watch **ret,
                        struct graphcap_error *error)
{
    struct gc_id128 id;
    int code = gc_conn_run_id(run, &id, error);
    if (code != GRAPHCAP_OK)
        return code;
    struct graphcap_watch *w = calloc(1, sizeof *w);
    if (!w)
        return gc_fail_memory(error);
    *w = (struct graphcap_watch){.gc = gc, .run = id, .next = gc->watches};
    gc->watches = w;
    *ret = w;
    return GRAPHCAP_OK;
}

static void ask(struct graphcap_watch *w)
{
    struct gc_msg msg = {.type = GC_MSG_SHOW, .as.show = {.run = w->run, .watch = true}};
    if (!w->gc->joined || (w->joins == w->gc->joins && gc_clock_now() < w->due_ns))
        return;
    bool sent = gc_conn_send(w->gc, &msg, &w->seq);
    w->joins = w->gc->joins;
    w->due_ns = gc_clock_now() + (sent ? GC_RESEND_NS : GC_WATCH_NS);
}

int graphcap_watch_next(struct graphcap_watch *w, uint64_t timeout_ns, const struct graphcap_run **ret,
                        struct graphcap_error *error)
{
    uint64_t now = gc_clock_now();
    uint64_t until = timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
    int code = gc_conn_begin(w->gc, error);
    while (code == GRAPHCAP_OK) {
        const struct gc_msg *msg;
        if (w->failed) {
            if (error)
                *error = w->error;
            return w->failed;
        }
        if (w->fresh || (w->latest && graphcap_state_ended(w->latest->state))) {
            w->fresh = false;
            *ret = w->latest;
            return GRAPHCAP_OK;
        }
        if (gc_clock_now() >= until)
            return gc_fail(error, GRAPHCAP_TIMEOUT, "nothing changed");
        ask(w);
        code = gc_conn_pump(w->gc, w->gc->joined && w->due_ns < until ? w->due_ns : until, &msg, error);
    }
    return code;
}

void graphcap_watch_close(struct graphcap_watch **watch_p)
{
    struct graphcap_watch *w = *watch_p;
    if (!w)
        return;
    *watch_p = NULL;
    struct graphcap_watch **at = &w->gc->watches;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    graphcap_run_free(&w->latest);
    free(w);
}

int graphcap_wait(struct graphcap *gc, const char *run,
                  int (*progress)(void *arg, const struct graphcap_run *run), void *arg,
                  struct graphcap_run **ret, struct graphcap_error *error)
{
    struct graphcap_watch *watch;
    const struct graphcap_run *now = NULL;
    int code = graphcap_watch_open(gc, run, &watch, error);
    if (code != GRAPHCAP_OK)
        return code;
    do {
        code = graphcap_watch_next(watch, GRAPHCAP_NONE, &now, error);
        if (code == GRAPHCAP_OK && progress && progress(arg, now) != 0)
            code = gc_fail(error, GRAPHCAP_INTERRUPTED, "the wait was ended by its caller");
    } while (code == GRAPHCAP_OK && !graphcap_state_ended(now->state));
    if (code == GRAPHCAP_OK && ret) {
        *ret = watch->latest;
        watch->latest = NULL;
    }
    graphcap_watch_close(&watch);
    return code;
}
