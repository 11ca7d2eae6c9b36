/* target.h - a libvips target on a descriptor that counts and digests what is written. Inside of worker/ops.
 *
 * The digest is of the bytes in their order, so a writer that goes back (TIFF patches its header) is digested when it has ended, by
 * reading the file again.
 */
#ifndef GC_WORKER_OPS_TARGET_H
#define GC_WORKER_OPS_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include <vips/vips.h>

#include "common/error.h"
#include "common/id.h"
#include "common/sys/digest.h"

struct gc_target {
    VipsTargetCustom *target; /* what libvips writes to; owned */
    int fd;
    uint64_t at;    /* where the next byte goes */
    uint64_t bytes; /* length of the file */
    int error;      /* errno of the first write that failed; 0: none */
    bool went_back;
    bool ended;
    struct gc_digest_stream digest;
};

/* On an empty file that is open for writing, and for reading where a format goes back. */
enum gc_err gc_target_init(struct gc_target *t, int fd) GC_MUST_CHECK;
/* After libvips has ended: whether all was written. */
enum gc_err gc_target_result(struct gc_target *t, uint64_t *ret_bytes,
                             struct gc_digest *ret_digest) GC_MUST_CHECK;
void gc_target_release(struct gc_target *t);

#endif
