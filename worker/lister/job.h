/* job.h - a request in the child, and the pages it makes. Inside of worker/lister.
 *
 * Three threads: main reads requests, and sends a page that is 200 ms old while the thread that fills it is held up by a folder; one
 * thread runs LIST requests, one PAGE requests. A page under construction is guarded by its lock; replies are sent whole under the
 * link's.
 */
#ifndef GC_WORKER_LISTER_JOB_H
#define GC_WORKER_LISTER_JOB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/roots/roots.h"
#include "common/sys/digest.h"
#include "worker/lister/lister.h"
#include "worker/lister/namer.h"
#include "worker/lister/tally.h"

/* The socket to the parent. */
struct gc_link {
    int fd;
    pthread_mutex_t lock;
    uint8_t *frame; /* GC_FRAME_MAX */
};
/* Sends one reply, waiting for room. A parent that is gone ends the process: there is nobody to work for. */
void gc_link_send(struct gc_link *l, const struct gc_lister_reply *r);

struct gc_lister_job {
    struct gc_lister_job *next;
    uint64_t id;
    bool is_list;
    uint8_t *bytes; /* owned: the request's frame body */
    struct gc_bytes program;
    struct gc_bytes cursor; /* LIST */
    uint64_t first;
    uint32_t pages;
    struct gc_page page; /* PAGE */
    atomic_bool cancelled;
};

/* The source of a job's program. */
struct gc_source {
    struct gc_arena arena; /* owned */
    struct gc_program program;
    const struct gc_step *step;
    struct gc_namer namer;
};
enum gc_err gc_source_init(struct gc_source *s, struct gc_bytes program,
                           struct gc_fault *fault) GC_MUST_CHECK;
void gc_source_release(struct gc_source *s);
/* A setting; NULL, or the fallback, where it is not set. */
const struct gc_value *gc_source_setting(const struct gc_source *s, const char *key);
struct gc_str gc_source_string(const struct gc_source *s, const char *key, const char *fallback);
bool gc_source_flag(const struct gc_source *s, const char *key, bool fallback);
/* Items that may still be listed from number `first` on. */
uint64_t gc_source_room(const struct gc_source *s, uint64_t first);

/* The page under construction of the LIST job at hand. */
struct gc_pages {
    pthread_mutex_t lock;
    struct gc_link *link;
    struct gc_lister_job *job; /* NULL: none is running */
    uint64_t next;             /* number of the next page's first item */
    uint32_t left;             /* pages that may still be sent */
    uint64_t count;
    uint64_t begun_ns; /* when its first item came */
    bool inlined;
    uint64_t offset; /* reference: where it begins */
    uint64_t bytes;
    struct gc_digest_stream digest; /* reference */
    struct gc_buf block;            /* inlined */
    uint64_t block_bytes;           /* of the block that it is or stands for */
    const struct gc_namer *namer;   /* NULL: no names are looked at */
    uint32_t n_named;               /* of the namer, kept beyond it */
    uint64_t named[GC_MAX_NAMINGS];
    struct gc_buf names;
    size_t cursor_len; /* the place behind what was taken or left out last */
    uint8_t cursor[GC_MAX_PATH];
    struct gc_tally tally; /* of files */
    bool counts;           /* the tally is told of */
    bool ended;
    bool told; /* the last reply is sent */
};

enum gc_err gc_pages_init(struct gc_pages *p, struct gc_link *link) GC_MUST_CHECK;
/* `tally`: what former jobs of this source counted; NULL: nothing is counted. `place`: where this job begins. */
void gc_pages_begin(struct gc_pages *p, struct gc_lister_job *job, bool inlined, const struct gc_tally *tally,
                    struct gc_bytes place);
/* Whose names go with the items from here on; it lives until the job's last item. */
void gc_pages_name(struct gc_pages *p, const struct gc_namer *namer);
/* Whether another item may come: the job is not cancelled, and has pages left. */
bool gc_pages_wanted(struct gc_pages *p);
/* Adds an item to an inlined page, which is sent before that where the item does not fit. False: the page that would hold it is
 * beyond the job's. `cursor`: the place behind this item, where
 * a later job goes on. */
bool gc_pages_add(struct gc_pages *p, struct gc_bytes text, struct gc_bytes fields, struct gc_bytes cursor);
/* Adds a record of a manifest: `record` at `offset`, and the item that it makes; NULL: it makes none. */
struct gc_listed_item {
    struct gc_bytes text;
    struct gc_bytes fields;
};
bool gc_pages_refer(struct gc_pages *p, struct gc_bytes record, uint64_t offset,
                    const struct gc_listed_item *item, struct gc_bytes cursor);
/* A file that was left out: moves the cursor on. */
void gc_pages_skip(struct gc_pages *p, struct gc_str path, struct gc_bytes cursor);
/* Sends what there is; with `ended`, or when pages are used up, that was the last reply. */
void gc_pages_end(struct gc_pages *p, bool ended);
/* The job has failed: what was found before is sent first. */
void gc_pages_fail(struct gc_pages *p, uint32_t cause, struct gc_str text);
/* Sends a page that is old enough. Returns ns until the next one will be, UINT64_MAX: there is none. From any thread. */
uint64_t gc_pages_flush_old(struct gc_pages *p, uint64_t now_ns);

/* The sources. `parked`: what a former job of the same source left for the next (files only). */
struct gc_files_cache;
struct gc_files_cache *gc_files_cache_new(void);
void gc_files_run(struct gc_files_cache *cache, const struct gc_roots *roots, struct gc_pages *pages,
                  struct gc_lister_job *job);
void gc_list_run(const struct gc_roots *roots, struct gc_pages *pages, struct gc_lister_job *job);
void gc_page_run(const struct gc_roots *roots, struct gc_link *link, struct gc_lister_job *job);

/* The cause that an error of roots.h is. */
uint32_t gc_cause_of(enum gc_err err);

#endif
