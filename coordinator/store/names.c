/* names.c - which item of a run makes which output's name, and who makes one that another has. */
#include <string.h>

#include "common/assert.h"
#include "coordinator/store/db.h"
#include "proto/names.h"

#define DROPS 20000u /* names that go in one transaction: some ten milliseconds */

/* ---- adding ---- */

struct named {
    const struct gc_commit_pages *pages;
    uint64_t index; /* of the page */
    uint64_t item;
    uint64_t node;
    struct gc_bytes hash;
};

static enum gc_err add_clash(struct gc_store *s, const struct named *n, uint64_t first_item,
                             uint64_t first_node, struct gc_fault *f)
{
    const uint64_t columns[] = {n->pages->run_no, n->pages->stage, n->index,  n->item,
                                n->node,          first_item,      first_node};
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_ADD_CLASH, f);
    if (!st)
        return GC_ERR_NOMEM;
    for (size_t i = 0; i < GC_COUNT_OF(columns); i++)
        gc_db_bind_u64(s, st, (int)i + 1, columns[i]);
    return gc_db_run(s, st, f);
}

/* Who has the name. Pages that come again after a fault find their own. */
static enum gc_err look(struct gc_store *s, const struct named *n, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_GET_NAME, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, n->pages->run_no);
    gc_db_bind_bytes(s, st, 2, n->hash);
    enum gc_err err = gc_db_one(s, st, f);
    if (err != GC_OK) {
        gc_db_done(st);
        return err == GC_ERR_NOT_FOUND ? gc_db_corrupt(s, "a name is there and not there", f) : err;
    }
    uint64_t item = gc_db_u64(st, 0);
    uint64_t node = gc_db_u64(st, 1);
    gc_db_done(st);
    return item == n->item && node == n->node ? GC_OK : add_clash(s, n, item, node, f);
}

static enum gc_err add(struct gc_store *s, const struct named *n, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_ADD_NAME, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, n->pages->run_no);
    gc_db_bind_bytes(s, st, 2, n->hash);
    gc_db_bind_u64(s, st, 3, n->item);
    gc_db_bind_u64(s, st, 4, n->node);
    enum gc_err err = gc_db_run(s, st, f);
    if (err != GC_OK || sqlite3_changes(s->db) > 0)
        return err;
    return look(s, n, f);
}

static bool none(struct gc_bytes hash)
{
    static const uint8_t zeros[GC_NAME_BYTES];
    return memcmp(hash.ptr, zeros, sizeof zeros) == 0;
}

enum gc_err gc_names_add(struct gc_store *s, const struct gc_commit_pages *c, struct gc_fault *f)
{
    struct gc_reader in;
    struct named n = {.pages = c};
    gc_reader_init(&in, c->names);
    for (uint32_t p = 0; p < c->n_pages; p++) {
        n.index = c->index + p;
        for (uint64_t i = 0; i < c->pages[p].count * c->n_named; i++) {
            n.item = c->pages[p].first + i / c->n_named;
            n.node = c->named[i % c->n_named];
            bool whole = gc_reader_bytes(&in, GC_NAME_BYTES, &n.hash);
            GC_ASSERT(whole); /* the core took them only if the lengths agree */
            enum gc_err err = none(n.hash) ? GC_OK : add(s, &n, f);
            if (err != GC_OK)
                return err;
        }
    }
    return GC_OK;
}

/* ---- reading ---- */

enum gc_err gc_names_clashes(struct gc_store *s, uint64_t run_no, uint64_t stage, uint64_t index,
                             struct gc_buf *out, struct gc_fault *f)
{
    bool row = false;
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_GET_CLASHES, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, run_no);
    gc_db_bind_u64(s, st, 2, stage);
    gc_db_bind_u64(s, st, 3, index);
    enum gc_err err = gc_db_next(s, st, &row, f);
    while (err == GC_OK && row) {
        const struct gc_clash clash = {.item = gc_db_u64(st, 0),
                                       .node = gc_db_u64(st, 1),
                                       .first_item = gc_db_u64(st, 2),
                                       .first_node = gc_db_u64(st, 3)};
        if (!gc_clash_put(out, &clash))
            err = gc_fault_set(f, GC_ERR_LIMIT, "%s: a page and its clashes do not fit the answer", s->path);
        else
            err = gc_db_next(s, st, &row, f);
    }
    gc_db_done(st);
    return err;
}

/* ---- forgetting ---- */

static enum gc_err run_on(struct gc_store *s, enum gc_sql sql, uint64_t run_no, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, sql, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, run_no);
    return gc_db_run(s, st, f);
}

enum gc_err gc_names_forget(struct gc_store *s, uint64_t run_no, struct gc_fault *f)
{
    enum gc_err err = run_on(s, GC_SQL_FORGET_NAMES, run_no, f);
    if (err == GC_OK)
        s->forgets = true;
    return err;
}

static enum gc_err drop_some(struct gc_store *s, uint64_t run_no, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_DROP_NAMES, f);
    if (!st)
        return GC_ERR_NOMEM;
    gc_db_bind_u64(s, st, 1, run_no);
    gc_db_bind_u64(s, st, 2, DROPS);
    enum gc_err err = gc_db_run(s, st, f);
    if (err != GC_OK || (uint32_t)sqlite3_changes(s->db) == DROPS)
        return err; /* there may be more of them */
    err = run_on(s, GC_SQL_DROP_CLASHES, run_no, f);
    return err == GC_OK ? run_on(s, GC_SQL_DROP_FORGOTTEN, run_no, f) : err;
}

static enum gc_err next_forgotten(struct gc_store *s, uint64_t *ret, struct gc_fault *f)
{
    sqlite3_stmt *st = gc_db_take(s, GC_SQL_NEXT_FORGOTTEN, f);
    if (!st)
        return GC_ERR_NOMEM;
    enum gc_err err = gc_db_one(s, st, f);
    if (err == GC_OK)
        *ret = gc_db_u64(st, 0);
    gc_db_done(st);
    return err;
}

enum gc_err gc_names_tidy(struct gc_store *s, struct gc_fault *f)
{
    uint64_t run_no;
    if (!s->forgets)
        return GC_OK;
    enum gc_err err = next_forgotten(s, &run_no, f);
    if (err == GC_ERR_NOT_FOUND) {
        s->forgets = false;
        return GC_OK;
    }
    if (err == GC_OK)
        err = gc_store_begin(s, f);
    if (err != GC_OK)
        return err;
    err = drop_some(s, run_no, f);
    if (err != GC_OK) {
        gc_store_rollback(s);
        return err;
    }
    return gc_store_commit(s, f);
}
