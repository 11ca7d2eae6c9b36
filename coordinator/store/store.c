/* store.c - opening, the term, transactions. */
#include "coordinator/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/sys/file.h"
#include "coordinator/store/db.h"

#define DATABASE    "graphcap.db"
#define LOCK        "coordinator.lock"
#define TIDY_FRAMES 1000 /* pages in the log from which on it is copied back */

const char *gc_store_library(void)
{
    return "SQLite " SQLITE_VERSION;
}

static char *join(const char *folder, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return NULL;
    return path;
}

static enum gc_err take_lock(struct gc_store *s, const char *folder, struct gc_fault *f)
{
    char *path = join(folder, LOCK);
    if (!path)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory");
    pid_t holder = 0;
    enum gc_err err = gc_file_lock(path, &s->lock_fd, &holder, f);
    free(path);
    if (err == GC_ERR_BUSY)
        return gc_fault_set(f, GC_ERR_BUSY, "%s: another gc-coordinator (pid %ld) has this state folder",
                            folder, (long)holder);
    return err;
}

/* Set before the first page is read. The page size counts for a new file only. */
static const char settings[] =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA page_size = 8192;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 0;"        /* gc_store_tidy does it, when nobody waits */
    "PRAGMA journal_size_limit = 67108864;" /* a log that grew under load is cut back */
    "PRAGMA cell_size_check = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cache_size = -8192;"
    "PRAGMA mmap_size = 0;" /* an I/O error must be an error, not a signal */
    "PRAGMA temp_store = MEMORY;";

_Static_assert(GC_STORE_PAGE == 8192, "the setting above says so too");

/* Remembers how long the log is: SQLite tells after each commit. */
static int on_log(void *arg, sqlite3 *db, const char *name, int frames)
{
    (void)db;
    (void)name;
    struct gc_store *s = arg;
    s->log_frames = frames;
    return SQLITE_OK;
}

static enum gc_err limit_pages(struct gc_store *s, const struct gc_store_options *options, struct gc_fault *f)
{
    if (!options || options->max_pages == 0)
        return GC_OK;
    char pragma[64];
    int len = snprintf(pragma, sizeof pragma, "PRAGMA max_page_count = %llu",
                       (unsigned long long)options->max_pages);
    GC_ASSERT(len > 0 && (size_t)len < sizeof pragma);
    return gc_db_exec(s, pragma, f);
}

static enum gc_err open_database(struct gc_store *s, const struct gc_store_options *options,
                                 struct gc_fault *f)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (!s->db)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory");
    if (code != SQLITE_OK)
        return gc_db_fail(s, code, f);
    /* Nothing in the file may run code of ours that it was not meant to. */
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    /* Whoever has a database here that is not ours keeps it as it is: looked at before any setting writes to it. */
    int64_t tables;
    enum gc_err err = gc_db_exec(s, "PRAGMA locking_mode = EXCLUSIVE", f);
    if (err == GC_OK)
        err = gc_db_number(s, "SELECT count(*) FROM sqlite_master", &tables, f);
    if (err == GC_OK && tables > 0)
        err = gc_db_check(s, f);
    if (err == GC_OK)
        err = gc_db_exec(s, settings, f);
    if (err == GC_OK && tables == 0) {
        s->is_new = true;
        err = gc_db_create(s, f);
    }
    if (err == GC_OK)
        err = limit_pages(s, options, f);
    if (err == GC_OK)
        sqlite3_wal_hook(s->db, on_log, s);
    s->forgets = true; /* who was killed may have left some */
    return err;
}

