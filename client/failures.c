/* failures.c - the failed items of a run, or those that were done with a warning. */
#include <stdlib.h>
#include <string.h>

#include "client/error.h"
#include "client/reading.h"
#include "client/walk.h"
#include "common/json/json.h"

struct graphcap_failures {
    struct gc_reading reading;
    uint32_t node; /* GC_ANY_NODE */
    bool warnings;
    uint64_t stage;
    struct gc_walk walk; /* of it; gc NULL: not begun */
    struct gc_outcome_row pending;
    bool has_pending;
    struct gc_text json;
    char node_id[GC_MAX_NAME + 1];
    char message[GC_MAX_TEXT + 1];
    char worker[GC_MAX_NAME + 1];
    struct graphcap_failure row;
};

int graphcap_failures_open(struct graphcap *gc, const char *run,
                           const struct graphcap_failures_options *options, struct graphcap_failures **ret,
                           struct graphcap_error *error)
{
    struct graphcap_failures_options o = {0};
    if (options)
        memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    struct graphcap_failures *f = calloc(1, sizeof *f);
    if (!f)
        return gc_fail_memory(error);
    f->warnings = o.warnings;
    int code = gc_reading_open(&f->reading, gc, run, error);
    if (code == GRAPHCAP_OK)
        code = gc_reading_node(&f->reading, o.node, &f->node, error);
    if (code != GRAPHCAP_OK) {
        graphcap_failures_close(&f);
        return code;
    }
    *ret = f;
    return GRAPHCAP_OK;
}

void graphcap_failures_close(struct graphcap_failures **failures)
{
    struct graphcap_failures *f = *failures;
    if (!f)
        return;
    *failures = NULL;
    gc_walk_release(&f->walk);
    gc_reading_release(&f->reading);
    gc_text_release(&f->json);
    free(f);
}

static void put_line(struct graphcap_failures *f, const struct gc_item *found)
{
    const struct graphcap_failure *row = &f->row;
    struct gc_text *t = &f->json;
    gc_text_reset(t);
    gc_json_open(t, '{');
    gc_json_key(t, "run");
    gc_json_str(t, f->reading.name);
    gc_json_key(t, "node");
    gc_json_str(t, row->node);
    gc_reading_put_item(t, row->item, found);
    gc_json_key(t, "cause");
    gc_json_str(t, row->cause);
    gc_json_key(t, "message");
    gc_json_str(t, row->message);
    gc_json_key(t, "worker");
    gc_json_str(t, row->worker);
    gc_json_key(t, "attempts");
    gc_json_u64(t, row->attempts);
    gc_json_close(t, '}');
}

static void put_cause(struct graphcap_failures *f, const struct gc_outcome_row *row)
{
    f->message[0] = '\0';
    if (row->outcome == GC_OUTCOME_WARNED) {
        f->row.cause = "warning";
        f->row.cause_text = "the decoder warned, and went on";
        f->row.attempts = 1;
    } else {
        size_t len = row->fault.text.len < GC_MAX_TEXT ? row->fault.text.len : GC_MAX_TEXT;
        if (len)
            memcpy(f->message, row->fault.text.ptr, len);
        f->message[len] = '\0';
        f->row.cause = gc_cause_name(row->fault.cause);
        f->row.cause_text = gc_cause_text(row->fault.cause);
        f->row.attempts = row->fault.attempts;
    }
    f->row.message = f->message;
}

static int make_row(struct graphcap_failures *f, const struct gc_outcome_row *row,
                    struct graphcap_error *error)
{
    const struct gc_plan_node *node = gc_reading_bit(&f->reading, f->stage, row->bit);
    /* A source that failed has not failed at an item: it could not go on listing. */
    bool of_item = node->per_item && f->reading.plan.stages[f->stage].kind != GC_STAGE_SOURCE;
    struct gc_item found = {0};
    int code = of_item ? gc_reading_item(&f->reading, f->stage, row->item, &found, error) : GRAPHCAP_OK;
    if (code != GRAPHCAP_OK)
        return code;
    if (!gc_str_copy(f->node_id, sizeof f->node_id, gc_bytes_str(node->id)))
        return gc_fail(error, GRAPHCAP_CORRUPT, "%s: the plan names a node that no job can have",
                       f->reading.name);
    f->row = (struct graphcap_failure){
        .node = f->node_id,
        .item = of_item ? row->item : GRAPHCAP_NONE,
        .source = found.known ? (const char *)found.text.ptr : NULL,
        .source_len = found.text.len,
    };
    if (row->worker.len > 0 && gc_str_copy(f->worker, sizeof f->worker, gc_bytes_str(row->worker)))
        f->row.worker = f->worker;
    put_cause(f, row);
    put_line(f, &found);
    f->row.json = gc_text_str(&f->json);
    return gc_text_ok(&f->json) ? GRAPHCAP_OK : gc_fail_memory(error);
}

static bool row_wanted(const struct graphcap_failures *f, const struct gc_outcome_row *row)
{
    enum gc_outcome outcome = f->warnings ? GC_OUTCOME_WARNED : GC_OUTCOME_FAILED;
    return row->outcome == outcome &&
           (f->node == GC_ANY_NODE || f->reading.plan.stages[f->stage].nodes[row->bit] == f->node);
}

/* Takes the next wanted outcome into f->pending. */
static int advance(struct graphcap_failures *f, struct graphcap_error *error)
{
    const struct gc_plan *plan = &f->reading.plan;
    int code = GRAPHCAP_OK;
    while (code == GRAPHCAP_OK && !f->has_pending && f->stage < plan->n_stages) {
        bool there = false;
        if (!f->walk.gc)
            gc_walk_init(&f->walk, f->reading.gc, f->reading.run, f->stage, plan->stages[f->stage].n_nodes,
                         false, !f->warnings, (struct gc_walk_at){0});
        if (gc_reading_wanted(&f->reading, f->stage, f->node))
            code = gc_walk_next(&f->walk, &f->pending, &there, error);
        f->has_pending = there && row_wanted(f, &f->pending);
        if (code == GRAPHCAP_OK && !there) {
            gc_walk_release(&f->walk);
            f->stage++;
        }
    }
    return code;
}

int graphcap_failures_next(struct graphcap_failures *f, const struct graphcap_failure **ret,
                           struct graphcap_error *error)
{
    int code = advance(f, error);
    bool there = f->has_pending;
    if (code == GRAPHCAP_OK && there)
        code = make_row(f, &f->pending, error);
    if (code != GRAPHCAP_OK)
        return code;
    f->has_pending = false;
    *ret = there ? &f->row : NULL;
    return GRAPHCAP_OK;
}
