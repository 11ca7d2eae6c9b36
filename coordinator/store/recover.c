/* recover.c - at a start: what is kept, as the commits that give the same state again. */
#include <stdlib.h>

#include "common/assert.h"
#include "coordinator/store/db.h"
#include "proto/codec.h"

/* Room for a decoded job and plan: a document grows when it is spread into structs. Only what is used is touched. */
#define DECODE_BYTES ((size_t)GC_MAX_DOCUMENT * 16u)

struct recovery {
    struct gc_store *s;
    gc_store_commit_fn *fn;
    void *arg;
    struct gc_fault *f;
    struct gc_arena arena; /* emptied for each run */
    uint64_t run_no;       /* the run at hand, and its plan */
    struct gc_plan plan;
};

static void tell(struct recovery *r, const struct gc_commit *c)
{
    r->fn(r->arg, c);
}

/* A walk over the rows of a statement whose only parameter is the run's number. */
typedef enum gc_err row_fn(struct recovery *r, sqlite3_stmt *st);

static enum gc_err walk(struct recovery *r, enum gc_sql sql, row_fn *fn)
{
    sqlite3_stmt *st = gc_db_take(r->s, sql, r->f);
    if (!st)
        return GC_ERR_NOMEM;
    if (sqlite3_bind_parameter_count(st) > 0)
        gc_db_bind_u64(r->s, st, 1, r->run_no);
    bool row = false;
    enum gc_err err;
    do {
        err = gc_db_next(r->s, st, &row, r->f);
        if (err == GC_OK && row)
            err = fn(r, st);
    } while (err == GC_OK && row);
    gc_db_done(st);
    return err;
}

/* ---- runs ---- */

struct documents {
    uint8_t *job;
    uint8_t *plan;
};

static enum gc_err load_plan(struct recovery *r, struct documents *docs, struct gc_job *job)
{
    size_t len;
    enum gc_err err = gc_db_whole_document(r->s, r->run_no, GC_DOC_JOB, &docs->job, &len, r->f);
    if (err == GC_OK)
        err = gc_decode_job(gc_bytes_of(docs->job, len), &r->arena, job, r->f);
    if (err == GC_OK)
        err = gc_db_whole_document(r->s, r->run_no, GC_DOC_PLAN, &docs->plan, &len, r->f);
    if (err == GC_OK)
        err = gc_decode_plan(gc_bytes_of(docs->plan, len), &r->arena, &r->plan, r->f);
    /* What was written by this program and cannot be read by it is damage, whatever the decoder calls it. */
    bool damaged =
        err == GC_ERR_INVALID || err == GC_ERR_MALFORMED || err == GC_ERR_LIMIT || err == GC_ERR_NOT_FOUND;
    return damaged ? gc_db_corrupt(r->s, "a run's job or plan cannot be read", r->f) : err;
}

static void tell_run(struct recovery *r, sqlite3_stmt *st, const struct gc_job *job)
{
    struct gc_commit run = {.kind = GC_COMMIT_RUN,
                            .as.run = {.run_no = r->run_no,
                                       .run = gc_db_id(st, 1),
                                       .state = gc_db_u64(st, 2),
                                       .created_ns = gc_db_u64(st, 3),
                                       .job = job,
                                       .plan = &r->plan}};
    tell(r, &run);
    struct gc_commit state = {.kind = GC_COMMIT_RUN_STATE,
                              .as.run_state = {.run_no = r->run_no,
                                               .state = gc_db_u64(st, 2),
                                               .started_ns = gc_db_u64(st, 4),
                                               .ended_ns = gc_db_u64(st, 5),
                                               .active_ns = gc_db_u64(st, 6),
                                               .pixels = gc_db_u64(st, 7),
                                               .refused = gc_db_u64(st, 8),
                                               .text = gc_db_bytes(st, 9)}};
    tell(r, &state);
}

static bool stage_exists(const struct recovery *r, uint64_t stage)
{
    return stage < r->plan.n_stages;
}

/* ---- pages ---- */

struct pages {
    struct gc_page rows[GC_PAGES_A_MESSAGE];
    uint8_t digests[GC_PAGES_A_MESSAGE][32];
    uint32_t n;
    uint64_t first_index;
};

