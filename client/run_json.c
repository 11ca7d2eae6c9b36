/* run_json.c - a run as JSON. */
#include <stdlib.h>
#include <string.h>

#include "client/connection.h"
#include "client/error.h"
#include "client/results.h"
#include "common/json/json.h"

#define SECONDS(ns) ((double)(ns) / 1e9)

void graphcap_text_free(char **text)
{
    free(*text);
    *text = NULL;
}

static int take(struct gc_text *t, char **ret, struct graphcap_error *error)
{
    char *text = gc_text_take(t);
    if (!text)
        return gc_fail_memory(error);
    *ret = text;
    return GRAPHCAP_OK;
}

/* ---- a run ---- */

static void put_u64(struct gc_text *t, const char *key, uint64_t v)
{
    gc_json_key(t, key);
    gc_json_u64(t, v);
}

static void put_str(struct gc_text *t, const char *key, const char *v)
{
    gc_json_key(t, key);
    gc_json_str(t, v);
}

static void put_nodes(struct gc_text *t, const struct graphcap_run *run)
{
    gc_json_key(t, "nodes");
    gc_json_open(t, '{');
    for (size_t i = 0; i < run->n_nodes; i++) {
        const struct graphcap_node *n = &run->nodes[i];
        gc_json_key_bytes(t, gc_str_bytes(gc_str_of(n->id)));
        gc_json_open(t, '{');
        put_str(t, "op", n->op);
        put_u64(t, "total", n->total);
        put_u64(t, "done", n->done);
        put_u64(t, "failed", n->failed);
        put_u64(t, "skipped", n->skipped);
        put_u64(t, "cached", n->cached);
        put_u64(t, "warnings", n->warned);
        gc_json_key(t, "busy_seconds");
        gc_json_fixed(t, SECONDS(n->busy_ns), 3);
        gc_json_close(t, '}');
    }
    gc_json_close(t, '}');
}

static void put_sources(struct gc_text *t, const struct graphcap_run *run)
{
    gc_json_key(t, "sources");
    gc_json_open(t, '{');
    for (size_t i = 0; i < run->n_sources; i++) {
        const struct graphcap_source *s = &run->sources[i];
        gc_json_key_bytes(t, gc_str_bytes(gc_str_of(s->node)));
        gc_json_open(t, '{');
        put_u64(t, "items", s->items);
        gc_json_key(t, "ended");
        gc_json_bool(t, s->ended);
        put_u64(t, "left_out", s->left_out);
        put_str(t, "note", s->note);
        gc_json_close(t, '}');
    }
    gc_json_close(t, '}');
}

static void put_rates(struct gc_text *t, const struct graphcap_run *run)
{
    double seconds = SECONDS(run->active_ns);
    gc_json_key(t, "seconds");
    gc_json_fixed(t, seconds, 3);
    gc_json_key(t, "items_per_second");
    gc_json_fixed(t, seconds > 0 ? (double)graphcap_run_over(run) / seconds : 0, 1);
    gc_json_key(t, "megapixels_per_second");
    gc_json_fixed(t, seconds > 0 ? (double)run->pixels / 1e6 / seconds : 0, 1);
    gc_json_key(t, "megapixels");
    gc_json_fixed(t, (double)run->pixels / 1e6, 1);
}

static int put_results(struct graphcap *gc, const struct graphcap_run *run, struct gc_text *t,
                       struct graphcap_error *error)
{
    struct graphcap_results *results;
    const struct graphcap_result *row = NULL;
    gc_json_key(t, "results");
    gc_json_open(t, '{');
    int code = gc_results_of_run(gc, run->run, &results, error);
    if (code != GRAPHCAP_OK)
        return code;
    while ((code = graphcap_results_next(results, &row, error)) == GRAPHCAP_OK && row) {
        gc_json_key_bytes(t, gc_str_bytes(gc_str_of(row->node)));
        gc_text_put(t, row->value);
    }
    gc_json_close(t, '}');
    graphcap_results_close(&results);
    return code;
}

int graphcap_run_json(struct graphcap *gc, const struct graphcap_run *run, char **ret,
                      struct graphcap_error *error)
{
    struct gc_text t = {0};
    int code = GRAPHCAP_OK;
    gc_json_open(&t, '{');
    put_str(&t, "run", run->run);
    put_str(&t, "job", run->job);
    put_str(&t, "state", graphcap_state_name(run->state));
    put_str(&t, "text", run->text);
    put_u64(&t, "items", run->n_sources ? run->sources[0].items : 0);
    put_sources(&t, run);
    put_nodes(&t, run);
    if (gc)
        code = put_results(gc, run, &t, error);
    put_rates(&t, run);
    gc_json_key(&t, "created");
    gc_json_time(&t, run->created_at_ns);
    gc_json_key(&t, "started");
    gc_json_time(&t, run->started_at_ns);
    gc_json_key(&t, "ended");
    gc_json_time(&t, run->ended_at_ns);
    put_u64(&t, "workers", run->workers);
    put_u64(&t, "refused", run->refused);
    gc_json_close(&t, '}');
    if (code == GRAPHCAP_OK)
        code = take(&t, ret, error);
    gc_text_release(&t);
    return code;
}
