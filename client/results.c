/* results.c - the values of a run's nodes, by item or as they are committed. */
#include <stdlib.h>
#include <string.h>

#include "client/cursor.h"
#include "client/error.h"
#include "client/reading.h"
#include "client/results.h"
#include "client/walk.h"
#include "common/json/json.h"

#define FOLLOW_NS (3u * GC_S) /* news of the run wake a follower; this is for news that were lost */

struct graphcap_results {
    struct gc_reading reading;
    struct graphcap_watch *watch; /* follow: what wakes it */
    uint32_t node;                /* GC_ANY_NODE */
    bool run_scoped;              /* only values of the run */
    struct gc_cursor cursor;
    struct gc_walk_at at[GC_MAX_STAGES]; /* by stage; those that are not by commit use at[0] */
    struct gc_walk walks[GC_MAX_STAGES]; /* by stage; opened ones have gc */
    uint64_t stage;                      /* that is read now */
    uint32_t idle;                       /* by commit: stages in a row that had nothing */
    struct gc_outcome_row
        pending; /* taken off its walk and not handed out yet: a call in between was interrupted */
    bool has_pending;
    struct gc_text value;
    struct gc_text json;
    struct gc_text cursor_text;
    char node_id[GC_MAX_NAME + 1];
    struct graphcap_result row;
};

/* ---- opening ---- */

static bool stage_wanted(const struct graphcap_results *r, uint64_t stage)
{
    const struct gc_plan_stage *s = &r->reading.plan.stages[stage];
    if (s->kind == GC_STAGE_SOURCE)
        return false; /* it lists; what it listed is each result's `source` */
    if (r->run_scoped && s->kind == GC_STAGE_ITEM && s->source != GC_UNSET)
        return false;
    return gc_reading_wanted(&r->reading, stage, r->node);
}

static int start_at(struct graphcap_results *r, const struct graphcap_results_options *o,
                    struct graphcap_error *error)
{
    const struct gc_plan *plan = &r->reading.plan;
    bool source = r->node != GC_ANY_NODE && plan->stages[plan->nodes[r->node].stage].kind == GC_STAGE_SOURCE;
    r->cursor.kind = source ? GC_CURSOR_SOURCE : o->follow ? GC_CURSOR_COMMIT : GC_CURSOR_ITEM;
    r->cursor.n_stages = r->cursor.kind == GC_CURSOR_COMMIT ? plan->n_stages : 1;
    r->cursor.at = r->at;
    r->stage = source ? plan->nodes[r->node].stage : 0;
    if (o->after && !gc_cursor_parse(o->after, &r->cursor))
        return gc_fail(
            error, GRAPHCAP_INVALID,
            "--after %.64s: not a cursor of this kind of listing; use one that the same command printed",
            o->after);
    if (r->cursor.kind == GC_CURSOR_ITEM && o->after)
        r->stage = r->cursor.stage;
    else if (!o->after && r->cursor.kind != GC_CURSOR_COMMIT)
        r->at[0].item = o->from_item;
    return GRAPHCAP_OK;
}

static int open_reading(struct graphcap_results *r, struct graphcap *gc, const char *run,
                        const struct graphcap_results_options *o, struct graphcap_error *error)
{
    int code = gc_reading_open(&r->reading, gc, run, error);
    if (code == GRAPHCAP_OK)
        code = gc_reading_node(&r->reading, o->node, &r->node, error);
    if (code == GRAPHCAP_OK)
        code = start_at(r, o, error);
    if (code == GRAPHCAP_OK && o->follow)
        code = graphcap_watch_open(gc, run, &r->watch, error);
    return code;
}

static int open_results(struct graphcap *gc, const char *run, const struct graphcap_results_options *given,
                        bool run_scoped, struct graphcap_results **ret, struct graphcap_error *error)
{
    struct graphcap_results_options o = {0};
    if (given)
        memcpy(&o, given, given->size < sizeof o ? given->size : sizeof o);
    struct graphcap_results *r = calloc(1, sizeof *r);
    if (!r)
        return gc_fail_memory(error);
    r->run_scoped = run_scoped;
    int code = open_reading(r, gc, run, &o, error);
    if (code != GRAPHCAP_OK) {
        graphcap_results_close(&r);
        return code;
    }
    *ret = r;
    return GRAPHCAP_OK;
}

int graphcap_results_open(struct graphcap *gc, const char *run,
                          const struct graphcap_results_options *options, struct graphcap_results **ret,
                          struct graphcap_error *error)
{
    return open_results(gc, run, options, false, ret, error);
}

int gc_results_of_run(struct graphcap *gc, const char *run, struct graphcap_results **ret,
                      struct graphcap_error *error)
{
    return open_results(gc, run, NULL, true, ret, error);
}

