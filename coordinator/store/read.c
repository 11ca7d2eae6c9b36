/* read.c - what workers fetch: programs, pages, states, cursors; and the runs that clients ask about. */
#include "common/assert.h"
#include "coordinator/store/db.h"
#include "proto/codec.h"

enum gc_err gc_store_program(struct gc_store *s, uint64_t run_no, uint64_t stage, uint64_t offset,
                             struct gc_buf *out, uint64_t *ret_total, struct gc_fault *f)
{
    return gc_db_document(s, run_no, GC_DOC_PROGRAM, stage, offset, out, ret_total, f);
}

enum gc_err gc_store_plan(struct gc_store *s, uint64_t run_no, uint64_t offset, struct gc_buf *out,
                          uint64_t *ret_total, struct gc_fault *f)
{
    return gc_db_document(s, run_no, GC_DOC_PLAN, 0, offset, out, ret_total, f);
}

static enum gc_err append(struct gc_store *s, sqlite3_stmt *st, int column, struct gc_buf *out,
                          struct gc_fault *f)
{
    struct gc_bytes bytes = gc_db_bytes(st, column);
    if (bytes.len == 0 || gc_buf_append(out, bytes.ptr, bytes.len))
        return GC_OK;
    return gc_fault_set(f, GC_ERR_LIMIT, "%s: %zu bytes do not fit the answer", s->path, bytes.len);
}

static enum gc_err read_page(struct gc_store *s, sqlite3_stmt *st, struct gc_page *ret, uint8_t digest[32],
                             struct gc_buf *out, struct gc_fault *f)
{
    struct gc_bytes stored = gc_db_bytes(st, 5);
    if (stored.len != 32)
        return gc_db_corrupt(s, "a page's digest has another length", f);
    enum gc_err err = append(s, st, 6, out, f);
    if (err != GC_OK)
        return err;
    memcpy(digest, stored.ptr, stored.len);
    *ret = (struct gc_page){.first = gc_db_u64(st, 0),
                            .count = gc_db_u64(st, 1),
                            .inlined = gc_db_u64(st, 2) != 0,
                            .bytes = gc_db_u64(st, 3),
                            .offset = gc_db_u64(st, 4),
                            .digest = gc_bytes_of(digest, 32)};
    return GC_OK;
}

enum gc_err gc_store_page(struct gc_store *s, uint64_t run_no, uint64_t stage, uint64_t index,
                          struct gc_page *ret, uint64_t *ret_stage, uint8_t digest[32], struct gc_buf *out,
                          uint64_t *ret_clashes, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_GET_PAGE, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, run_no);
    gc_db_bind_u64(s, st, 2, stage);
    gc_db_bind_u64(s, st, 3, index);
    enum gc_err err = gc_db_one(s, st, f);
    if (err == GC_OK)
        err = read_page(s, st, ret, digest, out, f);
    if (err == GC_OK)
        *ret_stage = gc_db_u64(st, 7);
    gc_db_done(st);
    size_t before = out->len;
    if (err == GC_OK)
        err = gc_names_clashes(s, run_no, *ret_stage, index, out, f);
    *ret_clashes = out->len - before;
    return err;
}

/* One state behind the others; *ret_fits is false when there is no room for it. */
static enum gc_err append_delta(struct gc_store *s, uint64_t run_no, uint64_t id, struct gc_buf *out,
                                uint64_t *ret_len, bool *ret_fits, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_GET_DELTA, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, run_no);
    gc_db_bind_u64(s, st, 2, id);
    enum gc_err err = gc_db_one(s, st, f);
    if (err == GC_OK) {
        *ret_len = (uint64_t)sqlite3_column_bytes(st, 0);
        *ret_fits = *ret_len <= gc_buf_left(out);
        if (*ret_fits)
            err = append(s, st, 0, out, f);
    }
    gc_db_done(st);
    return err;
}

enum gc_err gc_store_deltas(struct gc_store *s, uint64_t run_no, const uint64_t *ids, uint32_t n,
                            struct gc_buf *out, uint64_t *ret_lengths, uint32_t *ret_n, struct gc_fault *f)
{
    uint32_t done = 0;
    bool fits = true;
    enum gc_err err = GC_OK;
    while (done < n && err == GC_OK && fits) {
        err = append_delta(s, run_no, ids[done], out, &ret_lengths[done], &fits, f);
        done += err == GC_OK && fits;
    }
    if (err == GC_OK)
        *ret_n = done;
    return err;
}

