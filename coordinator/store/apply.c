/* apply.c - what each kind of commit writes, and what it makes needless. */
#include <stdlib.h>

#include "common/assert.h"
#include "coordinator/store/db.h"
#include "proto/codec.h"

/* A statement with up to a dozen parameters, most of them numbers: taken, filled and run in one expression. The first error
 * stays, so that a sequence of puts is looked at once. */
struct row {
    struct gc_store *s;
    sqlite3_stmt *st;
    struct gc_fault *f;
    int at;
    enum gc_err err;
};

static struct row row_of(struct gc_store *s, enum gc_sql sql, struct gc_fault *f)
{
    struct row r = {.s = s, .st = gc_db_take(s, sql, f), .f = f};
    r.err = r.st ? GC_OK : GC_ERR_NOMEM;
    return r;
}

static void put(struct row *r, uint64_t v)
{
    if (r->st)
        gc_db_bind_u64(r->s, r->st, ++r->at, v);
}

static void put_bytes(struct row *r, struct gc_bytes v)
{
    if (r->st)
        gc_db_bind_bytes(r->s, r->st, ++r->at, v);
}

static void put_id(struct row *r, const struct gc_id128 *id)
{
    put_bytes(r, gc_bytes_of(id->b, sizeof id->b));
}

static enum gc_err run(struct row *r)
{
    if (r->err != GC_OK)
        return r->err;
    GC_ASSERT(r->at == sqlite3_bind_parameter_count(r->st));
    return gc_db_run(r->s, r->st, r->f);
}

/* ---- runs ---- */

static enum gc_err put_doc(struct gc_store *s, uint64_t run_no, enum gc_doc kind, uint64_t stage,
                           struct gc_bytes bytes, struct gc_fault *f)
{
    struct row r = row_of(s, GC_SQL_PUT_DOC, f);
    put(&r, run_no);
    put(&r, kind);
    put(&r, stage);
    put_bytes(&r, bytes);
    return run(&r);
}

/* The stage that lists the run's first data set, and the one that works on it; GC_UNSET where there is none. */
static void find_stages(const struct gc_plan *plan, uint64_t *ret_source, uint64_t *ret_item)
{
    *ret_source = *ret_item = GC_UNSET;
    for (uint32_t i = 0; i < plan->n_stages; i++) {
        const struct gc_plan_stage *stage = &plan->stages[i];
        if (stage->kind == GC_STAGE_SOURCE && *ret_source == GC_UNSET)
            *ret_source = i;
        if (stage->kind == GC_STAGE_ITEM && stage->source == *ret_source && *ret_item == GC_UNSET &&
            *ret_source != GC_UNSET)
            *ret_item = i;
    }
}

static enum gc_err add_run_row(struct gc_store *s, const struct gc_commit_run *c, struct gc_buf *scratch,
                               struct gc_fault *f)
{
    /* What listings show of a job, and nothing that is long. */
    struct gc_job head = {.name = c->job->name, .n_tags = c->job->n_tags, .tags = c->job->tags};
    gc_buf_reset(scratch);
    enum gc_err err = gc_encode_job(&head, scratch);
    if (err != GC_OK)
        return gc_fault_set(f, GC_ERR_INTERNAL, "a job that was accepted cannot be encoded");
    uint64_t source, item;
    find_stages(c->plan, &source, &item);
    struct row r = row_of(s, GC_SQL_ADD_RUN, f);
    put(&r, c->run_no);
    put_id(&r, &c->run);
    put(&r, c->state);
    put(&r, c->created_ns);
    put(&r, source);
    put(&r, item);
    put_bytes(&r, gc_buf_bytes(scratch));
    return run(&r);
}

static enum gc_err add_docs(struct gc_store *s, const struct gc_commit_run *c, struct gc_buf *scratch,
                            struct gc_fault *f)
{
    gc_buf_reset(scratch);
    enum gc_err err = gc_encode_job(c->job, scratch);
    if (err == GC_OK)
        err = put_doc(s, c->run_no, GC_DOC_JOB, 0, gc_buf_bytes(scratch), f);
    gc_buf_reset(scratch);
    if (err == GC_OK && gc_encode_plan(c->plan, scratch) != GC_OK)
        err = gc_fault_set(f, GC_ERR_INTERNAL, "a plan that was accepted cannot be encoded");
    if (err == GC_OK)
        err = put_doc(s, c->run_no, GC_DOC_PLAN, 0, gc_buf_bytes(scratch), f);
    /* Programs stand in the plan as well; workers ask for one at a time. */
    for (uint32_t i = 0; i < c->plan->n_stages && err == GC_OK; i++)
        err = put_doc(s, c->run_no, GC_DOC_PROGRAM, i, c->plan->stages[i].program, f);
    return err;
}

