/* listing.c - the runs that a coordinator knows, and the workers it has: page after page. */
#include <stdlib.h>
#include <string.h>

#include "client/connection.h"
#include "client/error.h"
#include "common/json/json.h"

enum { ROWS = 128 }; /* a page */

/* A page of rows as public structs: texts and tags lie in one block. */
struct page {
    char *block;
    char *at;
    size_t n;
    size_t next;
    bool more;
};

static const char *put_text(struct page *p, struct gc_bytes s)
{
    char *here = p->at;
    if (s.len)
        memcpy(here, s.ptr, s.len);
    here[s.len] = '\0';
    p->at += s.len + 1;
    return here;
}

static bool new_block(struct page *p, size_t size)
{
    free(p->block);
    p->block = p->at = malloc(size + 1);
    return p->block != NULL;
}

/* ---- runs ---- */

struct graphcap_runs {
    struct graphcap *gc;
    char prefix[GRAPHCAP_RUN_SIZE];
    uint64_t before;
    struct page page;
    struct graphcap_run_row rows[256];
    struct graphcap_tag tags[256][GC_MAX_TAGS];
    struct gc_text json;
};

int graphcap_runs_open(struct graphcap *gc, const char *prefix, struct graphcap_runs **ret,
                       struct graphcap_error *error)
{
    struct gc_id_range range;
    if (prefix && gc_id_parse_prefix(gc_str_of(prefix), &range) != GC_OK)
        return gc_fail(error, GRAPHCAP_INVALID,
                       "%.64s: not the id of a run or its beginning, which is r- and letters or digits",
                       prefix);
    struct graphcap_runs *r = calloc(1, sizeof *r);
    if (!r)
        return gc_fail_memory(error);
    r->gc = gc;
    r->before = GC_UNSET;
    r->page.more = true;
    memcpy(r->prefix, prefix ? prefix : "", prefix ? strlen(prefix) + 1 : 1);
    *ret = r;
    return GRAPHCAP_OK;
}

void graphcap_runs_close(struct graphcap_runs **runs)
{
    if (!*runs)
        return;
    free((*runs)->page.block);
    gc_text_release(&(*runs)->json);
    free(*runs);
    *runs = NULL;
}

static size_t runs_text(const struct gc_msg_run_list *m)
{
    size_t n = 0;
    for (uint32_t i = 0; i < m->n_rows; i++) {
        n += m->rows[i].job.len + 1;
        for (uint32_t k = 0; k < m->rows[i].n_tags; k++)
            n += m->rows[i].tags[k].key.len + m->rows[i].tags[k].value.len + 2;
    }
    return n;
}

static void copy_run(struct graphcap_runs *r, uint32_t i, const struct gc_run_row *from)
{
    struct graphcap_run_row *to = &r->rows[i];
    *to = (struct graphcap_run_row){
        .state = (int)from->state,
        .created_at_ns = from->created_ns,
        .ended_at_ns = from->ended_ns,
        .items = from->items,
        .done = from->done,
        .failed = from->failed,
        .n_tags = from->n_tags,
        .tags = r->tags[i],
    };
    gc_id_text(from->run, to->run);
    to->job = put_text(&r->page, from->job);
    for (uint32_t k = 0; k < from->n_tags; k++) {
        r->tags[i][k].key = put_text(&r->page, from->tags[k].key);
        r->tags[i][k].value = put_text(&r->page, from->tags[k].value);
    }
}

static int runs_answer(void *arg, const struct gc_msg *msg, struct graphcap_error *error)
{
    struct graphcap_runs *r = arg;
    const struct gc_msg_run_list *m = &msg->as.run_list;
    if (msg->type != GC_MSG_RUN_LIST)
        return GC_NOT_THE_ANSWER;
    if (!new_block(&r->page, runs_text(m)))
        return gc_fail_memory(error);
    for (uint32_t i = 0; i < m->n_rows; i++)
        copy_run(r, i, &m->rows[i]);
    r->page.n = m->n_rows;
    r->page.next = 0;
    r->page.more = m->more && m->n_rows > 0;
    if (m->n_rows)
        r->before = m->rows[m->n_rows - 1].run_no;
    return GRAPHCAP_OK;
}

static void put_run(struct gc_text *t, const struct graphcap_run_row *row)
{
    gc_text_reset(t);
    gc_json_open(t, '{');
    gc_json_key(t, "run");
    gc_json_str(t, row->run);
    gc_json_key(t, "job");
    gc_json_str(t, row->job);
    gc_json_key(t, "state");
    gc_json_str(t, graphcap_state_name(row->state));
    gc_json_key(t, "created");
    gc_json_time(t, row->created_at_ns);
    gc_json_key(t, "ended");
    gc_json_time(t, row->ended_at_ns);
    gc_json_key(t, "items");
    gc_json_u64(t, row->items);
    gc_json_key(t, "done");
    gc_json_u64(t, row->done);
    gc_json_key(t, "failed");
    gc_json_u64(t, row->failed);
    gc_json_key(t, "tags");
    gc_json_open(t, '{');
    for (size_t i = 0; i < row->n_tags; i++) {
        gc_json_key_bytes(t, gc_str_bytes(gc_str_of(row->tags[i].key)));
        gc_json_str(t, row->tags[i].value);
    }
    gc_json_close(t, '}');
    gc_json_close(t, '}');
}

