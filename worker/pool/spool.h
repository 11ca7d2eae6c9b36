/* spool.h - results that a scanning reducer reads, put away part by part in a file: they may be more than memory holds.
 *
 * The file is a blob's (GC_BLOB_SPOOL). It has no name, so that it ends with its last user, however that one ends. One thread writes
 * for all of them, so that the loop never waits for a disk; between the loop and it lies one part of each spool at most, since the
 * agent asks for the next part when the one before is answered.
 * Thread: all calls from one (the loop's). */
#ifndef GC_POOL_SPOOL_H
#define GC_POOL_SPOOL_H

#include <stdbool.h>

#include "worker/pool/blob.h"

struct gc_spooler;

/* What became of a part. */
struct gc_spooled {
    uint64_t thing;
    enum gc_err err; /* GC_OK; GC_ERR_FULL: the folder has no room, now; GC_ERR_IO, GC_ERR_NOMEM */
    char text[GC_MAX_TEXT];
};

/* `folder`: where the files lie; copied. */
enum gc_err gc_spooler_start(const char *folder, struct gc_spooler **ret, struct gc_fault *f) GC_MUST_CHECK;
/* Parts that wait are written first. */
void gc_spooler_destroy(struct gc_spooler **self_p);

/* Copies the part, to be appended to the blob, which is referenced until that is done. Answered once, in order. `thing`: for the
 * answer. GC_ERR_NOMEM: it is not taken. */
enum gc_err gc_spooler_append(struct gc_spooler *s, uint64_t thing, struct gc_blob *blob,
                              struct gc_bytes part) GC_MUST_CHECK;

/* Readable while there are answers. */
int gc_spooler_fd(const struct gc_spooler *s);
/* The next answer; false: there is none. */
bool gc_spooler_next(struct gc_spooler *s, struct gc_spooled *ret);

#endif