void graphcap_results_close(struct graphcap_results **results)
{
    struct graphcap_results *r = *results;
    if (!r)
        return;
    *results = NULL;
    for (size_t i = 0; i < GC_MAX_STAGES; i++)
        gc_walk_release(&r->walks[i]);
    graphcap_watch_close(&r->watch);
    gc_reading_release(&r->reading);
    gc_text_release(&r->value);
    gc_text_release(&r->json);
    gc_text_release(&r->cursor_text);
    free(r);
}

/* ---- a row ---- */

static void put_line(struct graphcap_results *r, const struct gc_item *found)
{
    struct gc_text *t = &r->json;
    gc_text_reset(t);
    gc_json_open(t, '{');
    gc_json_key(t, "run");
    gc_json_str(t, r->reading.name);
    gc_json_key(t, "node");
    gc_json_str(t, r->row.node);
    gc_reading_put_item(t, r->row.item, found);
    gc_json_key(t, "value");
    gc_text_append(t, r->value.ptr, r->value.len);
    gc_json_key(t, "cursor");
    gc_json_str(t, r->row.cursor);
    gc_json_close(t, '}');
}

/* From value and cursor, which are written, and the rest. */
static int make_row(struct graphcap_results *r, const struct gc_plan_node *node, uint64_t item,
                    const struct gc_item *found, struct graphcap_error *error)
{
    if (!gc_str_copy(r->node_id, sizeof r->node_id, gc_bytes_str(node->id)))
        return gc_fail(error, GRAPHCAP_CORRUPT, "%s: the plan names a node that no job can have",
                       r->reading.name);
    gc_text_reset(&r->cursor_text);
    gc_cursor_put(&r->cursor_text, &r->cursor);
    r->row = (struct graphcap_result){
        .node = r->node_id,
        .item = node->per_item ? item : GRAPHCAP_NONE,
        .source = found->known ? (const char *)found->text.ptr : NULL,
        .source_len = found->text.len,
        .value = gc_text_str(&r->value),
        .cursor = gc_text_str(&r->cursor_text),
    };
    put_line(r, found);
    r->row.json = gc_text_str(&r->json);
    return gc_text_ok(&r->value) && gc_text_ok(&r->cursor_text) && gc_text_ok(&r->json)
               ? GRAPHCAP_OK
               : gc_fail_memory(error);
}

static int result_row(struct graphcap_results *r, const struct gc_outcome_row *row,
                      struct graphcap_error *error)
{
    const struct gc_plan_node *node = gc_reading_bit(&r->reading, r->stage, row->bit);
    struct gc_item found = {0};
    gc_text_reset(&r->value);
    if (gc_json_value(&r->value, row->value, node->shape, node->n_shape) != GC_OK)
        return gc_fail(error, GRAPHCAP_CORRUPT, "%s: node '%.*s', item %llu: its stored value cannot be read",
                       r->reading.name, GC_STR_ARGS(gc_bytes_str(node->id)), (unsigned long long)row->item);
    int code =
        node->per_item ? gc_reading_item(&r->reading, r->stage, row->item, &found, error) : GRAPHCAP_OK;
    r->cursor.stage = r->stage;
    r->at[r->cursor.kind == GC_CURSOR_COMMIT ? r->stage : 0] = row->after;
    return code == GRAPHCAP_OK ? make_row(r, node, row->item, &found, error) : code;
}

/* ---- reading stages ---- */

static struct gc_walk *walk_of(struct graphcap_results *r)
{
    struct gc_walk *w = &r->walks[r->stage];
    bool by_commit = r->cursor.kind == GC_CURSOR_COMMIT;
    if (!w->gc)
        gc_walk_init(w, r->reading.gc, r->reading.run, r->stage, r->reading.plan.stages[r->stage].n_nodes,
                     by_commit, false, r->at[by_commit ? r->stage : 0]);
    return w;
}

static bool row_wanted(const struct graphcap_results *r, const struct gc_outcome_row *row)
{
    bool done = row->outcome == GC_OUTCOME_DONE || row->outcome == GC_OUTCOME_CACHED ||
                row->outcome == GC_OUTCOME_WARNED;
    return done && (r->node == GC_ANY_NODE || r->reading.plan.stages[r->stage].nodes[row->bit] == r->node);
}

/* *ret_there: a row of the stage was made; else the stage has nothing (now). */
static int next_of_stage(struct graphcap_results *r, bool *ret_there, struct graphcap_error *error)
{
    struct gc_walk *w = walk_of(r);
    int code = GRAPHCAP_OK;
    *ret_there = r->has_pending;
    while (code == GRAPHCAP_OK && !r->has_pending) {
        code = gc_walk_next(w, &r->pending, ret_there, error);
        if (!*ret_there)
            return code;
        r->has_pending = row_wanted(r, &r->pending);
    }
    if (code == GRAPHCAP_OK)
        code = result_row(r, &r->pending, error);
    if (code == GRAPHCAP_OK)
        r->has_pending = false;
    return code;
}

