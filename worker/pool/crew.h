/* crew.h - the executors of a worker, seen from its loop: slices in, chunks and faults out.
 *
 * Each executor has a tender, a thread that opens files, watches the clock, checks and publishes. The loop hands a slice to a slot
 * that is free and never waits: what comes of it is an event, and gc_crew_fd says when there is one.
 * Thread: all calls from one (the loop's), but for what tenders do inside. */
#ifndef GC_POOL_CREW_H
#define GC_POOL_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/id.h"
#include "common/slice.h"
#include "worker/agent/agent.h"
#include "worker/pool/blob.h"

struct gc_crew_root {
    const char *name; /* "" for one that has none */
    const char *path; /* absolute */
};

struct gc_crew_config {
    const char *program; /* gc-worker's own file: the zygote is started from it */
    const struct gc_crew_root *roots;
    uint32_t n_roots;
    uint32_t slots;
    uint32_t chunks; /* handed in and not freed, at most: then executors wait */
    struct gc_id128 worker;
    struct gc_id128 boot;
};

struct gc_crew;

enum gc_err gc_crew_start(const struct gc_crew_config *config, struct gc_crew **ret,
                          struct gc_fault *fault) GC_MUST_CHECK;
/* Ends all executors and tenders; blobs given to them are released. Chunks that are out must have been freed. */
void gc_crew_destroy(struct gc_crew **self_p);

/* Lives as long as the crew. */
struct gc_bytes gc_crew_catalogue(const struct gc_crew *crew);

/* Readable while there are events. */
int gc_crew_fd(const struct gc_crew *crew);

/* The slot must be free (as the agent reckons it). Blobs are referenced. `program` is one; `input` may be NULL. */
void gc_crew_run(struct gc_crew *crew, const struct gc_agent_slice *slice, struct gc_blob *program,
                 struct gc_blob *input);
/* A slice that has ended by itself is not asked about again. */
void gc_crew_kill(struct gc_crew *crew, uint32_t slot, uint64_t slice);
/* Until when results may be published; 0: not at all. */
void gc_crew_fence(struct gc_crew *crew, uint64_t until_ns);

/* The item that a slot's executor is at; GC_UNSET: none. */
uint64_t gc_crew_item(const struct gc_crew *crew, uint32_t slot);
/* Bytes resident in zygote and executors. */
uint64_t gc_crew_memory(const struct gc_crew *crew);

enum gc_crew_kind { GC_CREW_CHUNK, GC_CREW_FAULT, GC_CREW_STOPPED };
struct gc_crew_event {
    enum gc_crew_kind kind;
    uint32_t slot;
    uint64_t slice;
    struct gc_agent_chunk chunk; /* CHUNK: to be freed */
    uint64_t item;               /* FAULT, as GC_AEV_FAULT */
    uint64_t node;
    uint32_t cause;
    uint32_t text_len;
    uint8_t text[GC_MAX_TEXT];
};
/* The next event; false: there is none. */
bool gc_crew_next(struct gc_crew *crew, struct gc_crew_event *ret);
void gc_crew_free(struct gc_crew *crew, uint64_t chunk);

#endif
