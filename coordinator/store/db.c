/* db.c - statements, parameters, documents, and SQLite's codes as ours. */
#include "coordinator/store/db.h"

#include <errno.h>
#include <stdlib.h>

#include "common/assert.h"

static const char *const sql_texts[GC_SQL_COUNT] = {
#define SQL(NAME, text) [GC_SQL_##NAME] = text,
#include "coordinator/store/sql.def"
#undef SQL
};

/* A quota that is used up reaches us as a failed write, not as SQLITE_FULL. */
static bool is_quota(struct gc_store *s, int code)
{
    return (code & 0xff) == SQLITE_IOERR && sqlite3_system_errno(s->db) == EDQUOT;
}

static enum gc_err error_of(struct gc_store *s, int code)
{
    if (is_quota(s, code))
        return GC_ERR_FULL;
    switch (code & 0xff) {
    case SQLITE_FULL: return GC_ERR_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return GC_ERR_CORRUPT;
    case SQLITE_NOMEM: return GC_ERR_NOMEM;
    case SQLITE_TOOBIG: return GC_ERR_LIMIT;
    case SQLITE_BUSY: return GC_ERR_BUSY;
    case SQLITE_PERM:
    case SQLITE_READONLY: return GC_ERR_DENIED;
    case SQLITE_CONSTRAINT: return GC_ERR_INTERNAL; /* the core committed something twice */
    default: return GC_ERR_IO;
    }
}

enum gc_err gc_db_fail(struct gc_store *s, int code, struct gc_fault *f)
{
    const char *detail = sqlite3_errcode(s->db) == SQLITE_OK ? sqlite3_errstr(code) : sqlite3_errmsg(s->db);
    return gc_fault_set(f, error_of(s, code), "%s: %s (SQLite %d)", s->path, detail, code);
}

enum gc_err gc_db_corrupt(struct gc_store *s, const char *what, struct gc_fault *f)
{
    return gc_fault_set(f, GC_ERR_CORRUPT, "%s: damaged: %s", s->path, what);
}

enum gc_err gc_db_exec(struct gc_store *s, const char *sql, struct gc_fault *f)
{
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? GC_OK : gc_db_fail(s, code, f);
}

enum gc_err gc_db_number(struct gc_store *s, const char *sql, int64_t *ret, struct gc_fault *f)
{
    sqlite3_stmt *st;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (code != SQLITE_OK)
        return gc_db_fail(s, code, f);
    code = sqlite3_step(st);
    if (code == SQLITE_ROW)
        *ret = sqlite3_column_int64(st, 0);
    enum gc_err err = code == SQLITE_ROW ? GC_OK : gc_db_fail(s, code, f);
    sqlite3_finalize(st);
    return err;
}

sqlite3_stmt *gc_db_take(struct gc_store *s, enum gc_sql sql, struct gc_fault *f)
{
    sqlite3_stmt **kept = &s->statements[sql];
    if (!*kept) {
        int code = sqlite3_prepare_v3(s->db, sql_texts[sql], -1, SQLITE_PREPARE_PERSISTENT, kept, NULL);
        if (code != SQLITE_OK) {
            (void)gc_db_fail(s, code, f);
            return NULL;
        }
    }
    GC_ASSERT(!sqlite3_stmt_busy(*kept));
    return *kept;
}

static void remember(struct gc_store *s, int code)
{
    if (s->bind_code == SQLITE_OK)
        s->bind_code = code;
}

void gc_db_bind_u64(struct gc_store *s, sqlite3_stmt *st, int at, uint64_t v)
{
    remember(s, sqlite3_bind_int64(st, at, (sqlite3_int64)v));
}

void gc_db_bind_bytes(struct gc_store *s, sqlite3_stmt *st, int at, struct gc_bytes v)
{
    const void *ptr = v.len ? (const void *)v.ptr : "";
    remember(s, sqlite3_bind_blob64(st, at, ptr, v.len, SQLITE_STATIC));
}

void gc_db_done(sqlite3_stmt *st)
{
    sqlite3_reset(st); /* repeats the step's code, which was looked at */
    sqlite3_clear_bindings(st);
}

static int step(struct gc_store *s, sqlite3_stmt *st)
{
    int code = s->bind_code;
    s->bind_code = SQLITE_OK;
    return code == SQLITE_OK ? sqlite3_step(st) : code;
}