int graphcap_runs_next(struct graphcap_runs *r, const struct graphcap_run_row **ret,
                       struct graphcap_error *error)
{
    struct gc_msg msg = {.type = GC_MSG_LIST_RUNS};
    while (r->page.next >= r->page.n && r->page.more) {
        msg.as.list_runs = (struct gc_msg_list_runs){
            .before = r->before, .limit = ROWS, .prefix = gc_str_bytes(gc_str_of(r->prefix))};
        int code = gc_conn_ask(r->gc, &(struct gc_request){&msg, 1, runs_answer, r}, error);
        if (code != GRAPHCAP_OK)
            return code;
    }
    *ret = NULL;
    if (r->page.next >= r->page.n)
        return GRAPHCAP_OK;
    struct graphcap_run_row *row = &r->rows[r->page.next];
    put_run(&r->json, row);
    if (!gc_text_ok(&r->json))
        return gc_fail_memory(error);
    row->json = gc_text_str(&r->json);
    r->page.next++;
    *ret = row;
    return GRAPHCAP_OK;
}

int graphcap_find_run(struct graphcap *gc, const char *prefix, char run[GRAPHCAP_RUN_SIZE],
                      struct graphcap_error *error)
{
    struct graphcap_runs *runs;
    const struct graphcap_run_row *row = NULL;
    char found[GRAPHCAP_RUN_SIZE] = "";
    int code = graphcap_runs_open(gc, prefix, &runs, error);
    if (code != GRAPHCAP_OK)
        return code;
    code = graphcap_runs_next(runs, &row, error);
    if (code == GRAPHCAP_OK && !row)
        code = gc_fail(error, GRAPHCAP_NOT_FOUND,
                       "no run %s here; `gcctl ls` lists the runs of this coordinator", prefix);
    if (code == GRAPHCAP_OK) {
        memcpy(found, row->run, sizeof found);
        code = graphcap_runs_next(runs, &row, error);
    }
    if (code == GRAPHCAP_OK && row)
        code = gc_fail(error, GRAPHCAP_INVALID, "%s: several runs begin so (%s, %s): give more of the id",
                       prefix, found, row->run);
    if (code == GRAPHCAP_OK)
        memcpy(run, found, sizeof found);
    graphcap_runs_close(&runs);
    return code;
}

/* ---- workers ---- */

struct graphcap_workers {
    struct graphcap *gc;
    uint64_t after;
    struct page page;
    struct graphcap_worker_row rows[ROWS];
    struct gc_text json;
};

int graphcap_workers_open(struct graphcap *gc, struct graphcap_workers **ret, struct graphcap_error *error)
{
    struct graphcap_workers *w = calloc(1, sizeof *w);
    if (!w)
        return gc_fail_memory(error);
    w->gc = gc;
    w->page.more = true;
    *ret = w;
    return GRAPHCAP_OK;
}

void graphcap_workers_close(struct graphcap_workers **workers)
{
    if (!*workers)
        return;
    free((*workers)->page.block);
    gc_text_release(&(*workers)->json);
    free(*workers);
    *workers = NULL;
}

static int workers_answer(void *arg, const struct gc_msg *msg, struct graphcap_error *error)
{
    struct graphcap_workers *w = arg;
    const struct gc_msg_worker_list *m = &msg->as.worker_list;
    size_t text = 0;
    if (msg->type != GC_MSG_WORKER_LIST)
        return GC_NOT_THE_ANSWER;
    for (uint32_t i = 0; i < m->n_rows; i++)
        text += m->rows[i].name.len + m->rows[i].build.len + 2;
    if (!new_block(&w->page, text))
        return gc_fail_memory(error);
    for (uint32_t i = 0; i < m->n_rows; i++) {
        const struct gc_worker_row *from = &m->rows[i];
        w->rows[i] = (struct graphcap_worker_row){
            .slots = from->slots,
            .leases = from->leases,
            .done = from->done,
            .silent_ns = from->silent_ns,
            .rss = from->rss,
            .draining = from->draining,
        };
        w->rows[i].name = put_text(&w->page, from->name);
        w->rows[i].build = put_text(&w->page, from->build);
    }
    w->page.n = m->n_rows;
    w->page.next = 0;
    w->page.more = m->next != GC_UNSET && m->next > w->after;
    w->after = m->next;
    return GRAPHCAP_OK;
}

static void put_worker(struct gc_text *t, const struct graphcap_worker_row *row)
{
    gc_text_reset(t);
    gc_json_open(t, '{');
    gc_json_key(t, "worker");
    gc_json_str(t, row->name);
    gc_json_key(t, "executors");
    gc_json_u64(t, row->slots);
    gc_json_key(t, "leases");
    gc_json_u64(t, row->leases);
    gc_json_key(t, "done");
    gc_json_u64(t, row->done);
    gc_json_key(t, "silent_seconds");
    gc_json_fixed(t, (double)row->silent_ns / 1e9, 3);
    gc_json_key(t, "rss_bytes");
    gc_json_u64(t, row->rss);
    gc_json_key(t, "draining");
    gc_json_bool(t, row->draining);
    gc_json_key(t, "build");
    gc_json_str(t, row->build);
    gc_json_close(t, '}');
}

int graphcap_workers_next(struct graphcap_workers *w, const struct graphcap_worker_row **ret,
                          struct graphcap_error *error)
{
    struct gc_msg msg = {.type = GC_MSG_LIST_WORKERS};
    while (w->page.next >= w->page.n && w->page.more) {
        msg.as.list_workers.after = w->after;
        int code = gc_conn_ask(w->gc, &(struct gc_request){&msg, 1, workers_answer, w}, error);
        if (code != GRAPHCAP_OK)
            return code;
    }
    *ret = NULL;
    if (w->page.next >= w->page.n)
        return GRAPHCAP_OK;
    struct graphcap_worker_row *row = &w->rows[w->page.next];
    put_worker(&w->json, row);
    if (!gc_text_ok(&w->json))
        return gc_fail_memory(error);
    row->json = gc_text_str(&w->json);
    w->page.next++;
    *ret = row;
    return GRAPHCAP_OK;
}