/* A page is asked for by the stage that reads it. */
static enum gc_err add_stages(struct gc_store *s, const struct gc_commit_run *c, struct gc_fault *f)
{
    enum gc_err err = GC_OK;
    for (uint32_t i = 0; i < c->plan->n_stages && err == GC_OK; i++) {
        const struct gc_plan_stage *stage = &c->plan->stages[i];
        bool reads = stage->kind == GC_STAGE_ITEM && stage->source != GC_UNSET;
        if (!reads && stage->kind != GC_STAGE_SOURCE)
            continue;
        struct row r = row_of(s, GC_SQL_ADD_STAGE, f);
        put(&r, c->run_no);
        put(&r, i);
        put(&r, reads ? stage->source : i);
        err = run(&r);
    }
    return err;
}

/* Documents are rare and large: memory for one lives as long as the commit. malloc's pages are touched as far as it is long. */
static bool scratch_new(struct gc_buf *ret, struct gc_fault *f)
{
    void *memory = malloc(GC_MAX_DOCUMENT);
    if (!memory) {
        (void)gc_fault_set(f, GC_ERR_NOMEM, "no memory for a document");
        return false;
    }
    gc_buf_init(ret, memory, GC_MAX_DOCUMENT);
    return true;
}

static enum gc_err apply_run(struct gc_store *s, const struct gc_commit_run *c, struct gc_fault *f)
{
    struct gc_buf scratch;
    if (!scratch_new(&scratch, f))
        return GC_ERR_NOMEM;
    enum gc_err err = add_run_row(s, c, &scratch, f);
    if (err == GC_OK)
        err = add_stages(s, c, f);
    if (err == GC_OK)
        err = add_docs(s, c, &scratch, f);
    free(scratch.data);
    return err;
}

static enum gc_err drop_of_run(struct gc_store *s, enum gc_sql sql, uint64_t run_no, struct gc_fault *f)
{
    struct row r = row_of(s, sql, f);
    put(&r, run_no);
    return run(&r);
}

/* The account that answers SHOW from now on. What only served the work that was left goes; states stay, for a later retry. */
static enum gc_err end_run(struct gc_store *s, const struct gc_commit_run_state *c, struct gc_fault *f)
{
    struct gc_buf scratch;
    if (!scratch_new(&scratch, f))
        return GC_ERR_NOMEM;
    struct gc_node_infos infos = {.n_nodes = c->n_nodes, .nodes = (struct gc_node_info *)(uintptr_t)c->nodes};
    enum gc_err err = gc_encode_node_infos(&infos, &scratch);
    if (err == GC_OK)
        err = put_doc(s, c->run_no, GC_DOC_NODES, 0, gc_buf_bytes(&scratch), f);
    gc_buf_reset(&scratch);
    if (err == GC_OK)
        err = gc_sources_encode(c->sources, c->n_sources, &scratch);
    if (err == GC_OK)
        err = put_doc(s, c->run_no, GC_DOC_SOURCES, 0, gc_buf_bytes(&scratch), f);
    free(scratch.data);
    if (err == GC_OK)
        err = gc_names_forget(s, c->run_no, f);
    if (err == GC_OK)
        err = drop_of_run(s, GC_SQL_DROP_RUN_ODD, c->run_no, f);
    if (err == GC_OK)
        err = drop_of_run(s, GC_SQL_DROP_RUN_FRONTIERS, c->run_no, f);
    return err;
}

static enum gc_err apply_run_state(struct gc_store *s, const struct gc_commit_run_state *c,
                                   struct gc_fault *f)
{
    struct row r = row_of(s, GC_SQL_SET_STATE, f);
    put(&r, c->run_no);
    put(&r, c->state);
    put_bytes(&r, c->text);
    put(&r, c->started_ns);
    put(&r, c->ended_ns);
    put(&r, c->active_ns);
    put(&r, c->pixels);
    put(&r, c->refused);
    enum gc_err err = run(&r);
    if (err == GC_OK && gc_run_state_ended(c->state))
        err = end_run(s, c, f);
    return err;
}

/* ---- listing ---- */

