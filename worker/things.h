/* things.h - what the agent has pulled, as blobs that slices run on. A page that is a reference into a manifest is read by the lister
 * before it can be used. Thread: the loop's. */
#ifndef GC_WORKER_THINGS_H
#define GC_WORKER_THINGS_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"
#include "worker/agent/agent.h"
#include "worker/pool/blob.h"

struct gc_thing {
    uint64_t name; /* the agent's; 0: none */
    enum gc_get_what what;
    struct gc_blob *blob;
    bool reading;        /* the lister is asked for it */
    uint64_t program;    /* ... by means of this thing */
    struct gc_page page; /* ... and of this page */
    uint8_t digest[32];
    uint8_t *clashes; /* of a page, until it has its blob */
    size_t clashes_len;
};

struct gc_things {
    struct gc_thing *list; /* by the index in the name */
    uint32_t n;
    void *scratch; /* to decode programs in */
    size_t scratch_size;
};

enum gc_err gc_things_init(struct gc_things *t, uint32_t n) GC_MUST_CHECK;
void gc_things_release(struct gc_things *t);

struct gc_thing *gc_things_at(struct gc_things *t, uint64_t name);
struct gc_blob *gc_things_blob(struct gc_things *t, uint64_t name);

/* GC_AFX_KEEP. GC_OK: it can be used; GC_ERR_STATE: not yet (more parts come, or `reading` is set: the lister is to be asked; or it is
 * a part of results: the spooler is to append it to the blob);
 * GC_ERR_CORRUPT, GC_ERR_INVALID, GC_ERR_NOMEM: it was dropped. */
enum gc_err gc_things_keep(struct gc_things *t, const struct gc_agent_effect *keep) GC_MUST_CHECK;
/* What the lister has read for a page. */
enum gc_err gc_things_read(struct gc_thing *thing, struct gc_bytes block) GC_MUST_CHECK;
/* Or why it cannot: its items fail with this. */
enum gc_err gc_things_missing(struct gc_thing *thing, uint32_t cause, struct gc_bytes text) GC_MUST_CHECK;
void gc_things_drop(struct gc_things *t, uint64_t name);

#endif
