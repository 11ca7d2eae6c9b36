/* blob.h - what slices run on, shared by tenders: programs, pages, states, results. Read-only once made, counted by references.
 * Thread: any. */
#ifndef GC_POOL_BLOB_H
#define GC_POOL_BLOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/slice.h"
#include "proto/limits.h"
#include "proto/names.h"

enum gc_blob_kind { GC_BLOB_PROGRAM, GC_BLOB_PAGE, GC_BLOB_STATES, GC_BLOB_CURSOR, GC_BLOB_SPOOL };

struct gc_blob {
    enum gc_blob_kind kind;
    atomic_uint refs;
    uint64_t id; /* never used twice in this process */
    size_t len;
    uint8_t *bytes; /* PROGRAM: encoded; PAGE: its block of items; STATES: one behind the other */

    /* PROGRAM */
    uint64_t timeout_ns;
    size_t folder_len;
    char folder[GC_MAX_PATH];

    /* PAGE: where each item begins, and the end; missing: its bytes are no longer there, each item fails with this */
    uint32_t count;
    uint32_t *starts;
    uint32_t missing;   /* enum gc_cause */
    uint32_t n_clashes; /* outputs whose names others make; by item and node */
    struct gc_clash *clashes;
    size_t text_len;
    uint8_t text[GC_MAX_TEXT];

    /* STATES */
    uint32_t n_states;
    uint64_t lengths[GC_MERGE_INPUTS];

    /* SPOOL: not in memory, but in a file without a name */
    int fd; /* -1: nothing was put into it yet */
    uint64_t spooled;
};

/* One reference; copies the bytes. NULL: no memory. */
struct gc_blob *gc_blob_new(enum gc_blob_kind kind, struct gc_bytes bytes);
struct gc_blob *gc_blob_ref(struct gc_blob *b);
void gc_blob_unref(struct gc_blob **b_p);

/* Of a PAGE: takes over its clashes, as DATA has them. GC_ERR_CORRUPT: they are none, or not in order. GC_ERR_NOMEM. */
enum gc_err gc_blob_add_clashes(struct gc_blob *b, struct gc_bytes bytes) GC_MUST_CHECK;
/* Who makes the name that `node` (of the job) would give to its output for `item`; NULL: nobody else. O(log). */
const struct gc_clash *gc_blob_clash(const struct gc_blob *b, uint64_t item, uint64_t node);
/* Of a PAGE that was just made: finds its items. GC_ERR_CORRUPT: there are not exactly `count` of them. GC_ERR_NOMEM. */
enum gc_err gc_blob_index(struct gc_blob *b, uint32_t count) GC_MUST_CHECK;
/* One more state, before the blob is shared. GC_ERR_LIMIT, GC_ERR_NOMEM. */
enum gc_err gc_blob_add_state(struct gc_blob *b, struct gc_bytes state) GC_MUST_CHECK;

/* Appends to a SPOOL, before the blob is shared; its file is made in `folder` with the first call. Waits for the disk. After an error
 * it is of no use. GC_ERR_FULL: there is no room, and *f names the folder; GC_ERR_IO. */
enum gc_err gc_blob_spool(struct gc_blob *b, const char *folder, struct gc_bytes part,
                          struct gc_fault *f) GC_MUST_CHECK;
/* The file of a SPOOL for somebody else: for reading only, at its start, with a position of its own. */
enum gc_err gc_blob_open_spool(const struct gc_blob *b, int *ret_fd, struct gc_fault *f) GC_MUST_CHECK;

/* The bytes of items [first, first + count) of a page's block. */
struct gc_bytes gc_blob_items(const struct gc_blob *b, uint32_t first, uint32_t count);
struct gc_bytes gc_blob_bytes(const struct gc_blob *b);

/* Takes an item off such bytes. False: they are broken, or at their end. */
bool gc_blob_next_item(struct gc_bytes *items, struct gc_bytes *ret_text, struct gc_bytes *ret_fields);

#endif
