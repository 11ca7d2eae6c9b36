/* results.c - batches of results, by item or in commit order, a message's worth at a time: for clients, and for reducers that scan. */
#include "common/assert.h"
#include "coordinator/store/db.h"
#include "proto/scan.h"

/* Numbers above this are in no file; SQLite would take them as negative. */
#define START_MAX ((uint64_t)INT64_MAX / 2)

/* Where a walk by item begins: the batch that holds item `after`, or the first one behind it. */
static enum gc_err first_batch(struct gc_store *s, uint64_t run_no, const struct gc_store_query *q,
                               uint64_t *ret, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_BATCH_BEFORE, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, run_no);
    gc_db_bind_u64(s, st, 2, q->stage);
    gc_db_bind_u64(s, st, 3, q->after);
    bool row;
    enum gc_err err = gc_db_next(s, st, &row, f);
    if (err == GC_OK) {
        bool inside = row && gc_db_u64(st, 0) + gc_db_u64(st, 1) > q->after;
        *ret = inside ? gc_db_u64(st, 0) : q->after;
    }
    gc_db_done(st);
    return err;
}

static enum gc_sql walk_of(const struct gc_store_query *q)
{
    if (q->by_commit)
        return q->failures ? GC_SQL_BY_COMMIT_BAD : GC_SQL_BY_COMMIT;
    return q->failures ? GC_SQL_BY_ITEM_BAD : GC_SQL_BY_ITEM;
}

/* What an answer is made of. */
struct answer {
    struct gc_arena *arena; /* names */
    struct gc_batch *rows;
    uint32_t max;
    struct gc_buf *bulk;
};

/* A few workers run many batches: a name that is like the last one is not copied. False: no room. */
static bool take_name(struct answer *a, struct gc_bytes name, struct gc_bytes last, struct gc_bytes *ret)
{
    *ret = last;
    if (name.len == last.len && (name.len == 0 || memcmp(name.ptr, last.ptr, name.len) == 0))
        return true;
    uint8_t *to = GC_ARENA_ARRAY(a->arena, uint8_t, name.len);
    if (!to)
        return false;
    if (name.len > 0)
        memcpy(to, name.ptr, name.len);
    *ret = gc_bytes_of(to, name.len);
    return true;
}

/* Row `n`. False: there is no room for it. */
static bool take_batch(sqlite3_stmt *st, uint64_t stage, struct answer *a, uint32_t n)
{
    struct gc_bytes status = gc_db_bytes(st, 4);
    struct gc_bytes values = gc_db_bytes(st, 5);
    struct gc_bytes last = n > 0 ? a->rows[n - 1].worker : (struct gc_bytes){0};
    struct gc_batch *row = &a->rows[n];
    if (n == a->max || status.len + values.len > gc_buf_left(a->bulk))
        return false;
    *row = (struct gc_batch){.seq = gc_db_u64(st, 0),
                             .stage = stage,
                             .first = gc_db_u64(st, 1),
                             .count = gc_db_u64(st, 2),
                             .status = status.len,
                             .values = values.len};
    if (!take_name(a, gc_db_bytes(st, 3), last, &row->worker))
        return false;
    bool ok = gc_buf_append(a->bulk, status.ptr, status.len);
    if (values.len > 0)
        ok = gc_buf_append(a->bulk, values.ptr, values.len);
    GC_ASSERT(ok);
    return true;
}

static enum gc_err collect(struct gc_store *s, sqlite3_stmt *st, const struct gc_store_query *q,
                           struct answer *a, struct gc_store_batches *ret, struct gc_fault *f)
{
    bool row = false;
    enum gc_err err = gc_db_next(s, st, &row, f);
    while (err == GC_OK && row) {
        if (gc_db_bytes(st, 3).len > GC_MAX_NAME)
            return gc_db_corrupt(s, "a batch names a worker that cannot be one", f);
        if (!take_batch(st, q->stage, a, ret->n))
            break; /* it is the next call's */
        const struct gc_batch *b = &a->rows[ret->n++];
        ret->next = q->by_commit ? b->seq : b->first + b->count;
        err = gc_db_next(s, st, &row, f);
    }
    ret->more = row;
    if (err == GC_OK && row && ret->n == 0)
        err = gc_fault_set(f, GC_ERR_LIMIT, "%s: a batch does not fit a message", s->path);
    return err;
}

enum gc_err gc_store_results(struct gc_store *s, const struct gc_store_query *q, struct gc_arena *arena,
                             struct gc_batch *rows, uint32_t max, struct gc_buf *out,
                             struct gc_store_batches *ret, struct gc_fault *f)
{
    uint64_t run_no, state, start = q->after > START_MAX ? START_MAX : q->after;
    enum gc_err err = gc_store_find_run(s, q->run, &run_no, &state, f);
    if (err == GC_OK && !q->by_commit) {
        struct gc_store_query at = *q;
        at.after = start;
        err = first_batch(s, run_no, &at, &start, f);
    }
    if (err != GC_OK)
        return err;
    sqlite3_stmt *st = gc_db_take(s, walk_of(q), f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, run_no);
    gc_db_bind_u64(s, st, 2, q->stage);
    gc_db_bind_u64(s, st, 3, start);
    struct gc_store_batches found = {.next = q->after, .ended = gc_run_state_ended(state)};
    struct answer a = {.arena = arena, .rows = rows, .max = max, .bulk = out};
    err = collect(s, st, q, &a, &found, f);
    gc_db_done(st);
    if (err == GC_OK)
        *ret = found;
    return err;
}

/* ---- scans ---- */

/* Whole parts until one does not fit. */
static enum gc_err put_parts(struct gc_store *s, sqlite3_stmt *st, struct gc_buf *out, uint64_t *ret_next,
                             struct gc_fault *f)
{
    uint64_t next = GC_UNSET;
    bool row = false;
    enum gc_err err = gc_db_next(s, st, &row, f);
    while (err == GC_OK && row) {
        struct gc_scan_part part = {.first = gc_db_u64(st, 0),
                                    .count = gc_db_u64(st, 1),
                                    .status = gc_db_bytes(st, 2),
                                    .values = gc_db_bytes(st, 3)};
        if (!gc_scan_part_put(out, &part))
            break; /* it is the next call's */
        next = part.first + part.count;
        err = gc_db_next(s, st, &row, f);
    }
    if (err == GC_OK && row && next == GC_UNSET)
        err = gc_fault_set(f, GC_ERR_LIMIT, "%s: a batch does not fit a message", s->path);
    *ret_next = row ? next : GC_UNSET;
    return err;
}

enum gc_err gc_store_scan(struct gc_store *s, uint64_t run_no, uint64_t stage, uint64_t index,
                          struct gc_buf *out, uint64_t *ret_next, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_SCAN, f);
    if (!st)
        return GC_ERR_NOMEM;
    uint64_t next;
    gc_db_bind_u64(s, st, 1, run_no);
    gc_db_bind_u64(s, st, 2, stage);
    gc_db_bind_u64(s, st, 3, index > START_MAX ? START_MAX : index);
    enum gc_err err = put_parts(s, st, out, &next, f);
    gc_db_done(st);
    if (err == GC_OK)
        *ret_next = next;
    return err;
}