enum gc_err gc_store_open(const char *folder, const struct gc_store_options *options, struct gc_store **ret,
                          struct gc_fault *f)
{
    struct gc_store *s = calloc(1, sizeof *s);
    if (!s)
        return gc_fault_set(f, GC_ERR_NOMEM, "no memory");
    s->lock_fd = -1;
    s->path = join(folder, DATABASE);
    enum gc_err err = s->path ? take_lock(s, folder, f) : gc_fault_set(f, GC_ERR_NOMEM, "no memory");
    if (err == GC_OK)
        err = open_database(s, options, f);
    if (err == GC_OK && s->is_new)
        err = gc_file_sync_dir(folder, f);
    if (err != GC_OK) {
        gc_store_close(&s);
        return err;
    }
    *ret = s;
    return GC_OK;
}

void gc_store_close(struct gc_store **self_p)
{
    struct gc_store *s = *self_p;
    *self_p = NULL;
    if (!s)
        return;
    for (size_t i = 0; i < GC_SQL_COUNT; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        close(s->lock_fd); /* last: nobody opens the folder before the file is closed */
    free(s->path);
    free(s);
}

bool gc_store_is_new(const struct gc_store *s)
{
    return s->is_new;
}

enum gc_err gc_store_raise_term(struct gc_store *s, uint64_t *ret_term, struct gc_fault *f)
{
    GC_ASSERT(!s->in_transaction);
    enum gc_err err = gc_store_begin(s, f);
    if (err != GC_OK)
        return err;
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_RAISE_TERM, f);
    err = st ? gc_db_one(s, st, f) : GC_ERR_NOMEM;
    uint64_t term = err == GC_OK ? gc_db_u64(st, 0) : 0;
    if (st)
        gc_db_done(st);
    if (err != GC_OK) {
        gc_store_rollback(s);
        return err == GC_ERR_NOT_FOUND ? gc_db_corrupt(s, "it has no term", f) : err;
    }
    err = gc_store_commit(s, f);
    if (err == GC_OK)
        *ret_term = term;
    return err;
}

enum gc_err gc_store_next_run(struct gc_store *s, uint64_t *ret, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_LAST_RUN, f);
    if (!st)
        return GC_ERR_NOMEM;
    bool row;
    enum gc_err err = gc_db_next(s, st, &row, f);
    if (err == GC_OK)
        *ret = row ? gc_db_u64(st, 0) + 1 : 1;
    gc_db_done(st);
    return err;
}

/* ---- transactions ---- */

static enum gc_err run_plain(struct gc_store *s, enum gc_sql sql, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, sql, f);
    return st ? gc_db_run(s, st, f) : GC_ERR_NOMEM;
}

enum gc_err gc_store_begin(struct gc_store *s, struct gc_fault *f)
{
    GC_ASSERT(!s->in_transaction);
    enum gc_err err = run_plain(s, GC_SQL_BEGIN, f);
    s->in_transaction = err == GC_OK;
    return err;
}

void gc_store_rollback(struct gc_store *s)
{
    s->in_transaction = false;
    /* A full disk may have rolled it back already. Where this fails too, the next begin says so. */
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

enum gc_err gc_store_commit(struct gc_store *s, struct gc_fault *f)
{
    GC_ASSERT(s->in_transaction);
    enum gc_err err = run_plain(s, GC_SQL_COMMIT, f);
    if (err != GC_OK)
        gc_store_rollback(s);
    s->in_transaction = false;
    return err;
}

enum gc_err gc_store_tidy(struct gc_store *s, struct gc_fault *f)
{
    GC_ASSERT(!s->in_transaction);
    enum gc_err tidied = gc_names_tidy(s, f);
    if (tidied != GC_OK && tidied != GC_ERR_FULL)
        return tidied;
    /* Names that found no room to go in are let go of another time: a log that is begun anew has some. */
    if (s->log_frames < TIDY_FRAMES)
        return GC_OK;
    /* With one connection nobody is in the way: PASSIVE copies all of it, and the next commit begins the log anew. */
    int code = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code == SQLITE_OK) {
        s->log_frames = 0;
        return GC_OK;
    }
    enum gc_err err = gc_db_fail(s, code, f);
    return err == GC_ERR_FULL ? GC_OK : err;
}
