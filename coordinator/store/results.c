/* results.c - batches of results, by item or in commit order, a message's worth at a time. */
#include "common/assert.h"
#include "coordinator/store/db.h"

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

/* False: there is no room for it in `out`. */
static bool take_batch(sqlite3_stmt *st, uint64_t stage, struct gc_batch *row, struct gc_buf *out)
{
    *row = (struct gc_batch){.seq = gc_db_u64(st, 0),
                             .stage = stage,
                             .first = gc_db_u64(st, 1),
                             .count = gc_db_u64(st, 2),
                             .status = (uint64_t)sqlite3_column_bytes(st, 3),
                             .values = (uint64_t)sqlite3_column_bytes(st, 4)};
    if (row->status + row->values > gc_buf_left(out))
        return false;
    struct gc_bytes status = gc_db_bytes(st, 3);
    bool ok = gc_buf_append(out, status.ptr, status.len);
    struct gc_bytes values = gc_db_bytes(st, 4);
    if (values.len > 0)
        ok = gc_buf_append(out, values.ptr, values.len);
    GC_ASSERT(ok);
    return true;
}

static enum gc_err collect(struct gc_store *s, sqlite3_stmt *st, const struct gc_store_query *q,
                           struct gc_batch *rows, uint32_t max, struct gc_buf *out,
                           struct gc_store_batches *ret, struct gc_fault *f)
{
    bool row = false;
    enum gc_err err = gc_db_next(s, st, &row, f);
    while (err == GC_OK && row && ret->n < max && take_batch(st, q->stage, &rows[ret->n], out)) {
        const struct gc_batch *b = &rows[ret->n++];
        ret->next = q->by_commit ? b->seq : b->first + b->count;
        err = gc_db_next(s, st, &row, f);
    }
    ret->more = row;
    if (err == GC_OK && row && ret->n == 0)
        err = gc_fault_set(f, GC_ERR_LIMIT, "%s: a batch does not fit a message", s->path);
    return err;
}

enum gc_err gc_store_results(struct gc_store *s, const struct gc_store_query *q, struct gc_batch *rows,
                             uint32_t max, struct gc_buf *out, struct gc_store_batches *ret,
                             struct gc_fault *f)
{
    /* Numbers above this are in no file; SQLite would take them as negative. */
    uint64_t run_no, state, start = q->after > INT64_MAX / 2 ? INT64_MAX / 2 : q->after;
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
    err = collect(s, st, q, rows, max, out, &found, f);
    gc_db_done(st);
    if (err == GC_OK)
        *ret = found;
    return err;
}