static enum gc_err add_page(struct gc_store *s, const struct gc_commit_pages *c, uint32_t i,
                            struct gc_bytes block, struct gc_fault *f)
{
    const struct gc_page *page = &c->pages[i];
    struct row r = row_of(s, GC_SQL_ADD_PAGE, f);
    put(&r, c->run_no);
    put(&r, c->stage);
    put(&r, c->index + i);
    put(&r, page->first);
    put(&r, page->count);
    put(&r, page->inlined);
    put(&r, page->bytes);
    put(&r, page->offset);
    put_bytes(&r, page->digest);
    put_bytes(&r, block);
    return run(&r);
}

static enum gc_err put_listing(struct gc_store *s, const struct gc_commit_pages *c, struct gc_fault *f)
{
    struct row r = row_of(s, GC_SQL_PUT_LISTING, f);
    put(&r, c->run_no);
    put(&r, c->stage);
    put(&r, c->ended);
    put(&r, c->left_out);
    put_bytes(&r, c->note);
    put_bytes(&r, c->cursor);
    return run(&r);
}

static enum gc_err apply_pages(struct gc_store *s, const struct gc_commit_pages *c, struct gc_fault *f)
{
    struct gc_reader blocks;
    gc_reader_init(&blocks, c->blocks);
    uint64_t items = 0;
    enum gc_err err = GC_OK;
    for (uint32_t i = 0; i < c->n_pages && err == GC_OK; i++) {
        struct gc_bytes block = {NULL, 0};
        if (c->pages[i].inlined)
            (void)gc_reader_bytes(&blocks, c->pages[i].bytes, &block);
        items += c->pages[i].count;
        err = add_page(s, c, i, block, f);
    }
    if (err == GC_OK)
        err = gc_names_add(s, c, f);
    GC_ASSERT(err != GC_OK || gc_reader_done(&blocks)); /* the core took them only if the lengths agree */
    if (err == GC_OK)
        err = put_listing(s, c, f);
    if (err != GC_OK || items == 0)
        return err;
    struct row r = row_of(s, GC_SQL_ADD_ITEMS, f);
    put(&r, c->run_no);
    put(&r, c->stage);
    put(&r, items);
    return run(&r);
}

/* ---- results ---- */

static enum gc_err add_delta(struct gc_store *s, uint64_t run_no, const struct gc_commit_delta *delta,
                             struct gc_fault *f)
{
    struct row r = row_of(s, GC_SQL_ADD_DELTA, f);
    put(&r, run_no);
    put(&r, delta->id);
    put(&r, delta->stage);
    put(&r, delta->items);
    put_bytes(&r, delta->state);
    return run(&r);
}

/* How many outcomes of a status failed. The core checked it; how many nodes it has is its first number. */
static uint32_t failures_in(struct gc_bytes bytes, uint64_t count)
{
    struct gc_reader reader;
    struct gc_status status;
    uint64_t n_nodes = 0;
    gc_reader_init(&reader, bytes);
    bool read = gc_reader_varint(&reader, &n_nodes);
    GC_ASSERT(read);
    enum gc_err err = gc_status_check(bytes, count, (uint32_t)n_nodes, &status);
    GC_ASSERT(err == GC_OK);
    return status.n_faults;
}

static enum gc_err add_batch(struct gc_store *s, const struct gc_commit_batch *c, uint32_t bad,
                             struct gc_fault *f)
{
    struct row r = row_of(s, GC_SQL_ADD_BATCH, f);
    put(&r, c->run_no);
    put(&r, c->stage);
    put(&r, c->first);
    put(&r, c->count);
    put(&r, bad);
    put(&r, c->lease);
    put(&r, c->busy_ns);
    put(&r, c->pixels);
    put_bytes(&r, c->worker);
    put_bytes(&r, c->status);
    put_bytes(&r, c->values);
    return run(&r);
}

static enum gc_err apply_batch(struct gc_store *s, const struct gc_commit_batch *c, struct gc_fault *f)
{
    uint32_t bad = failures_in(c->status, c->count);
    enum gc_err err = add_batch(s, c, bad, f);
    for (uint32_t i = 0; i < c->n_deltas && err == GC_OK; i++)
        err = add_delta(s, c->run_no, &c->deltas[i], f);
    if (err != GC_OK)
        return err;
    struct row odd = row_of(s, GC_SQL_DROP_ODD, f);
    put(&odd, c->run_no);
    put(&odd, c->stage);
    put(&odd, c->first);
    put(&odd, c->first + c->count);
    err = run(&odd);
    if (err != GC_OK)
        return err;
    struct row done = row_of(s, GC_SQL_ADD_DONE, f);
    put(&done, c->run_no);
    put(&done, c->stage);
    put(&done, c->count);
    put(&done, bad);
    return run(&done);
}