static int next_by_item(struct graphcap_results *r, bool *ret_there, struct graphcap_error *error)
{
    *ret_there = false;
    for (; r->stage < r->reading.plan.n_stages; r->stage++) {
        if (!stage_wanted(r, r->stage))
            continue;
        int code = next_of_stage(r, ret_there, error);
        if (code != GRAPHCAP_OK || *ret_there)
            return code;
        gc_walk_release(&r->walks[r->stage]);
        r->at[0] = (struct gc_walk_at){0}; /* the next stage is read from its first item */
    }
    return GRAPHCAP_OK;
}

static bool all_ended(struct graphcap_results *r)
{
    for (uint64_t s = 0; s < r->reading.plan.n_stages; s++) {
        if (stage_wanted(r, s) && !gc_walk_over(&r->walks[s]))
            return false;
    }
    return true;
}

/* Waits until the run has news. */
static int wait_news(struct graphcap_results *r, const struct graphcap_run **ret_run,
                     struct graphcap_error *error)
{
    int code = graphcap_watch_next(r->watch, FOLLOW_NS, ret_run, error);
    return code == GRAPHCAP_TIMEOUT ? GRAPHCAP_OK : code;
}

static int next_by_commit(struct graphcap_results *r, bool *ret_there, struct graphcap_error *error)
{
    const struct graphcap_run *run = NULL;
    *ret_there = false;
    for (;;) {
        for (; r->idle < r->reading.plan.n_stages; r->idle++) {
            if (stage_wanted(r, r->stage) && !gc_walk_over(&r->walks[r->stage])) {
                int code = next_of_stage(r, ret_there, error);
                if (code != GRAPHCAP_OK || *ret_there) {
                    r->idle = 0;
                    return code;
                }
            }
            r->stage = (r->stage + 1) % r->reading.plan.n_stages;
        }
        if (r->reading.plan.n_stages == 0 || all_ended(r))
            return GRAPHCAP_OK;
        int code = wait_news(r, &run, error);
        if (code != GRAPHCAP_OK)
            return code;
        r->idle = 0;
    }
}

/* ---- a source: its values are its items ---- */

/* Its fields, where it has some, else its text. The field without a name is the lister's own (common/manifest/items.h). */
static int put_item_value(struct graphcap_results *r, const struct gc_item *item,
                          struct graphcap_error *error)
{
    bool any = false;
    gc_text_reset(&r->value);
    if (gc_json_fields(&r->value, item->fields, &any) != GC_OK)
        return gc_fail(error, GRAPHCAP_CORRUPT, "%s: the fields of item %llu cannot be read", r->reading.name,
                       (unsigned long long)r->at[0].item);
    if (any)
        return GRAPHCAP_OK;
    gc_text_reset(&r->value);
    if (item->known)
        gc_json_bytes(&r->value, item->text);
    else
        gc_json_null(&r->value);
    return GRAPHCAP_OK;
}

static bool listing_over(const struct graphcap_results *r, const struct graphcap_run *run)
{
    if (!run)
        return false;
    if (graphcap_state_ended(run->state))
        return true;
    for (size_t i = 0; i < run->n_sources; i++) {
        const struct graphcap_source *s = &run->sources[i];
        if (strcmp(s->node, run->nodes[r->node].id) == 0 && s->ended && s->items <= r->at[0].item)
            return true;
    }
    return false;
}

static int next_of_source(struct graphcap_results *r, bool *ret_there, struct graphcap_error *error)
{
    const struct graphcap_run *run = NULL;
    struct gc_item item;
    *ret_there = false;
    for (;;) {
        bool last = !r->watch || listing_over(r, run);
        int code = gc_reading_item(&r->reading, r->stage, r->at[0].item, &item, error);
        if (code != GRAPHCAP_OK || (!item.there && last))
            return code;
        if (item.there) {
            *ret_there = true;
            code = put_item_value(r, &item, error);
            uint64_t number = r->at[0].item++;
            return code == GRAPHCAP_OK ? make_row(r, &r->reading.plan.nodes[r->node], number, &item, error)
                                       : code;
        }
        code = wait_news(r, &run, error);
        if (code != GRAPHCAP_OK)
            return code;
    }
}

int graphcap_results_next(struct graphcap_results *r, const struct graphcap_result **ret,
                          struct graphcap_error *error)
{
    bool there = false;
    int code;
    switch (r->cursor.kind) {
    case GC_CURSOR_COMMIT: code = next_by_commit(r, &there, error); break;
    case GC_CURSOR_SOURCE: code = next_of_source(r, &there, error); break;
    case GC_CURSOR_ITEM:
    default: code = next_by_item(r, &there, error); break;
    }
    if (code == GRAPHCAP_OK)
        *ret = there ? &r->row : NULL;
    return code;
}
