/* walk.c - see walk.h. */
#include "client/walk.h"

#include <stdlib.h>
#include <string.h>

#include "client/error.h"
#include "proto/values.h"

void gc_walk_init(struct gc_walk *w, struct graphcap *gc, struct gc_id128 run, uint64_t stage,
                  uint32_t n_nodes, bool by_commit, bool failures, struct gc_walk_at from)
{
    *w = (struct gc_walk){.gc = gc,
                          .run = run,
                          .stage = stage,
                          .n_nodes = n_nodes,
                          .by_commit = by_commit,
                          .failures = failures,
                          .from = from,
                          .more = n_nodes > 0,
                          .ended = n_nodes == 0};
    /* The batch that holds `from` is read again: seqs are those after the one named. */
    w->after = by_commit ? from.seq - (from.seq > 0) : from.item;
}

void gc_walk_release(struct gc_walk *w)
{
    free(w->bulk);
    free(w->batches);
    *w = (struct gc_walk){0};
}

static int damaged(const struct gc_walk *w, const char *what, struct graphcap_error *error)
{
    char run[GC_ID_TEXT_SIZE];
    gc_id_text(w->run, run);
    return gc_fail(error, GRAPHCAP_CORRUPT, "%s: stage %llu: stored results cannot be read: %s", run,
                   (unsigned long long)w->stage, what);
}

/* ---- a portion ---- */

/* The rows of a portion; what they point to is copied to `to`. */
static void keep_rows(struct gc_walk *w, const struct gc_msg_batches *m, uint8_t *to)
{
    for (uint32_t i = 0; i < m->n_batches; i++) {
        struct gc_bytes worker = m->batches[i].worker;
        w->batches[i] = m->batches[i];
        w->batches[i].worker = gc_bytes_of(to, worker.len);
        if (worker.len)
            memcpy(to, worker.ptr, worker.len);
        to += worker.len;
    }
}

/* Copies a portion, since the message lives only until the next one: the bulk, and the names behind it. */
static int keep(struct gc_walk *w, const struct gc_msg *msg, struct graphcap_error *error)
{
    const struct gc_msg_batches *m = &msg->as.batches;
    size_t names = 0;
    for (uint32_t i = 0; i < m->n_batches; i++)
        names += m->batches[i].worker.len;
    free(w->bulk);
    free(w->batches);
    w->bulk = malloc(msg->bulk.len + names + 1);
    w->batches = calloc(m->n_batches + 1, sizeof *w->batches);
    if (!w->bulk || !w->batches)
        return gc_fail_memory(error);
    if (msg->bulk.len)
        memcpy(w->bulk, msg->bulk.ptr, msg->bulk.len);
    keep_rows(w, m, w->bulk + msg->bulk.len);
    w->bulk_len = msg->bulk.len;
    w->bulk_at = 0;
    w->n_batches = m->n_batches;
    w->next_batch = 0;
    return GRAPHCAP_OK;
}

static int portion_answer(void *arg, const struct gc_msg *msg, struct graphcap_error *error)
{
    struct gc_walk *w = arg;
    const struct gc_msg_batches *m = &msg->as.batches;
    if (msg->type != GC_MSG_BATCHES || m->stage != w->stage || !gc_id_equal(m->run, w->run))
        return GC_NOT_THE_ANSWER;
    if (m->more && m->next <= w->after && m->n_batches == 0)
        return gc_fail(error, GRAPHCAP_MALFORMED,
                       "the coordinator says that there are more results, and sends none");
    w->asked = true;
    w->more = m->more;
    w->ended = m->ended && !m->more;
    int code = keep(w, msg, error);
    if (code == GRAPHCAP_OK && m->n_batches > 0)
        w->after = m->next;
    return code;
}

static int fetch(struct gc_walk *w, struct graphcap_error *error)
{
    struct gc_msg msg = {.type = GC_MSG_RESULTS};
    msg.as.results = (struct gc_msg_results){.run = w->run,
                                             .stage = w->stage,
                                             .by_commit = w->by_commit,
                                             .after = w->after,
                                             .failures = w->failures};
    return gc_conn_ask(w->gc, &(struct gc_request){&msg, 1, portion_answer, w}, error);
}

