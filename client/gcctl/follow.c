/* follow.c - see follow.h. */
#include "client/gcctl/follow.h"

#include <signal.h>
#include <string.h>

#include "client/gcctl/progress.h"

#define SECOND_NS UINT64_C(1000000000)
#define SETTLE_NS (5 * SECOND_NS) /* after a pause: how long started items are waited for */
#define TICK_NS   (SECOND_NS / 2)

/* What the handler sees: it may run at any time. */
static struct graphcap *volatile interruptible;
static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    signals++;
    if (interruptible)
        graphcap_interrupt(interruptible);
}

void follow_signals(struct gcctl *g)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    interruptible = g->gc;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

/* Items that have ended, to see whether started ones still do. */
static uint64_t ended_items(const struct graphcap_run *run)
{
    uint64_t n = 0;
    for (size_t i = 0; i < run->n_nodes; i++)
        n += run->nodes[i].done + run->nodes[i].failed + run->nodes[i].skipped;
    return n;
}

/* After a pause: until nothing has ended for a while. GRAPHCAP_INTERRUPTED: a second signal. */
static int settle(struct gcctl *g, const char *run, struct graphcap_error *error)
{
    struct graphcap_watch *watch;
    const struct graphcap_run *now = NULL;
    uint64_t until = gcctl_now() + SETTLE_NS;
    uint64_t quiet_at = gcctl_now() + 2 * TICK_NS;
    uint64_t ended = 0;
    int code = graphcap_watch_open(g->gc, run, &watch, error);
    if (code != GRAPHCAP_OK)
        return code;
    while (gcctl_now() < until && gcctl_now() < quiet_at) {
        code = graphcap_watch_next(watch, TICK_NS, &now, error);
        if (code != GRAPHCAP_OK && code != GRAPHCAP_TIMEOUT)
            break;
        if (code == GRAPHCAP_OK && ended_items(now) != ended) {
            ended = ended_items(now);
            quiet_at = gcctl_now() + 2 * TICK_NS;
        }
        if (code == GRAPHCAP_OK && graphcap_state_ended(now->state))
            break;
    }
    graphcap_watch_close(&watch);
    return code == GRAPHCAP_TIMEOUT ? GRAPHCAP_OK : code;
}

static void cancel(struct gcctl *g, const char *run)
{
    struct graphcap_error error;
    if (graphcap_cancel(g->gc, run, &error) == GRAPHCAP_OK)
        gcctl_warn(g, "cancelled %s", run);
    else
        (void)gcctl_fail(g, &error);
}

/* A private coordinator's run is nobody's but this command's. */
static void pause_ours(struct gcctl *g, const char *run)
{
    struct graphcap_error error;
    graphcap_set_patience(g->gc, 5 * SECOND_NS); /* nobody wants to wait now */
    int code = graphcap_pause(g->gc, run, &error);
    if (code == GRAPHCAP_OK) {
        gcctl_warn(
            g,
            "paused; what was started ends. `gcctl resume %s` goes on, `gcctl wait %s` follows it, Ctrl-C again cancels",
            run, run);
        code = settle(g, run, &error);
    }
    if (code == GRAPHCAP_INTERRUPTED)
        cancel(g, run);
    else if (code == GRAPHCAP_NOT_FOUND)
        gcctl_warn(g, "interrupted before the run was submitted");
    else if (code != GRAPHCAP_OK && code != GRAPHCAP_STATE) /* it may have ended meanwhile */
        (void)gcctl_fail(g, &error);
}

int follow_interrupted(struct gcctl *g, const char *run, bool ours)
{
    if (ours && graphcap_is_private(g->gc))
        pause_ours(g, run);
    else
        gcctl_warn(g, "the run goes on; `gcctl wait %s` follows it, `gcctl cancel %s` ends it", run, run);
    return GCCTL_INTERRUPTED;
}

struct drawing {
    struct gcctl *g;
    struct progress progress;
    int state;       /* that was told last */
    char text[1024]; /* the same; while the run goes on: what is in its way */
};

static void tell_text(struct drawing *d, const struct graphcap_run *run)
{
    char text[sizeof d->text];
    if (graphcap_state_ended(run->state))
        return; /* the report has it */
    gcctl_plain(text, sizeof text, run->text, strlen(run->text));
    if (strcmp(text, d->text) == 0)
        return;
    if (text[0])
        gcctl_say(d->g, "%s", text);
    memcpy(d->text, text, sizeof text);
}

static int draw(void *arg, const struct graphcap_run *run)
{
    struct drawing *d = arg;
    progress_show(d->g, &d->progress, run);
    tell_text(d, run);
    if (run->state == GRAPHCAP_PAUSED && d->state != GRAPHCAP_PAUSED)
        gcctl_say(d->g, "the run is paused: `gcctl resume %s` goes on", run->run);
    d->state = run->state;
    return 0;
}

int follow_run(struct gcctl *g, const char *run, bool ours, struct graphcap_run **ret)
{
    struct graphcap_error error;
    struct drawing drawing = {.g = g, .state = GRAPHCAP_PENDING};
    graphcap_set_patience(g->gc, GRAPHCAP_NONE); /* who waits for a run waits for its coordinator too */
    int code = graphcap_wait(g->gc, run, draw, &drawing, ret, &error);
    progress_clear(g);
    if (code == GRAPHCAP_OK)
        return GCCTL_OK;
    if (code == GRAPHCAP_INTERRUPTED)
        return follow_interrupted(g, run, ours);
    return gcctl_fail(g, &error);
}
