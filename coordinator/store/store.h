/* store.h - everything that outlives the coordinator's process, behind one narrow header. SQLite lives here and nowhere else.
 *
 * STATE/graphcap.db in WAL mode with synchronous=FULL, one connection, locked exclusively: gc_store_commit returns when what was
 * applied is on disk, and not before. One row a batch of results, never one a result.
 *
 * Transactions: begin, apply..., commit. GC_ERR_FULL (no room) leaves nothing of the transaction behind and the store usable: do
 * it again from begin when there may be room. Every other error of these three is fatal: the disk or the file is not to be
 * trusted, and the caller ends the process, having told nobody what was not committed. Reads see what was committed.
 *
 * Invariants: an item is in at most one batch of its stage; a consumed delta, the history of an item in a batch, and the
 * frontiers of an ended run are gone in the transaction that made them needless.
 *
 * Memory: 8 MiB of page cache and what one statement needs. Thread: one at a time.
 */
#ifndef GC_STORE_STORE_H
#define GC_STORE_STORE_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/error.h"
#include "coordinator/core/commit.h"

struct gc_store;

struct gc_store_options {
    uint64_t
        max_pages; /* the file may have at most so many pages of GC_STORE_PAGE bytes; 0: no bound but the disk's */
};

#define GC_STORE_PAGE       8192u
#define GC_STORE_CATALOGUES 16u /* known catalogues that are kept, the last ones seen */

/* Locks `folder` (which exists), opens its database or makes a new one, and checks it. Faults say what to do:
 * GC_ERR_BUSY another coordinator has the folder (its pid is named) · GC_ERR_VERSION written by a newer graphcap ·
 * GC_ERR_DENIED a database, but not ours · GC_ERR_CORRUPT damaged. Copies `folder`. */
enum gc_err gc_store_open(const char *folder, const struct gc_store_options *options, struct gc_store **ret,
                          struct gc_fault *f) GC_MUST_CHECK;
void gc_store_close(struct gc_store **self_p);

/* Whether this open made the database. */
bool gc_store_is_new(const struct gc_store *s);
const char *gc_store_library(void); /* "SQLite 3.40.1" */

/* Raises the term and makes it durable. The first term is 1. */
enum gc_err gc_store_raise_term(struct gc_store *s, uint64_t *ret_term, struct gc_fault *f) GC_MUST_CHECK;
/* The first run number that was never used. */
enum gc_err gc_store_next_run(struct gc_store *s, uint64_t *ret, struct gc_fault *f) GC_MUST_CHECK;

/* ---- transactions ---- */

enum gc_err gc_store_begin(struct gc_store *s, struct gc_fault *f) GC_MUST_CHECK;
/* After an error the transaction is over; gc_store_commit must not follow. */
enum gc_err gc_store_apply(struct gc_store *s, const struct gc_commit *c, struct gc_fault *f) GC_MUST_CHECK;
enum gc_err gc_store_commit(struct gc_store *s, struct gc_fault *f) GC_MUST_CHECK;
void gc_store_rollback(struct gc_store *s);

/* Between transactions, when nobody waits: copies the write-ahead log into the database once it is worth it. A full disk is no
 * error here (the log keeps what it has). */
enum gc_err gc_store_tidy(struct gc_store *s, struct gc_fault *f) GC_MUST_CHECK;

/* Keeps a catalogue under its digest, in a transaction of its own; seen again, it counts as the newest. */
enum gc_err gc_store_put_catalogue(struct gc_store *s, struct gc_bytes digest, struct gc_bytes bytes,
                                   struct gc_fault *f) GC_MUST_CHECK;

/* ---- what a start needs ---- */

typedef void gc_store_commit_fn(void *arg, const struct gc_commit *c);
/* Hands out what is kept of every run that has not ended, in an order that can be replayed: RUN, RUN_STATE, PAGES, FRONTIER,
 * BATCH, the live deltas (MERGED without inputs), ODD; last the workers. What commit.h calls "not read" is empty. Pointers are
 * good during the call. */
enum gc_err gc_store_recover(struct gc_store *s, gc_store_commit_fn *fn, void *arg,
                             struct gc_fault *f) GC_MUST_CHECK;

typedef void gc_store_catalogue_fn(void *arg, struct gc_bytes digest, struct gc_bytes bytes);
/* Newest first. */
enum gc_err gc_store_catalogues(struct gc_store *s, gc_store_catalogue_fn *fn, void *arg,
                                struct gc_fault *f) GC_MUST_CHECK;