static enum gc_err read_page(struct recovery *r, sqlite3_stmt *st, struct pages *p)
{
    struct gc_bytes digest = gc_db_bytes(st, 6);
    if (digest.len != sizeof p->digests[0])
        return gc_db_corrupt(r->s, "a page's digest has another length", r->f);
    memcpy(p->digests[p->n], digest.ptr, digest.len);
    if (p->n == 0)
        p->first_index = gc_db_u64(st, 0);
    if (gc_db_u64(st, 0) != p->first_index + p->n)
        return gc_db_corrupt(r->s, "a page is missing", r->f);
    p->rows[p->n] = (struct gc_page){.first = gc_db_u64(st, 1),
                                     .count = gc_db_u64(st, 2),
                                     .inlined = gc_db_u64(st, 3) != 0,
                                     .bytes = gc_db_u64(st, 4),
                                     .offset = gc_db_u64(st, 5),
                                     .digest = gc_bytes_of(p->digests[p->n], digest.len)};
    p->n++;
    return GC_OK;
}

static void tell_pages(struct recovery *r, struct gc_commit *c, const struct pages *p)
{
    c->as.pages.index = p->first_index;
    c->as.pages.n_pages = p->n;
    c->as.pages.pages = p->rows;
    tell(r, c);
}

/* A stage's pages, some at a time; each part carries the listing as it is now, and the last one says whether it has ended. */
static enum gc_err walk_pages(struct recovery *r, struct gc_commit *c)
{
    sqlite3_stmt *st = gc_db_take(r->s, GC_SQL_WALK_PAGES, r->f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(r->s, st, 1, r->run_no);
    gc_db_bind_u64(r->s, st, 2, c->as.pages.stage);
    const bool ended = c->as.pages.ended;
    struct pages p = {.n = 0};
    bool row = true;
    enum gc_err err = gc_db_next(r->s, st, &row, r->f);
    while (err == GC_OK && row) {
        err = read_page(r, st, &p);
        if (err == GC_OK)
            err = gc_db_next(r->s, st, &row, r->f);
        if (err == GC_OK && row && p.n == GC_PAGES_A_MESSAGE) {
            c->as.pages.ended = false;
            tell_pages(r, c, &p);
            p.first_index += p.n;
            p.n = 0;
        }
    }
    gc_db_done(st);
    if (err != GC_OK)
        return err;
    c->as.pages.ended = ended;
    tell_pages(r, c, &p);
    return GC_OK;
}

static enum gc_err on_listing(struct recovery *r, sqlite3_stmt *st)
{
    struct gc_commit c = {.kind = GC_COMMIT_PAGES,
                          .as.pages = {.run_no = r->run_no,
                                       .stage = gc_db_u64(st, 0),
                                       .ended = gc_db_u64(st, 1) != 0,
                                       .left_out = gc_db_u64(st, 2),
                                       .note = gc_db_bytes(st, 3),
                                       .cursor = gc_db_bytes(st, 4)}};
    if (!stage_exists(r, c.as.pages.stage))
        return gc_db_corrupt(r->s, "a listing of a stage that its run does not have", r->f);
    return walk_pages(r, &c);
}

/* ---- work ---- */

static enum gc_err on_frontier(struct recovery *r, sqlite3_stmt *st)
{
    struct gc_commit c = {
        .kind = GC_COMMIT_FRONTIER,
        .as.frontier = {.run_no = r->run_no, .stage = gc_db_u64(st, 0), .frontier = gc_db_u64(st, 1)}};
    if (!stage_exists(r, c.as.frontier.stage))
        return gc_db_corrupt(r->s, "a frontier of a stage that its run does not have", r->f);
    tell(r, &c);
    return GC_OK;
}

static enum gc_err on_batch(struct recovery *r, sqlite3_stmt *st)
{
    struct gc_commit c = {.kind = GC_COMMIT_BATCH,
                          .as.batch = {.run_no = r->run_no,
                                       .stage = gc_db_u64(st, 0),
                                       .first = gc_db_u64(st, 1),
                                       .count = gc_db_u64(st, 2),
                                       .lease = gc_db_u64(st, 3),
                                       .busy_ns = gc_db_u64(st, 4),
                                       .pixels = gc_db_u64(st, 5),
                                       .worker = gc_db_bytes(st, 6),
                                       .status = gc_db_bytes(st, 7)}};
    const struct gc_commit_batch *b = &c.as.batch;
    struct gc_status status;
    if (!stage_exists(r, b->stage) ||
        gc_status_check(b->status, b->count, r->plan.stages[b->stage].n_nodes, &status) != GC_OK)
        return gc_db_corrupt(r->s, "a batch of results cannot be read", r->f);
    tell(r, &c);
    return GC_OK;
}

static enum gc_err on_delta(struct recovery *r, sqlite3_stmt *st)
{
    struct gc_commit c = {
        .kind = GC_COMMIT_MERGED,
        .as.merged = {
            .run_no = r->run_no,
            .stage = gc_db_u64(st, 1),
            .output = {.id = gc_db_u64(st, 0), .stage = gc_db_u64(st, 1), .items = gc_db_u64(st, 2)}}};
    if (!stage_exists(r, c.as.merged.stage))
        return gc_db_corrupt(r->s, "a state of a stage that its run does not have", r->f);
    tell(r, &c);
    return GC_OK;
}

static enum gc_err on_odd(struct recovery *r, sqlite3_stmt *st)
{
    struct gc_given given[GC_MAX_STAGE_NODES];
    struct gc_commit c = {.kind = GC_COMMIT_ODD,
                          .as.odd = {.run_no = r->run_no,
                                     .stage = gc_db_u64(st, 0),
                                     .item = gc_db_u64(st, 1),
                                     .attempts = gc_db_u64(st, 2),
                                     .suspicions = gc_db_u64(st, 3),
                                     .counted = gc_db_u64(st, 4),
                                     .given = given}};
    size_t mark = gc_arena_mark(&r->arena);
    if (!stage_exists(r, c.as.odd.stage) ||
        gc_given_decode(gc_db_bytes(st, 5), &r->arena, given, &c.as.odd.n_given) != GC_OK)
        return gc_db_corrupt(r->s, "an item's history cannot be read", r->f);
    tell(r, &c);
    gc_arena_rewind(&r->arena, mark);
    return GC_OK;
}

static enum gc_err on_worker(struct recovery *r, sqlite3_stmt *st)
{
    struct gc_commit c = {
        .kind = GC_COMMIT_WORKER,
        .as.worker = {.worker = gc_db_id(st, 0), .name = gc_db_bytes(st, 1), .holds = true}};
    if (gc_id_none(c.as.worker.worker))
        return gc_db_corrupt(r->s, "a worker has no id", r->f);
    tell(r, &c);
    return GC_OK;
}

static enum gc_err on_run(struct recovery *r, sqlite3_stmt *st)
{
    static const struct {
        enum gc_sql sql;
        row_fn *fn;
    } parts[] = {
        {GC_SQL_WALK_LISTINGS, on_listing}, {GC_SQL_WALK_FRONTIERS, on_frontier},
        {GC_SQL_WALK_BATCHES, on_batch},    {GC_SQL_WALK_DELTAS, on_delta},
        {GC_SQL_WALK_ODD, on_odd},
    };
    struct documents docs = {NULL, NULL};
    struct gc_job job;
    gc_arena_rewind(&r->arena, 0);
    r->run_no = gc_db_u64(st, 0);
    enum gc_err err = load_plan(r, &docs, &job);
    if (err == GC_OK)
        tell_run(r, st, &job);
    for (size_t i = 0; i < GC_COUNT_OF(parts) && err == GC_OK; i++)
        err = walk(r, parts[i].sql, parts[i].fn);
    free(docs.job);
    free(docs.plan);
    return err;
}

enum gc_err gc_store_recover(struct gc_store *s, gc_store_commit_fn *fn, void *arg, struct gc_fault *f)
{
    struct recovery r = {.s = s, .fn = fn, .arg = arg, .f = f, .run_no = GC_RUN_PAUSED};
    void *memory = malloc(DECODE_BYTES);
    if (!memory)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory for a run's plan");
    gc_arena_init(&r.arena, memory, DECODE_BYTES);
    enum gc_err err = walk(&r, GC_SQL_LIVE_RUNS, on_run);
    if (err == GC_OK)
        err = walk(&r, GC_SQL_WALK_WORKERS, on_worker);
    free(memory);
    return err;
}

enum gc_err gc_store_catalogues(struct gc_store *s, gc_store_catalogue_fn *fn, void *arg, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_WALK_CATALOGUES, f);
    if (!st)
        return GC_ERR_NOMEM;
    bool row = false;
    enum gc_err err;
    while ((err = gc_db_next(s, st, &row, f)) == GC_OK && row)
        fn(arg, gc_db_bytes(st, 0), gc_db_bytes(st, 1));
    gc_db_done(st);
    return err;
}
