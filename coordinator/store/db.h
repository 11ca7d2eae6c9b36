/* db.h - the store's inside: the connection, its statements, and SQLite's codes as ours. Only coordinator/store includes it.
 *
 * A statement is taken with gc_db_take, gets its parameters by the gc_db_bind_ calls (a failure is remembered until the next
 * step), and is run by gc_db_run (no rows wanted), gc_db_one (at most one row) or gc_db_next (a walk). gc_db_run resets the
 * statement; after the others the caller does so with gc_db_done, once it has copied what it wants: a statement left open would
 * hold a read transaction and keep the log from being copied back.
 *
 * SQLite's integers are signed: u64 values keep their bits (GC_UNSET is -1 in the file). Columns that are compared or ordered
 * (run numbers, items, pages, sequence numbers) stay below 2^63.
 */
#ifndef GC_STORE_DB_H
#define GC_STORE_DB_H

#include <sqlite3.h>

#include "coordinator/store/store.h"

enum gc_sql {
#define SQL(NAME, text) GC_SQL_##NAME,
#include "coordinator/store/sql.def"
#undef SQL
    GC_SQL_COUNT
};

/* Which document of a run. */
enum gc_doc { GC_DOC_JOB = 1, GC_DOC_PLAN, GC_DOC_PROGRAM, GC_DOC_NODES, GC_DOC_SOURCES };

struct gc_store {
    sqlite3 *db;
    sqlite3_stmt *statements[GC_SQL_COUNT];
    int bind_code; /* the first failed bind since the last step */
    int lock_fd;
    bool is_new;
    bool in_transaction;
    bool forgets;   /* there may be names of ended runs */
    int log_frames; /* in the write-ahead log, as of the last commit */
    char *path;
};

/* Makes an empty database ours: the whole schema, in one transaction. */
enum gc_err gc_db_create(struct gc_store *s, struct gc_fault *f) GC_MUST_CHECK;
/* Whether it is ours, of a version we read, and undamaged. */
enum gc_err gc_db_check(struct gc_store *s, struct gc_fault *f) GC_MUST_CHECK;

/* What a failed call of SQLite means, with the file's name in the fault. */
enum gc_err gc_db_fail(struct gc_store *s, int code, struct gc_fault *f);
enum gc_err gc_db_exec(struct gc_store *s, const char *sql, struct gc_fault *f) GC_MUST_CHECK;
/* The first column of the first row of an unprepared statement. */
enum gc_err gc_db_number(struct gc_store *s, const char *sql, int64_t *ret, struct gc_fault *f) GC_MUST_CHECK;
/* What is read back is not what was ever written. */
enum gc_err gc_db_corrupt(struct gc_store *s, const char *what, struct gc_fault *f);

/* NULL: it cannot be prepared, *f says why (in a file that passed gc_db_check, only for lack of memory). */
sqlite3_stmt *gc_db_take(struct gc_store *s, enum gc_sql sql, struct gc_fault *f) GC_MUST_CHECK;
void gc_db_bind_u64(struct gc_store *s, sqlite3_stmt *st, int at, uint64_t v);
/* Borrowed until the statement is reset. An empty one is an empty blob, never NULL. */
void gc_db_bind_bytes(struct gc_store *s, sqlite3_stmt *st, int at, struct gc_bytes v);
enum gc_err gc_db_run(struct gc_store *s, sqlite3_stmt *st, struct gc_fault *f) GC_MUST_CHECK;
enum gc_err gc_db_next(struct gc_store *s, sqlite3_stmt *st, bool *ret_row, struct gc_fault *f) GC_MUST_CHECK;
/* As gc_db_next, but no row is GC_ERR_NOT_FOUND. */
enum gc_err gc_db_one(struct gc_store *s, sqlite3_stmt *st, struct gc_fault *f) GC_MUST_CHECK;
void gc_db_done(sqlite3_stmt *st);

static inline uint64_t gc_db_u64(sqlite3_stmt *st, int column)
{
    return (uint64_t)sqlite3_column_int64(st, column);
}

/* Good until the next step of the statement. */
static inline struct gc_bytes gc_db_bytes(sqlite3_stmt *st, int column)
{
    const void *ptr = sqlite3_column_blob(st, column);
    return (struct gc_bytes){ptr, (size_t)sqlite3_column_bytes(st, column)};
}

/* The id of a column; all zero where it has another length. */
struct gc_id128 gc_db_id(sqlite3_stmt *st, int column);

/* A document from `offset` on, as much as fits `out` (and GC_MAX_BULK). */
enum gc_err gc_db_document(struct gc_store *s, uint64_t run_no, enum gc_doc kind, uint64_t stage,
                           uint64_t offset, struct gc_buf *out, uint64_t *ret_total,
                           struct gc_fault *f) GC_MUST_CHECK;
/* The whole of one, in memory that the caller frees. */
enum gc_err gc_db_whole_document(struct gc_store *s, uint64_t run_no, enum gc_doc kind, uint8_t **ret,
                                 size_t *ret_len, struct gc_fault *f) GC_MUST_CHECK;

/* names.c: the names of outputs that come with a run's pages; the first who makes one has it, who comes later clashes. Cost: a
 * search a name. */
enum gc_err gc_names_add(struct gc_store *s, const struct gc_commit_pages *c,
                         struct gc_fault *f) GC_MUST_CHECK;
/* Appends a page's clashes (proto/names.h), as many as fit GC_MAX_BULK. */
enum gc_err gc_names_clashes(struct gc_store *s, uint64_t run_no, uint64_t stage, uint64_t index,
                             struct gc_buf *out, struct gc_fault *f) GC_MUST_CHECK;
/* The run has ended: its names go, some ten thousand with each call of gc_names_tidy, outside of a transaction. */
enum gc_err gc_names_forget(struct gc_store *s, uint64_t run_no, struct gc_fault *f) GC_MUST_CHECK;
enum gc_err gc_names_tidy(struct gc_store *s, struct gc_fault *f) GC_MUST_CHECK;

/* The history of an item, as odd.given keeps it: { varint length, given record }. */
enum gc_err gc_given_encode(const struct gc_given *given, uint32_t n, struct gc_buf *out) GC_MUST_CHECK;
enum gc_err gc_given_decode(struct gc_bytes in, struct gc_arena *arena, struct gc_given *given,
                            uint32_t *ret_n) GC_MUST_CHECK;
/* The same for what an ended run's sources listed. */
enum gc_err gc_sources_encode(const struct gc_source_info *sources, uint32_t n,
                              struct gc_buf *out) GC_MUST_CHECK;
enum gc_err gc_sources_decode(struct gc_bytes in, struct gc_arena *arena, struct gc_source_info *sources,
                              uint32_t *ret_n) GC_MUST_CHECK;

#endif