enum gc_err gc_store_cursor(struct gc_store *s, uint64_t run_no, uint64_t stage, struct gc_buf *out,
                            struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_GET_CURSOR, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, run_no);
    gc_db_bind_u64(s, st, 2, stage);
    bool row;
    enum gc_err err = gc_db_next(s, st, &row, f);
    if (err == GC_OK && row) /* no row: nothing was listed yet, and listing begins without a cursor */
        err = append(s, st, 0, out, f);
    gc_db_done(st);
    return err;
}

/* ---- runs ---- */

enum gc_err gc_store_find_run(struct gc_store *s, struct gc_id128 run, uint64_t *ret_run_no,
                              uint64_t *ret_state, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_FIND_RUN, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_bytes(s, st, 1, gc_bytes_of(run.b, sizeof run.b));
    enum gc_err err = gc_db_one(s, st, f);
    if (err == GC_OK) {
        *ret_run_no = gc_db_u64(st, 0);
        *ret_state = gc_db_u64(st, 1);
    }
    gc_db_done(st);
    return err == GC_ERR_NOT_FOUND ? gc_fault_set(f, err, "no such run") : err;
}

/* A copy that outlives the statement. False: the arena is full. */
static bool keep(struct gc_arena *arena, struct gc_bytes from, struct gc_bytes *ret)
{
    uint8_t *to = GC_ARENA_ARRAY(arena, uint8_t, from.len);
    if (!to)
        return false;
    if (from.len)
        memcpy(to, from.ptr, from.len);
    *ret = gc_bytes_of(to, from.len);
    return true;
}

/* The part of a job that listings show. */
static enum gc_err read_head(struct gc_store *s, struct gc_bytes stored, struct gc_arena *arena,
                             struct gc_job *ret, struct gc_fault *f)
{
    struct gc_bytes bytes;
    if (!keep(arena, stored, &bytes))
        return GC_ERR_NOMEM;
    enum gc_err err = gc_decode_job(bytes, arena, ret, f);
    return err == GC_OK || err == GC_ERR_NOMEM ? err : gc_db_corrupt(s, "a run's head cannot be read", f);
}

static enum gc_err read_account(struct gc_store *s, sqlite3_stmt *st, struct gc_arena *arena,
                                struct gc_msg_run_info *ret, struct gc_fault *f)
{
    struct gc_job head;
    enum gc_err err = read_head(s, gc_db_bytes(st, 9), arena, &head, f);
    if (err != GC_OK)
        return err;
    *ret = (struct gc_msg_run_info){.run_no = gc_db_u64(st, 0),
                                    .job = head.name,
                                    .state = gc_db_u64(st, 1),
                                    .created_ns = gc_db_u64(st, 2),
                                    .started_ns = gc_db_u64(st, 3),
                                    .ended_ns = gc_db_u64(st, 4),
                                    .active_ns = gc_db_u64(st, 5),
                                    .pixels = gc_db_u64(st, 6),
                                    .refused = gc_db_u64(st, 7)};
    return keep(arena, gc_db_bytes(st, 8), &ret->text) ? GC_OK : GC_ERR_NOMEM;
}

/* What the run's last commit wrote beside its row. */
static enum gc_err read_ended(struct gc_store *s, struct gc_arena *arena, struct gc_msg_run_info *info,
                              struct gc_buf *nodes, struct gc_fault *f)
{
    uint64_t total;
    enum gc_err err = gc_db_document(s, info->run_no, GC_DOC_NODES, 0, 0, nodes, &total, f);
    if (err == GC_OK && total > gc_buf_bytes(nodes).len)
        return gc_fault_set(f, GC_ERR_LIMIT, "the run's account does not fit a message");
    uint8_t *memory =
        err == GC_OK ? GC_ARENA_ARRAY(arena, uint8_t, GC_MAX_STAGES * (GC_MAX_TEXT + 64u)) : NULL;
    info->sources = memory ? GC_ARENA_ARRAY(arena, struct gc_source_info, GC_MAX_STAGES) : NULL;
    if (err == GC_OK && !info->sources)
        return gc_fault_set(f, GC_ERR_NOMEM, "no room for a run's account");
    if (err != GC_OK)
        return err;
    struct gc_buf sources;
    gc_buf_init(&sources, memory, GC_MAX_STAGES * (GC_MAX_TEXT + 64u));
    err = gc_db_document(s, info->run_no, GC_DOC_SOURCES, 0, 0, &sources, &total, f);
    if (err == GC_OK &&
        gc_sources_decode(gc_buf_bytes(&sources), arena, info->sources, &info->n_sources) != GC_OK)
        err = gc_db_corrupt(s, "a run's account cannot be read", f);
    return err;
}

