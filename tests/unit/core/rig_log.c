/* rig_log.c - deep copies of commits, as a store would keep them. */
#include <stdlib.h>
#include <string.h>

#include "rig.h"

struct rig_log {
    struct gc_commit *list;
    size_t n, room;
};

/* Freed with the process: tests are forked. */
static void *copy(const void *from, size_t n)
{
    void *to = malloc(n + 1);
    if (n > 0)
        memcpy(to, from, n);
    return to;
}

static struct gc_bytes copy_bytes(struct gc_bytes b)
{
    return gc_bytes_of(copy(b.ptr, b.len), b.len);
}

struct rig_log *rig_log_new(void)
{
    return calloc(1, sizeof(struct rig_log));
}

void rig_log_free(struct rig_log *log)
{
    free(log->list);
    free(log);
}

static void keep_run(struct gc_commit_run *run)
{
    struct rig_plan *box = malloc(sizeof *box);
    struct gc_job *job = copy(run->job, sizeof *run->job);
    /* Plans of the rig live in a box that the test may reuse: rebuilt with pointers of its own. */
    memset(box, 0, sizeof *box);
    box->plan = *run->plan;
    box->plan.nodes = copy(run->plan->nodes, run->plan->n_nodes * sizeof *run->plan->nodes);
    box->plan.stages = copy(run->plan->stages, run->plan->n_stages * sizeof *run->plan->stages);
    for (uint32_t i = 0; i < run->plan->n_stages; i++) {
        struct gc_plan_stage *s = &box->plan.stages[i];
        s->nodes = copy(s->nodes, s->n_nodes * sizeof *s->nodes);
        s->below = copy(s->below, s->n_below * sizeof *s->below);
        s->reducers = copy(s->reducers, s->n_reducers * sizeof *s->reducers);
    }
    run->job = job;
    run->plan = &box->plan;
}

static void keep_deltas(struct gc_commit_batch *batch)
{
    batch->deltas = copy(batch->deltas, batch->n_deltas * sizeof *batch->deltas);
}

static void keep_odd(struct gc_commit_odd *odd)
{
    struct gc_given *given = copy(odd->given, odd->n_given * sizeof *odd->given);
    for (uint32_t i = 0; i < odd->n_given; i++)
        given[i].text = copy_bytes(given[i].text);
    odd->given = given;
}

void rig_log_add(struct rig_log *log, const struct gc_commit *commit)
{
    struct gc_commit c = *commit;
    if (log->n == log->room) {
        log->room = log->room ? 2 * log->room : 64;
        log->list = realloc(log->list, log->room * sizeof *log->list);
    }
    if (c.kind == GC_COMMIT_RUN)
        keep_run(&c.as.run);
    if (c.kind == GC_COMMIT_RUN_STATE)
        c.as.run_state.text = copy_bytes(c.as.run_state.text);
    if (c.kind == GC_COMMIT_PAGES) {
        c.as.pages.pages = copy(c.as.pages.pages, c.as.pages.n_pages * sizeof *c.as.pages.pages);
        c.as.pages.note = copy_bytes(c.as.pages.note);
    }
    if (c.kind == GC_COMMIT_BATCH) {
        c.as.batch.status = copy_bytes(c.as.batch.status);
        keep_deltas(&c.as.batch);
    }
    if (c.kind == GC_COMMIT_MERGED)
        c.as.merged.inputs = copy(c.as.merged.inputs, c.as.merged.n_inputs * sizeof *c.as.merged.inputs);
    if (c.kind == GC_COMMIT_ODD)
        keep_odd(&c.as.odd);
    log->list[log->n++] = c;
}

void rig_log_replay(const struct rig_log *log, struct rig *rig)
{
    for (size_t i = 0; i < log->n; i++) {
        rig_step(rig, (struct gc_event){.kind = GC_EV_RECOVER, .as.recover = &log->list[i]});
        expect_none(rig);
    }
}