enum gc_err gc_db_run(struct gc_store *s, sqlite3_stmt *st, struct gc_fault *f)
{
    int code = step(s, st);
    GC_ASSERT(code != SQLITE_ROW);
    enum gc_err err = code == SQLITE_DONE ? GC_OK : gc_db_fail(s, code, f);
    gc_db_done(st);
    return err;
}

enum gc_err gc_db_next(struct gc_store *s, sqlite3_stmt *st, bool *ret_row, struct gc_fault *f)
{
    int code = step(s, st);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return gc_db_fail(s, code, f);
    *ret_row = code == SQLITE_ROW;
    return GC_OK;
}

enum gc_err gc_db_one(struct gc_store *s, sqlite3_stmt *st, struct gc_fault *f)
{
    bool row = false;
    enum gc_err err = gc_db_next(s, st, &row, f);
    if (err != GC_OK || row)
        return err;
    return gc_fault_set(f, GC_ERR_NOT_FOUND, "there is no such thing in the store");
}

struct gc_id128 gc_db_id(sqlite3_stmt *st, int column)
{
    struct gc_id128 id = {{0}};
    struct gc_bytes bytes = gc_db_bytes(st, column);
    if (bytes.len == sizeof id.b)
        memcpy(id.b, bytes.ptr, sizeof id.b);
    return id;
}

/* ---- documents ---- */

static enum gc_err open_document(struct gc_store *s, uint64_t run_no, enum gc_doc kind, uint64_t stage,
                                 sqlite3_blob **ret, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_FIND_DOC, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, run_no);
    gc_db_bind_u64(s, st, 2, kind);
    gc_db_bind_u64(s, st, 3, stage);
    enum gc_err err = gc_db_one(s, st, f);
    sqlite3_int64 row = err == GC_OK ? sqlite3_column_int64(st, 0) : 0;
    gc_db_done(st);
    if (err != GC_OK)
        return err;
    int code = sqlite3_blob_open(s->db, "main", "docs", "bytes", row, 0, ret);
    if (code == SQLITE_OK)
        return GC_OK;
    err = gc_db_fail(s, code, f);
    sqlite3_blob_close(*ret);
    return err;
}

enum gc_err gc_db_document(struct gc_store *s, uint64_t run_no, enum gc_doc kind, uint64_t stage,
                           uint64_t offset, struct gc_buf *out, uint64_t *ret_total, struct gc_fault *f)
{
    sqlite3_blob *blob;
    enum gc_err err = open_document(s, run_no, kind, stage, &blob, f);
    if (err != GC_OK)
        return err;
    uint64_t total = (uint64_t)sqlite3_blob_bytes(blob);
    uint64_t left = offset < total ? total - offset : 0;
    if (left > GC_MAX_BULK)
        left = GC_MAX_BULK;
    if (left > gc_buf_left(out))
        left = gc_buf_left(out);
    int code = SQLITE_OK;
    if (left > 0)
        code = sqlite3_blob_read(blob, gc_buf_reserve(out, (size_t)left), (int)left, (int)offset);
    if (code != SQLITE_OK)
        err = gc_db_fail(s, code, f);
    else
        *ret_total = total;
    sqlite3_blob_close(blob);
    return err;
}

enum gc_err gc_db_whole_document(struct gc_store *s, uint64_t run_no, enum gc_doc kind, uint8_t **ret,
                                 size_t *ret_len, struct gc_fault *f)
{
    sqlite3_blob *blob;
    enum gc_err err = open_document(s, run_no, kind, 0, &blob, f);
    if (err != GC_OK)
        return err;
    int len = sqlite3_blob_bytes(blob);
    uint8_t *bytes = malloc((size_t)len + 1);
    if (!bytes) {
        sqlite3_blob_close(blob);
        return gc_fault_set(f, GC_ERR_NOMEM, "%s: no memory for a document of %d bytes", s->path, len);
    }
    int code = len > 0 ? sqlite3_blob_read(blob, bytes, len, 0) : SQLITE_OK;
    if (code == SQLITE_OK) {
        *ret = bytes;
        *ret_len = (size_t)len;
    } else {
        err = gc_db_fail(s, code, f);
        free(bytes);
    }
    sqlite3_blob_close(blob);
    return err;
}
