/* schema.c - the tables, and whether a file has them.
 *
 * meta         term: the life of the coordinator that was begun last
 * runs         a row a run; small columns only, since listing walks them. head: the job record without all that is long.
 *              items, done, failed: for listings, kept by each PAGES and BATCH (source_stage: of its first source, item_stage:
 *              that hangs on it)
 * stages       which stage lists the items of a stage: of an ITEM stage its source, of a source itself
 * docs         the long records of a run: job, plan, each stage's program, and the account of an ended one
 * listings     what a source has listed, and where it goes on; pages: the items, or where in a manifest they stand
 * batches      a row a RESULT. seq orders commits over all runs and is never used again. bad: failed outcomes in it
 * deltas       reducers' states that were not merged yet
 * names        who of a live run made an output's name first; clashes: who made it again, by the page that lists the item;
 *              forgotten: ended runs whose names are still to go
 * odd          items with a history that have not ended; frontiers; workers that may hold leases
 * catalogues   what workers can do, by digest; seen: rises with each sight
 */
#include <stdio.h>

#include "common/assert.h"
#include "coordinator/store/db.h"

/* "GCst": other programs, and file(1), know our files by it. */
#define APPLICATION_ID 0x47437374
#define SCHEMA_VERSION 2

static const char schema[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('term', 0);"
    "CREATE TABLE runs (run_no INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, state INTEGER NOT NULL,"
    " created_ns INTEGER NOT NULL, started_ns INTEGER NOT NULL DEFAULT 0, ended_ns INTEGER NOT NULL DEFAULT 0,"
    " active_ns INTEGER NOT NULL DEFAULT 0, pixels INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,"
    " items INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,"
    " source_stage INTEGER NOT NULL, item_stage INTEGER NOT NULL, text BLOB NOT NULL DEFAULT x'', head BLOB NOT NULL);"
    "CREATE INDEX runs_state ON runs (state);"
    "CREATE TABLE stages (run_no INTEGER NOT NULL, stage INTEGER NOT NULL, source INTEGER NOT NULL,"
    " PRIMARY KEY (run_no, stage)) WITHOUT ROWID;"
    "CREATE TABLE docs (run_no INTEGER NOT NULL, kind INTEGER NOT NULL, stage INTEGER NOT NULL, bytes BLOB NOT NULL,"
    " PRIMARY KEY (run_no, kind, stage));"
    "CREATE TABLE listings (run_no INTEGER NOT NULL, stage INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " left_out INTEGER NOT NULL, note BLOB NOT NULL, cursor BLOB NOT NULL, PRIMARY KEY (run_no, stage));"
    "CREATE TABLE pages (run_no INTEGER NOT NULL, stage INTEGER NOT NULL, idx INTEGER NOT NULL, first INTEGER NOT NULL,"
    " count INTEGER NOT NULL, inlined INTEGER NOT NULL, bytes INTEGER NOT NULL, offset INTEGER NOT NULL,"
    " digest BLOB NOT NULL, block BLOB, PRIMARY KEY (run_no, stage, idx));"
    "CREATE TABLE batches (seq INTEGER PRIMARY KEY AUTOINCREMENT, run_no INTEGER NOT NULL, stage INTEGER NOT NULL,"
    " first INTEGER NOT NULL, count INTEGER NOT NULL, bad INTEGER NOT NULL, lease INTEGER NOT NULL,"
    " busy_ns INTEGER NOT NULL, pixels INTEGER NOT NULL, worker BLOB NOT NULL, status BLOB NOT NULL, vals BLOB NOT NULL,"
    " UNIQUE (run_no, stage, first));"
    "CREATE INDEX batches_order ON batches (run_no, stage, seq);"
    "CREATE INDEX batches_bad ON batches (run_no, stage, first) WHERE bad > 0;"
    "CREATE TABLE deltas (run_no INTEGER NOT NULL, id INTEGER NOT NULL, stage INTEGER NOT NULL, items INTEGER NOT NULL,"
    " state BLOB NOT NULL, PRIMARY KEY (run_no, id));"
    "CREATE TABLE names (run_no INTEGER NOT NULL, hash BLOB NOT NULL, item INTEGER NOT NULL, node INTEGER NOT NULL,"
    " PRIMARY KEY (run_no, hash)) WITHOUT ROWID;"
    "CREATE TABLE clashes (run_no INTEGER NOT NULL, stage INTEGER NOT NULL, idx INTEGER NOT NULL, item INTEGER NOT NULL,"
    " node INTEGER NOT NULL, first_item INTEGER NOT NULL, first_node INTEGER NOT NULL,"
    " PRIMARY KEY (run_no, stage, idx, item, node)) WITHOUT ROWID;"
    "CREATE TABLE forgotten (run_no INTEGER PRIMARY KEY);"
    "CREATE TABLE odd (run_no INTEGER NOT NULL, stage INTEGER NOT NULL, item INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, suspicions INTEGER NOT NULL, counted INTEGER NOT NULL, given BLOB NOT NULL,"
    " PRIMARY KEY (run_no, stage, item)) WITHOUT ROWID;"
    "CREATE TABLE frontiers (run_no INTEGER NOT NULL, stage INTEGER NOT NULL, frontier INTEGER NOT NULL,"
    " PRIMARY KEY (run_no, stage)) WITHOUT ROWID;"
    "CREATE TABLE workers (id BLOB PRIMARY KEY, name BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE catalogues (digest BLOB PRIMARY KEY, seen INTEGER NOT NULL, bytes BLOB NOT NULL);";

