/* rig_log.c - deep copies of commits, as a store would keep them. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

/* What a commit points to is copied in pieces of exactly its size, so that a sanitizer sees a read beyond any of them; they hang on
 * one list and are freed with the log. */
struct piece {
    struct piece *next;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct rig_log {
    struct gc_commit *list;
    size_t n, room;
    struct piece *pieces;
};

static void *copy(struct rig_log *log, const void *from, size_t n)
{
    struct piece *piece = malloc(sizeof *piece + n);
    ck_assert_ptr_nonnull(piece);
    if (n > 0)
        memcpy(piece->bytes, from, n);
    piece->next = log->pieces;
    log->pieces = piece;
    return piece->bytes;
}

static struct gc_bytes copy_bytes(struct rig_log *log, struct gc_bytes b)
{
    return gc_bytes_of(copy(log, b.ptr, b.len), b.len);
}

struct rig_log *rig_log_new(void)
{
    return calloc(1, sizeof(struct rig_log));
}

void rig_log_free(struct rig_log *log)
{
    while (log->pieces != NULL) {
        struct piece *piece = log->pieces;
        log->pieces = piece->next;
        free(piece);
    }
    free(log->list);
    free(log);
}

static void keep_run(struct rig_log *log, struct gc_commit_run *run)
{
    /* Plans of the rig live in a box that the test may reuse: rebuilt with pointers of its own. */
    struct gc_plan *plan = copy(log, run->plan, sizeof *run->plan);
    plan->nodes = copy(log, plan->nodes, plan->n_nodes * sizeof *plan->nodes);
    plan->stages = copy(log, plan->stages, plan->n_stages * sizeof *plan->stages);
    for (uint32_t i = 0; i < plan->n_stages; i++) {
        struct gc_plan_stage *s = &plan->stages[i];
        s->nodes = copy(log, s->nodes, s->n_nodes * sizeof *s->nodes);
        s->below = copy(log, s->below, s->n_below * sizeof *s->below);
        s->reducers = copy(log, s->reducers, s->n_reducers * sizeof *s->reducers);
    }
    run->job = copy(log, run->job, sizeof *run->job);
    run->plan = plan;
}

static void keep_deltas(struct rig_log *log, struct gc_commit_batch *batch)
{
    batch->deltas = copy(log, batch->deltas, batch->n_deltas * sizeof *batch->deltas);
}

static void keep_odd(struct rig_log *log, struct gc_commit_odd *odd)
{
    struct gc_given *given = copy(log, odd->given, odd->n_given * sizeof *odd->given);
    for (uint32_t i = 0; i < odd->n_given; i++)
        given[i].text = copy_bytes(log, given[i].text);
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
        keep_run(log, &c.as.run);
    if (c.kind == GC_COMMIT_RUN_STATE)
        c.as.run_state.text = copy_bytes(log, c.as.run_state.text);
    if (c.kind == GC_COMMIT_PAGES) {
        c.as.pages.pages = copy(log, c.as.pages.pages, c.as.pages.n_pages * sizeof *c.as.pages.pages);
        c.as.pages.note = copy_bytes(log, c.as.pages.note);
    }
    if (c.kind == GC_COMMIT_BATCH) {
        c.as.batch.status = copy_bytes(log, c.as.batch.status);
        keep_deltas(log, &c.as.batch);
    }
    if (c.kind == GC_COMMIT_MERGED)
        c.as.merged.inputs = copy(log, c.as.merged.inputs, c.as.merged.n_inputs * sizeof *c.as.merged.inputs);
    if (c.kind == GC_COMMIT_ODD)
        keep_odd(log, &c.as.odd);
    log->list[log->n++] = c;
}

void rig_log_replay(const struct rig_log *log, struct rig *rig)
{
    for (size_t i = 0; i < log->n; i++) {
        rig_step(rig, (struct gc_event){.kind = GC_EV_RECOVER, .as.recover = &log->list[i]});
        expect_none(rig);
    }
}