/* How many nodes an encoded node_infos holds: its outer array has one field, an array whose header says so. */
static enum gc_err count_nodes(struct gc_store *s, struct gc_bytes encoded, struct gc_arena *arena,
                               uint64_t *ret, struct gc_fault *f)
{
    struct gc_node_infos infos;
    size_t mark = gc_arena_mark(arena);
    if (gc_decode_node_infos(encoded, arena, &infos, f) != GC_OK)
        return gc_db_corrupt(s, "a run's account cannot be read", f);
    gc_arena_rewind(arena, mark);
    *ret = infos.n_nodes;
    return GC_OK;
}

enum gc_err gc_store_account(struct gc_store *s, struct gc_id128 run, struct gc_arena *arena,
                             struct gc_msg_run_info *ret, struct gc_buf *nodes, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_GET_RUN, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_bytes(s, st, 1, gc_bytes_of(run.b, sizeof run.b));
    enum gc_err err = gc_db_one(s, st, f);
    struct gc_msg_run_info info;
    if (err == GC_OK)
        err = read_account(s, st, arena, &info, f);
    gc_db_done(st);
    if (err == GC_ERR_NOT_FOUND)
        return gc_fault_set(f, err, "no such run");
    if (err == GC_ERR_NOMEM)
        return gc_fault_set(f, err, "no room for a run's account");
    if (err != GC_OK)
        return err;
    info.run = run;
    size_t before = nodes->len;
    if (gc_run_state_ended(info.state)) {
        err = read_ended(s, arena, &info, nodes, f);
        if (err == GC_OK)
            err = count_nodes(s, gc_bytes_of(nodes->data + before, nodes->len - before), arena, &info.n_nodes,
                              f);
    }
    if (err == GC_OK)
        *ret = info;
    return err;
}

static enum gc_err read_row(struct gc_store *s, sqlite3_stmt *st, struct gc_arena *arena,
                            struct gc_run_row *ret, struct gc_fault *f)
{
    struct gc_job head;
    enum gc_err err = read_head(s, gc_db_bytes(st, 8), arena, &head, f);
    if (err != GC_OK)
        return err;
    *ret = (struct gc_run_row){.run = gc_db_id(st, 0),
                               .run_no = gc_db_u64(st, 1),
                               .job = head.name,
                               .state = gc_db_u64(st, 2),
                               .created_ns = gc_db_u64(st, 3),
                               .ended_ns = gc_db_u64(st, 4),
                               .items = gc_db_u64(st, 5),
                               .done = gc_db_u64(st, 6),
                               .failed = gc_db_u64(st, 7),
                               .n_tags = head.n_tags,
                               .tags = head.tags};
    return GC_OK;
}

enum gc_err gc_store_runs(struct gc_store *s, uint64_t before, struct gc_id_range ids, uint32_t max,
                          struct gc_arena *arena, struct gc_run_row *rows, uint32_t *ret_n, bool *ret_more,
                          struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_LIST_RUNS, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, before > INT64_MAX ? INT64_MAX : before);
    gc_db_bind_bytes(s, st, 2, gc_bytes_of(ids.low.b, sizeof ids.low.b));
    gc_db_bind_bytes(s, st, 3, gc_bytes_of(ids.high.b, sizeof ids.high.b));
    gc_db_bind_u64(s, st, 4, (uint64_t)max + 1);
    uint32_t n = 0;
    bool row = false;
    enum gc_err err = gc_db_next(s, st, &row, f);
    while (err == GC_OK && row && n < max) {
        err = read_row(s, st, arena, &rows[n], f);
        if (err == GC_ERR_NOMEM)
            break; /* the arena is full: that row is the next call's */
        n++;
        if (err == GC_OK)
            err = gc_db_next(s, st, &row, f);
    }
    gc_db_done(st);
    if (err == GC_ERR_NOMEM)
        err = n > 0 ? GC_OK : gc_fault_set(f, err, "no room for one run");
    if (err != GC_OK)
        return err;
    *ret_n = n;
    *ret_more = row;
    return GC_OK;
}