enum gc_err gc_db_create(struct gc_store *s, struct gc_fault *f)
{
    char stamp[96];
    int len = snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                       APPLICATION_ID, SCHEMA_VERSION);
    GC_ASSERT(len > 0 && (size_t)len < sizeof stamp);
    enum gc_err err = gc_db_exec(s, "BEGIN IMMEDIATE", f);
    if (err == GC_OK)
        err = gc_db_exec(s, schema, f);
    if (err == GC_OK)
        err = gc_db_exec(s, stamp, f);
    if (err == GC_OK)
        err = gc_db_exec(s, "COMMIT", f);
    return err;
}

static enum gc_err check_stamp(struct gc_store *s, struct gc_fault *f)
{
    int64_t application, version;
    enum gc_err err = gc_db_number(s, "PRAGMA application_id", &application, f);
    if (err == GC_OK)
        err = gc_db_number(s, "PRAGMA user_version", &version, f);
    if (err != GC_OK)
        return err;
    if (application != APPLICATION_ID)
        return gc_fault_set(f, GC_ERR_DENIED, "%s: a database, but not graphcap's", s->path);
    if (version > SCHEMA_VERSION)
        return gc_fault_set(
            f, GC_ERR_VERSION,
            "%s: written by a newer graphcap (schema %lld, this one knows %d): start that version", s->path,
            (long long)version, SCHEMA_VERSION);
    if (version < SCHEMA_VERSION) /* numbers below this one were never released */
        return gc_fault_set(
            f, GC_ERR_VERSION,
            "%s: written by a graphcap of before its first release, whose runs no later one reads: take an empty folder",
            s->path);
    return GC_OK;
}

/* One PRAGMA quick_check; its answer is "ok" or what is wrong. */
static enum gc_err quick_check(struct gc_store *s, const char *pragma, struct gc_fault *f)
{
    sqlite3_stmt *st;
    int code = sqlite3_prepare_v2(s->db, pragma, -1, &st, NULL);
    if (code != SQLITE_OK)
        return gc_db_fail(s, code, f);
    enum gc_err err = GC_OK;
    code = sqlite3_step(st);
    if (code != SQLITE_ROW)
        err = gc_db_fail(s, code, f);
    else if (strcmp((const char *)sqlite3_column_text(st, 0), "ok") != 0)
        err = gc_db_corrupt(s, (const char *)sqlite3_column_text(st, 0), f);
    sqlite3_finalize(st);
    return err;
}

/* The check reads every page. A store of many gigabytes would keep its fleet waiting, so there the two tables that hold nearly
 * all of it are left out: their rows are looked at when they are read, and a start reads the batches' small columns anyway. */
static enum gc_err check_pages(struct gc_store *s, struct gc_fault *f)
{
    static const int64_t all_below = 512 * 1024 * 1024 / GC_STORE_PAGE;
    static const char *const small[] = {
        "PRAGMA quick_check('meta')",      "PRAGMA quick_check('stages')",
        "PRAGMA quick_check('runs')",      "PRAGMA quick_check('docs')",
        "PRAGMA quick_check('odd')",       "PRAGMA quick_check('listings')",
        "PRAGMA quick_check('deltas')",    "PRAGMA quick_check('workers')",
        "PRAGMA quick_check('frontiers')", "PRAGMA quick_check('catalogues')",
    };
    int64_t pages;
    enum gc_err err = gc_db_number(s, "PRAGMA page_count", &pages, f);
    if (err != GC_OK)
        return err;
    if (pages < all_below)
        return quick_check(s, "PRAGMA quick_check(1)", f);
    for (size_t i = 0; i < GC_COUNT_OF(small) && err == GC_OK; i++)
        err = quick_check(s, small[i], f);
    return err;
}

enum gc_err gc_db_check(struct gc_store *s, struct gc_fault *f)
{
    enum gc_err err = check_stamp(s, f);
    return err == GC_OK ? check_pages(s, f) : err;
}
