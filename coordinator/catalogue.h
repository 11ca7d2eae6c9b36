/* catalogue.h - what the fleet can do: catalogues by digest, as workers bring them, and their union, which jobs are checked against.
 *
 * A worker's HELLO names the digest of its catalogue. One that is not known is asked for in WELCOME and comes in parts; several
 * workers that bring the same one help each other. Complete and of the right digest, it is decoded, kept in the store (by the
 * caller) and joined to the others. The union outlives its workers: a job can be submitted while none is connected.
 * Thread: the loop's.
 */
#ifndef GC_COORDINATOR_CATALOGUE_H
#define GC_COORDINATOR_CATALOGUE_H

#include "common/id.h"
#include "coordinator/memory.h"
#include "proto/message.h"

enum {
    GC_CATALOGUES = 16, /* known at a time; as many as the store keeps */
    GC_CATALOGUES_COMING = 8,
};

struct gc_catalogue_known {
    struct gc_digest digest;
    uint8_t *bytes;
    size_t len;
};

struct gc_catalogue_coming {
    struct gc_digest digest;
    uint8_t *bytes; /* NULL: the slot is free */
    size_t total;
    size_t have;
    uint64_t used; /* a count: the one used longest ago gives way */
};

struct gc_catalogues {
    struct gc_catalogue_known known[GC_CATALOGUES]; /* newest first */
    uint32_t n;
    struct gc_catalogue_coming coming[GC_CATALOGUES_COMING];
    uint64_t uses;
    struct gc_mapping memory; /* of the union */
    struct gc_catalogue joined;
    struct gc_bytes encoded; /* the union, for GET; lies in `memory` */
};

void gc_catalogues_init(struct gc_catalogues *c);
void gc_catalogues_release(struct gc_catalogues *c);

bool gc_catalogues_knows(const struct gc_catalogues *c, const struct gc_digest *digest);
/* One from the store or, complete, from a worker, as the newest. Copies the bytes. GC_ERR_INVALID: it is no catalogue, or not of
 * that digest. */
enum gc_err gc_catalogues_add(struct gc_catalogues *c, struct gc_digest digest, struct gc_bytes bytes,
                              struct gc_fault *f) GC_MUST_CHECK;
/* A part. *ret_whole: that was the last one, and it has been added: the caller keeps it in the store (newest: known[0]). */
enum gc_err gc_catalogues_part(struct gc_catalogues *c, const struct gc_msg_catalogue *part,
                               struct gc_bytes bulk, bool *ret_whole, struct gc_fault *f) GC_MUST_CHECK;

/* NULL: no worker has ever joined. */
const struct gc_catalogue *gc_catalogues_union(const struct gc_catalogues *c);

#endif
