/* idle.c - what is done from time to time, runs as far as the loop has to know them, and the end. */
#include "common/assert.h"
#include "common/sys/log.h"
#include "common/sys/sdnotify.h"
#include "coordinator/loop.h"

#define TEND_NS        (500u * GC_MS)
#define PROBE_NS       (3u * GC_S)  /* a client that lives says HELLO within that */
#define END_NS         (2u * GC_S)  /* how long the store is waited for at the end */
#define END_PRIVATE_NS (10u * GC_S) /* and a worker that drains */

/* Our own orders to the core come from nobody who could be answered: a handle is never all ones. */
#define SELF UINT64_MAX

/* ---- runs ---- */

static struct gc_loop_run *find_run(struct gc_loop *loop, uint64_t run_no)
{
    for (uint32_t i = 0; i < loop->n_runs; i++)
        if (loop->runs[i].run_no == run_no)
            return &loop->runs[i];
    return NULL;
}

static void note_run(struct gc_loop *loop, const struct gc_commit_run *c)
{
    GC_ASSERT(loop->n_runs < GC_MAX_RUNS); /* the core admits no more */
    loop->runs[loop->n_runs++] =
        (struct gc_loop_run){.run_no = c->run_no, .id = c->run, .paused = c->state == GC_RUN_PAUSED};
}

static void note_state(struct gc_loop *loop, const struct gc_commit_run_state *c)
{
    struct gc_loop_run *run = find_run(loop, c->run_no);
    if (!run)
        return;
    run->paused = c->state == GC_RUN_PAUSED;
    if (gc_run_state_ended(c->state))
        *run = loop->runs[--loop->n_runs];
}

void gc_loop_note(struct gc_loop *loop, const struct gc_commit *commit)
{
    if (commit->kind == GC_COMMIT_RUN)
        note_run(loop, &commit->as.run);
    else if (commit->kind == GC_COMMIT_RUN_STATE)
        note_state(loop, &commit->as.run_state);
}

/* ---- nobody there ---- */

static bool some_run_goes_on(const struct gc_loop *loop)
{
    for (uint32_t i = 0; i < loop->n_runs; i++)
        if (!loop->runs[i].paused)
            return true;
    return false;
}

/* A private coordinator ends when nobody needs it. A client that has been silent may be waiting: it is asked once. */
static void end_if_idle(struct gc_loop *loop)
{
    if (some_run_goes_on(loop))
        loop->needed_ns = loop->now_ns;
    uint64_t idle = loop->now_ns - loop->needed_ns;
    if (idle < loop->settings->idle_ns) {
        loop->probed = false;
    } else if (!loop->probed && loop->net.clients > 0) {
        loop->probed = true;
        gc_net_probe_clients(&loop->net, &loop->packer, loop->now_ns);
    } else if (!loop->probed || idle >= loop->settings->idle_ns + PROBE_NS) {
        gc_log_bare(GC_LOG_INFO, "idle");
        gc_loop_begin_end(loop);
    }
}

void gc_loop_tend(struct gc_loop *loop)
{
    loop->tend_ns = loop->now_ns + TEND_NS;
    gc_submits_tend(&loop->submits, loop->now_ns);
    gc_drafts_tend(&loop->drafts, loop->now_ns);
    gc_net_tend(&loop->net, &loop->packer, loop->now_ns);
    gc_ownworker_tend(&loop->worker, loop->now_ns);
    if (loop->settings->private && !loop->ending)
        end_if_idle(loop);
}

/* ---- the end ---- */

/* Nobody would be there to see it go on: a private run waits for `gcctl resume`. */
static void pause_runs(struct gc_loop *loop)
{
    for (uint32_t i = 0; i < loop->n_runs; i++) {
        if (loop->runs[i].paused)
            continue;
        struct gc_msg msg = {.type = GC_MSG_CONTROL};
        msg.as.control = (struct gc_msg_control){.run = loop->runs[i].id, .action = GC_ACTION_PAUSE};
        struct gc_event event = {.kind = GC_EV_MESSAGE, .peer = SELF, .as.msg = &msg};
        gc_loop_step(loop, &event, NULL, NULL);
    }
}

void gc_loop_begin_end(struct gc_loop *loop)
{
    if (loop->ending)
        return;
    loop->ending = true;
    loop->end_ns = loop->now_ns + (loop->settings->private ? END_PRIVATE_NS : END_NS);
    gc_sdnotify("STOPPING=1");
    if (loop->settings->private)
        pause_runs(loop);
    struct gc_event event = {.kind = GC_EV_DRAIN};
    gc_loop_step(loop, &event, NULL, NULL);
    gc_ownworker_ask_end(&loop->worker);
}

bool gc_loop_at_end(const struct gc_loop *loop)
{
    if (!loop->ending)
        return false;
    bool waiting = gc_writer_commits(loop->writer) > 0 || loop->worker.pid != 0;
    return !waiting || loop->now_ns >= loop->end_ns;
}