static enum gc_err apply_merged(struct gc_store *s, const struct gc_commit_merged *c, struct gc_fault *f)
{
    enum gc_err err = GC_OK;
    for (uint32_t i = 0; i < c->n_inputs && err == GC_OK; i++) {
        struct row r = row_of(s, GC_SQL_DROP_DELTA, f);
        put(&r, c->run_no);
        put(&r, c->inputs[i]);
        put(&r, c->stage);
        err = run(&r);
        GC_ASSERT(err != GC_OK || sqlite3_changes(s->db) == 1); /* consumed once, and it was there */
    }
    return err == GC_OK ? add_delta(s, c->run_no, &c->output, f) : err;
}

/* ---- the rest ---- */

static enum gc_err apply_odd(struct gc_store *s, const struct gc_commit_odd *c, struct gc_fault *f)
{
    uint8_t memory[GC_MAX_STAGE_NODES * (GC_MAX_TEXT + 64u)];
    struct gc_buf given;
    gc_buf_init(&given, memory, sizeof memory);
    if (gc_given_encode(c->given, c->n_given, &given) != GC_OK)
        return gc_fault_set(f, GC_ERR_INTERNAL, "an item's history cannot be encoded");
    struct row r = row_of(s, GC_SQL_PUT_ODD, f);
    put(&r, c->run_no);
    put(&r, c->stage);
    put(&r, c->item);
    put(&r, c->attempts);
    put(&r, c->suspicions);
    put(&r, c->counted);
    put_bytes(&r, gc_buf_bytes(&given));
    return run(&r);
}

static enum gc_err apply_frontier(struct gc_store *s, const struct gc_commit_frontier *c, struct gc_fault *f)
{
    struct row r = row_of(s, GC_SQL_PUT_FRONTIER, f);
    put(&r, c->run_no);
    put(&r, c->stage);
    put(&r, c->frontier);
    return run(&r);
}

static enum gc_err apply_worker(struct gc_store *s, const struct gc_commit_worker *c, struct gc_fault *f)
{
    struct row r = row_of(s, c->holds ? GC_SQL_PUT_WORKER : GC_SQL_DROP_WORKER, f);
    put_id(&r, &c->worker);
    if (c->holds)
        put_bytes(&r, c->name);
    return run(&r);
}

static enum gc_err apply(struct gc_store *s, const struct gc_commit *c, struct gc_fault *f)
{
    switch (c->kind) {
    case GC_COMMIT_RUN: return apply_run(s, &c->as.run, f);
    case GC_COMMIT_RUN_STATE: return apply_run_state(s, &c->as.run_state, f);
    case GC_COMMIT_PAGES: return apply_pages(s, &c->as.pages, f);
    case GC_COMMIT_BATCH: return apply_batch(s, &c->as.batch, f);
    case GC_COMMIT_MERGED: return apply_merged(s, &c->as.merged, f);
    case GC_COMMIT_ODD: return apply_odd(s, &c->as.odd, f);
    case GC_COMMIT_FRONTIER: return apply_frontier(s, &c->as.frontier, f);
    case GC_COMMIT_WORKER: return apply_worker(s, &c->as.worker, f);
    case GC_COMMIT_NONE: break;
    }
    GC_NEVER("a commit of no kind");
}

enum gc_err gc_store_apply(struct gc_store *s, const struct gc_commit *c, struct gc_fault *f)
{
    GC_ASSERT(s->in_transaction);
    enum gc_err err = apply(s, c, f);
    if (err != GC_OK)
        gc_store_rollback(s);
    return err;
}

enum gc_err gc_store_put_catalogue(struct gc_store *s, struct gc_bytes digest, struct gc_bytes bytes,
                                   struct gc_fault *f)
{
    enum gc_err err = gc_store_begin(s, f);
    if (err != GC_OK)
        return err;
    struct row r = row_of(s, GC_SQL_PUT_CATALOGUE, f);
    put_bytes(&r, digest);
    put_bytes(&r, bytes);
    err = run(&r);
    if (err == GC_OK)
        err = drop_of_run(s, GC_SQL_TRIM_CATALOGUES, GC_STORE_CATALOGUES, f);
    if (err == GC_OK)
        return gc_store_commit(s, f);
    gc_store_rollback(s);
    return err;
}