/* ---- reads: `out` is appended to; GC_ERR_NOT_FOUND where there is no such thing; nothing is fatal but GC_ERR_CORRUPT, _IO ---- */

/* At most GC_MAX_BULK bytes of a document from `offset` on, and how long it is in all. */
enum gc_err gc_store_program(struct gc_store *s, uint64_t run_no, uint64_t stage, uint64_t offset,
                             struct gc_buf *out, uint64_t *ret_total, struct gc_fault *f) GC_MUST_CHECK;
enum gc_err gc_store_plan(struct gc_store *s, uint64_t run_no, uint64_t offset, struct gc_buf *out,
                          uint64_t *ret_total, struct gc_fault *f) GC_MUST_CHECK;

/* A page of the items that `stage` works on (or, being a source, lists): its block, if it is inlined, and behind it *ret_clashes bytes
 * of clashes (proto/names.h). *ret_stage is the one that listed it; ret->digest points to `digest`. */
enum gc_err gc_store_page(struct gc_store *s, uint64_t run_no, uint64_t stage, uint64_t index,
                          struct gc_page *ret, uint64_t *ret_stage, uint8_t digest[32], struct gc_buf *out,
                          uint64_t *ret_clashes, struct gc_fault *f) GC_MUST_CHECK;
/* As many of the states, in the order asked for, as fit `out`: *ret_n of them with their lengths. */
enum gc_err gc_store_deltas(struct gc_store *s, uint64_t run_no, const uint64_t *ids, uint32_t n,
                            struct gc_buf *out, uint64_t *ret_lengths, uint32_t *ret_n,
                            struct gc_fault *f) GC_MUST_CHECK;
enum gc_err gc_store_cursor(struct gc_store *s, uint64_t run_no, uint64_t stage, struct gc_buf *out,
                            struct gc_fault *f) GC_MUST_CHECK;

struct gc_store_query {
    struct gc_id128 run;
    uint64_t stage;
    bool by_commit; /* in commit order, after seq `after`; else by item, from item `after` */
    uint64_t after;
    bool failures; /* only batches in which something failed */
};
struct gc_store_batches {
    uint32_t n;
    uint64_t next;
    bool more;
    bool ended; /* the run, when this was read */
};
/* Up to `max` batches whose status and values fit `out` together; there is always room for one in GC_MAX_BULK. The workers'
 * names lie in `arena`. */
enum gc_err gc_store_results(struct gc_store *s, const struct gc_store_query *q, struct gc_arena *arena,
                             struct gc_batch *rows, uint32_t max, struct gc_buf *out,
                             struct gc_store_batches *ret, struct gc_fault *f) GC_MUST_CHECK;

/* What a scanning reducer reads of a stage: its batches as parts of proto/scan.h, by item, as many as fit `out`, and at least one.
 * `index` is the cursor: 0, then *ret_next of the call before; GC_UNSET there: that was all. It is the item behind the last part's:
 * an item is in one batch (the schema sees to it), so that none is skipped or told twice, whatever is committed meanwhile. A stage
 * without batches, or a run that is not there, has no parts. O(log batches + bytes). */
enum gc_err gc_store_scan(struct gc_store *s, uint64_t run_no, uint64_t stage, uint64_t index,
                          struct gc_buf *out, uint64_t *ret_next, struct gc_fault *f) GC_MUST_CHECK;

enum gc_err gc_store_find_run(struct gc_store *s, struct gc_id128 run, uint64_t *ret_run_no,
                              uint64_t *ret_state, struct gc_fault *f) GC_MUST_CHECK;
/* The account of a run as its last commit left it; texts lie in `arena`, `nodes` gets the encoded node_infos (none while the run
 * has not ended). */
enum gc_err gc_store_account(struct gc_store *s, struct gc_id128 run, struct gc_arena *arena,
                             struct gc_msg_run_info *ret, struct gc_buf *nodes,
                             struct gc_fault *f) GC_MUST_CHECK;
/* Newest first, run numbers below `before`, ids inside `ids`. Rows that do not fit the arena are left for the next call. */
enum gc_err gc_store_runs(struct gc_store *s, uint64_t before, struct gc_id_range ids, uint32_t max,
                          struct gc_arena *arena, struct gc_run_row *rows, uint32_t *ret_n, bool *ret_more,
                          struct gc_fault *f) GC_MUST_CHECK;

#endif
