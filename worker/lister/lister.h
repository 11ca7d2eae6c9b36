/* lister.h - the child process that runs source ops (`files`, `list`) and reads pages of manifests.
 *
 * It may read below the roots and nothing else: it walks folders and parses lists that somebody else made, and a folder on a
 * dead network mount blocks it and not the worker's loop. The parent's end is a `struct gc_lister`, which never blocks.
 *
 *   child     gc-worker --lister: main calls gc_lister_main(GC_LISTER_FD), which returns when the parent is gone
 *   parent    gc_lister_start; then in its loop: poll gc_lister_fd for gc_lister_events, gc_lister_pump, gc_lister_next...
 *
 * Requests are answered by id. LIST requests run one after the other in the order they came, PAGE requests beside them (a thread
 * each in the child). Thread: the parent's end belongs to one thread.
 */
#ifndef GC_WORKER_LISTER_LISTER_H
#define GC_WORKER_LISTER_LISTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/id.h"
#include "common/slice.h"
#include "proto/limits.h"
#include "proto/message.h"

#define GC_LISTER_FD      3   /* of the child: its socket to the parent */
#define GC_LISTER_WAITING 64u /* requests without their last reply, at most */

/* ---- the child ---- */

/* Serves the socket until the parent closes it; the exit status. Starts threads, writes to standard error only where it cannot go on. */
int gc_lister_main(int fd);

/* ---- the parent ---- */

struct gc_lister_root {
    const char *name; /* "" for one without: paths name it by where it is */
    const char *path; /* absolute, a folder; may itself be a link */
};

struct gc_lister_start {
    const char *program; /* started with the one argument --lister; gc-worker's own file */
    const struct gc_lister_root *roots;
    uint32_t n_roots;
};

struct gc_lister;

/* Starts the child. GC_ERR_IO, GC_ERR_NOT_FOUND, GC_ERR_NOMEM. */
enum gc_err gc_lister_start(const struct gc_lister_start *start, struct gc_lister **ret,
                            struct gc_fault *fault) GC_MUST_CHECK;
/* Kills the child and waits for it. */
void gc_lister_destroy(struct gc_lister **self_p);

int gc_lister_fd(const struct gc_lister *l);
short gc_lister_events(const struct gc_lister *l); /* POLLIN, and POLLOUT while bytes wait to be sent */
pid_t gc_lister_pid(const struct gc_lister *l);

/* Requests: copied, sent by pump. GC_ERR_BUSY: GC_LISTER_WAITING are under way. Ids are the caller's and must be distinct. */

/* Up to `pages` pages of a source stage's items from `cursor` on (empty: from the start); `first`: the number of the next item.
 * The cursor is opaque and holds for the same program only. */
struct gc_list_request {
    uint64_t id;
    struct gc_bytes program; /* encoded, of a SOURCE stage */
    struct gc_bytes cursor;
    uint64_t first;
    uint32_t pages;
};
enum gc_err gc_lister_list(struct gc_lister *l, const struct gc_list_request *r) GC_MUST_CHECK;

/* The block of items that a page reference of this source stands for. */
enum gc_err gc_lister_page(struct gc_lister *l, uint64_t id, struct gc_bytes program,
                           const struct gc_page *page) GC_MUST_CHECK;

/* The request is dropped or broken off; no reply of it comes any more. Unknown ids are fine. */
void gc_lister_cancel(struct gc_lister *l, uint64_t id);

/* Moves bytes both ways, without waiting. GC_ERR_UNREACHABLE: the child is gone, and so are all requests: destroy, and start anew. */
enum gc_err gc_lister_pump(struct gc_lister *l) GC_MUST_CHECK;

enum gc_lister_kind {
    GC_LISTER_FOUND = 1, /* a page of a LIST; or, with no page in it, the end of one */
    GC_LISTER_BLOCK,     /* of a PAGE: the block */
    GC_LISTER_FAILED,    /* of either: cause and text; the source has failed, or the page's items have */
};

struct gc_lister_reply {
    enum gc_lister_kind kind;
    uint64_t id;
    bool last; /* nothing more comes for this id (always with BLOCK and FAILED) */
    /* FOUND */
    bool has_page;
    struct gc_page page;    /* digest set */
    bool ended;             /* nothing comes after this: the source is listed */
    struct gc_bytes cursor; /* where the next LIST goes on, after this page; at most GC_MAX_PATH */
    uint64_t left_out;
    struct gc_bytes note;
    uint32_t n_named; /* of the page: names of outputs, as PAGES has them */
    uint64_t named[GC_MAX_NAMINGS];
    struct gc_bytes names;
    /* FOUND with an inlined page, BLOCK */
    struct gc_bytes block;
    /* FAILED */
    uint32_t
        cause; /* enum gc_cause: missing (not there, or a changed page), not-allowed, unreadable, bad-input ... */
    struct gc_bytes text;
};
/* The next reply that has come whole; false when there is none. Its bytes live until the next call of pump or next. A page comes at
 * the latest 200 ms after its first item was found. */
bool gc_lister_next(struct gc_lister *l, struct gc_lister_reply *ret);

#endif