/* ---- a batch ---- */

static int open_batch(struct gc_walk *w, struct graphcap_error *error)
{
    const struct gc_batch *b = &w->batches[w->next_batch++];
    size_t left = w->bulk_len - w->bulk_at;
    if (b->status > left || b->values > left - b->status)
        return damaged(w, "a batch is longer than what was sent", error);
    struct gc_bytes status = {w->bulk + w->bulk_at, b->status};
    w->values = gc_bytes_of(w->bulk + w->bulk_at + b->status, b->values);
    w->bulk_at += b->status + b->values;
    if (gc_status_check(status, b->count, w->n_nodes, &w->status) != GC_OK)
        return damaged(w, "its outcomes do not fit the plan", error);
    w->open = b;
    w->runs = (struct gc_status_iter){0};
    w->faults = (struct gc_status_iter){0};
    w->left = 0;
    w->item = 0;
    w->bit = 0;
    return GRAPHCAP_OK;
}

/* Moves to the next node, item, pattern. False: the batch is over. */
static bool step(struct gc_walk *w)
{
    if (w->left > 0 && w->bit < w->n_nodes)
        return true;
    if (w->left > 0) {
        w->bit = 0;
        w->item++;
        if (--w->left > 0)
            return true;
    }
    w->bit = 0;
    return gc_status_run_next(&w->status, &w->runs, &w->left, &w->pattern);
}

static bool has_value(enum gc_outcome outcome)
{
    return outcome == GC_OUTCOME_DONE || outcome == GC_OUTCOME_CACHED || outcome == GC_OUTCOME_WARNED;
}

static bool before(const struct gc_walk *w, const struct gc_outcome_row *row)
{
    if (w->by_commit && w->open->seq != w->from.seq)
        return w->open->seq < w->from.seq;
    if (row->item != w->from.item)
        return row->item < w->from.item;
    return row->bit < w->from.bit;
}

/* The outcome at (item, bit) of the open batch, which moves on. */
static int take(struct gc_walk *w, struct gc_outcome_row *ret, struct graphcap_error *error)
{
    *ret = (struct gc_outcome_row){
        .item = w->open->first + w->item,
        .bit = w->bit,
        .outcome = (enum gc_outcome)w->pattern[w->bit],
        .worker = w->open->worker,
    };
    ret->after = (struct gc_walk_at){w->open->seq, ret->item, ret->bit + 1};
    w->bit++;
    if (has_value(ret->outcome) && gc_value_skip(&w->values, &ret->value) != GC_OK)
        return damaged(w, "a value is missing", error);
    if (ret->outcome == GC_OUTCOME_FAILED && !gc_status_fault_next(&w->status, &w->faults, &ret->fault))
        return damaged(w, "a failure has no cause", error);
    return GRAPHCAP_OK;
}

bool gc_walk_over(const struct gc_walk *w)
{
    return w->ended && !w->open && w->next_batch == w->n_batches;
}

int gc_walk_next(struct gc_walk *w, struct gc_outcome_row *ret, bool *ret_there, struct graphcap_error *error)
{
    int code = GRAPHCAP_OK;
    *ret_there = false;
    bool fetched = false; /* by commit: once a call, or a run that goes on would never let it end */
    while (code == GRAPHCAP_OK) {
        if (w->open && step(w)) {
            code = take(w, ret, error);
            if (code != GRAPHCAP_OK || ret->outcome == GC_OUTCOME_NONE || before(w, ret))
                continue;
            *ret_there = true;
            return GRAPHCAP_OK;
        }
        w->open = NULL;
        if (w->next_batch < w->n_batches) {
            code = open_batch(w, error);
        } else if (w->more || (w->by_commit && !w->ended && !fetched)) {
            fetched = true;
            code = fetch(w, error);
        } else {
            return GRAPHCAP_OK;
        }
    }
    return code;
}
